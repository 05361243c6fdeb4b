// A TLS server before a stand-in, on an address of its own: it hands everything on, but lets a fault befall the request
// that a test means, so many times.

import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import tls from 'node:tls';
import type { Authority } from '../vault/authority.ts';
import type { Answer, Fault } from './faults.ts';

/** A request as it came in. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface GateOptions {
  readonly authority: Authority;
  /** The origin of the stand-in. */
  readonly upstream: string;
  /** The address on loopback that nobody else listens on, and the name that it has for a name server. */
  readonly host: string;
  readonly name: string;
  readonly fault?: Fault;
  readonly times: number;
  /** Which request the fault is for. */
  readonly isChosen: (request: Received) => boolean;
  /** Which one is the last before it; undefined where it is the first of all. */
  readonly isBefore?: ((request: Received) => boolean) | undefined;
  /** Origins that answers name beside its own, and what they are to name in their place. */
  readonly replaced?: () => readonly (readonly [from: string, to: string])[];
}

export interface Gate {
  /** By the address, or by the name where that is what a fault is about. */
  readonly origin: string;
  readonly requests: readonly Received[];
  /** How often the chosen request came. */
  readonly asked: () => number;
  /** When somebody came first, by `performance.now()`. */
  readonly firstAt: () => number | undefined;
  /** Whether the fault keeps the name from being found; each such answer is one of its times. */
  readonly hidesName: () => boolean;
  /** Called when the fault's time has come, for one that befalls connections. */
  onArmed: () => void;
  /** Listens again, where the fault was that nobody does. */
  readonly reopen: () => void;
  readonly close: () => void;
}

/** Starts one. */
export async function startGate(options: GateOptions): Promise<Gate> {
  const { authority, upstream, host, name, fault, isChosen, isBefore } = options;
  const { certificatePem, keyPem } = await authority.issue({ names: [host, name] });
  const agent = new https.Agent({ keepAlive: true, ca: authority.certificatePem });
  const requests: Received[] = [];
  const sockets = new Map<number, net.Socket>();
  const place = fault?.place ?? 'request';
  let left = fault === undefined ? 0 : options.times;
  let isArmed = isBefore === undefined;
  let first: number | undefined;

  /** Whether the fault befalls what is there at this place; counts it. */
  const befalls = (where: Fault['place']): boolean => {
    if (place !== where || !isArmed || left <= 0) return false;
    left -= 1;
    return true;
  };
  const arm = () => {
    isArmed = true;
    if (place === 'listening' && left > 0) listener.close();
    gate.onArmed();
  };

  const server = tls.createServer({ cert: certificatePem, key: keyPem }, (socket) => {
    const raw = sockets.get(socket.remotePort ?? 0);
    socket.on('error', () => undefined);
    if (raw === undefined || befalls('handshake')) return void raw?.resetAndDestroy();
    let pending: Buffer = Buffer.alloc(0);
    socket.on('data', (piece: Buffer) => {
      pending = Buffer.concat([pending, piece]);
      const taken = takeRequest(pending);
      if (taken === undefined) return;
      pending = pending.subarray(taken.size);
      answer(taken.request, socket, raw).catch(() => socket.destroy());
    });
  });
  server.on('tlsClientError', () => undefined);
  const listener = net.createServer((raw) => {
    first ??= performance.now();
    raw.on('error', () => undefined);
    if (befalls('accepted')) return void raw.resetAndDestroy();
    const port = raw.remotePort ?? 0;
    sockets.set(port, raw);
    raw.on('close', () => sockets.delete(port));
    server.emit('connection', raw);
  });

  async function answer(request: Received, socket: tls.TLSSocket, raw: net.Socket): Promise<void> {
    requests.push(request);
    const real = () => forward(request);
    if (place === 'request' && isChosen(request) && left > 0) {
      left -= 1;
      await fault?.befall?.({ socket, reset: () => raw.resetAndDestroy(), real });
      return;
    }
    const { status, headers, body } = await real();
    // The next request is to come on a connection of its own.
    const isLast = place !== 'request' && !isArmed;
    if (isLast && isBefore?.(request)) arm();
    socket.write(
      Buffer.concat([headOf(status, headers, isLast ? ['Connection: close'] : [], body.length), body]),
    );
    if (isLast) socket.end();
  }

  async function forward({
    method,
    path,
    headers: { host: _, ...headers },
    body,
  }: Received): Promise<Answer> {
    const all = [[upstream, origin] as const, ...(options.replaced?.() ?? [])];
    const replace = (text: string) => all.reduce((now, [from, to]) => now.replaceAll(from, to), text);
    return new Promise((resolve, reject) => {
      const onward = https.request(new URL(path, upstream), { method, headers, agent }, (response) => {
        const pieces: Buffer[] = [];
        response.on('data', (piece: Buffer) => pieces.push(piece));
        response.on('end', () => {
          const given = Object.fromEntries(
            Object.entries(response.headers).map(([key, value]) => [key, replace(`${value}`)]),
          );
          const whole = Buffer.concat(pieces);
          const isJson = /json/.test(given['content-type'] ?? '');
          const sent = isJson ? Buffer.from(replace(whole.toString())) : whole;
          resolve({ status: response.statusCode ?? 0, headers: given, body: sent });
        });
        response.on('error', reject);
      });
      onward.on('error', reject);
      onward.end(body);
    });
  }

  await new Promise<void>((resolve) => listener.listen(0, host, resolve));
  const { port } = listener.address() as AddressInfo;
  const origin = `https://${place === 'name' ? name : host}:${port}`;
  const gate: Gate = {
    origin,
    requests,
    asked: () => requests.filter(isChosen).length,
    firstAt: () => first,
    hidesName: () => {
      first ??= performance.now();
      return befalls('name');
    },
    onArmed: () => undefined,
    reopen: () => {
      left = 0;
      if (!listener.listening) listener.listen(port, host);
    },
    close: () => {
      agent.destroy();
      if (listener.listening) listener.close();
      for (const socket of sockets.values()) socket.destroy();
    },
  };
  if (isArmed) arm();
  return gate;
}

const FRAMING = ['content-length', 'transfer-encoding', 'connection', 'keep-alive'];

/** The head of an answer: its headers without those that say where it ends, and those given. */
export function headOf(
  status: number,
  headers: Answer['headers'],
  lines: readonly string[],
  length?: number,
): Buffer {
  const own = Object.entries(headers).filter(([name]) => !FRAMING.includes(name));
  const isBare = status === 204 || status < 200 || length === undefined;
  const all = [
    ...own.map(([name, value]) => `${name}: ${value}`),
    ...(isBare ? [] : [`Content-Length: ${length}`]),
    ...lines,
  ];
  return Buffer.from(`HTTP/1.1 ${status} Some\r\n${all.map((line) => `${line}\r\n`).join('')}\r\n`, 'latin1');
}

function takeRequest(bytes: Buffer): { request: Received; size: number } | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [line = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
  const headers = Object.fromEntries(
    lines.map((each) => {
      const colon = each.indexOf(':');
      return [each.slice(0, colon).toLowerCase(), each.slice(colon + 1).trim()];
    }),
  );
  const size = end + 4 + Number(headers['content-length'] ?? 0);
  if (bytes.length < size) return undefined;
  const [method = '', path = ''] = line.split(' ');
  return { request: { method, path, headers, body: bytes.subarray(end + 4, size) }, size };
}
