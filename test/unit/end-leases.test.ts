// Proves how leases are ended that no end of a token ends: what is sent for each, for how long an answer is waited for,
// and what is told of one that may live on.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AppError } from '../../src/errors.ts';
import type { HttpResponse } from '../../src/http/request.ts';
import { Secret } from '../../src/secret.ts';
import { endLeases } from '../../src/vault/renewal.ts';
import type { Lease } from '../../src/vault/secrets.ts';
import { openSession } from '../../src/vault/session.ts';
import { fakeClient, NOW, response } from './fakes.ts';
import { lease } from './renewals.ts';

const NOT_ALLOWED = 'the policy does not allow sys/leases/revoke';
const NOT_ENDED = 'it could not be ended';
const livesOn = (path: string, seconds: number, why: string) =>
  `note: the lease of ${path} may live on, for ${seconds} s at a time: ${why}`;

/** Ends leases at a Vault that answers, or does not, by the body of each request. */
async function end(leases: readonly Lease[], answers: (body: string) => HttpResponse | Error) {
  const client = fakeClient(({ body = '' }) => {
    const outcome = answers(body);
    if (outcome instanceof Error) throw outcome;
    return outcome;
  });
  const settings = { authPath: ['jwt'], role: 'r', namespace: undefined };
  const credential = { kind: 'token', token: new Secret('hvs.own') } as const;
  const session = await openSession(client, settings, credential, () => NOW);
  const messages: string[] = [];
  const clock = { now: 0 };
  const writeMessage = (line: string) => void messages.push(line);
  await endLeases(session, leases, { elapsed: () => clock.now, writeMessage });
  return { ...client, messages, clock };
}

describe('a lease', () => {
  for (const [what, answer] of [
    ['is ended, and that is not told', response(204)],
    ['is ended a moment later, and that is not told', response(202)],
    [
      'of a token that Vault knows no more has ended with it, and that is not told',
      response(403, { errors: ['2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n'] }),
    ],
  ] as const) {
    test(what, async () => {
      const { requests, messages } = await end([lease(60)], () => answer);
      assert.deepEqual(
        requests.map(({ method, path, body, headers }) => [method, path, body, headers['x-vault-token']]),
        [['POST', '/v1/sys/leases/revoke', '{"lease_id":"database/creds/ci/abc"}', 'hvs.own']],
      );
      assert.deepEqual(messages, []);
    });
  }

  for (const [what, outcome, why] of [
    [
      'that the policy does not allow to end',
      response(403, { errors: ['1 error occurred:\n\t* permission denied\n\n'] }),
      NOT_ALLOWED,
    ],
    ['that Vault cannot end', response(500, { errors: ['failed to revoke entry'] }), NOT_ENDED],
    ['of a Vault that is sealed', response(503, { errors: ['Vault is sealed'] }), NOT_ENDED],
    ['of which a proxy says something', response(200, '<p>hello</p>'), NOT_ENDED],
    ['of a Vault that is not reached', new AppError('UNAVAILABLE', 'vault cannot be reached'), NOT_ENDED],
    ['of a connection that is cut', new Error('read ECONNRESET'), NOT_ENDED],
  ] as const) {
    test(`${what} is told, and asked for once`, async () => {
      const { requests, messages } = await end([lease(60)], () => outcome);
      assert.deepEqual([requests.length, messages], [1, [livesOn('database/creds/ci', 60, why)]]);
    });
  }
});

describe('several leases', () => {
  const leases = ['a', 'b', 'c'].map((name, index) =>
    lease(10 * (index + 1), { id: `database/creds/${name}/abc`, path: `database/creds/${name}` }),
  );

  test('are each ended, whatever becomes of the others, and only what lives is told', async () => {
    const { requests, messages } = await end(leases, (body) => {
      if (body.includes('/a/')) return new AppError('UNAVAILABLE', 'vault cannot be reached');
      return body.includes('/b/') ? response(204) : response(403, { errors: ['permission denied'] });
    });
    assert.deepEqual(
      requests.map(({ body }) => JSON.parse(String(body)).lease_id),
      leases.map(({ id }) => id),
    );
    assert.deepEqual(messages.sort(), [
      livesOn('database/creds/a', 10, NOT_ENDED),
      livesOn('database/creds/c', 30, NOT_ALLOWED),
    ]);
  });

  test('have two seconds together, and no second try', async () => {
    const { options, clock } = await end(leases, () => response(204));
    for (const [now, left] of [
      [0, 2000],
      [1500, 500],
      [2500, 0],
    ] as const) {
      clock.now = now;
      assert.deepEqual(
        options.map((given) => [given?.deadline?.remaining(), given?.retries]),
        Array(3).fill([left, 0]),
      );
    }
  });

  test('that are none are not asked for', async () => {
    const { requests, messages } = await end([], () => response(204));
    assert.deepEqual([requests, messages], [[], []]);
  });
});
