// V8's code caches of Node's built-in modules, as they stand in a base: one behind the other, each with a header (V8's
// SerializedCodeData). The header begins alike in all of them, with a magic number (0xC0DE…) and V8's version.

import { placesOf } from './machine-code.ts';
import { BuildError } from './say.ts';

/** A code cache in a base. */
export interface CodeCache {
  readonly at: number;
  /** With its header. */
  readonly size: number;
  /** The length of the source that it is of, in characters. */
  readonly sourceLength: number;
}

const SOURCE_AT = 8;
/** How much of a header is alike in all. */
export const ALIKE = 8;
// V8 keeps whether the source was a module in the highest bit.
const LENGTH_BITS = 0x7fffffff;

// V8 11.8 put a checksum of its own heap before the length of what follows.
function headerOf(line: number): { readonly lengthAt: number; readonly size: number } {
  return line < 22 ? { lengthAt: 16, size: 24 } : { lengthAt: 20, size: 32 };
}

/**
 * The code cache around a place in a base.
 * @param line Node's release line
 * @returns where its header begins
 * @throws {BuildError} where there is none
 */
export function codeCacheAround(base: Buffer, place: number, line: number): number {
  const { lengthAt } = headerOf(line);
  const mark = Buffer.from([0xde, 0xc0]);
  for (
    let at = place < 0 ? -1 : base.lastIndexOf(mark, place);
    at >= 2;
    at = base.lastIndexOf(mark, at - 1)
  ) {
    const header = at - 2;
    if (place - header > 65_536) break;
    const isAround = header + 32 + base.readUInt32LE(header + lengthAt) > place;
    if (isAround && placesOf(base, base.subarray(header, header + ALIKE)).length > 50) return header;
  }
  throw new BuildError("pkg's bootstrap has no code cache where one is expected");
}

/** Every code cache in a base whose header begins as the one given. */
export function codeCachesIn(base: Buffer, like: Buffer, line: number): CodeCache[] {
  const { lengthAt, size } = headerOf(line);
  return placesOf(base, like.subarray(0, ALIKE)).map((at) => ({
    at,
    size: size + base.readUInt32LE(at + lengthAt),
    sourceLength: base.readUInt32LE(at + SOURCE_AT) & LENGTH_BITS,
  }));
}
