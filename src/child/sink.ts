// Where a child's output ends: written in order, without holding up anything else, and without changing how the file
// descriptor works for those who share it.

import { constants, fstatSync, openSync, writeSync, writev } from 'node:fs';
import { Socket } from 'node:net';
import { errnoOf } from '../errors.ts';
import { writeAll } from '../output/file.ts';

/** Takes bytes. */
export interface Sink {
  /**
   * Writes all of some pieces.
   * @returns undefined where that is done, else what resolves when it is
   * @throws the system's error, then or there
   */
  readonly write: (pieces: readonly Buffer[]) => Promise<void> | undefined;
}

/** Opens the sink of a file descriptor. */
export function openSink(descriptor: number): Sink {
  const stats = fstatSync(descriptor);
  const own = stats.isFIFO() ? openUnblocked(descriptor) : undefined;
  if (own !== undefined) return { write: (pieces) => writeToPipe(own, pieces) };
  // What takes its time has a thread of libuv's wait for it. A disk does not, nor does /dev/null.
  const isQuick = stats.isFile() || stats.isCharacterDevice();
  return { write: (pieces) => (isQuick ? writeAtOnce(descriptor, pieces) : writeInPool(descriptor, pieces)) };
}

// A description of our own of the same pipe: that it does not block is then nobody else's business.
function openUnblocked(descriptor: number): { descriptor: number; socket: Socket } | undefined {
  try {
    const own = openSync(`/proc/self/fd/${descriptor}`, constants.O_WRONLY | constants.O_NONBLOCK);
    const socket = new Socket({ fd: own, readable: false, writable: true });
    // Each write is told of its own failure.
    socket.on('error', () => undefined);
    return { descriptor: own, socket };
  } catch {
    // No /proc, or a pipe of another user's.
    return undefined;
  }
}

// Straight away while there is room. When there is none, libuv waits for it.
function writeToPipe(
  { descriptor, socket }: { descriptor: number; socket: Socket },
  pieces: readonly Buffer[],
): Promise<void> | undefined {
  for (const [index, piece] of pieces.entries()) {
    let rest = piece;
    while (rest.length > 0) {
      try {
        rest = rest.subarray(writeSync(descriptor, rest));
      } catch (error) {
        if (errnoOf(error) !== 'EAGAIN') throw error;
        return writeLater(socket, Buffer.concat([rest, ...pieces.slice(index + 1)]));
      }
    }
  }
  return undefined;
}

function writeLater(socket: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}

function writeAtOnce(descriptor: number, pieces: readonly Buffer[]): undefined {
  for (const piece of pieces) writeAll(descriptor, piece);
}

async function writeInPool(descriptor: number, pieces: readonly Buffer[]): Promise<void> {
  let rest = pieces.filter(({ length }) => length > 0);
  while (rest.length > 0) rest = after(rest, await writeSome(descriptor, rest));
}

function writeSome(descriptor: number, pieces: readonly Buffer[]): Promise<number> {
  return new Promise((resolve, reject) => {
    writev(descriptor, [...pieces], (error, written) => {
      if (error === null) resolve(written);
      // It was made not to block by somebody else, and is full.
      else if (errnoOf(error) === 'EAGAIN') setTimeout(resolve, 5, 0);
      else reject(error);
    });
  });
}

/** What is left of pieces after so many bytes. */
function after(pieces: readonly Buffer[], bytes: number): Buffer[] {
  let skip = bytes;
  return pieces.flatMap((piece) => {
    const rest = piece.subarray(Math.min(skip, piece.length));
    skip -= piece.length - rest.length;
    return rest.length > 0 ? [rest] : [];
  });
}
