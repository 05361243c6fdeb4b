// Proves that a name server which says nothing holds no run up: it is told at the time limit, and nothing is left half done.
//
// The process itself ends when its resolver gives up: a look-up by libc runs in a thread that cannot be stopped.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeBusyboxRoot, whyNoRoot } from '../harness/busybox-root.ts';
import { startNameServer } from '../harness/name-server.ts';
import { JOB_TOKEN } from '../harness/release.ts';
import { createIssuer } from '../vault/id-token.ts';

const LIMIT = 2;
/** Seconds that the resolver of libc takes to give up (resolv.conf(5), timeout and attempts). */
const RESOLVER = 5;

test('a name server that says nothing, and a time limit of 2 s', {
  skip: whyNoRoot() ?? false,
}, async (t) => {
  let asked = 0;
  let firstAt = 0;
  const silence = () => {
    asked += 1;
    if (asked === 1) firstAt = performance.now();
    return 'silence' as const;
  };
  const server = await startNameServer({ 'silent.test': silence }, '127.78.0.254');
  if (typeof server === 'string') return t.skip(server);
  const root = makeBusyboxRoot();
  try {
    root.put('etc/resolv.conf', `${server.line}options timeout:${RESOLVER} attempts:1\n`);
    const idToken = await (await createIssuer('https://gitlab.example.com')).mint({});
    for (const [command, env, result] of [
      ['env A=secret/data/x#y', { VAULT_ADDR: 'https://silent.test', VAULT_ID_TOKEN: idToken }, '(exit 6)\n'],
      [
        'download tool --project a/b',
        { CI_API_V4_URL: 'https://silent.test/api/v4', CI_JOB_TOKEN: JOB_TOKEN },
        '',
      ],
    ] as const) {
      asked = 0;
      let toldAt = 0;
      const onMessage = () => {
        toldAt ||= performance.now();
      };
      const run = await root.run(`exec civault ${command} --timeout ${LIMIT}`, { env, onMessage });
      assert.deepEqual([run.status, run.stdout.toString()], [6, result], run.stderr);
      const waited =
        /took too long: waited for a name server to look "silent\.test" up until the time limit of 2 s/;
      assert.match(run.stderr, waited);
      assert.match(run.stderr, /^(?:civault: [^\u0000-\u001f\u007f]+\n){2}$/);
      const after = toldAt - firstAt;
      t.diagnostic(`${command.split(' ')[0]}: told ${Math.round(after)} ms after the name was asked for`);
      assert.ok(after < (LIMIT + 1) * 1000, `told after ${after} ms`);
      assert.ok(run.milliseconds < (RESOLVER + 1) * 1000 + 1000, `ended after ${run.milliseconds} ms`);
    }
  } finally {
    root.remove();
    server.close();
  }
});
