// The contract of a read: what a good one gives, and what each bad one is told.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  ask,
  at,
  type Bench,
  denied,
  invalidToken,
  logIn,
  refused,
  refusedExactly,
  tokenFor,
} from './bench.ts';

/** The tests; `bench` gives the Vault, which is not there yet when they are declared. */
export function readContract(bench: () => Bench): void {
  describe('reads', () => {
    const asRoot = (method: string, path: string, body?: unknown) =>
      bench().vault.request(method, path, body);

    test('give the secrets of the guide, byte for byte', async () => {
      const token = await logIn(bench());
      const { secrets } = bench().guide;
      for (const path of Object.keys(secrets).filter((each) => !each.endsWith('/admin'))) {
        const answer = await ask(bench(), token, 'GET', path);
        assert.equal(answer.status, 200, path);
        assert.deepEqual(at(answer, 'data', 'data'), secrets[path]);
        assert.equal(at(answer, 'data', 'metadata', 'version'), 1);
        assert.equal(at(answer, 'mount_type'), 'kv');
      }
    });

    test('keep the numbers of KV v1 as written, sort and escape like Go', async () => {
      const answer = await ask(bench(), await logIn(bench()), 'GET', 'legacy/app');
      assert.ok(
        answer.text.includes('"serial":12345678901234567890,"user":"legacy-app","version":1.10}'),
        answer.text,
      );
      assert.equal(at(answer, 'lease_duration'), 2_764_800);
      assert.equal(at(answer, 'lease_id'), '');
      await asRoot('POST', 'legacy/html', '{"z":"<&>\u2028","__proto__":"p","":"e","s":"\\ud800x"}');
      const html = await asRoot('GET', 'legacy/html');
      const written = String.raw`"data":{"":"e","__proto__":"p","s":"�x","z":"\u003c\u0026\u003e\u2028"}`;
      assert.ok(html.text.includes(written), html.text);
    });

    test('round the numbers of KV v2 through float64', async () => {
      await asRoot(
        'POST',
        'secret/data/ci/numbers',
        '{"data":{"a":1.10,"b":12345678901234567890,"c":1e21,"d":-0}}',
      );
      const answer = await asRoot('GET', 'secret/data/ci/numbers');
      assert.ok(
        answer.text.includes('"data":{"a":1.1,"b":12345678901234567000,"c":1e+21,"d":-0}'),
        answer.text,
      );
    });

    test('give a version, or what became of it', async () => {
      const path = 'secret/data/ci/versions';
      for (const value of ['one', 'two', 'three']) await asRoot('POST', path, { data: { value } });
      assert.equal(at(await asRoot('GET', `${path}?version=1`), 'data', 'data', 'value'), 'one');
      const none = await asRoot('GET', `${path}?version=9`);
      assert.deepEqual([none.status, none.text], [404, '{"errors":[]}\n']);
      refused(await asRoot('GET', `${path}?version=x`), 400, 'Field validation failed');

      assert.equal((await asRoot('DELETE', path)).status, 204);
      const deleted = await asRoot('GET', path);
      assert.deepEqual([deleted.status, at(deleted, 'data', 'data')], [404, null]);
      assert.notEqual(at(deleted, 'data', 'metadata', 'deletion_time'), '');
      assert.equal(at(deleted, 'data', 'metadata', 'destroyed'), false);
      await asRoot('POST', 'secret/undelete/ci/versions', { versions: [3] });
      assert.equal(at(await asRoot('GET', path), 'data', 'data', 'value'), 'three');
      await asRoot('POST', 'secret/destroy/ci/versions', { versions: [3] });
      const destroyed = await asRoot('GET', path);
      assert.deepEqual([destroyed.status, at(destroyed, 'data', 'metadata', 'destroyed')], [404, true]);
    });

    test('are refused by policy before anybody learns what is there', async () => {
      const token = await logIn(bench());
      for (const path of [
        'secret/data/nexus/admin',
        'secret/data/none',
        'secret/nexus/svc-orchestrator',
        'nope/x',
      ]) {
        refusedExactly(await ask(bench(), token, 'GET', path), 403, denied);
      }
      refusedExactly(await ask(bench(), '', 'GET', 'secret/data/none'), 403, 'permission denied');
      refusedExactly(await ask(bench(), 'hvs.wrong', 'GET', 'secret/data/none'), 403, invalidToken);
    });

    test('tell an allowed caller what is wrong with the path', async () => {
      const plain = await asRoot('GET', 'secret/nexus/svc-orchestrator');
      assert.deepEqual([plain.status, at(plain, 'errors'), at(plain, 'data')], [404, undefined, null]);
      assert.match(
        String((at(plain, 'warnings') as string[])[0]),
        /^Invalid path for a versioned K\/V secrets engine/,
      );
      refusedExactly(
        await asRoot('GET', 'nope/x'),
        404,
        'no handler for route "nope/x". route entry not found.',
      );
      refused(await asRoot('GET', 'sys/nope'), 404, 'unsupported path');
      refused(await asRoot('DELETE', 'sys/policies/acl'), 405, 'unsupported operation');
      assert.equal((await asRoot('GET', 'secret/data/none')).text, '{"errors":[]}\n');
    });

    test('decode a path, and are sent on from an unclean one', async () => {
      await asRoot('POST', 'legacy/a/b', { found: 'yes' });
      assert.equal(at(await asRoot('GET', 'legacy/a%2Fb'), 'data', 'found'), 'yes');
      const dots = await asRoot('GET', 'legacy/x/../a//b');
      assert.equal(dots.headers.location, '/v1/legacy/a/b');
      // Which of the two depends on the Go that Vault was built with.
      assert.ok([301, 307].includes(dots.status));
      assert.equal((await asRoot('GET', 'legacy/a%0Ab')).status, 400);
    });

    test('list a folder, and ignore a namespace', async () => {
      const listed = await asRoot('GET', 'secret/metadata/nexus?list=true');
      assert.deepEqual(at(listed, 'data', 'keys'), ['admin', 'svc-executor', 'svc-orchestrator']);
      assert.equal((await asRoot('GET', 'secret/metadata/none?list=true')).status, 404);
      const namespace = { 'X-Vault-Namespace': 'team' };
      const answer = await ask(bench(), await logIn(bench()), 'GET', 'legacy/app', undefined, namespace);
      assert.equal(answer.status, 200);
    });

    test('can be told the mount that serves a path, by who may use it', async () => {
      const token = await logIn(bench());
      const mountOf = (who: string, path: string) =>
        ask(bench(), who, 'GET', `sys/internal/ui/mounts/${path}`);
      const found = await mountOf(token, 'team/a/kv/app');
      assert.equal(at(found, 'data', 'path'), 'team/a/kv/');
      assert.deepEqual(at(found, 'data', 'options'), { version: '2' });
      assert.deepEqual(at(await mountOf(token, 'legacy'), 'data', 'options'), { version: '1' });
      const advice = "please ensure client's policies grant access to path";
      const preflight = (path: string) => `preflight capability check returned 403, ${advice} "${path}"`;
      refusedExactly(await mountOf(token, 'none/x'), 403, preflight('none/x/'));
      const poor = await tokenFor(bench(), 'path "legacy/app" { capabilities = ["read"] }');
      assert.equal((await mountOf(poor, 'legacy/other')).status, 200);
      refusedExactly(await mountOf(poor, 'secret/x'), 403, preflight('secret/x/'));
      refused(await mountOf('', 'secret'), 403, 'permission denied');
    });
  });
}
