// Reads a small file whole, such as one of certificates. It is read in one go, while which no signal is heard and no time limit
// counts: so nothing is read that could be waited for, and nothing without end.

import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { systemError } from './system-failure.ts';

/** Bytes; every CA of the world is an eighth of it. */
export const LARGEST = 4 * 1024 * 1024;
const PIECE = 64 * 1024;

/**
 * Reads a file as UTF-8, without the byte order mark that editors put before it.
 * @throws the system's error, ENOTSUP for a pipe, a socket or a device, and EFBIG for more than 4 MiB
 */
export function readSmallFile(path: string): string {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    const stat = fstatSync(descriptor);
    if (stat.isDirectory()) throw systemError('EISDIR');
    if (!stat.isFile()) throw systemError('ENOTSUP');
    const pieces: Buffer[] = [];
    // Not by the size that it is said to have: what the kernel makes up in /proc has none, and may have no end.
    for (let length = 0; length <= LARGEST; ) {
      const piece = Buffer.allocUnsafe(PIECE);
      const count = readSync(descriptor, piece);
      if (count === 0)
        return Buffer.concat(pieces)
          .toString()
          .replace(/^\uFEFF/, '');
      pieces.push(piece.subarray(0, count));
      length += count;
    }
    throw systemError('EFBIG');
  } finally {
    closeSync(descriptor);
  }
}
