// A look at the certificates that a server shows, after they were refused, so that the message can say what is wrong
// with them. It is a connection of its own, over which no byte is ever sent but those of the handshake.

import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import tls, { type ConnectionOptions } from 'node:tls';
import type { TlsOptions } from './trust.ts';

/** Looks at what a server shows, its own certificate first; gives up after so many milliseconds, by throwing. */
export type Look = (milliseconds: number) => Promise<X509Certificate[]>;

/** Where to look. */
export interface LookedAt {
  readonly host: string;
  readonly port: number;
  readonly trust: TlsOptions;
  /** The server's name, as it was asked for at first. */
  readonly name: ConnectionOptions;
  /** Opens the tunnel to it, where there is a proxy between. */
  readonly through?: (signal: AbortSignal) => Promise<Socket>;
}

// No server sends as many.
const LONGEST_CHAIN = 10;

/** Prepares a look; nothing is connected before it is called. */
export function lookAt({ host, port, trust, name, through }: LookedAt): Look {
  return async (milliseconds) => {
    // It takes whole numbers only.
    const signal = AbortSignal.timeout(Math.ceil(milliseconds));
    const socket = await through?.(signal);
    if (signal.aborted) socket?.destroy();
    signal.throwIfAborted();
    // Whoever cannot be trusted does not learn who asks: the client's certificate stays here.
    const { cert: _certificate, key: _key, ...options } = trust;
    const where = socket === undefined ? { host, port } : { host, socket };
    return await new Promise((resolve, reject) => {
      const look = tls.connect({ ...options, ...where, ...name, rejectUnauthorized: false });
      const end = (error: Error) => {
        look.destroy();
        reject(error);
      };
      look.on('error', end);
      look.on('close', () => end(new Error('closed')));
      signal.addEventListener('abort', () => end(new Error('too late')));
      look.once('secureConnect', () => {
        resolve(chainOf(look.getPeerX509Certificate()));
        look.destroy();
      });
    });
  };
}

function chainOf(first: X509Certificate | undefined): X509Certificate[] {
  const chain: X509Certificate[] = [];
  for (
    let next = first;
    next !== undefined && chain.length < LONGEST_CHAIN && !chain.includes(next);
    next = next.issuerCertificate
  ) {
    chain.push(next);
  }
  return chain;
}
