// Lists of SHA-256 digests, as sha256sum writes them (GNU coreutils, BSD's --tag form, BusyBox), and who has one.

import { AppError, printable, quoted } from '../errors.ts';
import type { Asset } from './releases.ts';

const LISTS = /^(?:.*\/)?(?:sha256sums?|checksums?)(?:\.txt)?$/i;

/** Whether a file's name is that of a list for all assets of a release. */
export function isList({ name, path }: Pick<Asset, 'name' | 'path'>): boolean {
  return LISTS.test(name) || (path !== undefined && LISTS.test(path));
}

/** The asset that holds the digests of all others: `SHA256SUMS`, or a likely other name of it. */
export function listOf(assets: readonly Asset[]): Asset | undefined {
  return (
    assets.find(({ name, path }) => name === 'SHA256SUMS' || path === 'SHA256SUMS') ?? assets.find(isList)
  );
}

/** The asset that holds the digest of one other: `NAME.sha256`. */
export function digestAssetOf(asset: Asset, assets: readonly Asset[]): Asset | undefined {
  const names = namesOf(asset).flatMap((name) => [`${name}.sha256`, `${name}.sha256sum`]);
  return assets.find((other) => namesOf(other).some((name) => names.includes(name)));
}

/** By what names a list may call an asset. */
export function namesOf({ name, path }: Pick<Asset, 'name' | 'path'>): readonly string[] {
  const all = path === undefined ? [name] : [name, path];
  return [...new Set([...all, ...all.map((each) => each.slice(each.lastIndexOf('/') + 1))])];
}

/**
 * Finds a digest in a list.
 * @param source what the list is called, for the message
 * @returns 64 hexadecimal digits in lower case; undefined where the list names none of the names
 * @throws {AppError} BAD_RESPONSE for a list that is none, or that names two digests for one file
 */
export function digestIn(text: string, names: readonly string[], source: string): string | undefined {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '' && !line.startsWith('#'));
  const entries = lines.flatMap(entryOf);
  if (entries.length === 0) throw notAList(source);
  const found = new Set(entries.filter(({ name }) => names.includes(name)).map(({ digest }) => digest));
  if (found.size > 1) {
    throw new AppError(
      'BAD_RESPONSE',
      `${quoted(source)} names several digests of ${printable(names[0] ?? '')}`,
      'say which is right: --sha256 HEX',
    );
  }
  return [...found][0];
}

/**
 * The digest in a file that holds one: a digest alone, or a line of a list.
 * @throws {AppError} BAD_RESPONSE
 */
export function onlyDigest(text: string, names: readonly string[], source: string): string | undefined {
  const alone = /^\s*([0-9a-f]{64})\s*$/i.exec(text)?.[1]?.toLowerCase();
  return alone ?? digestIn(text, names, source);
}

interface Entry {
  readonly digest: string;
  readonly name: string;
}

function entryOf(line: string): Entry[] {
  const bsd = /^(\\?)SHA256 \((.*)\) = ([0-9a-f]{64})\s*$/i.exec(line);
  const [, mark = '', name, digest] =
    bsd ?? swapped(/^(\\?)([0-9a-f]{64})(?: [ *]|\s+)(.+)$/i.exec(line)) ?? [];
  if (name === undefined || digest === undefined) return [];
  // A name that holds a line break or a backslash is escaped, and marked so.
  const plain =
    mark === ''
      ? name
      : name.replace(/\\([nr\\])/g, (_, letter) => ({ n: '\n', r: '\r' })[String(letter)] ?? '\\');
  return [{ digest: digest.toLowerCase(), name: plain.replace(/^\.?\/+/, '') }];
}

function swapped(found: RegExpExecArray | null): readonly (string | undefined)[] | undefined {
  return found === null ? undefined : [found[0], found[1], found[3], found[2]];
}

function notAList(source: string): AppError {
  return new AppError(
    'BAD_RESPONSE',
    `${quoted(source)} is no list of SHA-256 digests`,
    'whoever makes the release must mend it (sha256sum FILE... > SHA256SUMS); or say the digest: --sha256 HEX',
  );
}
