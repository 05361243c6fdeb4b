// A real pipe, which Node has no call for.
//
// What `spawn` calls a pipe is a pair of sockets, and those cannot be opened again: in a child, `tee /dev/stderr` and
// `echo > /dev/stdout` would fail (ENXIO). Yet every event loop begins with a pipe of its own, and a script with a time
// limit is watched by a loop that lives as long as the script. While it does, the loop's pipe is opened once more at
// both ends by way of /proc; then the loop goes and closes its own ends, and what is left is a pipe like any other.

import { closeSync, constants, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { runInNewContext } from 'node:vm';
import { openDescriptors } from './descriptors.ts';
import { LARGEST_CHUNK } from './relay.ts';

/** A pipe's two ends, as file descriptors that no program started later inherits. */
export interface Pipe {
  /** Does not block. */
  readonly read: number;
  /** Blocks, as a program expects of its output. */
  readonly write: number;
}

/** Makes a pipe; undefined where there is no /proc, and so nothing by which a child could open its output again. */
export function makePipe(): Pipe | undefined {
  let made: Pipe | undefined;
  try {
    const before = new Set(openDescriptors().values());
    const open = () => {
      const fresh = [...openDescriptors()].find(
        ([, target]) => target.startsWith('pipe:') && !before.has(target),
      );
      if (fresh !== undefined) made = openAgain(`/proc/self/fd/${fresh[0]}`);
    };
    runInNewContext('open()', { open }, { timeout: 10_000 });
  } catch {
    // No descriptors left, or no leave to look at them: sockets will do.
  }
  return made;
}

function openAgain(path: string): Pipe {
  const read = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    return { read, write: openSync(path, constants.O_WRONLY) };
  } catch (error) {
    closeSync(read);
    throw error;
  }
}

/**
 * Reads a pipe, always into the same memory: a buffer for each chunk would cost more than all else.
 * @param take is done with a chunk when it returns
 */
export function readPipe(descriptor: number, take: (chunk: Buffer) => void): Socket {
  const buffer = Buffer.allocUnsafe(LARGEST_CHUNK);
  const callback = (size: number) => {
    take(buffer.subarray(0, size));
    return true;
  };
  // @types/node does not know onread here.
  const options = { fd: descriptor, readable: true, writable: false, onread: { buffer, callback } };
  return new Socket(options);
}
