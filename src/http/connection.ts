// How a socket to the server comes about: directly, through a proxy's tunnel, or over a unix socket.

import http from 'node:http';
import https from 'node:https';
import tls from 'node:tls';
import { AppError, printable } from '../errors.ts';
import { authorityOf, type Endpoint } from './address.ts';
import type { ProxyServer } from './proxy.ts';
import type { TlsOptions } from './trust.ts';

// Reads of different paths run side by side, yet a secret's server is not to be flooded by one job.
const CONNECTIONS = 4;

/** Connections that are kept between the requests of one run. */
export interface Pool {
  readonly agent: http.Agent;
  /** The proxy, where requests are addressed to it in absolute form (plain http through a proxy). */
  readonly forwardThrough: ProxyServer | undefined;
}

/** A pool for one endpoint. Nothing is connected before the first request. */
export function createPool(endpoint: Endpoint, proxy: ProxyServer | undefined, tlsOptions: TlsOptions): Pool {
  const kept = { keepAlive: true, maxSockets: CONNECTIONS, maxFreeSockets: CONNECTIONS };
  if (endpoint.scheme !== 'https') {
    return { agent: new http.Agent(kept), forwardThrough: proxy };
  }
  const agent = new https.Agent({ ...kept, ...tlsOptions });
  return {
    agent: proxy === undefined ? agent : throughTunnel(agent, endpoint, proxy, tlsOptions),
    forwardThrough: undefined,
  };
}

type Connected = (error: Error | null, socket?: tls.TLSSocket) => void;

function throughTunnel(
  agent: https.Agent,
  endpoint: Endpoint,
  proxy: ProxyServer,
  tlsOptions: TlsOptions,
): https.Agent {
  // Node's agents take a socket by callback, though @types/node gives the method no signature.
  return Object.assign(agent, {
    createConnection(_options: unknown, connected: Connected): void {
      openTunnel(endpoint, proxy, tlsOptions, (error, tunnel) => {
        if (tunnel === undefined) return connected(error);
        const servername = tlsOptions.servername ?? endpoint.host;
        connected(null, tls.connect({ ...tlsOptions, socket: tunnel, host: endpoint.host, servername }));
      });
    },
  });
}

type Tunnel = http.IncomingMessage['socket'];

// RFC 9110, section 9.3.6
function openTunnel(
  endpoint: Endpoint,
  proxy: ProxyServer,
  tlsOptions: TlsOptions,
  opened: (error: Error | null, tunnel?: Tunnel) => void,
): void {
  const target = `${endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host}:${endpoint.port}`;
  const options = {
    host: proxy.host,
    port: proxy.port,
    method: 'CONNECT',
    path: target,
    agent: false,
    headers: { host: target, ...proxyAuthorization(proxy) },
  };
  // The server's name and the client's certificate are the server's business, not the proxy's.
  const { servername: _name, cert: _cert, key: _key, ...trust } = tlsOptions;
  const request = proxy.scheme === 'https' ? https.request({ ...options, ...trust }) : http.request(options);
  request.on('connect', (response, socket, head) => {
    if (response.statusCode === 200 && head.length === 0) return opened(null, socket);
    socket.destroy();
    opened(refusedByProxy(proxy, response.statusCode ?? 0));
  });
  request.on('response', (response) => {
    response.destroy();
    opened(refusedByProxy(proxy, response.statusCode ?? 0));
  });
  request.on('error', (error) => opened(error));
  request.end();
}

/** The header that a proxy with a password wants; none for one without. */
export function proxyAuthorization(proxy: ProxyServer): Record<string, string> {
  return proxy.authorization === undefined ? {} : { 'proxy-authorization': proxy.authorization };
}

function refusedByProxy(proxy: ProxyServer, status: number): AppError {
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

/** Where a plain request connects, and the path it asks for there. */
export function requestTarget(endpoint: Endpoint, path: string, pool: Pool): http.RequestOptions {
  const whole = `${endpoint.basePath}${path}`;
  if (endpoint.socketPath !== undefined) return { socketPath: endpoint.socketPath, path: whole };
  if (pool.forwardThrough !== undefined) {
    const { host, port } = pool.forwardThrough;
    return { host, port, path: `http://${authorityOf(endpoint)}${whole}` };
  }
  return { host: endpoint.host, port: endpoint.port, path: whole };
}
