// Files by their open descriptors: read through, digested and written, and given the mode of a program.

import { createHash, type Hash } from 'node:crypto';
import { closeSync, constants, fchmodSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { writing } from '../output/file.ts';

const PIECE = 1024 * 1024;

/** The digest of a file, 64 hexadecimal digits; undefined where there is none that could be read. */
export function digestOf(file: string): string | undefined {
  let descriptor: number | undefined;
  try {
    // A pipe would wait for its writer.
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    if (!fstatSync(descriptor).isFile()) return undefined;
    return readThrough(descriptor, Infinity).hash.digest('hex');
  } catch {
    return undefined;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** Gives a file that is there already the mode of a program. */
export function makeExecutable(file: string): void {
  writing(file, () => {
    const descriptor = openSync(file, constants.O_RDONLY);
    try {
      const { mode } = fstatSync(descriptor);
      // Another user's may be one already, and is not to be changed by this one.
      if (executable(mode) !== (mode & 0o777)) fchmodSync(descriptor, executable(mode));
    } finally {
      closeSync(descriptor);
    }
  });
}

/** The mode with which whoever may read a file may run it. */
export function executable(mode: number): number {
  return (mode & 0o777) | ((mode & 0o444) >> 2);
}

/** Writes a piece at a position, all of it. */
export function put(descriptor: number, piece: Uint8Array, position: number): void {
  for (let at = 0; at < piece.length; )
    at += writeSync(descriptor, piece, at, piece.length - at, position + at);
}

/** Reads a file from its beginning, `end` bytes of it at most, and digests it. */
export function readThrough(
  descriptor: number,
  end: number,
  take: (piece: Buffer, at: number) => void = () => undefined,
): { hash: Hash; size: number } {
  const hash = createHash('sha256');
  const buffer = Buffer.alloc(PIECE);
  let size = 0;
  while (size < end) {
    const count = readSync(descriptor, buffer, 0, Math.min(PIECE, end - size), size);
    if (count === 0) break;
    const piece = buffer.subarray(0, count);
    hash.update(piece);
    take(piece, size);
    size += count;
  }
  return { hash, size };
}
