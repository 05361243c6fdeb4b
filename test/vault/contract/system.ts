// The contract of `sys/`: sealing, limits and mounts.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ask, at, type Bench, denied, refused, refusedExactly, tokenFor } from './bench.ts';

/** The tests; `bench` gives the Vault, and `unsealKey` what opens it again. */
export function systemContract(bench: () => Bench, unsealKey: () => string): void {
  describe('system', () => {
    const asRoot = (method: string, path: string, body?: unknown) =>
      bench().vault.request(method, path, body);

    test('seals and unseals', async () => {
      assert.equal((await asRoot('PUT', 'sys/seal')).status, 204);
      refusedExactly(await ask(bench(), '', 'POST', 'auth/jwt/login', {}), 503, 'Vault is sealed');
      assert.equal((await asRoot('GET', 'sys/health')).status, 503);
      assert.equal(at(await asRoot('GET', 'sys/seal-status'), 'sealed'), true);
      assert.equal((await asRoot('PUT', 'sys/unseal', { key: unsealKey() })).status, 200);
      for (let left = 20; left > 0 && (await asRoot('GET', 'sys/health')).status !== 200; left -= 1) {
        await bench().wait(0.1);
      }
      assert.equal((await asRoot('GET', 'legacy/app')).status, 200);
    });

    test('limits rates, and says for how long only when told to', async () => {
      await asRoot('POST', 'sys/quotas/rate-limit/few', { path: 'legacy/', rate: 2, interval: '10s' });
      const statuses = [];
      for (let count = 0; count < 3; count += 1) statuses.push((await asRoot('GET', 'legacy/app')).status);
      assert.deepEqual(statuses, [200, 200, 429]);
      const limited = await asRoot('GET', 'legacy/app');
      refusedExactly(limited, 429, 'request path "legacy/app": rate limit quota exceeded');
      assert.equal(limited.headers['retry-after'], undefined);
      await asRoot('POST', 'sys/quotas/config', { enable_rate_limit_response_headers: true });
      assert.match(String((await asRoot('GET', 'legacy/app')).headers['retry-after']), /^\d+$/);
      await asRoot('POST', 'sys/quotas/config', { enable_rate_limit_response_headers: false });
      await asRoot('DELETE', 'sys/quotas/rate-limit/few');
    });

    test('mounts, refuses a mount in another’s way, unmounts', async () => {
      const mount = (path: string, type: string) => asRoot('POST', `sys/mounts/${path}`, { type });
      refused(await mount('secret/x', 'kv'), 400, 'path is already in use at secret/');
      refused(await mount('x', 'no-such-engine'), 400, 'no-such-engine');
      assert.equal((await mount('x', 'kv-v2')).status, 204);
      assert.deepEqual(at(await asRoot('GET', 'sys/mounts'), 'data', 'x/', 'options'), { version: '2' });
      assert.deepEqual(at(await asRoot('GET', 'sys/mounts'), 'x/', 'options'), { version: '2' });
      assert.equal((await asRoot('DELETE', 'sys/mounts/x')).status, 204);
    });

    test('refuses a policy it cannot read', async () => {
      const write = (policy: string) => asRoot('PUT', 'sys/policies/acl/broken', { policy });
      refused(await write('path "x" { capabilities = ["fly"] }'), 400, 'invalid capability "fly"');
      refused(await write('path "x" {'), 400, 'failed to parse policy');
      assert.equal((await write('{"path":{"x":{"capabilities":["read"]}}}')).status, 204);
    });

    test('tells a write that creates from one that updates', async () => {
      const token = await tokenFor(bench(), 'path "legacy/mine" { capabilities = ["create", "delete"] }');
      const write = () => ask(bench(), token, 'POST', 'legacy/mine', { a: 1 });
      assert.equal((await write()).status, 204);
      refusedExactly(await write(), 403, denied);
      assert.equal((await ask(bench(), token, 'DELETE', 'legacy/mine')).status, 204);
    });

    test('tells a token what it may do', async () => {
      const answer = await asRoot('POST', 'sys/capabilities-self', { paths: ['secret/data/x'] });
      assert.deepEqual(at(answer, 'data', 'secret/data/x'), ['root']);
    });
  });
}
