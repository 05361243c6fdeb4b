// Where a child's output ends: written in order, without holding up anything else, and without changing how the file
// descriptor works for those who share it.

import { constants, fstatSync, openSync, write } from 'node:fs';
import { Socket } from 'node:net';
import { errnoOf } from '../errors.ts';
import { writeAll, writeUntilFull } from '../output/write-all.ts';

/** Takes bytes. */
export interface Sink {
  /**
   * Writes all of some pieces, which must stay as they are until that is done, and before which there must be no other
   * write. Where it has no more than a pipe takes in one (pipe(7), PIPE_BUF), what others write does not come between.
   * @returns undefined where that is done, else what resolves when it is
   * @throws the system's error, then or there
   */
  readonly write: (pieces: readonly Buffer[]) => Promise<void> | undefined;
}

/** Opens the sink of a file descriptor. */
export function openSink(descriptor: number): Sink {
  const writeBytes = writerOf(descriptor);
  let memory = Buffer.alloc(0);
  // A call for each piece would take longer, and new memory for each write stay until it is swept up.
  const join = (pieces: readonly Buffer[]) => {
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    if (memory.length < length) memory = Buffer.allocUnsafeSlow(2 * length);
    pieces.reduce((at, piece) => at + piece.copy(memory, at), 0);
    return memory.subarray(0, length);
  };
  return {
    write: (pieces) => {
      const [first, ...others] = pieces;
      if (first === undefined) return undefined;
      return writeBytes(others.length === 0 ? first : join(pieces));
    },
  };
}

type Write = (bytes: Buffer) => Promise<void> | undefined;

function writerOf(descriptor: number): Write {
  const stats = fstatSync(descriptor);
  const own = stats.isFIFO() ? openUnblocked(descriptor) : undefined;
  if (own !== undefined) return (bytes) => writeToPipe(own, bytes);
  // What takes its time has a thread of libuv's wait for it. A disk does not, nor does /dev/null.
  const isQuick = stats.isFile() || stats.isCharacterDevice();
  if (!isQuick) return (bytes) => writeInPool(descriptor, bytes);
  return (bytes) => {
    writeAll(descriptor, bytes);
    return undefined;
  };
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
  bytes: Buffer,
): Promise<void> | undefined {
  const rest = writeUntilFull(descriptor, bytes);
  return rest.length === 0 ? undefined : writeLater(socket, rest);
}

function writeLater(socket: Socket, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}

async function writeInPool(descriptor: number, bytes: Buffer): Promise<void> {
  let rest = bytes;
  while (rest.length > 0) rest = rest.subarray(await writeSome(descriptor, rest));
}

function writeSome(descriptor: number, bytes: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    write(descriptor, bytes, (error, written) => {
      if (error === null) resolve(written);
      // It was made not to block by somebody else, and is full.
      else if (errnoOf(error) === 'EAGAIN') setTimeout(resolve, 5, 0);
      else reject(error);
    });
  });
}
