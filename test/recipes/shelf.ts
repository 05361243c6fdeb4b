// Where jobs fetch civault from: an HTTP server on loopback that gives out dist/civault, and the file's checksum.

import { createHash } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { CIVAULT } from '../harness/busybox-root.ts';

export interface Shelf {
  readonly origin: string;
  readonly url: string;
  readonly sha256: string;
  /** The paths that were asked for, with the job's token if there was one: as JOB-TOKEN, or as the password. */
  readonly asked: { readonly path: string; readonly jobToken: string | undefined }[];
  readonly end: () => Promise<void>;
}

export async function openShelf(): Promise<Shelf> {
  const sha256 = createHash('sha256').update(readFileSync(CIVAULT)).digest('hex');
  const asked: { path: string; jobToken: string | undefined }[] = [];
  const server = http.createServer((request, response) => {
    asked.push({ path: request.url ?? '', jobToken: jobTokenOf(request) });
    if (!/\/civault(-linux-amd64)?$/.test(request.url ?? '')) return void response.writeHead(404).end();
    createReadStream(CIVAULT).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    url: `${origin}/civault`,
    sha256,
    asked,
    end: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** Whatever a request has for a token, in either of the ways that the components send one. */
export function jobTokenOf({ headers }: Pick<http.IncomingMessage, 'headers'>): string | undefined {
  const [, encoded] = /^Basic (.+)$/.exec(headers.authorization ?? '') ?? [];
  const basic = encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString();
  return (headers['job-token'] as string | undefined) ?? basic?.replace(/^[^:]*:/, '');
}
