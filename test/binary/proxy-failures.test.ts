// Proves that a failure of the proxy is told as the proxy's, and never with its password.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startFaultyServer } from '../harness/faulty-server.ts';
import { type Job, startJob } from '../harness/job.ts';
import { assertFailed, bothFail, type Env, get } from '../harness/judged-run.ts';
import { proxiesOfTests } from '../harness/proxy-server.ts';
import { createAuthority } from '../vault/authority.ts';

let job: Job;
/** Vault by a name that nobody can look up but a proxy. */
let named: Env;
const proxy = proxiesOfTests();

before(async () => {
  job = await startJob();
  named = { ...job.env, VAULT_ADDR: `https://vault.test:${job.vault.port}` };
});
after(() => job.end());

describe('a proxy that wants a password', () => {
  for (const [what, credentials] of [
    ['a wrong one', 'ci:swordfish@'],
    ['none', ''],
  ] as const) {
    test(`that is given ${what} ends the run with 2, and no password is shown`, async () => {
      const { host, asked } = await proxy({ password: 'ci:hunter2' });
      const env = { ...named, HTTPS_PROXY: `http://${credentials}${host}` };
      await bothFail(env, [], 2, /\(407\)/, new RegExp(host), /hint: .*HTTPS_PROXY/);
      const { stderr } = await get(env);
      assert.doesNotMatch(stderr, new RegExp(`swordfish|${Buffer.from('ci:swordfish').toString('base64')}`));
      assert.equal(asked.length, 3, 'one for each of three runs');
    });
  }
});

describe('a proxy that fails is told as the one that did', () => {
  for (const [refuse, why] of [
    [403, 'its rules do not allow it'],
    [501, 'it does not take CONNECT'],
    [502, 'it cannot connect to that host'],
    [503, 'it cannot serve now'],
    [504, 'that host does not answer it'],
  ] as const) {
    test(`by answering ${refuse}: 6`, async () => {
      const { host } = await proxy({ refuse });
      const says = [
        new RegExp(`the proxy ${host} did not connect to vault\\.test:\\d+ \\(${refuse}\\): ${why}`),
        /hint: .*HTTPS_PROXY/,
      ];
      await bothFail({ ...named, HTTPS_PROXY: host }, ['--retries', '0'], 6, ...says);
    });
  }

  for (const [refuse, tries] of [
    ...[400, 403, 404, 405, 410, 501].map((final) => [final, 1] as const),
    ...[408, 429, 500, 502, 503, 504].map((passing) => [passing, 3] as const),
  ] as const) {
    test(`and asked ${tries === 1 ? 'once' : 'again'} after ${refuse}`, async () => {
      const { host, asked } = await proxy({ refuse });
      const run = await get({ ...named, HTTPS_PROXY: host }, '--retries', '2');
      assertFailed(run, 6, new RegExp(`did not connect to vault\\.test:\\d+ \\(${refuse}\\)`));
      assert.deepEqual(asked, Array(tries).fill(`CONNECT vault.test:${job.vault.port}`));
      assert.equal((run.stderr.match(/; retry \d of 2/g) ?? []).length, tries - 1);
    });
  }

  for (const [what, makeAddress, status, ...says] of [
    [
      'by not being there: 6',
      () => 'http://127.0.0.1:9',
      6,
      /the proxy in HTTPS_PROXY: .* 127\.0\.0\.1:9: it refuses connections: nothing listens there/,
      /hint: check the address in HTTPS_PROXY/,
    ],
    [
      'by a name that is none: 6',
      () => 'http://proxy.invalid:3128',
      6,
      /the proxy in HTTPS_PROXY: .* (knows no host|asked for) "proxy\.invalid"/,
      /hint: check the (address in HTTPS_PROXY|runner's DNS)/,
    ],
    [
      'by a certificate that nobody trusts: 7',
      (port: number) => `https://127.0.0.1:${port}`,
      7,
      /the proxy in HTTPS_PROXY: .*not trusted here: "Stranger" is not in VAULT_CACERT_BYTES/,
    ],
    [
      'by cutting the connection: 6',
      (port: number) => `http://127.0.0.1:${port}`,
      6,
      /the proxy in HTTPS_PROXY: .*the connection was cut before the tunnel through it stood/,
      /hint: check that the address in HTTPS_PROXY is one of a proxy/,
    ],
  ] as const) {
    test(what, async () => {
      const strange = await (await createAuthority('Stranger')).issue({ names: ['127.0.0.1'] });
      const tls = status === 7 ? { cert: strange.certificatePem, key: strange.keyPem } : undefined;
      const cut = { onData: (socket: { destroy(): void }) => socket.destroy() };
      const server = await startFaultyServer({ ...cut, ...(tls === undefined ? {} : { tls }) });
      try {
        const address = makeAddress(server.port);
        const where = new RegExp(new URL(address).host);
        await bothFail({ ...named, HTTPS_PROXY: address }, ['--retries', '0'], status, where, ...says);
        assert.ok(status !== 7 || server.received === '', 'something was sent to it');
      } finally {
        await server.close();
      }
    });
  }

  test("but a server's certificate that is refused within the tunnel is told as the server's", async () => {
    const strange = await (await createAuthority('Stranger')).issue({ names: ['vault.test'] });
    const tls = { cert: strange.certificatePem, key: strange.keyPem };
    const server = await startFaultyServer({ tls });
    try {
      const { host, asked } = await proxy();
      const env = { ...job.env, VAULT_ADDR: `https://vault.test:${server.port}`, HTTPS_PROXY: host };
      const says = /from vault\.test:\d+: its certificate .*: "Stranger" is not in VAULT_CACERT_BYTES/;
      await bothFail(env, [], 7, says);
      assert.equal(server.received, '');
      // For each of two runs the request, and the look.
      assert.deepEqual(asked, Array(4).fill(`CONNECT vault.test:${server.port}`));
    } finally {
      await server.close();
    }
  });

  test('by saying nothing: 6 at the time limit', async () => {
    const server = await startFaultyServer();
    try {
      const run = await get({ ...named, HTTPS_PROXY: `127.0.0.1:${server.port}` }, '--timeout', '1');
      assertFailed(
        run,
        6,
        /the proxy in HTTPS_PROXY, .* waited for it to open a tunnel to vault\.test:\d+ until the time limit of 1 s/,
      );
      assert.ok(run.milliseconds < 2000, `${run.milliseconds} ms`);
    } finally {
      await server.close();
    }
  });

  test('but a server that says nothing within the tunnel is the one that is waited for', async () => {
    const server = await startFaultyServer();
    try {
      const { host } = await proxy();
      const env = { ...job.env, VAULT_ADDR: `https://vault.test:${server.port}`, HTTPS_PROXY: host };
      const run = await get(env, '--timeout', '1');
      assertFailed(run, 6, /vault\.test:\d+ took too long: waited for the TLS handshake/);
      assert.ok(run.milliseconds < 2000, `${run.milliseconds} ms`);
    } finally {
      await server.close();
    }
  });

  for (const address of ['socks5://127.0.0.1:1080', 'http://', 'http://ci:hunter2@:3128', 'http://[::1']) {
    test(`by an address that is none: ${address}`, async () => {
      await bothFail({ ...named, HTTPS_PROXY: address }, [], 2, /HTTPS_PROXY is not the address of/);
      assert.doesNotMatch((await get({ ...named, HTTPS_PROXY: address })).stderr, /hunter2/);
    });
  }
});
