// How a socket to the server comes about: directly, through a proxy, or over a unix socket.

import http from 'node:http';
import https from 'node:https';
import tls from 'node:tls';
import { eachOnce } from '../timing.ts';
import { authorityOf, type Endpoint } from './address.ts';
import type { Connected, HeadStart } from './head-start.ts';
import { intoOneBuffer, type OnRead } from './one-buffer.ts';
import { type Look, lookAt } from './peer-certificate.ts';
import { beginProgress, newProgress, type Progress } from './progress.ts';
import type { ProxyServer } from './proxy.ts';
import { serverName, type TlsOptions } from './trust.ts';
import { lookAtProxy, openTunnel } from './tunnel.ts';

// Reads of different paths run side by side, yet a secret's server is not to be flooded by one job.
const CONNECTIONS = 4;

/** Connections that are kept between the requests of one run. */
export interface Pool {
  readonly agent: http.Agent;
  /** Whether requests go out over TLS, be it to the server or to a proxy. */
  readonly secure: boolean;
  /** The proxy, where requests are addressed to it in absolute form (plain http through a proxy). */
  readonly forwardThrough: ProxyServer | undefined;
  /** The proxy whose tunnel leads to the server (https through a proxy). */
  readonly tunnelThrough: ProxyServer | undefined;
  /** The name that the server is asked for, where it is not the host. */
  readonly serverName: string | undefined;
  /** Whether the server is shown a certificate of the client's. */
  readonly showsCertificate: boolean;
  /** Looks at the certificates at the other end of its connections. */
  readonly look: Look;
  /** The sockets that are connected, handshake and all. Node tells of that but once. */
  readonly connected: WeakSet<object>;
  /** Notes how far the first connection has come: later ones are made beside other work. */
  readonly mark: (phase: string) => void;
}

/** What is known of the first connection of all. */
export interface First {
  /** Is told how far it has come. */
  readonly mark?: ((phase: string) => void) | undefined;
  /** That connection, where it was begun before. */
  readonly start?: HeadStart | undefined;
}

/** A pool for one endpoint. Nothing is connected before the first request. */
export function createPool(
  endpoint: Endpoint,
  proxy: ProxyServer | undefined,
  trust: TlsOptions,
  { mark = () => undefined, start }: First = {},
): Pool {
  const shared = { connected: new WeakSet(), mark: eachOnce(mark) };
  const kept = { keepAlive: true, maxSockets: CONNECTIONS, maxFreeSockets: CONNECTIONS };
  if (endpoint.scheme === 'https') {
    const agent = new https.Agent({ ...kept, ...trust, ...serverName(trust.servername) });
    if (proxy === undefined) connectDirectly(agent, start);
    else connectThroughTunnel(agent, endpoint, proxy, trust);
    return {
      agent,
      secure: true,
      forwardThrough: undefined,
      tunnelThrough: proxy,
      serverName: trust.servername,
      showsCertificate: trust.cert !== undefined,
      look: lookAtEndpoint(endpoint, proxy, trust),
      ...shared,
    };
  }
  const open = {
    forwardThrough: proxy,
    tunnelThrough: undefined,
    serverName: undefined,
    showsCertificate: false,
    ...shared,
  };
  if (proxy?.scheme === 'https') {
    const agent = new https.Agent({ ...kept, ...trustInProxy(trust), ...serverName(proxy.host) });
    return { ...open, agent, secure: true, look: lookAtProxy(proxy, trustInProxy(trust)) };
  }
  // Nobody shows a certificate there.
  return { ...open, agent: new http.Agent(kept), secure: false, look: async () => [] };
}

function lookAtEndpoint(endpoint: Endpoint, proxy: ProxyServer | undefined, trust: TlsOptions): Look {
  const { host, port } = endpoint;
  return lookAt({
    host,
    port,
    trust,
    name: serverName(trust.servername ?? host),
    ...(proxy === undefined
      ? {}
      : { through: (signal) => openTunnel(endpoint, proxy, trustInProxy(trust), newProgress(), signal) }),
  });
}

/** The host that connections lead to: the server's, or a proxy's. */
export function connectedHost(endpoint: Endpoint, { forwardThrough, tunnelThrough }: Pool): string {
  return (tunnelThrough ?? forwardThrough ?? endpoint).host;
}

/** Whether a request has to wait for one of the others to end. */
export function isBusy({ agent }: Pool): boolean {
  const count = (sockets: NodeJS.ReadOnlyDict<readonly unknown[]>) =>
    Object.values(sockets).reduce((sum, list) => sum + (list?.length ?? 0), 0);
  return count(agent.freeSockets) === 0 && count(agent.sockets) >= CONNECTIONS;
}

/** Where a request connects, and the path it asks for there. */
export function requestTarget(endpoint: Endpoint, path: string, pool: Pool): http.RequestOptions {
  const whole = `${endpoint.basePath}${path}`;
  if (endpoint.socketPath !== undefined) return { socketPath: endpoint.socketPath, path: whole };
  if (pool.forwardThrough !== undefined) {
    const { host, port } = pool.forwardThrough;
    return { host, port, path: `http://${authorityOf(endpoint)}${whole}` };
  }
  return { host: endpoint.host, port: endpoint.port, path: whole };
}

// The options of the request that wants the socket.
interface Wanted extends tls.ConnectionOptions {
  readonly progress?: Progress;
}

function connectDirectly(agent: https.Agent, start: HeadStart | undefined): void {
  // It keeps the TLS sessions, and takes one of its own only where it is given none. @types/node knows neither what it gives
  // nor all that it takes.
  const connect = https.Agent.prototype.createConnection as (
    this: https.Agent,
    options: Wanted & OnRead,
    connected: Connected,
  ) => tls.TLSSocket;
  // Node's agents take a socket as it is given back, or by callback, though @types/node gives the method no signature.
  Object.assign(agent, {
    createConnection(options: Wanted, connected: Connected): tls.TLSSocket | undefined {
      if (start?.take(connected, options.progress)) return undefined;
      const known = { ...options, ...start?.shared() };
      const socket = intoOneBuffer((onread) => connect.call(agent, { ...known, ...onread }, connected));
      if (start !== undefined) for (const event of ['end', 'close']) socket.once(event, start.closed);
      return socket;
    },
  });
}

function connectThroughTunnel(
  agent: https.Agent,
  endpoint: Endpoint,
  proxy: ProxyServer,
  trust: TlsOptions,
): void {
  Object.assign(agent, {
    createConnection({ progress = newProgress() }: Wanted, connected: Connected): void {
      if (progress.phase === 'turn') beginProgress(progress, proxy.host, undefined);
      openTunnel(endpoint, proxy, trustInProxy(trust), progress)
        .then((socket) => {
          const name = serverName(trust.servername ?? endpoint.host);
          return tls.connect({ ...trust, socket, host: endpoint.host, ...name });
        })
        .then(
          (socket) => connected(null, socket),
          (error: Error) => connected(error),
        );
    },
  });
}

// The server's name and the client's certificate are the server's business, not the proxy's.
function trustInProxy({
  servername: _name,
  cert: _certificate,
  key: _key,
  ...trust
}: TlsOptions): TlsOptions {
  return trust;
}
