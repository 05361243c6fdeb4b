// Scenarios of leases while a command runs: who renews them, and what ends with the command.

import assert from 'node:assert/strict';
import type { Bench, Run, Scenario } from './bench.ts';
import {
  answerTo,
  at,
  definePolicy,
  defineRole,
  denied,
  failed,
  invalidToken,
  LOGIN,
  logIn,
  refusedExactly,
} from './steps.ts';

const SHORT = 'database/creds/ci-short';
const LONG = 'database/creds/ci-readonly';
const RENEW_LEASE = 'sys/leases/renew';
const RENEW_TOKEN = 'auth/token/renew-self';
const REVOKE = 'auth/token/revoke-self';
const REVOKE_LEASE = 'sys/leases/revoke';

/** How often a run sent a request. */
function count(run: Run, path: string): number {
  return run.exchanges.filter((each) => each.path === path).length;
}

function ran({ status, stderr, stdout }: Run, expected: number, output = '', says = ''): void {
  assert.deepEqual([status, stdout.toString(), stderr], [expected, output, says]);
}

/** Asserts a run that went well and may not end its lease. */
function leftLease(run: Run, path: string, seconds: number): void {
  const why = 'the policy does not allow sys/leases/revoke';
  ran(run, 0, '', `civault: note: the lease of ${path} may live on, for ${seconds} s at a time: ${why}\n`);
  refusedExactly(answerTo(run, REVOKE_LEASE), 403, denied);
}

/** A policy under which leases may be ended. */
async function defineEnder(bench: Bench): Promise<readonly string[]> {
  await definePolicy(bench, 'ender', 'path "sys/leases/revoke" { capabilities = ["update"] }');
  return ['nexus-ci', 'ender'];
}

async function leaseHasEnded(bench: Bench, run: Run, path: string): Promise<void> {
  const lease_id = String(at(answerTo(run, path), 'lease_id'));
  await bench.until('the lease ends', 'PUT', 'sys/leases/lookup', { lease_id }, 400);
}

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
  {
    name: 'exec: a lease of a batch token is renewed up to the end of the token',
    leases: true,
    play: async (bench) => {
      await defineRole(bench, 'batch', { token_type: 'batch', token_ttl: '5m' });
      const run = await bench.run(`civault exec --role batch A=${SHORT}#username -- sleep 1.9`);
      leftLease(run, SHORT, 2);
      assert.deepEqual([count(run, RENEW_LEASE), count(run, REVOKE)], [1, 0]);
      const token = await logIn(bench, 'batch');
      const lease_id = String(at(await bench.peek(token, 'GET', LONG), 'lease_id'));
      const renewed = await bench.peek(token, 'PUT', RENEW_LEASE, { lease_id, increment: 3600 });
      assert.ok(Number(at(renewed, 'lease_duration')) <= 300, renewed.text);
      assert.equal(at(renewed, 'warnings'), null);
    },
  },
  {
    name: "exec: a token of the job's own that is spent by the look at it",
    leases: true,
    play: async (bench) => {
      const made = await bench.setUp('POST', 'auth/token/create', { policies: ['nexus-ci'], num_uses: 2 });
      const token = String(at(made, 'auth', 'client_token'));
      const run = await bench.run(`civault exec A=${LONG}#username -- sleep 0.5`, { VAULT_TOKEN: token });
      assert.equal(run.status, 0);
      assert.match(
        run.stderr,
        /^civault: warning: the Vault token, .* has ended .*: to look at it was its last use\n$/,
      );
      // The lease has ended with it: that it cannot be ended any more is nothing to tell.
      refusedExactly(answerTo(run, REVOKE_LEASE), 403, invalidToken);
      await leaseHasEnded(bench, run, LONG);
      const spent = await bench.setUp('POST', 'auth/token/create', { policies: ['nexus-ci'], num_uses: 1 });
      const last = String(at(spent, 'auth', 'client_token'));
      refusedExactly(await bench.ask(last, 'POST', RENEW_TOKEN), 400, 'token not found');
    },
  },
  {
    name: "exec: the job's own token is renewed, and it is left alive with the lease that it may not end",
    leases: true,
    play: async (bench) => {
      const made = await bench.setUp('POST', 'auth/token/create', { policies: ['nexus-ci'], period: '4s' });
      const token = String(at(made, 'auth', 'client_token'));
      await bench.atFullSecond();
      const run = await bench.run(`civault exec A=${LONG}#username -- sleep 4.3`, { VAULT_TOKEN: token });
      leftLease(run, LONG, 3600);
      assert.deepEqual([count(run, 'auth/token/lookup-self'), count(run, REVOKE)], [1, 0]);
      assert.ok(count(run, RENEW_TOKEN) >= 1);
      const lease_id = String(at(answerTo(run, LONG), 'lease_id'));
      assert.equal((await bench.askRoot('PUT', 'sys/leases/lookup', { lease_id })).status, 200);
      assert.equal((await bench.ask(token, 'POST', REVOKE)).status, 204);
      await leaseHasEnded(bench, run, LONG);
    },
  },
  {
    name: "exec: a lease of the job's own token is ended where the policy allows it, and the token is not",
    leases: true,
    play: async (bench) => {
      const policies = await defineEnder(bench);
      const made = await bench.setUp('POST', 'auth/token/create', { policies });
      const token = String(at(made, 'auth', 'client_token'));
      const script = (flags: string) => `civault exec ${flags} A=${LONG}#username -- sleep 0.5`;
      const run = await bench.run(script(''), { VAULT_TOKEN: token });
      ran(run, 0);
      assert.equal(answerTo(run, REVOKE_LEASE).status, 204);
      await leaseHasEnded(bench, run, LONG);
      const kept = await bench.run(script('--no-revoke'), { VAULT_TOKEN: token });
      ran(kept, 0);
      assert.equal(count(kept, REVOKE_LEASE), 0);
      const lease_id = String(at(answerTo(kept, LONG), 'lease_id'));
      assert.equal((await bench.askRoot('PUT', 'sys/leases/lookup', { lease_id })).status, 200);
      assert.equal((await bench.ask(token, 'POST', REVOKE)).status, 204);
    },
  },
  {
    name: 'exec: a lease of a batch token is ended where the policy allows it',
    leases: true,
    play: async (bench) => {
      const token_policies = await defineEnder(bench);
      await defineRole(bench, 'batch-ender', { token_type: 'batch', token_ttl: '5m', token_policies });
      const run = await bench.run(`civault exec --role batch-ender A=${SHORT}#username -- true`);
      ran(run, 0);
      assert.deepEqual([answerTo(run, REVOKE_LEASE).status, count(run, REVOKE)], [204, 0]);
      await leaseHasEnded(bench, run, SHORT);
    },
  },
];
