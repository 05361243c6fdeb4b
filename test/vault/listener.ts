// The socket a stand-in listens on: TLS on loopback unless asked for plain http or a Unix socket.

import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Authority, Identity } from './authority.ts';

export interface ListenOptions {
  /** False for plain http. */
  readonly tls?: boolean;
  /** A path makes it a plain Unix socket, as a Vault Agent has. */
  readonly listen?: string;
  /** `127.0.0.1` unless said; `::1` for IPv6. */
  readonly host?: '127.0.0.1' | '::1';
  /** The name in its address, and in its certificate, that whoever asks must know to be the host's. */
  readonly name?: string;
  /** The server's certificate, such as an expired one; issued by the authority unless said. */
  readonly identity?: Identity;
  /** Ask for a client's certificate, and turn away who has none of this authority. */
  readonly clientAuthority?: Authority;
}

export interface Listening {
  readonly server: http.Server | https.Server;
  /** `https://127.0.0.1:PORT`, or `unix:///PATH`. */
  readonly address: string;
  /** 0 for a Unix socket. */
  readonly port: number;
}

/** Opens the socket; `onConnection` hears of every connection, TLS handshake done. */
export async function startListening(
  options: ListenOptions,
  authority: Authority,
  listener: http.RequestListener,
  onConnection: () => void,
): Promise<Listening> {
  const secure = options.tls !== false && options.listen === undefined;
  const server = secure ? await secureServer(options, authority, listener) : http.createServer(listener);
  server.on(secure ? 'secureConnection' : 'connection', onConnection);
  // Vault's own patience with an idle connection; Node's five seconds would cut a waiting client.
  server.keepAliveTimeout = 300_000;

  const host = options.host ?? '127.0.0.1';
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    if (options.listen === undefined) server.listen(0, host, resolve);
    else server.listen(options.listen, resolve);
  });
  if (options.listen !== undefined) return { server, address: `unix://${options.listen}`, port: 0 };
  const { port } = server.address() as AddressInfo;
  const name = options.name ?? (host === '::1' ? '[::1]' : host);
  return { server, address: `${secure ? 'https' : 'http'}://${name}:${port}`, port };
}

async function secureServer(
  options: ListenOptions,
  authority: Authority,
  listener: http.RequestListener,
): Promise<https.Server> {
  const names = ['localhost', '127.0.0.1', '::1', ...(options.name === undefined ? [] : [options.name])];
  const identity = options.identity ?? (await authority.issue({ names }));
  const clients = options.clientAuthority;
  return https.createServer(
    {
      cert: identity.certificatePem,
      key: identity.keyPem,
      minVersion: 'TLSv1.2',
      ...(clients ? { requestCert: true, rejectUnauthorized: true, ca: clients.certificatePem } : {}),
    },
    listener,
  );
}
