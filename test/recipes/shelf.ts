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
  /** The paths that were asked for, with the header JOB-TOKEN if there was one. */
  readonly asked: { readonly path: string; readonly jobToken: string | undefined }[];
  readonly end: () => Promise<void>;
}

export async function openShelf(): Promise<Shelf> {
  const sha256 = createHash('sha256').update(readFileSync(CIVAULT)).digest('hex');
  const asked: { path: string; jobToken: string | undefined }[] = [];
  const server = http.createServer((request, response) => {
    asked.push({ path: request.url ?? '', jobToken: request.headers['job-token'] as string | undefined });
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
