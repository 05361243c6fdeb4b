// Scenarios of what an engine answers: what a good read gives, and what each bad one is told.

import assert from 'node:assert/strict';
import type { Scenario } from './bench.ts';
import {
  at,
  denied,
  failed,
  invalidToken,
  logIn,
  refused,
  refusedExactly,
  tokenFor,
  wrote,
} from './steps.ts';

export const reads: readonly Scenario[] = [
  {
    name: 'reads give the secrets of the guide, byte for byte',
    play: async (bench) => {
      const token = await logIn(bench);
      const { secrets } = bench.guide;
      for (const path of Object.keys(secrets).filter((each) => !each.endsWith('/admin'))) {
        const answer = await bench.ask(token, 'GET', path);
        assert.equal(answer.status, 200, path);
        assert.deepEqual(at(answer, 'data', 'data'), secrets[path]);
        assert.equal(at(answer, 'data', 'metadata', 'version'), 1);
        assert.equal(at(answer, 'mount_type'), 'kv');
      }
    },
  },
  {
    name: 'KV v1 keeps numbers as written, sorts and escapes like Go',
    play: async (bench) => {
      const answer = await bench.ask(await logIn(bench), 'GET', 'legacy/app');
      const end = '"serial":12345678901234567890,"user":"legacy-app","version":1.10}';
      assert.ok(answer.text.includes(end), answer.text);
      assert.equal(at(answer, 'lease_duration'), 2_764_800);
      assert.equal(at(answer, 'lease_id'), '');
      await bench.setUp('POST', 'legacy/html', '{"z":"<&>\u2028","__proto__":"p","":"e","s":"\\ud800x"}');
      const html = await bench.askRoot('GET', 'legacy/html');
      const written = String.raw`"data":{"":"e","__proto__":"p","s":"�x","z":"\u003c\u0026\u003e\u2028"}`;
      assert.ok(html.text.includes(written), html.text);
    },
  },
  {
    name: 'KV v2 rounds numbers through float64',
    play: async (bench) => {
      const numbers = '{"data":{"a":1.10,"b":12345678901234567890,"c":1e21,"d":-0}}';
      await bench.setUp('POST', 'secret/data/ci/numbers', numbers);
      const answer = await bench.askRoot('GET', 'secret/data/ci/numbers');
      const rounded = '"data":{"a":1.1,"b":12345678901234567000,"c":1e+21,"d":-0}';
      assert.ok(answer.text.includes(rounded), answer.text);
    },
  },
  {
    name: 'KV v2 gives a version, or what became of it',
    play: async (bench) => {
      const path = 'secret/data/ci/versions';
      const read = (query = '') => bench.askRoot('GET', `${path}${query}`);
      for (const value of ['one', 'two', 'three']) await bench.setUp('POST', path, { data: { value } });
      assert.equal(at(await read('?version=1'), 'data', 'data', 'value'), 'one');
      const none = await read('?version=9');
      assert.deepEqual([none.status, none.text], [404, '{"errors":[]}\n']);
      refused(await read('?version=x'), 400, 'Field validation failed');

      await bench.setUp('DELETE', path);
      const deleted = await read();
      assert.deepEqual([deleted.status, at(deleted, 'data', 'data')], [404, null]);
      assert.notEqual(at(deleted, 'data', 'metadata', 'deletion_time'), '');
      assert.equal(at(deleted, 'data', 'metadata', 'destroyed'), false);
      await bench.setUp('POST', 'secret/undelete/ci/versions', { versions: [3] });
      assert.equal(at(await read(), 'data', 'data', 'value'), 'three');
      await bench.setUp('POST', 'secret/destroy/ci/versions', { versions: [3] });
      const destroyed = await read();
      assert.deepEqual([destroyed.status, at(destroyed, 'data', 'metadata', 'destroyed')], [404, true]);
    },
  },
  {
    name: 'a policy refuses before anybody learns what is there',
    play: async (bench) => {
      const token = await logIn(bench);
      const paths = [
        'secret/data/nexus/admin',
        'secret/data/none',
        'secret/nexus/svc-orchestrator',
        'nope/x',
      ];
      for (const path of paths) refusedExactly(await bench.ask(token, 'GET', path), 403, denied);
      refusedExactly(await bench.ask('', 'GET', 'secret/data/none'), 403, 'permission denied');
      refusedExactly(await bench.ask('hvs.wrong', 'GET', 'secret/data/none'), 403, invalidToken);
    },
  },
  {
    name: 'an allowed caller is told what is wrong with the path',
    play: async (bench) => {
      const plain = await bench.askRoot('GET', 'secret/nexus/svc-orchestrator');
      assert.deepEqual([plain.status, at(plain, 'errors'), at(plain, 'data')], [404, undefined, null]);
      const [warning] = at(plain, 'warnings') as string[];
      assert.match(String(warning), /^Invalid path for a versioned K\/V secrets engine/);
      const noRoute = 'no handler for route "nope/x". route entry not found.';
      refusedExactly(await bench.askRoot('GET', 'nope/x'), 404, noRoute);
      refused(await bench.askRoot('GET', 'sys/nope'), 404, 'unsupported path');
      refused(await bench.askRoot('DELETE', 'sys/policies/acl'), 405, 'unsupported operation');
      assert.equal((await bench.askRoot('GET', 'secret/data/none')).text, '{"errors":[]}\n');
    },
  },
  {
    name: 'a path is decoded, and an unclean one sent on',
    play: async (bench) => {
      await bench.setUp('POST', 'legacy/a/b', { found: 'yes' });
      assert.equal(at(await bench.askRoot('GET', 'legacy/a%2Fb'), 'data', 'found'), 'yes');
      const dots = await bench.askRoot('GET', 'legacy/x/../a//b');
      assert.equal(dots.headers.location, '/v1/legacy/a/b');
      assert.equal((await bench.askRoot('GET', 'legacy/a%0Ab')).status, 400);
    },
  },
  {
    name: 'KV v2 keeps so many versions, and ends one at its time',
    play: async (bench) => {
      const path = 'secret/data/ci/bounded';
      await bench.setUp('POST', 'secret/metadata/ci/bounded', {
        max_versions: 2,
        delete_version_after: '8s',
      });
      for (const value of ['one', 'two', 'three']) await bench.setUp('POST', path, { data: { value } });
      const alive = await bench.askRoot('GET', path);
      assert.equal(alive.status, 200, alive.text);
      assert.match(String(at(alive, 'data', 'metadata', 'deletion_time')), /^20/);
      assert.equal((await bench.askRoot('GET', `${path}?version=1`)).status, 404);
      wrote(await bench.run(`civault get ${path}#value`), 'three');
      await bench.wait(8.5);
      assert.equal((await bench.askRoot('GET', path)).status, 404);
      failed(await bench.run(`civault get ${path}#value`), 5, /version \d+ of .* was deleted at/);
    },
  },
  {
    name: 'KV v2 refuses a write without data, and one that expects another version',
    play: async (bench) => {
      const path = 'secret/data/ci/guarded';
      const write = (body: object) => bench.askRoot('POST', path, body);
      refused(await write({ value: 'x' }), 400, 'no data provided');
      assert.equal((await write({ data: { a: 'x' }, options: { cas: 0 } })).status, 200);
      refused(await write({ data: { a: 'y' }, options: { cas: 0 } }), 400, 'check-and-set parameter');
      assert.equal((await write({ data: { a: 'y' }, options: { cas: 1 } })).status, 200);
    },
  },
  {
    name: 'a folder is listed',
    play: async (bench) => {
      const listed = await bench.askRoot('GET', 'secret/metadata/nexus?list=true');
      assert.deepEqual(at(listed, 'data', 'keys'), ['admin', 'svc-executor', 'svc-orchestrator']);
      assert.equal((await bench.askRoot('GET', 'secret/metadata/none?list=true')).status, 404);
    },
  },
  {
    name: 'the mount that serves a path is told to who may use it',
    play: async (bench) => {
      const token = await logIn(bench);
      const mountOf = (who: string, path: string) => bench.ask(who, 'GET', `sys/internal/ui/mounts/${path}`);
      const found = await mountOf(token, 'team/a/kv/app');
      assert.equal(at(found, 'data', 'path'), 'team/a/kv/');
      assert.deepEqual(at(found, 'data', 'options'), { version: '2' });
      assert.deepEqual(at(await mountOf(token, 'legacy'), 'data', 'options'), { version: '1' });
      const advice = "please ensure client's policies grant access to path";
      const preflight = (path: string) => `preflight capability check returned 403, ${advice} "${path}"`;
      refusedExactly(await mountOf(token, 'none/x'), 403, preflight('none/x/'));
      const poor = await tokenFor(bench, 'path "legacy/app" { capabilities = ["read"] }');
      assert.equal((await mountOf(poor, 'legacy/other')).status, 200);
      refusedExactly(await mountOf(poor, 'secret/x'), 403, preflight('secret/x/'));
      refused(await mountOf('', 'secret'), 403, 'permission denied');
    },
  },
];
