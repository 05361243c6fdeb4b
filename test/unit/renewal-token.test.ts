// Proves by a clock of its own when the token is renewed on which leases hang, of every kind that a run can have, and what
// is told of one that ends.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Secret } from '../../src/secret.ts';
import type { Credential } from '../../src/vault/session.ts';
import { response } from './fakes.ts';
import { lease, play, RENEW_LEASE, RENEW_TOKEN } from './renewals.ts';

const ended = (reason: string) =>
  `warning: the lease of database/creds/ci has ended while the command runs: ${reason}`;
const tokenEnded = (reason: string) =>
  `warning: the Vault token, and with it every lease of its own, has ended while the command runs: ${reason}`;
const refusal = (status: number, ...errors: string[]) => response(status, { errors });

describe('the token', () => {
  const auth = { lease_duration: 90, renewable: true };
  const own: Credential = { kind: 'token', token: new Secret('hvs.own') };
  const data = { ttl: 90, renewable: true, num_uses: 0 };

  for (const [what, options] of [
    ['of a login', { auth }],
    ["of the job's own", { credential: own, lookUp: response(200, { data }) }],
  ] as const) {
    test(`${what} is renewed at two thirds of its time`, async () => {
      const { asked } = await play({ ...options, renew: () => 90, until: 120 });
      assert.deepEqual(
        asked.map(({ at, path, body }) => [at, path, body]),
        [60, 120].map((at) => [at, RENEW_TOKEN, '{}']),
      );
    });
  }

  test('granted 10 s before the renewals begin is renewed in time, whichever way it was got', async () => {
    for (const options of [
      { auth: { ...auth, lease_duration: 12 } },
      { credential: own, lookUp: response(200, { data: { ...data, ttl: 12 } }) },
    ]) {
      const { asked, times, messages } = await play({ ...options, renew: () => 12, begins: 10, until: 20 });
      assert.deepEqual([times, messages], [[11.3, 19.3], []]);
      assert.ok(asked.every(({ path }) => path === RENEW_TOKEN));
    }
  });

  for (const [what, options, reason] of [
    ['of few uses', { auth: { ...auth, num_uses: 9 } }, 'it is good for 9 uses, so that it is not renewed'],
    ['of type batch', { auth: { ...auth, renewable: false } }, 'it cannot be renewed'],
    ['at its longest time', { auth, renew: () => 30 }, 'Vault grants it no more time'],
  ] as const) {
    test(`${what} is told at its end`, async () => {
      const { messages } = await play({ ...options, until: 200 });
      assert.deepEqual(messages, [`90: ${tokenEnded(reason)}`]);
    });
  }

  test('whose last use was the look at it has ended, and that is told at once', async () => {
    const lookUp = response(200, { data: { ...data, num_uses: -1 } });
    const { asked, messages } = await play({ credential: own, lookUp, leases: [lease(60)], until: 99 });
    assert.deepEqual([asked, messages], [[], [`0: ${tokenEnded('to look at it was its last use')}`]]);
  });

  test('of few uses spends none on its leases either: the last would end them', async () => {
    const uses = { auth: { ...auth, lease_duration: 9000, num_uses: 9 } };
    const { asked, messages } = await play({ ...uses, leases: [lease(60)], until: 99 });
    const reason = 'its token is good for 9 uses, so that it is not renewed';
    assert.deepEqual([asked, messages], [[], [`60: ${ended(reason)}`]]);
  });

  for (const [what, options] of [
    ['without an end', { auth: { lease_duration: 0 } }],
    ['that Vault tells nothing of', { credential: own, lookUp: refusal(403, 'permission denied') }],
    ['that Vault knows no more', { credential: own, lookUp: refusal(403, 'invalid token') }],
    ["of an Agent, which is the Agent's to renew,", { credential: { kind: 'agent' } }],
  ] as const) {
    test(`${what} is left alone; its leases are not`, async () => {
      const { asked, messages } = await play({ ...options, leases: [lease(60)], renew: () => 60, until: 99 });
      assert.deepEqual(
        asked.map(({ at, path }) => [at, path]),
        [40, 80].map((at) => [at, RENEW_LEASE]),
      );
      assert.deepEqual(messages, []);
    });
  }
});
