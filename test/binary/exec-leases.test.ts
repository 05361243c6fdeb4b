// Proves on the binary what becomes of a lease while `civault exec` runs a command, and after it: it is renewed, a renewal
// that fails ends nothing, and it has ended when the command has.

import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { describe } from 'node:test';
import { CIVAULT } from '../harness/busybox-root.ts';
import { runCommand } from '../harness/command.ts';
import {
  alone,
  asked,
  assertNothingLives,
  exec,
  HOUR,
  LOOK,
  living,
  OTHER,
  putLease,
  RENEW_LEASE,
  RENEW_TOKEN,
  REVOKE,
  SHORT,
} from '../harness/leases.ts';

describe('a leased secret', { concurrency: true }, () => {
  alone(
    'is renewed at two thirds of its time by its token while the command runs, and ended after it',
    async (job) => {
      const { status, stderr, seen } = await exec(job, SHORT, `sleep 5.5; ${LOOK}`);
      assert.deepEqual([status, stderr], [0, '']);
      assert.deepEqual(seen, [{ leases: 1, tokens: 1 }]);
      assertNothingLives(job);
      const renewals = asked(job, RENEW_LEASE);
      const waits = renewals.slice(1).map(({ at }, index) => at - (renewals[index]?.at ?? 0));
      assert.ok(waits.length >= 2 && waits.every((wait) => wait > 1_250 && wait < 1_950), String(waits));
      const [read] = asked(job, '/v1/database/creds/ci-short');
      for (const { headers, body } of renewals) {
        assert.equal(headers['x-vault-token'], read?.headers['x-vault-token']);
        assert.match(body, /^\{"lease_id":"database\/creds\/ci-short\/\w{24}","increment":2\}$/);
      }
      assert.deepEqual(asked(job, RENEW_TOKEN), []);
      assert.equal(job.vault.requests.at(-1)?.path, REVOKE);
    },
  );

  alone('is left with its token by --no-revoke', async (job) => {
    const { stderr } = await exec(job, HOUR, 'true', { flags: ['--no-revoke'] });
    assert.deepEqual([stderr, living(job)], ['', { leases: 1, tokens: 1 }]);
  });

  for (const [what, script, expected] of [
    ['a command that fails', 'exit 7', 7],
    ['a command that a signal ends', 'kill -KILL $$', 137],
    ['SIGTERM', 'exec sleep 10', 143],
    ['SIGINT', 'exec sleep 10', 130],
  ] as const) {
    alone(`is ended after ${what}`, async (job) => {
      let pid = 0;
      const stop = setInterval(() => {
        if (what.startsWith('SIG') && asked(job, RENEW_LEASE).length > 0)
          process.kill(pid, what as 'SIGTERM');
      }, 100);
      const started = (from: number) => {
        pid = from;
      };
      const { status, stderr } = await exec(job, SHORT, script, { started }).finally(() =>
        clearInterval(stop),
      );
      assert.deepEqual([status, stderr], [expected, '']);
      assertNothingLives(job);
    });
  }

  alone('is ended where the command cannot be started', async (job) => {
    for (const [command, expected] of [
      ['nosuch', 127],
      ['/bin', 126],
    ] as const) {
      const { status } = await runCommand(CIVAULT, ['exec', SHORT, '--', command], { env: job.env });
      assert.equal(status, expected);
      assertNothingLives(job);
    }
  });

  alone('that cannot be renewed is left as it is, and ended', async (job) => {
    await job.vault.request('POST', 'database/creds/static', { username: 'static-user' });
    const { stderr, seen } = await exec(job, 'A=database/creds/static#username', `sleep 1; ${LOOK}`);
    assert.deepEqual([stderr, seen.length, asked(job, RENEW_LEASE)], ['', 1, []]);
    assertNothingLives(job);
  });

  alone('of many weeks lets no timer run over', async (job) => {
    await putLease(job, '760h');
    const { status, stderr } = await exec(job, OTHER, 'sleep 1');
    assert.deepEqual([status, stderr, asked(job, RENEW_LEASE)], [0, '', []]);
    assertNothingLives(job);
  });
});

describe('a renewal that fails', { concurrency: true }, () => {
  const errors =
    (status: number, ...texts: string[]) =>
    (response: ServerResponse) =>
      response
        .writeHead(status, { 'Content-Type': 'application/json' })
        .end(JSON.stringify({ errors: texts }));
  const cut = (response: ServerResponse) => response.socket?.destroy();

  for (const [what, fail, reason] of [
    ['503', errors(503, 'Vault is sealed'), /^Vault refused to renew it \(503\): Vault is sealed$/],
    [
      '403',
      errors(403, '1 error occurred:\n\t* permission denied\n\n'),
      /^Vault refused .* permission denied$/,
    ],
    ['400', errors(400, 'lease is not renewable'), /^Vault refused .*\(400\): lease is not renewable$/],
    ['a connection that is cut', cut, /^cannot get an answer from .*: the connection was cut/],
    ['silence', () => undefined, /^127\.0\.0\.1:\d+ took too long: waited for an answer until .*$/],
  ] as const) {
    alone(`by ${what} is tried again, told once at the end, and the command is left alone`, async (job) => {
      await putLease(job, '4s');
      job.vault.intercept(({ path }, response, next) => (path === RENEW_LEASE ? fail(response) : next()));
      const { status, stdout, stderr } = await exec(job, OTHER, 'sleep 5; echo alive; exit 7');
      assert.deepEqual([status, stdout.toString()], [7, 'alive\n']);
      const [, told = ''] =
        /^civault: warning: the lease of \S+ has ended while the command runs: (.*)\n$/.exec(stderr) ?? [];
      assert.match(told, reason, stderr);
      assert.ok(asked(job, RENEW_LEASE).length >= 2);
      assertNothingLives(job);
    });
  }

  alone('twice and then works is not told', async (job) => {
    await putLease(job, '8s');
    let left = 2;
    job.vault.intercept(({ path }, response, next) => {
      if (path !== RENEW_LEASE || left === 0) return next();
      left -= 1;
      left === 1 ? errors(503)(response) : cut(response);
    });
    const { status, stderr, seen } = await exec(job, OTHER, `sleep 8.5; ${LOOK}`);
    assert.deepEqual([status, stderr, seen], [0, '', [{ leases: 1, tokens: 1 }]]);
    assertNothingLives(job);
  });
});
