// Scenarios of leases while a command runs: how long they are renewed, and what ends with the command.

import assert from 'node:assert/strict';
import type { Bench, Run, Scenario } from './bench.ts';
import { count, endedLeases, leaseHasEnded, ran } from './ended-leases.ts';
import { answerTo, at, defineRole, failed, invalidToken, LOGIN, logIn, refusedExactly } from './steps.ts';

const SHORT = 'database/creds/ci-short';
const LONG = 'database/creds/ci-readonly';
const RENEW_LEASE = 'sys/leases/renew';
const RENEW_TOKEN = 'auth/token/renew-self';
const REVOKE = 'auth/token/revoke-self';

/** Asserts that the lease of a run, and the token of its login, are no more. */
async function haveEnded(bench: Bench, run: Run, path: string): Promise<void> {
  await leaseHasEnded(bench, run, path);
  const token = String(at(answerTo(run, LOGIN), 'auth', 'client_token'));
  refusedExactly(await bench.ask(token, 'GET', 'auth/token/lookup-self'), 403, invalidToken);
}

export const heldLeases: readonly Scenario[] = [
  {
    name: 'exec: a lease of two seconds is renewed while the command runs, and ends after it',
    leases: true,
    play: async (bench) => {
      const run = await bench.run(`civault exec A=${SHORT}#username -- sh -c 'sleep 3.3; echo "$A"; exit 7'`);
      ran(run, 7, '[MASKED]\n');
      assert.ok(count(run, RENEW_LEASE) >= 2, String(count(run, RENEW_LEASE)));
      const { status, json } = answerTo(run, RENEW_LEASE);
      assert.deepEqual([status, at({ json }, 'lease_duration')], [200, 2]);
      assert.equal(run.exchanges.at(-1)?.path, REVOKE);
      await haveEnded(bench, run, SHORT);
    },
  },
  {
    name: 'exec: a token of three seconds is renewed, for a lease of an hour hangs on it',
    leases: true,
    play: async (bench) => {
      await defineRole(bench, 'held', { token_ttl: '3s', token_max_ttl: '1h' });
      const run = await bench.run(`civault exec --role held A=${LONG}#username -- sleep 3.3`);
      ran(run, 0);
      assert.deepEqual([count(run, RENEW_TOKEN), count(run, RENEW_LEASE)], [1, 0]);
      assert.equal(at(answerTo(run, RENEW_TOKEN), 'auth', 'lease_duration'), 3);
      await haveEnded(bench, run, LONG);
    },
  },
  {
    name: 'exec: a lease ends with a command that a signal ends',
    leases: true,
    play: async (bench) => {
      const script = 'sleep 0.3; kill -TERM $PPID; exec sleep 20';
      const run = await bench.run(`civault exec A=${LONG}#username -- sh -c '${script}'`);
      ran(run, 143);
      await haveEnded(bench, run, LONG);
    },
  },
  {
    name: 'exec: a lease ends where the command is not there',
    leases: true,
    play: async (bench) => {
      const run = await bench.run(`civault exec A=${LONG}#username -- nosuch`);
      failed(run, 127, /there is no command "nosuch"/);
      await haveEnded(bench, run, LONG);
    },
  },
  {
    name: 'exec: a lease that a policy forbids to renew is told at its end, and the command runs on',
    leases: true,
    play: async (bench) => {
      await bench.setUp('PUT', 'sys/policies/acl/no-renewal', {
        policy: 'path "sys/leases/renew" { capabilities = ["deny"] }',
      });
      await defineRole(bench, 'no-renewal', { token_policies: ['nexus-ci', 'no-renewal'] });
      await bench.setUp('POST', 'database/creds/ci-four', { username: 'ci-of-four-seconds', ttl: '4s' });
      const run = await bench.run(
        "civault exec --role no-renewal A=database/creds/ci-four#username -- sh -c 'sleep 5; echo alive'",
      );
      assert.deepEqual([run.status, run.stdout.toString()], [0, 'alive\n'], run.stderr);
      assert.match(
        run.stderr,
        /^civault: warning: the lease of \S+ has ended while the command runs: .*permission denied\n$/,
      );
      await haveEnded(bench, run, 'database/creds/ci-four');
    },
  },
  {
    name: 'exec: a lease of a token of few uses is not renewed, for the last use ends it',
    leases: true,
    play: async (bench) => {
      await defineRole(bench, 'few-uses', { token_num_uses: 3 });
      const run = await bench.run(`civault exec --role few-uses A=${SHORT}#username -- sleep 2.5`);
      assert.equal(run.status, 0);
      assert.match(
        run.stderr,
        /^civault: warning: .*: its token is good for 3 uses, so that it is not renewed\n$/,
      );
      assert.equal(count(run, RENEW_LEASE), 0);
      // What it is spared: a renewal that is the last use takes the lease away.
      const token = await logIn(bench, 'few-uses');
      const lease_id = String(at(await bench.ask(token, 'GET', SHORT), 'lease_id'));
      for (let left = 2; left > 0; left -= 1) await bench.ask(token, 'PUT', RENEW_LEASE, { lease_id });
      await bench.until('the lease ends', 'PUT', 'sys/leases/lookup', { lease_id }, 400);
    },
  },
  ...endedLeases,
];
