// A stand-in for a HashiCorp Vault server, for tests and the demo: it listens, records, and lets a
// test step in; what it answers is dispatch.ts's matter.

import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Authority, createAuthority } from './authority.ts';
import { connect, type VaultClient } from './client.ts';
import { type Core, createCore } from './core.ts';
import { exchange } from './exchange.ts';
import type { NodeState } from './health.ts';
import { base62 } from './identifiers.ts';
import { type ListenOptions, startListening } from './listener.ts';
import { mountOwn } from './own-mounts.ts';

export interface VaultOptions extends ListenOptions {
  /** Who issues the server's certificate; an authority of its own unless said. */
  readonly authority?: Authority;
  /** Answer like a Vault Agent: 412 to a request without X-Vault-Request. */
  readonly agent?: boolean;
  /** Whether there is `leased-kv`, which Vault's own program lacks; there is, unless said. */
  readonly leases?: boolean;
  /** Milliseconds since 1970, also for the Date header; moving it makes tokens and leases expire. */
  readonly clock?: () => number;
}

/** A request as it was received. Set-up through `request` is not among them. */
export interface RecordedRequest {
  readonly method: string;
  /** As it was sent, with its query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Answers a request itself, or calls `next` to let Vault do it (also later, or with other headers). */
export type Interceptor = (request: RecordedRequest, response: ServerResponse, next: () => void) => void;

export interface VaultStandIn {
  /** `https://127.0.0.1:PORT`, or `unix:///PATH`. */
  readonly address: string;
  /** 0 for a Unix socket. */
  readonly port: number;
  readonly rootToken: string;
  /** For `sys/unseal`. */
  readonly unsealKey: string;
  readonly authority: Authority;
  /** Sends a request with the root token, for set-up: neither recorded nor intercepted. */
  readonly request: VaultClient['request'];
  /** All others so far; a test may empty the list. */
  readonly requests: RecordedRequest[];
  /** Connections accepted so far, TLS handshake done; those of set-up not counted. */
  readonly connections: number;
  /** The accessors of all tokens alive, the root token's not among them (a batch token has none). */
  liveTokens(): string[];
  /** The names of all leases alive. */
  liveLeases(): string[];
  /** Puts a test before Vault; the function that it gives back takes it away again. */
  intercept(interceptor: Interceptor): () => void;
  /** Makes the node play another part; a standby answers 307 to `activeAddress`, or 500 without one. */
  become(state: NodeState, activeAddress?: string): void;
  close(): Promise<void>;
}

const setUpHeader = 'x-stand-in-set-up';

/** Starts a Vault that is initialised and unsealed, and has nothing in it. */
export async function startVault(options: VaultOptions = {}): Promise<VaultStandIn> {
  const clock = options.clock ?? Date.now;
  const core = createCore(clock, options.leases ?? true);
  mountOwn(core);

  const authority = options.authority ?? (await createAuthority('Vault Stand-in CA'));
  const setUpSecret = base62(24);
  const requests: RecordedRequest[] = [];
  const interceptors: Interceptor[] = [];
  const setUpSockets = new WeakSet<Socket>();
  let connections = 0;

  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const at = Date.now();
    const body = await readAll(incoming);
    const { method = '', url: path = '', headers } = incoming;
    const request: RecordedRequest = { method, path, headers, body, at };
    const proceed = (): void => {
      answer(core, options, request, incoming, response).catch((reason: unknown) => {
        response.destroy(reason as Error);
        process.emitWarning(`vault stand-in: ${String(reason)}`);
      });
    };

    if (headers[setUpHeader] === setUpSecret) {
      if (!setUpSockets.has(incoming.socket)) connections -= 1;
      setUpSockets.add(incoming.socket);
      return proceed();
    }
    requests.push(request);
    // Each interceptor stands before those that were there before it.
    let next = proceed;
    for (const intercept of interceptors) {
      const behind = next;
      next = () => intercept(request, response, behind);
    }
    next();
  };

  const listener = (incoming: IncomingMessage, response: ServerResponse): void => {
    handle(incoming, response).catch(() => response.destroy());
  };
  const { server, address, port } = await startListening(options, authority, listener, () => {
    connections += 1;
  });
  const client = connect({
    address,
    token: core.root.id,
    ca: authority.certificatePem,
    headers: { [setUpHeader]: setUpSecret },
    ...(options.clientAuthority
      ? { identity: await options.clientAuthority.issue({ names: ['set-up'], client: true }) }
      : {}),
  });

  return {
    address,
    port,
    rootToken: core.root.id,
    unsealKey: core.unsealKey,
    authority,
    request: client.request,
    requests,
    get connections() {
      return connections;
    },
    liveTokens: () =>
      core.tokens
        .live()
        .filter((token) => token !== core.root && token.accessor !== '')
        .map((token) => token.accessor),
    liveLeases: () => core.leases.live().map((lease) => lease.id),
    intercept(interceptor) {
      interceptors.push(interceptor);
      return () => {
        const at = interceptors.lastIndexOf(interceptor);
        if (at >= 0) interceptors.splice(at, 1);
      };
    },
    become(state, activeAddress) {
      core.node = state;
      core.activeAddress = activeAddress;
    },
    close() {
      client.close();
      return new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

async function answer(
  core: Core,
  options: VaultOptions,
  request: RecordedRequest,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (options.agent && request.headers['x-vault-request'] !== 'true') {
    response.writeHead(412, { 'Content-Type': 'application/json' });
    response.end('{"errors":["missing \\"X-Vault-Request\\" header"]}\n');
    return;
  }
  const remoteAddress = incoming.socket.remoteAddress ?? '';
  await exchange(core, { ...request, remoteAddress }, response);
}

async function readAll(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
