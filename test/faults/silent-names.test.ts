// Proves that a name server which says nothing holds no run up: it is told at the time limit, or a signal ends it, and nothing
// is left half done. The look-up itself goes on in a thread of libc's that cannot be called off: the process ends without it
// (build/quick-end.ts).

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type BusyboxRoot, makeBusyboxRoot, whyNoRoot } from '../harness/busybox-root.ts';
import { type NameServer, startNameServer } from '../harness/name-server.ts';
import { JOB_TOKEN } from '../harness/release.ts';
import { createIssuer } from '../vault/id-token.ts';

const LIMIT = 2;
/** Seconds that the resolver of libc takes to give up (resolv.conf(5), timeout and attempts): far beyond the limit. */
const RESOLVER = 30;
// Within a second is the promise; a busy machine has its own time besides.
const PROMISED = 1000;
const BUSY = 1500;

describe('a name server that says nothing', { skip: whyNoRoot() ?? false }, () => {
  let root: BusyboxRoot;
  let server: NameServer | string;
  let firstAt = 0;
  let onAsked: () => void;
  let idToken: string;
  before(async () => {
    server = await startNameServer(
      {
        'silent.test': () => {
          firstAt ||= performance.now();
          onAsked();
          return 'silence';
        },
      },
      '127.78.0.254',
    );
    root = makeBusyboxRoot();
    if (typeof server !== 'string')
      root.put('etc/resolv.conf', `${server.line}options timeout:${RESOLVER} attempts:1\n`);
    idToken = await (await createIssuer('https://gitlab.example.com')).mint({});
  });
  after(() => {
    root.remove();
    if (typeof server !== 'string') server.close();
  });

  const COMMANDS: Readonly<
    Record<string, readonly [args: string, env: () => Readonly<Record<string, string>>, result: string]>
  > = {
    env: [
      'env A=secret/data/x#y',
      () => ({ VAULT_ADDR: 'https://silent.test', VAULT_ID_TOKEN: idToken }),
      '(exit 6)\n',
    ],
    download: [
      'download tool --project a/b',
      () => ({ CI_API_V4_URL: 'https://silent.test/api/v4', CI_JOB_TOKEN: JOB_TOKEN }),
      '',
    ],
  };

  for (const [name, [command, env, result]] of Object.entries(COMMANDS)) {
    test(`and a time limit of ${LIMIT} s, for ${name}`, async (t) => {
      if (typeof server === 'string') return t.skip(server);
      [firstAt, onAsked] = [0, () => undefined];
      let toldAt = 0;
      const onMessage = () => {
        toldAt ||= performance.now();
      };
      const run = await root.run(`exec civault ${command} --timeout ${LIMIT}`, { env: env(), onMessage });
      const [told, ended] = [toldAt - firstAt, performance.now() - firstAt];
      t.diagnostic(
        `told ${Math.round(told)} ms after the name was asked for, ended after ${Math.round(ended)} ms`,
      );
      assert.deepEqual([run.status, run.stdout.toString()], [6, result], run.stderr);
      const waited =
        /took too long: waited for a name server to look "silent\.test" up until the time limit of 2 s/;
      assert.match(run.stderr, waited);
      assert.match(run.stderr, /^(?:civault: [^\u0000-\u001f\u007f]+\n){2}$/);
      assert.ok(ended < LIMIT * 1000 + PROMISED + BUSY, `ended after ${ended} ms`);
    });

    for (const [signal, status] of [
      ['SIGTERM', 143],
      ['SIGINT', 130],
    ] as const) {
      test(`and ${signal}, for ${name}`, async (t) => {
        if (typeof server === 'string') return t.skip(server);
        let pid = 0;
        firstAt = 0;
        onAsked = () => process.kill(pid, signal);
        const started = (of: number) => {
          pid = of;
        };
        const run = await root.run(`exec civault ${command}`, { env: env(), started });
        const ended = performance.now() - firstAt;
        t.diagnostic(`ended ${Math.round(ended)} ms after the signal`);
        const cancelled = result === '' ? '' : `(exit ${status})\n`;
        assert.deepEqual([run.status, run.stdout.toString()], [status, cancelled], run.stderr);
        assert.ok(ended < PROMISED + BUSY, `ended after ${ended} ms`);
      });
    }
  }
});
