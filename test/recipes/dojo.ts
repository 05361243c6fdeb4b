// In the place of DefectDojo: takes a scan at /api/v2/import-scan/ as it does, from whoever has the token.

import http from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Dojo {
  readonly url: string;
  /** The forms that were taken. */
  readonly imports: Record<string, string>[];
  /** All requests, refused ones too. */
  readonly requests: string[];
  readonly end: () => Promise<void>;
}

export async function openDojo(token: string): Promise<Dojo> {
  const imports: Record<string, string>[] = [];
  const requests: string[] = [];
  const server = http.createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    const answer = async (): Promise<[number, unknown]> => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      if (request.url !== '/api/v2/import-scan/' || request.method !== 'POST') return [404, 'Not found.'];
      if (request.headers.authorization !== `Token ${token}`) return [401, { detail: 'Invalid token.' }];
      const type = request.headers['content-type'] ?? '';
      const form = await new Response(Buffer.concat(chunks), {
        headers: { 'content-type': type },
      }).formData();
      const fields: Record<string, string> = {};
      for (const [name, value] of form) fields[name] = typeof value === 'string' ? value : await value.text();
      imports.push(fields);
      return [201, { scan_type: fields['scan_type'], test_id: imports.length }];
    };
    answer().then(
      ([status, body]) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
      (error: unknown) => response.writeHead(400).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    imports,
    requests,
    end: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
