// A tunnel through a proxy by CONNECT (RFC 9110, section 9.3.6), and what it means when a proxy does not let one pass.

import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { AppError, FinalError, printable } from '../errors.ts';
import { bracketed, type Endpoint, serviceName } from './address.ts';
import type { Circumstances } from './explanation.ts';
import { connectionFailure, toldOnce } from './failure.ts';
import { type Look, lookAt } from './peer-certificate.ts';
import { followSocket, type Progress } from './progress.ts';
import type { ProxyServer } from './proxy.ts';
import { serverName, type TlsOptions } from './trust.ts';

/**
 * Opens a tunnel to the endpoint's host and port.
 * @param progress is kept up to date, as far as the tunnel goes
 * @throws {AppError} UNAVAILABLE, TLS_UNTRUSTED or BAD_RESPONSE of the proxy's own, CONFIG where it wants a password
 */
export function openTunnel(
  endpoint: Endpoint,
  proxy: ProxyServer,
  trust: TlsOptions,
  progress: Progress,
  signal?: AbortSignal,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const target = targetOf(endpoint);
    const options = {
      host: proxy.host,
      port: proxy.port,
      method: 'CONNECT',
      path: target,
      agent: false,
      headers: { host: target, ...proxyAuthorization(proxy) },
      ...(signal === undefined ? {} : { signal }),
    };
    // Node would take the name to check from the Host header, which is the server's.
    const secure = { ...options, ...trust, ...serverName(proxy.host) };
    const request = proxy.scheme === 'https' ? https.request(secure) : http.request(options);
    request.on('socket', (socket) => {
      followSocket(socket, progress, () => {
        progress.phase = 'tunnel';
      });
    });
    request.on('connect', ({ statusCode = 0 }, socket, head) => {
      // Bytes before the client has said anything would belong to no TLS handshake.
      if (statusCode >= 200 && statusCode < 300 && head.length === 0) return resolve(socket);
      socket.destroy();
      reject(refusedByProxy(proxy, statusCode, endpoint));
    });
    request.on('error', (error) => {
      const { phase } = progress;
      const look = lookAtProxy(proxy, trust);
      reject(toldOnce((certificates) => proxyFailure(proxy, error, { phase, certificates }), look));
    });
    request.end();
  });
}

// As CONNECT names it (RFC 9110, section 9.3.6): the port is always there.
function targetOf({ host, port }: Endpoint): string {
  return `${bracketed(host)}:${port}`;
}

/** Looks at the certificates of a proxy that speaks TLS. */
export function lookAtProxy({ host, port }: ProxyServer, trust: TlsOptions): Look {
  return lookAt({ host, port, trust, name: serverName(host) });
}

/** The header that a proxy with a password wants; none for one without. */
export function proxyAuthorization(proxy: ProxyServer): Record<string, string> {
  return proxy.authorization === undefined ? {} : { 'proxy-authorization': proxy.authorization };
}

type Refusal = readonly [why: string, hint: string];
const NO_TUNNELS: Refusal = ['it does not take CONNECT', 'SOURCE may name a web server that is no proxy'];
const NOT_CONNECTED: Refusal = [
  'it cannot connect to that host, or not look its name up',
  'check the address of SERVICE',
];
const REFUSALS: ReadonlyMap<number, Refusal> = new Map<number, Refusal>([
  [403, ['its rules do not allow it', 'ask whoever runs the proxy to let this runner go there']],
  ...[400, 404, 405, 501].map((status) => [status, NO_TUNNELS] as const),
  [429, ['it has too much to do', 'try again later']],
  // tinyproxy says 500 of it.
  ...[500, 502].map((status) => [status, NOT_CONNECTED] as const),
  [503, ['it cannot serve now, or not reach that host', 'check the address of SERVICE']],
  [504, ['that host does not answer it', 'check the address of SERVICE, and that it runs']],
]);

/**
 * What it means that a proxy answered in the server's place.
 * @param target what it was to connect to
 */
export function refusedByProxy(proxy: ProxyServer, status: number, target: Endpoint): AppError {
  const where = printable(`${bracketed(proxy.host)}:${proxy.port}`);
  // tinyproxy says 401 of a password that is wrong. No server stands behind an answer to CONNECT.
  if (status === 407 || status === 401) {
    return new AppError(
      'CONFIG',
      `the proxy ${where} asks for a user name and a password, or refused those it was given (${status})`,
      `put them into ${proxy.source}: ${proxy.scheme}://USER:PASSWORD@${where}`,
    );
  }
  const [why, hint] =
    status >= 200 && status < 300
      ? ['it sent something before the handshake', 'SOURCE may name a web server that is no proxy']
      : (REFUSALS.get(status) ?? ['it does not say why', 'ask whoever runs the proxy']);
  const Kind = mayPass(status) ? AppError : FinalError;
  return new Kind(
    'UNAVAILABLE',
    `the proxy ${where} did not connect to ${printable(targetOf(target))} (${status}): ${why}`,
    `${hint.replace('SOURCE', proxy.source).replace('SERVICE', serviceName(target))}; ${without(proxy)}`,
  );
}

// What a proxy cannot do now it may do in a while. Anything else is its decision, or that of its rules.
function mayPass(status: number): boolean {
  return status === 408 || status === 429 || (status >= 500 && status !== 501);
}

// NO_PROXY says nothing against VAULT_PROXY_ADDR, as in Vault's own client.
function without({ source }: ProxyServer): string {
  return source === 'VAULT_PROXY_ADDR'
    ? `the proxy comes from ${source}: unset it if Vault needs none`
    : `the proxy comes from ${source}: add the server to NO_PROXY if it needs none`;
}

/** Explains why no answer came from a proxy. */
export function proxyFailure(
  proxy: ProxyServer,
  error: unknown,
  circumstances: Omit<Circumstances, 'proxy' | 'through'> = {},
): AppError {
  if (error instanceof AppError) return error;
  const endpoint = { ...proxy, basePath: '', socketPath: undefined };
  const failed = connectionFailure(endpoint, error, { ...circumstances, proxy: proxy.source });
  const { code, message, hint = `check ${proxy.source}` } = failed;
  return new AppError(code, `the proxy in ${proxy.source}: ${message}`, hint, error);
}
