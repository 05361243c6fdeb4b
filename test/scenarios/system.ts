// Scenarios of `sys/`: sealing, limits, mounts and policies.

import assert from 'node:assert/strict';
import type { Scenario } from './bench.ts';
import { answerTo, at, denied, failed, LOGIN, refused, refusedExactly, tokenFor, wrote } from './steps.ts';

const REF = 'legacy/app#user';

// Rules that overlap, and which of their capabilities a path gets.
const RULES = [
  ['a/b', 'read'],
  ['a/*', 'list'],
  ['a/b*', 'update'],
  ['a/+/c', 'delete'],
  ['a/+/*', 'create'],
  ['+/x/c', 'patch'],
  ['d/*', 'read'],
  ['d/secret', 'deny'],
  ['e/+', 'read'],
  ['e/+/f', 'update'],
  ['g', 'read'],
] as const;

const ALLOWED: Readonly<Record<string, string>> = {
  'a/b': 'read',
  'a/bc': 'update',
  'a/z': 'list',
  'a/': 'list',
  a: 'deny',
  'a/q/c': 'delete',
  'a/x/c': 'delete',
  'a/q/d': 'list',
  'z/x/c': 'patch',
  'd/x/y': 'read',
  'd/secret': 'deny',
  'd/secret/x': 'read',
  'e/one': 'read',
  'e/one/f': 'update',
  'e/one/two': 'deny',
  'e/': 'read',
  g: 'read',
  'g/': 'read',
};

export const system: readonly Scenario[] = [
  {
    name: 'a sealed Vault answers nobody until it is unsealed',
    play: async (bench) => {
      const unseal = async () => {
        await bench.setUp('PUT', 'sys/unseal', { key: bench.unsealKey });
        await bench.until('the unsealed Vault', 'GET', 'sys/health', undefined, 200);
      };
      await bench.setUp('PUT', 'sys/seal');
      bench.afterwards(unseal);
      const run = await bench.run(`civault get ${REF} --retries 0`);
      failed(run, 6, /Vault is sealed: it answers nobody/);
      refusedExactly(answerTo(run, LOGIN), 503, 'Vault is sealed');
      assert.equal((await bench.askRoot('GET', 'sys/health')).status, 503);
      assert.equal(at(await bench.askRoot('GET', 'sys/seal-status'), 'sealed'), true);
      await unseal();
      wrote(await bench.run(`civault get ${REF}`), 'legacy-app');
    },
  },
  {
    name: 'a quota of reads, which says for how long only when it is told to',
    play: async (bench) => {
      const quota = { path: 'legacy/', rate: 2, interval: '10s' };
      await bench.setUp('POST', 'sys/quotas/rate-limit/few', quota);
      bench.afterwards(() => bench.setUp('DELETE', 'sys/quotas/rate-limit/few'));
      const tell = (whether: boolean) =>
        bench.setUp('POST', 'sys/quotas/config', { enable_rate_limit_response_headers: whether });
      const read = () => bench.askRoot('GET', 'legacy/app');
      assert.deepEqual([(await read()).status, (await read()).status], [200, 200]);
      const limited = await read();
      refusedExactly(limited, 429, 'request path "legacy/app": rate limit quota exceeded');
      assert.equal(limited.headers['retry-after'], undefined);
      await tell(true);
      bench.afterwards(() => tell(false));
      assert.match(String((await read()).headers['retry-after']), /^\d+$/);
    },
  },
  {
    name: 'a quota of logins is told, or waited for',
    play: async (bench) => {
      const quota = { path: 'auth/jwt/', rate: 1, interval: '1h' };
      await bench.setUp('POST', 'sys/quotas/rate-limit/logins', quota);
      // Once more than the scenario does itself: it is no mistake.
      bench.afterwards(() => bench.setUp('DELETE', 'sys/quotas/rate-limit/logins'));
      wrote(await bench.run(`civault get ${REF}`), 'legacy-app');
      const told = await bench.run(`civault get ${REF} --retries 0`);
      failed(told, 6, /Vault's rate limit is reached \(429\): .*rate limit quota exceeded/);
      const text = `request path "${LOGIN}": rate limit quota exceeded`;
      refusedExactly(answerTo(told, LOGIN), 429, text);

      const refusal = bench.answered(429);
      const waiting = bench.run(`civault get ${REF} --retries 20`);
      await refusal;
      await bench.setUp('DELETE', 'sys/quotas/rate-limit/logins');
      wrote(await waiting, 'legacy-app', /answered 429; try again/);
    },
  },
  {
    name: 'mounts are made, refused in another’s way, and taken away',
    play: async (bench) => {
      const mount = (path: string, type: string) => bench.askRoot('POST', `sys/mounts/${path}`, { type });
      refused(await mount('secret/x', 'kv'), 400, 'path is already in use at secret/');
      refused(await mount('x', 'no-such-engine'), 400, 'no-such-engine');
      assert.equal((await mount('x', 'kv-v2')).status, 204);
      const mounts = await bench.askRoot('GET', 'sys/mounts');
      assert.deepEqual(at(mounts, 'data', 'x/', 'options'), { version: '2' });
      assert.deepEqual(at(mounts, 'x/', 'options'), { version: '2' });
      assert.equal((await bench.askRoot('DELETE', 'sys/mounts/x')).status, 204);
    },
  },
  {
    name: 'a policy that cannot be read',
    play: async (bench) => {
      const write = (policy: string) => bench.askRoot('PUT', 'sys/policies/acl/broken', { policy });
      refused(await write('path "x" { capabilities = ["fly"] }'), 400, 'invalid capability "fly"');
      refused(await write('path "x" {'), 400, 'failed to parse policy');
      refused(await write('path "x" {\n  capabilities = ["read"]\n'), 400, 'failed to parse policy');
      refused(await write('path "x" { powers = ["read"] }'), 400, 'invalid key "powers"');
      refused(await write('way "x" { capabilities = ["read"] }'), 400, 'invalid key "way"');
      refused(await write('path "a+*" { capabilities = ["read"] }'), 400, 'forbidden');
      refused(await write(''), 400, "'policy' parameter not supplied or empty");
      assert.equal((await write('{"path":{"x":{"capabilities":["read"]}}}')).status, 204);
    },
  },
  {
    name: 'the most specific rule of a policy decides, and deny stands above all',
    play: async (bench) => {
      const rules = RULES.map(([path, what]) => `path "${path}" { capabilities = ["${what}"] }`);
      const token = await tokenFor(bench, rules.join('\n'));
      const paths = Object.keys(ALLOWED);
      const answer = await bench.ask(token, 'POST', 'sys/capabilities-self', { paths });
      const found = Object.fromEntries(paths.map((path) => [path, at(answer, 'data', path)]));
      assert.deepEqual(found, Object.fromEntries(paths.map((path) => [path, [ALLOWED[path]]])));
    },
  },
  {
    name: 'a write that creates is told from one that updates',
    play: async (bench) => {
      const token = await tokenFor(bench, 'path "legacy/mine" { capabilities = ["create", "delete"] }');
      const write = () => bench.ask(token, 'POST', 'legacy/mine', { a: 1 });
      assert.equal((await write()).status, 204);
      refusedExactly(await write(), 403, denied);
      assert.equal((await bench.ask(token, 'DELETE', 'legacy/mine')).status, 204);
    },
  },
  {
    name: 'a token is told what it may do',
    play: async (bench) => {
      const answer = await bench.askRoot('POST', 'sys/capabilities-self', { paths: ['secret/data/x'] });
      assert.deepEqual(at(answer, 'data', 'secret/data/x'), ['root']);
    },
  },
];
