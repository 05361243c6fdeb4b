// How far an exchange has come: what is waited for, and whom the connection leads to.

import { X509Certificate } from 'node:crypto';
import { isIP, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { bracketed } from './address.ts';

/**
 * What is waited for: a connection that other requests have, the name's addresses, a TCP connection, the proxy's tunnel,
 * the TLS handshake, the answer, or the rest of it. Where there is a proxy, name and connection are the proxy's.
 */
export type Phase = 'turn' | 'name' | 'connect' | 'tunnel' | 'tls' | 'answer' | 'body';

/** How far one exchange has come. It is begun anew with each exchange: a retry, a redirect. */
export interface Progress {
  phase: Phase;
  /** What the name server gave, in its order; empty for a host that is an address. */
  addresses: string[];
  /** The address and the port at the other end, the proxy's where there is one, or a socket's path. */
  peer: string | undefined;
  /** The server's own certificate, when it was verified and is wanted. */
  certificate: X509Certificate | undefined;
  /** To parse it takes a millisecond. */
  readonly wantsCertificate: boolean;
}

/** A progress that nothing has happened in yet. */
export function newProgress(wantsCertificate = false): Progress {
  return { phase: 'connect', addresses: [], peer: undefined, certificate: undefined, wantsCertificate };
}

/** Whether the request was sent: who does not wait for the answer cannot know what it did. */
export function wasSent({ phase }: Progress): boolean {
  return phase === 'answer' || phase === 'body';
}

/** Begins a progress anew, with a connection to this host or socket before it. */
export function beginProgress(progress: Progress, host: string, socketPath: string | undefined): void {
  Object.assign(progress, newProgress(progress.wantsCertificate));
  // An address needs nobody to look it up.
  if (socketPath === undefined && isIP(host) === 0) progress.phase = 'name';
  progress.peer = socketPath;
}

/** Follows a new socket until it is connected, and calls `connected` then. */
export function followSocket(socket: Socket, progress: Progress, connected: () => void): void {
  socket.on('lookup', (error: Error | null, address: string) => {
    if (error !== null) return;
    progress.phase = 'connect';
    progress.addresses.push(address);
  });
  socket.once('connect', () => {
    progress.peer = peerOf(socket) ?? progress.peer;
    connected();
  });
}

/** The address and the port at the other end of a socket; undefined where it has none. */
export function peerOf({ remoteAddress, remotePort }: Socket): string | undefined {
  return remoteAddress === undefined ? undefined : `${bracketed(remoteAddress)}:${remotePort}`;
}

/** The certificate of the server at the other end; undefined where no TLS is spoken. */
export function certificateOf(socket: Socket): X509Certificate | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  // Not getPeerX509Certificate(): on a client's side it takes the certificate out of the session.
  const { raw } = socket.getPeerCertificate();
  return raw === undefined ? undefined : new X509Certificate(raw);
}
