// A tunnel through a proxy by CONNECT (RFC 9110, section 9.3.6), and what it means when a proxy does not let one pass.

import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { AppError, printable } from '../errors.ts';
import { bracketed, type Endpoint } from './address.ts';
import { connectionFailure } from './failure.ts';
import type { ProxyServer } from './proxy.ts';
import { serverName, type TlsOptions } from './trust.ts';

/**
 * Opens a tunnel to the endpoint's host and port.
 * @throws {AppError} UNAVAILABLE, TLS_UNTRUSTED or BAD_RESPONSE of the proxy's own, CONFIG where it wants a password
 */
export function openTunnel(endpoint: Endpoint, proxy: ProxyServer, trust: TlsOptions): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const target = `${bracketed(endpoint.host)}:${endpoint.port}`;
    const options = {
      host: proxy.host,
      port: proxy.port,
      method: 'CONNECT',
      path: target,
      agent: false,
      headers: { host: target, ...proxyAuthorization(proxy) },
    };
    // Node would take the name to check from the Host header, which is the server's.
    const secure = { ...options, ...trust, ...serverName(proxy.host) };
    const request = proxy.scheme === 'https' ? https.request(secure) : http.request(options);
    request.on('connect', ({ statusCode = 0 }, socket, head) => {
      // Bytes before the client has said anything would belong to no TLS handshake.
      if (statusCode >= 200 && statusCode < 300 && head.length === 0) return resolve(socket);
      socket.destroy();
      reject(refusedByProxy(proxy, statusCode));
    });
    request.on('error', (error) => reject(proxyFailure(proxy, error)));
    request.end();
  });
}

/** The header that a proxy with a password wants; none for one without. */
export function proxyAuthorization(proxy: ProxyServer): Record<string, string> {
  return proxy.authorization === undefined ? {} : { 'proxy-authorization': proxy.authorization };
}

/** What it means that a proxy answered in the server's place. */
export function refusedByProxy(proxy: ProxyServer, status: number): AppError {
  const where = printable(`${proxy.host}:${proxy.port}`);
  if (status === 407) {
    return new AppError(
      'CONFIG',
      `the proxy ${where} asks for a user name and a password, or refused those it was given (407)`,
      `put them into ${proxy.source}: http://USER:PASSWORD@${where}`,
    );
  }
  return new AppError(
    'UNAVAILABLE',
    `the proxy ${where} refused to connect (${status})`,
    `it comes from ${proxy.source}; add the server to NO_PROXY if it needs no proxy`,
  );
}

/** Explains why no answer came from a proxy. */
export function proxyFailure(proxy: ProxyServer, error: unknown): AppError {
  const { code, message } = connectionFailure({ ...proxy, basePath: '', socketPath: undefined }, error);
  return new AppError(code, `the proxy in ${proxy.source}: ${message}`, `check ${proxy.source}`, error);
}
