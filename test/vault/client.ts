// Set-up over Vault's own HTTP API: the same calls serve the stand-in and a real server.

import http from 'node:http';
import https from 'node:https';
import type { Identity } from './authority.ts';

export interface VaultAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
  /** The body as JSON; undefined when there is none. */
  readonly json: unknown;
}

export interface VaultClient {
  readonly address: string;
  /** Sends a request with the client's token; `path` is what follows `/v1/`. */
  request(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<VaultAnswer>;
  close(): void;
}

export interface ConnectOptions {
  /** `https://HOST:PORT`, `http://HOST:PORT` or `unix:///PATH`. */
  readonly address: string;
  readonly token: string;
  readonly ca?: string;
  readonly identity?: Identity;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A client that speaks to one server with one token. */
export function connect(options: ConnectOptions): VaultClient {
  const secure = options.address.startsWith('https:');
  const agent = secure
    ? new https.Agent({
        keepAlive: true,
        ...(options.ca === undefined ? {} : { ca: options.ca }),
        ...(options.identity ? { cert: options.identity.certificatePem, key: options.identity.keyPem } : {}),
      })
    : new http.Agent({ keepAlive: true });
  const target = options.address.startsWith('unix://')
    ? { socketPath: options.address.slice('unix://'.length) }
    : hostAndPort(options.address);

  const request: VaultClient['request'] = (method, path, body, headers = {}) =>
    new Promise((resolve, reject) => {
      const text = typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body);
      const outgoing = (secure ? https : http).request(
        {
          ...target,
          agent,
          method,
          path: path.startsWith('/') ? path : `/v1/${path}`,
          headers: {
            'X-Vault-Token': options.token,
            'X-Vault-Request': 'true',
            ...(text === ''
              ? {}
              : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) }),
            ...options.headers,
            ...headers,
          },
        },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
          incoming.on('error', reject);
          incoming.on('end', () => {
            const { statusCode: status = 0, headers: received } = incoming;
            const content = Buffer.concat(chunks).toString();
            const isJson = received['content-type'] === 'application/json' && content !== '';
            resolve({
              status,
              headers: received,
              text: content,
              json: isJson ? JSON.parse(content) : undefined,
            });
          });
        },
      );
      outgoing.on('error', reject);
      outgoing.end(text);
    });

  return { address: options.address, request, close: () => agent.destroy() };
}

function hostAndPort(address: string): { hostname: string; port: string } {
  const { hostname, port } = new URL(address);
  return { hostname: hostname.replace(/^\[|\]$/g, ''), port };
}
