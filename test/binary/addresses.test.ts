// Proves the addresses that Vault is reached at: IPv6, a path on a shared host, an agent's socket, and what none is.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startFaultyServer } from '../harness/faulty-server.ts';
import { type Job, startJob } from '../harness/job.ts';
import { assertFailed, assertFetched, bothFail, get, SECRET } from '../harness/judged-run.ts';

const noIpv6 = await new Promise<string | undefined>((resolve) => {
  const server = createServer();
  server.once('error', (error) => resolve(`no IPv6 loopback here: ${error.message}`));
  server.listen(0, '::1', () => server.close(() => resolve(undefined)));
});

let job: Job;
let folder: string;
before(async () => {
  job = await startJob();
  folder = mkdtempSync(join(tmpdir(), 'civault-socket-'));
});
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await job.end();
});

test('an IPv6 address, TLS and all', { skip: noIpv6 ?? false }, async () => {
  const six = await startJob({ host: '::1' });
  try {
    assert.match(six.env['VAULT_ADDR'] ?? '', /^https:\/\/\[::1\]:/);
    assertFetched(await get(six.env));
    assert.equal(six.vault.requests[0]?.headers.host, `[::1]:${six.vault.port}`);
  } finally {
    await six.end();
  }
});

describe('behind a path', () => {
  test('every request goes below it, its redirects too', async () => {
    const paths: string[] = [];
    const stop = job.vault.intercept((request, response, next) => {
      paths.push(request.path);
      const below = /^\/shared\/vault(\/v1\/.*)$/.exec(request.path)?.[1];
      if (below === undefined) return void response.writeHead(404).end('no such path');
      if (paths.length === 1)
        return void response.writeHead(308, { Location: `${request.path}?moved` }).end();
      // What a reverse proxy does.
      Object.assign(request, { path: below });
      next();
    });
    for (const address of [`${job.vault.address}/shared/vault`, `${job.vault.address}/shared/vault/`]) {
      paths.length = 0;
      assertFetched(await get({ ...job.env, VAULT_ADDR: address }));
      assert.deepEqual(paths, [
        '/shared/vault/v1/auth/jwt/login',
        '/shared/vault/v1/auth/jwt/login?moved',
        `/shared/vault/v1/${SECRET}`,
        '/shared/vault/v1/auth/token/revoke-self',
      ]);
    }
    stop();
  });

  test('a standby there is followed to the active node', async () => {
    const active = await startJob({ authority: job.vault.authority });
    const strip = active.vault.intercept((request, _, next) => {
      Object.assign(request, { path: request.path.replace('/shared', '') });
      next();
    });
    const stop = job.vault.intercept((request, response) => {
      response.writeHead(307, { Location: `${active.vault.address}${request.path}` }).end();
    });
    try {
      assertFetched(await get({ ...active.env, VAULT_ADDR: `${job.vault.address}/shared` }));
    } finally {
      strip();
      stop();
      await active.end();
    }
  });
});

describe("an agent's socket", () => {
  let agent: Job;
  before(async () => {
    agent = await startJob({ listen: join(folder, 'agent.sock'), agent: true });
  });
  after(() => agent.end());

  test('is asked with the header that it demands, after a login of the job', async () => {
    assertFetched(await get(agent.env));
    for (const { headers } of agent.vault.requests) assert.equal(headers['x-vault-request'], 'true');
  });

  test('is asked without a login where the job has no ID token', async () => {
    agent.vault.requests.length = 0;
    const stop = agent.vault.intercept((request, _, next) => {
      // An agent with auto_auth adds its own token.
      assert.equal(request.headers['x-vault-token'], undefined);
      request.headers['x-vault-token'] = agent.vault.rootToken;
      next();
    });
    assertFetched(await get({ ...agent.env, VAULT_ID_TOKEN: '' }));
    stop();
    assert.deepEqual(
      agent.vault.requests.map(({ path }) => path),
      [`/v1/${SECRET}`],
    );
  });

  test('is reached without a proxy', async () => {
    const nobody = 'http://127.0.0.1:9';
    assertFetched(
      await get({ ...agent.env, HTTP_PROXY: nobody, HTTPS_PROXY: nobody, VAULT_PROXY_ADDR: nobody }),
    );
  });

  test('that sends elsewhere is not followed', async () => {
    const stop = agent.vault.intercept((request, response) => {
      response.writeHead(307, { Location: `${job.vault.address}${request.path}` }).end();
    });
    job.vault.requests.length = 0;
    await bothFail(agent.env, [], 7, /a token is not sent to another server/);
    stop();
    assert.deepEqual(job.vault.requests, []);
  });

  test('that is not there is told by its path', async () => {
    const path = join(folder, 'none.sock');
    const run = await get({ ...agent.env, VAULT_ADDR: `unix://${path}` }, '--retries', '0');
    assertFailed(run, 6, /none\.sock: there is no such socket \(ENOENT\)/, /hint: .*Vault Agent/);
  });

  test('that nobody serves any more is told', async () => {
    const path = join(folder, 'agent.sock/below');
    const run = await get({ ...agent.env, VAULT_ADDR: `unix:${path}` }, '--retries', '0');
    assertFailed(run, 6, /agent\.sock\/below: /);
  });
});

test('a host whose name only begins like loopback gets the warning that http deserves', async () => {
  // Through a proxy, so that no name is looked up.
  const proxy = await startFaultyServer({ onData: (socket) => socket.end('HTTP/1.1 500 No\r\n\r\n') });
  try {
    const env = { ...job.env, VAULT_PROXY_ADDR: `http://127.0.0.1:${proxy.port}` };
    for (const host of ['vault.test', '127.vault.test', 'localhost.vault.test']) {
      const run = await get({ ...env, VAULT_ADDR: `http://${host}` }, '--retries', '0');
      assertFailed(
        run,
        6,
        /warning: the address of .*vault\.test is http: tokens and secrets go over the network/,
      );
    }
  } finally {
    await proxy.close();
  }
});

for (const [address, says] of [
  ['vault.test', /it has no scheme/],
  ['https://', /there is no host/],
  ['https:/vault.test', /there is no host/],
  ['ftp://vault.test', /only https, http and unix/],
  ['https://user:hunter2@vault.test', /holds a user name or a password/],
  ['https://vault.test/v1', /leave \/v1 off/],
  ['https://vault.test/ui/', /leave \/ui off/],
  ['https://vault.test?x=1', /has no \?/],
  ['https://$VAULT_HOST', /never filled in/],
  ['https://vault.test:99999', /there is no host|port/],
  ['https://vault.test\n', /control character/],
] as const) {
  test(`${JSON.stringify(address)} is a wrong setting`, async () => {
    const [byVariable, byFlag] = await Promise.all([
      get({ ...job.env, VAULT_ADDR: address }),
      get(job.env, '--address', address),
    ]);
    assertFailed(byVariable, 2, says, /VAULT_ADDR/);
    assertFailed(byFlag, 2, says, /--address/);
    assert.doesNotMatch(byVariable.stderr + byFlag.stderr, /hunter2/);
  });
}
