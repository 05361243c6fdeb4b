// Bytes into a file descriptor, before anything else is done.

import { writeSync } from 'node:fs';
import { errnoOf } from '../errors.ts';

/** Writes all of it, and waits for the reader of a pipe that is full. */
export function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (
    let rest = writeUntilFull(descriptor, bytes);
    rest.length > 0;
    rest = writeUntilFull(descriptor, rest)
  ) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
  }
}

/** Writes as much as there is room for, and gives back what is left: nothing, unless it is a pipe that does not block. */
export function writeUntilFull(descriptor: number, bytes: Uint8Array): Uint8Array {
  let rest = bytes;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      if (errnoOf(error) !== 'EAGAIN') throw error;
      break;
    }
  }
  return rest;
}
