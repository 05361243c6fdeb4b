// Scenarios of leases: how long they last, who renews them, and what they end with.

import assert from 'node:assert/strict';
import type { Bench, Scenario } from './bench.ts';
import { at, defineRole, denied, invalidToken, logIn, refused, refusedExactly } from './steps.ts';

const LONG_LEASE = 'database/creds/ci-readonly';
const SHORT_LEASE = 'database/creds/ci-short';

async function leaseFrom(bench: Bench, token: string, path: string): Promise<string> {
  const answer = await bench.ask(token, 'GET', path);
  const lease = String(at(answer, 'lease_id'));
  assert.match(lease, new RegExp(`^${path}/\\w{24}$`), answer.text);
  return lease;
}

// A real Vault ends a lease a moment after its token, or after its time.
function leaseEnds(bench: Bench, lease: string): Promise<void> {
  return bench.until('the lease ends', 'PUT', 'sys/leases/lookup', { lease_id: lease }, 400);
}

export const leases: readonly Scenario[] = [
  {
    name: 'a lease ends with the token that made it',
    leases: true,
    play: async (bench) => {
      const token = await logIn(bench);
      const answer = await bench.ask(token, 'GET', LONG_LEASE);
      assert.deepEqual([at(answer, 'lease_duration'), at(answer, 'renewable')], [3600, true]);
      const lease = await leaseFrom(bench, token, LONG_LEASE);
      assert.equal((await bench.askRoot('PUT', 'sys/leases/lookup', { lease_id: lease })).status, 200);
      assert.equal((await bench.ask(token, 'POST', 'auth/token/revoke-self')).status, 204);
      await leaseEnds(bench, lease);
      refusedExactly(await bench.ask(token, 'GET', LONG_LEASE), 403, invalidToken);
    },
  },
  {
    name: 'a lease is renewed and looked up by its holder, revoked by who may',
    leases: true,
    play: async (bench) => {
      const token = await logIn(bench);
      const lease = await leaseFrom(bench, token, SHORT_LEASE);
      const ask = (what: string, body: unknown) => bench.ask(token, 'POST', `sys/leases/${what}`, body);
      const renewed = await ask('renew', { lease_id: lease, increment: 60 });
      assert.deepEqual([at(renewed, 'lease_id'), at(renewed, 'lease_duration')], [lease, 60]);
      const found = await ask('lookup', { lease_id: lease });
      assert.ok(Number(at(found, 'data', 'ttl')) >= 58, found.text);
      refused(await ask('renew', { lease_id: 'none' }), 400, 'lease not found');
      refused(await ask('lookup', { lease_id: 'none' }), 400, 'invalid lease');
      refusedExactly(await ask('revoke', { lease_id: lease }), 403, denied);
      await bench.setUp('PUT', 'sys/leases/revoke', { lease_id: lease });
      await leaseEnds(bench, lease);
    },
  },
  {
    name: 'a lease of two seconds and a token of few more expire',
    leases: true,
    play: async (bench) => {
      await defineRole(bench, 'short', { token_ttl: '3s', token_max_ttl: '8s' });
      await bench.atFullSecond();
      const token = await logIn(bench, 'short');
      const lease = await leaseFrom(bench, token, SHORT_LEASE);
      const lookUp = () => bench.ask(token, 'GET', 'auth/token/lookup-self');
      const looked = await lookUp();
      assert.deepEqual(
        [at(looked, 'data', 'creation_ttl'), at(looked, 'data', 'display_name')],
        [3, 'jwt-jdoe'],
      );
      const renewed = await bench.ask(token, 'POST', 'auth/token/renew-self', { increment: '1h' });
      assert.equal(at(renewed, 'auth', 'lease_duration'), 8, renewed.text);
      await bench.wait(2.5);
      await leaseEnds(bench, lease);
      assert.equal((await lookUp()).status, 200);
      await bench.wait(6);
      refusedExactly(await lookUp(), 403, invalidToken);
    },
  },
  {
    name: 'a lease without a time of its own cannot be renewed',
    leases: true,
    play: async (bench) => {
      await bench.setUp('POST', 'database/creds/static', { username: 'u', password: 'p' });
      const token = await logIn(bench);
      const answer = await bench.ask(token, 'GET', 'database/creds/static');
      assert.deepEqual([at(answer, 'lease_duration'), at(answer, 'renewable')], [2_764_800, false]);
      const lease_id = String(at(answer, 'lease_id'));
      refused(await bench.ask(token, 'PUT', 'sys/leases/renew', { lease_id }), 400, 'lease is not renewable');
      await bench.ask(token, 'POST', 'auth/token/revoke-self');
    },
  },
  {
    name: 'a lease is renewed up to the longest, and not after its end',
    leases: true,
    play: async (bench) => {
      await bench.atFullSecond();
      const token = await logIn(bench);
      const lease_id = await leaseFrom(bench, token, LONG_LEASE);
      const renew = (increment: number) =>
        bench.ask(token, 'PUT', 'sys/leases/renew', { lease_id, increment });
      assert.equal(at(await renew(0), 'lease_duration'), 3600);
      const long = await renew(9_000_000);
      assert.match(String(at(long, 'warnings')), /TTL of "2500h" exceeded the effective max_ttl of "768h"/);
      assert.equal(at(long, 'lease_duration'), 2_764_800);
      await bench.setUp('PUT', 'sys/leases/revoke', { lease_id });
      await leaseEnds(bench, lease_id);
      refused(await renew(60), 400, 'lease not found');
    },
  },
  {
    name: 'a batch token makes a lease, which lasts no longer than the token',
    leases: true,
    play: async (bench) => {
      await defineRole(bench, 'batch', { token_type: 'batch', token_ttl: '5m' });
      const token = await logIn(bench, 'batch');
      const answer = await bench.peek(token, 'GET', LONG_LEASE);
      assert.equal(answer.status, 200, answer.text);
      const seconds = Number(at(answer, 'lease_duration'));
      assert.ok(seconds > 290 && seconds <= 300, answer.text);
    },
  },
];
