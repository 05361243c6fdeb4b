// Proves which proxy https goes through, if any, and that it learns nothing of what goes through its tunnel.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type BusyboxRoot, CIVAULT, makeBusyboxRoot, whyNoRoot } from '../harness/busybox-root.ts';
import { runCommand } from '../harness/command.ts';
import { type Job, startJob } from '../harness/job.ts';
import { assertFetched, assertNoToken, bothFail, type Env, get, REF } from '../harness/judged-run.ts';
import { proxiesOfTests } from '../harness/proxy-server.ts';
import { createAuthority, type Identity } from '../vault/authority.ts';

let job: Job;
let plain: Job;
let identity: Identity;
let imposter: Identity;
/** Vault by a name that nobody can look up but a proxy. */
let named: Env;
const proxy = proxiesOfTests();

before(async () => {
  const authority = await createAuthority('Stand-in CA');
  job = await startJob({
    authority,
    identity: await authority.issue({ names: ['127.0.0.1', 'vault.test'] }),
  });
  // A name of their own each: a proxy's certificate is the proxy's, not that of the server behind it.
  identity = await authority.issue({ names: ['127.0.0.1'] });
  imposter = await authority.issue({ names: ['vault.test'] });
  plain = await startJob({ tls: false });
  named = { ...job.env, VAULT_ADDR: `https://vault.test:${job.vault.port}` };
});
after(async () => {
  await job.end();
  await plain.end();
});

describe('https goes through a tunnel', () => {
  for (const name of ['HTTPS_PROXY', 'https_proxy', 'VAULT_PROXY_ADDR']) {
    test(`of ${name}, one for the whole run, and the proxy sees the name and nothing else`, async () => {
      const between = await proxy();
      assertFetched(await get({ ...named, [name]: `http://${between.host}` }));
      assert.deepEqual(between.asked, [`CONNECT vault.test:${job.vault.port}`]);
      assert.ok(between.seen.length > 1000, 'the tunnel was looked into');
      assert.doesNotMatch(between.seen, /hv[sb]\.|eyJ|x-vault|\/v1\//i);
    });
  }

  test('also where the variable leaves the scheme out, or ends with a slash', async () => {
    const { host, asked } = await proxy();
    assertFetched(await get({ ...named, HTTPS_PROXY: host }));
    assertFetched(await get({ ...named, HTTPS_PROXY: `http://${host}/` }));
    assert.equal(asked.length, 2);
  });

  test('of the first that is set: VAULT_PROXY_ADDR, HTTPS_PROXY, https_proxy, whatever HTTP_PROXY says', async () => {
    const { host, asked } = await proxy();
    const wrong = 'http://127.0.0.1:9';
    const variables = { HTTP_PROXY: wrong, http_proxy: wrong, https_proxy: wrong };
    assertFetched(await get({ ...named, ...variables, HTTPS_PROXY: host }));
    assertFetched(await get({ ...named, ...variables, HTTPS_PROXY: wrong, VAULT_PROXY_ADDR: host }));
    assert.equal(asked.length, 2);
  });

  test('of a proxy that speaks TLS itself', async () => {
    const { host, asked } = await proxy({ identity });
    assertFetched(await get({ ...named, HTTPS_PROXY: `https://${host}` }));
    assert.deepEqual(asked, [`CONNECT vault.test:${job.vault.port}`]);
  });

  test("of no proxy whose certificate is for the server's name in place of its own", async () => {
    const { host, seen } = await proxy({ identity: imposter, password: 'ci:hunter22' });
    await bothFail(
      { ...named, HTTPS_PROXY: `https://ci:hunter22@${host}` },
      ['--retries', '0'],
      7,
      /for another name/,
    );
    assert.doesNotMatch(seen, /proxy-authorization|hunter22/i);
  });

  test("and the server's certificate counts in there as anywhere", async () => {
    const { host } = await proxy();
    const env = { ...named, HTTPS_PROXY: host };
    const stranger = (await createAuthority('Stranger')).certificatePem;
    await bothFail({ ...env, VAULT_CACERT_BYTES: stranger }, [], 7, /issuer that is not trusted here/);
    await bothFail({ ...env, VAULT_TLS_SERVER_NAME: 'other.test' }, [], 7, /is for another name/);
  });
});

describe('loopback', () => {
  test('is reached directly, whatever HTTPS_PROXY says', async () => {
    assertFetched(await get({ ...job.env, HTTPS_PROXY: 'http://127.0.0.1:9' }));
    assertFetched(await get({ ...plain.env, HTTP_PROXY: 'http://127.0.0.1:9' }));
  });

  test('goes through VAULT_PROXY_ADDR, which knows no exception, and without a warning', async () => {
    const { host, asked } = await proxy();
    assertFetched(await get({ ...job.env, VAULT_PROXY_ADDR: host, NO_PROXY: '*' }));
    assertFetched(await get({ ...plain.env, VAULT_PROXY_ADDR: host, NO_PROXY: '*' }));
    assert.equal(asked[0], `CONNECT 127.0.0.1:${job.vault.port}`);
    assert.equal(asked[1], `POST ${plain.vault.address}/v1/auth/jwt/login`);
  });
});

describe('a proxy with a password', () => {
  const WANTED = { password: 'c i:h@nter/2%' };

  test('gets it from the variable, percent-encoded where it must be', async () => {
    const { host } = await proxy(WANTED);
    assertFetched(await get({ ...named, HTTPS_PROXY: `http://c%20i:h%40nter%2F2%25@${host}` }));
  });

  test('of which a lone % stands for itself', async () => {
    const { host } = await proxy(WANTED);
    assertFetched(await get({ ...named, HTTPS_PROXY: `http://c%20i:h%40nter%2F2%@${host}` }));
  });
});

describe('NO_PROXY, in a BusyBox root that knows the name', { skip: whyNoRoot() ?? false }, () => {
  let root: BusyboxRoot;
  before(() => {
    root = makeBusyboxRoot();
    root.put('etc/hosts', '127.0.0.1 vault.test\n');
  });
  after(() => root?.remove());

  async function goesThroughProxy(variables: Env): Promise<boolean> {
    const { host, asked } = await proxy();
    const env = { ...named, HTTPS_PROXY: host, ...variables };
    const run = await root.run(`civault get '${REF}'`, { env });
    assertNoToken(run, env);
    assertFetched(run);
    return asked.length > 0;
  }

  test('lets what it names pass by the proxy: a name, a domain, a port, or all', async () => {
    const port = job.vault.port;
    const entries = [
      'vault.test',
      '.test',
      'test',
      '*.test',
      `vault.test:${port}`,
      'VAULT.TEST',
      'a.b, vault.test',
      '*',
    ];
    for (const entry of entries) assert.equal(await goesThroughProxy({ NO_PROXY: entry }), false, entry);
    assert.equal(await goesThroughProxy({ no_proxy: 'vault.test' }), false, 'no_proxy');
  });

  test('lets nothing else pass', async () => {
    for (const entry of [
      '',
      'other.test',
      'ault.test',
      '.vault.test',
      'vault.test:1',
      '127.0.0.1',
      '10.0.0.0/8',
    ]) {
      assert.equal(await goesThroughProxy({ NO_PROXY: entry }), true, entry);
    }
  });
});

test('NO_PROXY lets addresses pass by their block, and no others', async (t) => {
  // Without any network both ways fail at once: which one was tried shows.
  const token = { VAULT_TOKEN: 'hvs.anyTokenOfAJob0000', HTTPS_PROXY: 'http://10.9.9.9:3128' };
  const way = async (host: string, NO_PROXY: string) => {
    const env = { ...token, VAULT_ADDR: `https://${host}:8200`, NO_PROXY, PATH: '/usr/bin:/bin' };
    return runCommand('unshare', ['--net', CIVAULT, 'get', REF, '--retries', '0'], { env });
  };
  const probe = await way('10.1.2.3', '');
  if (/unshare/.test(probe.stderr)) return t.skip(`no network of its own: ${probe.stderr.trim()}`);
  for (const [host, entry, passes] of [
    ['10.1.2.3', '', false],
    ['10.1.2.3', '10.0.0.0/8', true],
    ['10.1.2.3', 'a.test,10.1.2.0/30', true],
    ['10.1.2.3', '10.1.2.4/30', false],
    ['10.1.2.3', '10.1.2.3', true],
    ['10.1.2.3', '10.1.2.3:8200', true],
    ['10.1.2.3', '10.1.2.3:443', false],
    ['10.1.2.3', '*', true],
    ['10.1.2.3', 'fd00::/8', false],
    ['[fd00::1]', 'fd00::/8', true],
    ['[fd00::1]', '10.0.0.0/8', false],
  ] as const) {
    const { status, stderr } = await way(host, entry);
    assert.equal(status, 6, stderr);
    assert.equal(!stderr.includes('the proxy in HTTPS_PROXY'), passes, `${host} with ${entry}: ${stderr}`);
  }
});
