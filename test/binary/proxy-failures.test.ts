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
  for (const refuse of [403, 502, 503]) {
    test(`by answering ${refuse}: 6`, async () => {
      const { host } = await proxy({ refuse });
      const says = [
        new RegExp(`the proxy ${host} refused to connect \\(${refuse}\\)`),
        /hint: .*HTTPS_PROXY/,
      ];
      await bothFail({ ...named, HTTPS_PROXY: host }, ['--retries', '0'], 6, ...says);
    });
  }

  for (const [what, makeAddress, status] of [
    ['by not being there: 6', () => 'http://127.0.0.1:9', 6],
    ['by a certificate that nobody trusts: 7', (port: number) => `https://127.0.0.1:${port}`, 7],
    ['by cutting the connection: 6', (port: number) => `http://127.0.0.1:${port}`, 6],
  ] as const) {
    test(what, async () => {
      const strange = await (await createAuthority('Stranger')).issue({ names: ['127.0.0.1'] });
      const tls = status === 7 ? { cert: strange.certificatePem, key: strange.keyPem } : undefined;
      const cut = { onData: (socket: { destroy(): void }) => socket.destroy() };
      const server = await startFaultyServer({ ...cut, ...(tls === undefined ? {} : { tls }) });
      try {
        const address = makeAddress(server.port);
        const says = [/proxy/, new RegExp(new URL(address).host)];
        await bothFail({ ...named, HTTPS_PROXY: address }, ['--retries', '0'], status, ...says);
      } finally {
        await server.close();
      }
    });
  }

  test('by saying nothing: 6 at the time limit', async () => {
    const server = await startFaultyServer();
    try {
      const run = await get({ ...named, HTTPS_PROXY: `127.0.0.1:${server.port}` }, '--timeout', '1');
      assertFailed(run, 6, /waited to connect until the time limit of 1 s was over/);
      assert.ok(run.milliseconds < 2000, `${run.milliseconds} ms`);
    } finally {
      await server.close();
    }
  });

  test('but a server that says nothing within the tunnel is one that cannot be connected to', async () => {
    const server = await startFaultyServer();
    try {
      const { host } = await proxy();
      const env = { ...job.env, VAULT_ADDR: `https://vault.test:${server.port}`, HTTPS_PROXY: host };
      const run = await get(env, '--timeout', '1');
      assertFailed(run, 6, /vault\.test:\d+ took too long: waited to connect/);
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
