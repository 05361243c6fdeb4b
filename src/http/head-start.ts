// A run's first connection, begun before the modules that speak HTTP over it are loaded. For speed: while name server and server
// do their part of it, 2 ms are spent that would have to be spent anyway (one secret on one machine: -3 to -4 %; a server that is
// farther away is the same 2 ms nearer).

import { setImmediate as turn } from 'node:timers/promises';
import tls, { type ConnectionOptions, type SecureContext, type TLSSocket } from 'node:tls';
import type { Endpoint } from './address.ts';
import { intoOneBuffer } from './one-buffer.ts';
import { beginProgress, followSocket, newProgress, type Progress } from './progress.ts';
import { serverName, type TlsOptions } from './trust.ts';

/** How a connection is handed to who asked for it, or why there is none. */
export type Connected = (error: Error | null, socket?: TLSSocket) => void;

/** A connection that is on its way, for the first who wants one. */
export interface HeadStart {
  /**
   * Gives the connection away, or why it came to nothing. What the server says before that is lost: whoever wants it takes it before
   * the event loop comes to its sockets again.
   * @param progress is told how far it has come
   * @returns false where nothing is given: to all but the first, and of a connection that the server closed again
   */
  readonly take: (connected: Connected, progress: Progress | undefined) => boolean;
  /** What a further connection to the same server begins with: certificates are not read again, nor all of the handshake made. */
  readonly shared: () => Pick<ConnectionOptions, 'secureContext' | 'session'>;
  /** Is told of such a connection that it has closed: a server may not take the session. */
  readonly closed: () => void;
}

// As Node's agents have it.
const SOCKET = { noDelay: true, keepAlive: true, keepAliveInitialDelay: 1_000 };

/**
 * Begins to connect to a server that is reached by TLS and directly, and gives the event loop one turn to see to it.
 * @param mark is told when the phases of the connection end
 * @returns undefined where OpenSSL does not take what it is given: whoever connects then is told
 */
export async function beginConnection(
  endpoint: Endpoint,
  trust: TlsOptions,
  mark: (phase: string) => void,
): Promise<HeadStart | undefined> {
  const begun = connect(endpoint, trust, mark);
  mark('TLS context');
  await turn();
  return begun;
}

function connect(
  { host, port }: Endpoint,
  trust: TlsOptions,
  mark: (phase: string) => void,
): HeadStart | undefined {
  let secureContext: SecureContext;
  let socket: TLSSocket;
  try {
    secureContext = tls.createSecureContext(trust);
    const name = serverName(trust.servername ?? host);
    const options = { ...trust, ...SOCKET, secureContext, host, port, ...name };
    socket = intoOneBuffer((onread) => tls.connect({ ...options, ...onread }));
  } catch {
    return undefined;
  }
  const progress = newProgress();
  beginProgress(progress, host, undefined);
  followSocket(socket, progress, () => {
    progress.phase = 'tls';
    mark('connect');
  });
  socket.once('secureConnect', () => {
    progress.phase = 'answer';
    mark('TLS handshake');
  });
  // Whoever takes it is told.
  socket.on('error', () => undefined);
  let session: Buffer | undefined;
  socket.once('session', (first) => {
    session = first;
  });
  let isTaken = false;
  return {
    take: (connected, asked) => {
      const { errored } = socket;
      const isOver = socket.destroyed || socket.readableEnded;
      if (isTaken || (isOver && errored === null)) return false;
      isTaken = true;
      const { phase, addresses, peer } = progress;
      if (asked !== undefined) Object.assign(asked, { phase, addresses: [...addresses], peer });
      if (errored === null) connected(null, socket);
      else connected(errored);
      return true;
    },
    shared: () => ({ secureContext, ...(session === undefined ? {} : { session }) }),
    closed: () => {
      session = undefined;
    },
  };
}
