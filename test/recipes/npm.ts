// What npm itself makes of an .npmrc: the credentials that it sends to the registry.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runCommand } from '../harness/command.ts';

/** Has npm ask for a package with this .npmrc, whose registry's host is this machine for the time. */
export async function npmSends(npmrc: string, host: string): Promise<{ username: string; password: string }> {
  let authorization = '';
  const server = http.createServer((request, response) => {
    authorization = request.headers.authorization ?? '';
    const body = {
      name: 'app',
      'dist-tags': { latest: '1.0.0' },
      versions: { '1.0.0': { name: 'app', version: '1.0.0' } },
    };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const folder = mkdtempSync(join(tmpdir(), 'civault-npm-'));
  try {
    const here = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    writeFileSync(
      join(folder, '.npmrc'),
      npmrc.replaceAll(`https://${host}`, `http://${here}`).replaceAll(host, here),
    );
    const { status, stderr } = await runCommand('npm', ['view', 'app', 'version'], {
      cwd: folder,
      env: { PATH: `${dirname(process.execPath)}:${process.env['PATH']}`, HOME: folder },
    });
    if (status !== 0) throw new Error(`npm view ended with ${status}: ${stderr}`);
    const [username = '', ...rest] = Buffer.from(authorization.replace(/^Basic /, ''), 'base64')
      .toString()
      .split(':');
    return { username, password: rest.join(':') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
    server.closeAllConnections();
    server.close();
  }
}
