// A stand-in for GitLab's registry of generic packages as the upload meets it: it takes a file, and sends whoever reads one
// on to an object store, which is another origin.

import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { createAuthority } from '../vault/authority.ts';

/** A request that came to either. */
export interface RegistryRequest {
  readonly at: 'registry' | 'store';
  readonly method: string;
  readonly path: string;
  /** Its JOB-TOKEN. */
  readonly token: string | undefined;
}

/** A registry and its store. */
export interface PackageRegistry {
  /** `https://localhost:PORT`. */
  readonly origin: string;
  readonly caPem: string;
  readonly requests: RegistryRequest[];
  /** What is stored, by path. */
  readonly stored: Map<string, Buffer>;
  /** Answers a status in place of the registry. */
  instead: (request: RegistryRequest) => number | undefined;
  readonly close: () => void;
}

/** Starts one that knows one job's token. */
export async function startPackageRegistry(token: string): Promise<PackageRegistry> {
  const authority = await createAuthority('civault tests');
  const { certificatePem: cert, keyPem: key } = await authority.issue({ names: ['localhost', '127.0.0.1'] });
  const requests: RegistryRequest[] = [];
  const stored = new Map<string, Buffer>();

  const store = https.createServer({ cert, key }, (request, answer) => {
    const { method = '', url: path = '' } = request;
    requests.push({ at: 'store', method, path, token: tokenOf(request) });
    answer.end(stored.get(path));
  });
  const server = https.createServer({ cert, key }, (request, answer) => {
    const { method = '', url: path = '' } = request;
    const seen: RegistryRequest = { at: 'registry', method, path, token: tokenOf(request) };
    requests.push(seen);
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const status = registry.instead(seen) ?? (seen.token === token ? undefined : 401);
      if (status !== undefined) return answer.writeHead(status).end('{"message":"no"}');
      if (method === 'PUT') {
        stored.set(path, Buffer.concat(pieces));
        return answer.writeHead(201).end('{"message":"201 Created"}');
      }
      if (!stored.has(path)) return answer.writeHead(404).end('{"message":"404 Not found"}');
      return answer.writeHead(302, { location: `https://127.0.0.1:${portOf(store)}${path}` }).end();
    });
  });
  for (const one of [server, store]) await new Promise<void>((ready) => one.listen(0, '127.0.0.1', ready));

  const registry: PackageRegistry = {
    origin: `https://localhost:${portOf(server)}`,
    caPem: authority.certificatePem,
    requests,
    stored,
    instead: () => undefined,
    close: () => {
      for (const one of [server, store]) {
        one.close();
        one.closeAllConnections();
      }
    },
  };
  return registry;
}

function tokenOf({ headers }: { readonly headers: Readonly<Record<string, unknown>> }): string | undefined {
  const token = headers['job-token'];
  return token === undefined ? undefined : String(token);
}

function portOf(server: https.Server): number {
  return (server.address() as AddressInfo).port;
}
