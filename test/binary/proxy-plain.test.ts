// Proves how http goes through a proxy: in absolute form, which is all that it can read, and over TLS where the proxy
// speaks it.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startFaultyServer } from '../harness/faulty-server.ts';
import { type Job, startJob } from '../harness/job.ts';
import { assertFailed, assertFetched, bothFail, type Env, get } from '../harness/judged-run.ts';
import { proxiesOfTests } from '../harness/proxy-server.ts';
import { createAuthority, type Identity } from '../vault/authority.ts';

let plain: Job;
let namedPlain: Env;
let identity: Identity;
const proxy = proxiesOfTests();

before(async () => {
  const authority = await createAuthority('Stand-in CA');
  identity = await authority.issue({ names: ['127.0.0.1'] });
  plain = await startJob({ tls: false, authority });
  namedPlain = { ...plain.env, VAULT_ADDR: `http://vault.test:${plain.vault.port}` };
});
after(() => plain.end());

describe('http goes in absolute form', () => {
  const WARNING = /^civault: warning: the address of vault\.test is http: [^\n]*\n$/;

  for (const name of ['HTTP_PROXY', 'http_proxy', 'VAULT_PROXY_ADDR']) {
    test(`to ${name}`, async () => {
      const { host, asked } = await proxy();
      plain.vault.requests.length = 0;
      assertFetched(await get({ ...namedPlain, [name]: host }), WARNING);
      assert.equal(asked[0], `POST http://vault.test:${plain.vault.port}/v1/auth/jwt/login`);
      assert.equal(plain.vault.requests[0]?.headers.host, `vault.test:${plain.vault.port}`);
    });
  }

  test('with the password that the proxy wants', async () => {
    const { host } = await proxy({ password: 'ci:hunter2' });
    assertFetched(await get({ ...namedPlain, HTTP_PROXY: `http://ci:hunter2@${host}` }), WARNING);
  });

  test('and its 407 is told as a wrong setting', async () => {
    const { host } = await proxy({ password: 'ci:hunter2' });
    await bothFail({ ...namedPlain, HTTP_PROXY: host }, [], 2, /the proxy .* \(407\)/, /hint: .*HTTP_PROXY/);
  });

  test('over TLS, where the proxy speaks it', async () => {
    const { host } = await proxy({ identity });
    assertFetched(await get({ ...namedPlain, HTTP_PROXY: `https://${host}` }, '--retries', '0'), WARNING);
  });

  test('and not to a proxy whose certificate nobody trusts: its issuer is named', async () => {
    const strange = await (await createAuthority('Stranger')).issue({ names: ['127.0.0.1'] });
    const server = await startFaultyServer({ tls: { cert: strange.certificatePem, key: strange.keyPem } });
    try {
      const env = { ...namedPlain, HTTP_PROXY: `https://127.0.0.1:${server.port}` };
      const says = /the proxy in HTTP_PROXY: .*not trusted here: "Stranger" is not in VAULT_CACERT_BYTES/;
      await bothFail(env, [], 7, says);
      assert.deepEqual([server.received, server.connections], ['', 4], 'of two runs, with a look each');
    } finally {
      await server.close();
    }
  });

  test('and not over TLS to a proxy that speaks none', async () => {
    const { host } = await proxy();
    const env = { ...namedPlain, HTTP_PROXY: `https://${host}` };
    await bothFail(
      env,
      [],
      7,
      /the proxy in HTTP_PROXY: .*does not speak TLS on this port/,
      /hint: check the port in the address in HTTP_PROXY/,
    );
  });

  test('and not in plain text to a proxy that is to speak TLS', async () => {
    const server = await startFaultyServer();
    try {
      const env = { ...namedPlain, HTTP_PROXY: `https://ci:hunter2@127.0.0.1:${server.port}` };
      assertFailed(await get(env, '--timeout', '0.5'), 6);
      assert.doesNotMatch(server.received, /eyJ|POST|authorization/i);
    } finally {
      await server.close();
    }
  });
});
