// What a file's digest should be, and who says so: the user, the release's list, or a file beside the asset.

import { AppError, printable } from '../errors.ts';
import type { GitlabApi } from '../gitlab/api.ts';
import { digestAssetOf, digestIn, isList, listOf, namesOf, onlyDigest } from '../gitlab/checksums.ts';
import type { Asset } from '../gitlab/releases.ts';
import { fetchText } from './text.ts';

/** A digest that is expected. */
export interface Expectation {
  /** 64 hexadecimal digits, in lower case. */
  readonly sha256: string;
  /** Who says so, for messages: `SHA256SUMS of the release`. */
  readonly source: string;
}

/** What is said of a file's digest. */
export interface Found {
  readonly expected?: Expectation;
  /** A list that is there and does not name the file. */
  readonly silent?: string;
}

/** Finds the digest of an asset. */
export type Expect = (asset: Asset) => Promise<Found>;

/**
 * Reads --sha256.
 * @throws {AppError} USAGE for what is no digest
 */
export function readDigest(text: string | undefined): Expectation | undefined {
  if (text === undefined) return undefined;
  const digest = /^(?:sha256:)?([0-9a-f]{64})$/i.exec(text.trim())?.[1];
  if (digest !== undefined) return { sha256: digest.toLowerCase(), source: '--sha256' };
  throw new AppError(
    'USAGE',
    `--sha256 is ${text === '' ? 'empty' : `"${printable(text, 80)}"`}: not a SHA-256 digest`,
    'it has 64 hexadecimal digits, as sha256sum prints them',
  );
}

/** What a release says of its assets. Its list is fetched once, when it is first wanted. */
export function expectationsOf(assets: readonly Asset[], api: GitlabApi): Expect {
  const list = listOf(assets);
  let text: Promise<string> | undefined;
  return async (asset) => {
    if (isList(asset)) return {};
    const names = namesOf(asset);
    if (list !== undefined) {
      text ??= fetchText(api, list);
      const sha256 = digestIn(await text, names, list.name);
      if (sha256 !== undefined) return { expected: { sha256, source: sourceOf(list) } };
    }
    const own = digestAssetOf(asset, assets);
    const silent = list === undefined ? {} : { silent: sourceOf(list) };
    if (own === undefined || own === asset) return silent;
    const sha256 = onlyDigest(await fetchText(api, own), names, own.name);
    return sha256 === undefined ? silent : { expected: { sha256, source: sourceOf(own) } };
  };
}

function sourceOf({ name }: Asset): string {
  return `${printable(name)} of the release`;
}

const CURES: readonly (readonly [source: string, cure: string])[] = [
  ['--sha256', 'find out which of the two is right before you change --sha256'],
  ['X-Checksum', 'it was spoilt on its way, so run it again; or a proxy changes what it carries'],
  ['', 'the file was changed after its digest was written, or on its way; ask whoever makes the release'],
];

/**
 * Whether what came is what was expected.
 * @throws {AppError} CHECKSUM_MISMATCH
 */
export function assertDigest(found: string, { sha256, source }: Expectation, what: string): void {
  if (found === sha256) return;
  throw new AppError(
    'CHECKSUM_MISMATCH',
    `${printable(what)} is not what it should be: its SHA-256 is ${found}, and ${source} says ${sha256}`,
    `nothing was kept: ${CURES.find(([start]) => source.startsWith(start))?.[1]}`,
  );
}
