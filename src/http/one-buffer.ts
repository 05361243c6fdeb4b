// Sockets that read into one buffer. For speed: a file of 1 GB comes in 64,000 records, and Node makes a buffer of 64 kB for each.
// Its parser of HTTP copies out what it gives on (a test holds it to that), so that one buffer serves all, which takes a
// fifth off the time of a download.

import type { TLSSocket } from 'node:tls';

const READ_AT_ONCE = 65_536;

/** The option of `net.connect` by which a socket hands on what it reads. */
export interface OnRead {
  readonly onread: { readonly buffer: Buffer; readonly callback: (length: number) => boolean };
}

/** Connects with a buffer of its own. */
export function intoOneBuffer(connect: (options: OnRead) => TLSSocket): TLSSocket {
  const buffer = Buffer.allocUnsafeSlow(READ_AT_ONCE);
  const callback = (length: number) => {
    socket.emit('data', buffer.subarray(0, length));
    return true;
  };
  const socket = connect({ onread: { buffer, callback } });
  return socket;
}
