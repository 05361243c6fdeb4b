// Scenarios of leases while a command runs, and after it, where no end of a token ends them: the token is the job's own, or
// a batch token.

import assert from 'node:assert/strict';
import type { Bench, Run, Scenario } from './bench.ts';
import {
  answerTo,
  at,
  definePolicy,
  defineRole,
  denied,
  invalidToken,
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
export function count(run: Run, path: string): number {
  return run.exchanges.filter((each) => each.path === path).length;
}

export function ran({ status, stderr, stdout }: Run, expected: number, output = '', says = ''): void {
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

export async function leaseHasEnded(bench: Bench, run: Run, path: string): Promise<void> {
  const lease_id = String(at(answerTo(run, path), 'lease_id'));
  await bench.until('the lease ends', 'PUT', 'sys/leases/lookup', { lease_id }, 400);
}

export const endedLeases: readonly Scenario[] = [
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
