// Proves that the proxies which companies have, tinyproxy and Squid, let civault through, and what is said where they do not.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Job, startJob } from '../harness/job.ts';
import { assertFailed, assertFetched, bothFail, type Env, get, judged } from '../harness/judged-run.ts';
import { markSecrets } from '../harness/leaks.ts';
import { type RealProxy, startRealProxy, whyNoProxy } from '../harness/real-proxies.ts';
import { type ReleaseJob, startReleaseJob } from '../harness/release.ts';
import { createAuthority } from '../vault/authority.ts';

const NAMES = ['vault.test', 'gitlab.test'];
const PASSWORD = 'hunter22andMore';
const WRONG = 'swordfish33andMore';
markSecrets([
  PASSWORD,
  WRONG,
  ...[PASSWORD, WRONG].map((one) => Buffer.from(`ci:${one}`).toString('base64')),
]);

const noIpv6 = await new Promise<string | false>((resolve) => {
  const server = createServer();
  server.once('error', (error) => resolve(`no IPv6 loopback here: ${error.message}`));
  server.listen(0, '::1', () => server.close(() => resolve(false)));
});

let job: Job;
let plain: Job;
let release: ReleaseJob;
/** Vault by a name that the proxies alone know. */
let named: Env;
let namedPlain: Env;
let six: Job | undefined;
let folder: string;

before(async () => {
  const authority = await createAuthority('Stand-in CA');
  [job, plain, release] = await Promise.all([
    startJob({ authority, identity: await authority.issue({ names: ['127.0.0.1', 'vault.test'] }) }),
    startJob({ tls: false }),
    startReleaseJob({ name: 'gitlab.test' }),
  ]);
  named = { ...job.env, VAULT_ADDR: `https://vault.test:${job.vault.port}` };
  namedPlain = { ...plain.env, VAULT_ADDR: `http://vault.test:${plain.vault.port}` };
  if (noIpv6 === false) six = await startJob({ host: '::1' });
  folder = mkdtempSync(join(tmpdir(), 'civault-proxied-'));
});
after(async () => {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  await Promise.all([job, plain, six].map((one) => one?.end()));
  await release?.gitlab.close();
});

for (const kind of ['tinyproxy', 'squid'] as const) {
  describe(kind, { skip: whyNoProxy(kind) ?? false }, () => {
    let open: RealProxy;
    let guarded: RealProxy;
    let closed: RealProxy;
    before(async () => {
      [open, guarded, closed] = await Promise.all([
        startRealProxy(kind, NAMES),
        startRealProxy(kind, NAMES, { user: 'ci', password: PASSWORD }),
        startRealProxy(kind, NAMES, { closed: true }),
      ]);
    });
    after(() => Promise.all([open, guarded, closed].map((proxy) => proxy?.close())));

    /** Runs `download` of two files, which GitLab sends to its storage for. */
    async function downloadsBy(env: Env): Promise<void> {
      const { gitlab, files } = release;
      const to = mkdtempSync(join(folder, 'to-'));
      const names = ['civault-linux-amd64', 'notes.txt'];
      const ca = join(to, 'ca.pem');
      writeFileSync(ca, gitlab.authority.certificatePem);
      const args = ['download', ...names, '--output', `${to}/`, '--ca-file', ca];
      const { status, stderr } = await judged(args, { env: { ...release.env, ...env } });
      assert.equal(status, 0, stderr);
      for (const name of names) assert.deepEqual(readFileSync(join(to, name)), files.get(name));
    }

    test('lets a run through', async () => {
      assertFetched(await get({ ...named, HTTPS_PROXY: `http://${open.host}` }));
      assert.match(open.log(), new RegExp(`vault\\.test:${job.vault.port}`));
    });

    test('lets plain http through', async () => {
      assertFetched(await get({ ...namedPlain, HTTP_PROXY: open.host }), /^civault: warning: [^\n]*\n$/);
    });

    test('lets a whole download through, of the API and of the storage on another origin', async () => {
      await downloadsBy({ HTTPS_PROXY: open.host });
      for (const origin of [release.gitlab.origin, release.gitlab.storageOrigin]) {
        assert.ok(open.log().includes(new URL(origin).host), origin);
      }
    });

    test('lets who has its password through', async () => {
      const HTTPS_PROXY = `http://ci:${PASSWORD}@${guarded.host}`;
      assertFetched(await get({ ...named, HTTPS_PROXY }));
      await downloadsBy({ HTTPS_PROXY });
      const said = await get({ ...namedPlain, HTTP_PROXY: HTTPS_PROXY });
      assertFetched(said, /^civault: warning: [^\n]*\n$/);
    });

    for (const [what, credentials] of [
      ['a wrong password', `ci:${WRONG}@`],
      ['another user', `other:${PASSWORD}@`],
      ['no password', ''],
    ] as const) {
      test(`asks who has ${what} for it: 2, once, and the password is not shown`, async () => {
        const before = guarded.log();
        const proxy = `http://${credentials}${guarded.host}`;
        const says = [/asks for a user name and a password, or refused those it was given \(40[17]\)/];
        await bothFail({ ...named, HTTPS_PROXY: proxy }, [], 2, ...says, /hint: .*HTTPS_PROXY/);
        // tinyproxy says 401 of a wrong one, which over plain http could be the server's as well: it is named.
        const isUnclear = kind === 'tinyproxy' && credentials !== '';
        const over = isUnclear
          ? [/\(401, text\/html\)[^\n]* calls itself tinyproxy/]
          : [...says, /hint: .*HTTP_PROXY/];
        await bothFail({ ...namedPlain, HTTP_PROXY: proxy }, [], isUnclear ? 7 : 2, ...over);
        const asked = guarded.log().slice(before.length);
        const times = asked.match(new RegExp(`CONNECT vault\\.test:${job.vault.port}`, 'g')) ?? [];
        assert.equal(times.length, 2, asked);
      });
    }

    test('forbids by its rules: 6, and is not asked again', async () => {
      const before = closed.log();
      const env = { ...named, HTTPS_PROXY: closed.host };
      const says = /did not connect to vault\.test:\d+ \(403\): its rules do not allow it/;
      await bothFail(env, [], 6, says, /hint: ask whoever runs the proxy/);
      assert.doesNotMatch((await get(env)).stderr, /retry \d of/);
      const times =
        closed
          .log()
          .slice(before.length)
          .match(/CONNECT vault\.test:/g) ?? [];
      assert.equal(times.length, 3, 'one for each of three runs');
    });

    test('cannot look a name up, or connect: 6, as its doing', async () => {
      const by = (address: string) =>
        get({ ...job.env, VAULT_ADDR: address, HTTPS_PROXY: open.host }, '--retries', '0', '--timeout', '20');
      const says = /the proxy 127\.0\.0\.1:\d+ did not connect to [^\n]* \(50\d\)/;
      assertFailed(await by('https://vault.test:9'), 6, says, /hint: check the address of Vault/);
      assertFailed(await by('https://nobody.invalid:8200'), 6, says, /hint: check the address of Vault/);
    });

    test('serves at an IPv6 address', { skip: noIpv6 }, async () => {
      const proxy = await startRealProxy(kind, NAMES, { host: '::1' });
      try {
        assertFetched(await get({ ...named, HTTPS_PROXY: `http://${proxy.host}` }));
      } finally {
        await proxy.close();
      }
    });

    test('leads to a Vault at an IPv6 address', { skip: noIpv6 }, async () => {
      assertFetched(await get({ ...six?.env, VAULT_PROXY_ADDR: open.host }));
      assert.match(open.log(), new RegExp(`\\[?::1\\]?:${six?.vault.port}`));
    });
  });
}
