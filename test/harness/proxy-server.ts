// A small HTTP proxy: tunnels by CONNECT and plain requests in absolute form, whatever name they are for, to loopback.

import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterEach } from 'node:test';
import type { Identity } from '../vault/authority.ts';

export interface ProxyOptions {
  /** `USER:PASSWORD`; whoever gives another or none gets 407. */
  readonly password?: string;
  /** Answer everything with this status. */
  readonly refuse?: number;
  /** Speak TLS with this certificate. */
  readonly identity?: Identity;
}

export interface ProxyStandIn {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** What was asked, as `METHOD TARGET`. */
  readonly asked: string[];
  /** All that it could read on the way to the server: heads of requests, bodies, bytes in tunnels. */
  readonly seen: string;
  close(): Promise<void>;
}

/** Starts one on loopback. */
export async function startProxy({ password, refuse, identity }: ProxyOptions = {}): Promise<ProxyStandIn> {
  const asked: string[] = [];
  const sockets = new Set<Duplex>();
  let seen = '';

  const verdict = ({ method, url, headers }: IncomingMessage): number => {
    asked.push(`${method} ${url}`);
    seen += JSON.stringify(headers);
    if (refuse !== undefined) return refuse;
    const wanted = `Basic ${Buffer.from(password ?? '').toString('base64')}`;
    return password === undefined || headers['proxy-authorization'] === wanted ? 200 : 407;
  };

  const forward = (request: IncomingMessage, response: ServerResponse): void => {
    const status = verdict(request);
    if (status !== 200) {
      response.writeHead(status, { 'Content-Type': 'text/html', 'Proxy-Authenticate': 'Basic' });
      response.end('<h1>proxy</h1>');
      return;
    }
    const { port, pathname, search } = new URL(request.url ?? '');
    const { method, headers } = request;
    const options = { host: '127.0.0.1', port, path: `${pathname}${search}`, headers };
    const onward = http.request({ ...options, ...(method === undefined ? {} : { method }) }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.on('data', (chunk: Buffer) => {
      seen += chunk.toString('latin1');
    });
    request.pipe(onward);
  };

  const tunnel = (request: IncomingMessage, socket: Duplex): void => {
    const status = verdict(request);
    socket.on('error', () => undefined);
    if (status !== 200) {
      socket.end(`HTTP/1.1 ${status} No\r\nContent-Type: text/html\r\n\r\n<h1>proxy</h1>`);
      return;
    }
    const onward = net.connect(Number(request.url?.split(':').at(-1)), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    sockets.add(onward);
    onward.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      seen += chunk.toString('latin1');
    });
    socket.on('close', () => onward.destroy());
  };

  const server =
    identity === undefined
      ? http.createServer(forward)
      : https.createServer({ cert: identity.certificatePem, key: identity.keyPem }, forward);
  server.on('connect', tunnel);
  server.on('connection', (socket: net.Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    get seen() {
      return seen;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** Starts proxies for the tests of a file, and ends each with the test that started it. */
export function proxiesOfTests(): (options?: ProxyOptions) => Promise<ProxyStandIn> {
  const started: ProxyStandIn[] = [];
  afterEach(async () => {
    for (const proxy of started.splice(0)) await proxy.close();
  });
  return async (options = {}) => {
    const proxy = await startProxy(options);
    started.push(proxy);
    return proxy;
  };
}
