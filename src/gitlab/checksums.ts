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
  return [...new Set([...all, ...all.map((each) => lastPart(each))])];
}

/**
 * Finds a digest in a list.
 * @param source what the list is called, for the message
 * @returns 64 hexadecimal digits in lower case; undefined where the list names none of the names
 * @throws {AppError} BAD_RESPONSE for a list that is none, or that names two digests for one file
 */
export function digestIn(text: string, names: readonly string[], source: string): string | undefined {
  const entries = entriesOf(text);
  if (entries.length > 0) return digestAmong(entries, names, source);
  // By its name it may be a list of other digests, which says nothing of these.
  if (!/sha256/i.test(source)) return undefined;
  throw new AppError(
    'BAD_RESPONSE',
    `${quoted(source)} is no list of SHA-256 digests`,
    'whoever makes the release must mend it (sha256sum FILE... > SHA256SUMS); or say the digest: --sha256 HEX',
  );
}

/**
 * The digest in a file that holds one: a digest alone, or a line of a list, which may call the file by another name.
 * @throws {AppError} BAD_RESPONSE
 */
export function onlyDigest(text: string, names: readonly string[], source: string): string | undefined {
  const alone = /^\ufeff?\s*([0-9a-f]{64})\s*$/i.exec(text)?.[1]?.toLowerCase();
  if (alone !== undefined) return alone;
  const [only, ...more] = entriesOf(text);
  return only !== undefined && more.length === 0 ? only.digest : digestIn(text, names, source);
}

function entriesOf(text: string): Entry[] {
  return text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .flatMap(entryOf);
}

function digestAmong(
  entries: readonly Entry[],
  names: readonly string[],
  source: string,
): string | undefined {
  const exact = entries.filter(({ name }) => names.includes(name));
  // sha256sum dist/* > SHA256SUMS: a release has no such folder.
  const found = exact.length > 0 ? exact : entries.filter(({ name }) => names.includes(lastPart(name)));
  const digests = new Set(found.map(({ digest }) => digest));
  if (digests.size > 1) {
    throw new AppError(
      'BAD_RESPONSE',
      `${quoted(source)} names several digests of ${printable(names[0] ?? '')}`,
      'say which is right: --sha256 HEX',
    );
  }
  return [...digests][0];
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

interface Entry {
  readonly digest: string;
  readonly name: string;
}

function entryOf(line: string): Entry[] {
  const bsd = /^(\\?)SHA256 \((.*)\) = ([0-9a-f]{64})\s*$/is.exec(line);
  const [, mark = '', name, digest] =
    bsd ?? swapped(/^(\\?)([0-9a-f]{64})(?: [ *]|\s+)(.+)$/is.exec(line)) ?? [];
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
