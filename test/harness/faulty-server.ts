// A server below HTTP: it answers with whatever bytes a test wants, when it wants, and keeps what came in.

import net, { type AddressInfo } from 'node:net';
import tls from 'node:tls';

export interface FaultyOptions {
  /** Speak TLS, with these options. */
  readonly tls?: tls.TlsOptions;
  /** Called for each connection, its TLS handshake done; the first has index 0. */
  readonly onConnection?: (socket: net.Socket, index: number) => void;
  /** Called for each piece that comes in. */
  readonly onData?: (socket: net.Socket, text: string, index: number) => void;
}

export interface FaultyServer {
  readonly port: number;
  /** TCP connections, whether or not a TLS handshake followed. */
  readonly connections: number;
  /** All that was received, decrypted. */
  readonly received: string;
  close(): Promise<void>;
}

/** Starts one. Without anything to do it accepts and says nothing. */
export async function startFaultyServer(options: FaultyOptions = {}): Promise<FaultyServer> {
  const sockets = new Set<net.Socket>();
  let connections = 0;
  let ready = 0;
  let received = '';

  const serve = (socket: net.Socket): void => {
    const index = ready;
    ready += 1;
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1');
      options.onData?.(socket, chunk.toString(), index);
    });
    options.onConnection?.(socket, index);
  };
  const server = options.tls === undefined ? net.createServer(serve) : tls.createServer(options.tls, serve);
  server.on('connection', (socket: net.Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  // A client that turns away is what most tests are about.
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections;
    },
    get received() {
      return received;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** For `onConnection`: hands everything on to a server on loopback, and its answers back. */
export function relayTo(port: number): (socket: net.Socket) => void {
  return (socket) => {
    const onward = net.connect(port, '127.0.0.1');
    onward.on('error', () => socket.destroy());
    socket.on('close', () => onward.destroy());
    socket.pipe(onward).pipe(socket);
  };
}
