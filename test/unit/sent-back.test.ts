// Proves that a server which sends back what it was sent cannot bring a token into a message.

import test from 'node:test';
import type { ErrorCode } from '../../src/errors.ts';
import { Secret } from '../../src/secret.ts';
import { parseReference } from '../../src/vault/reference.ts';
import { readSecrets } from '../../src/vault/secrets.ts';
import { type Credential, openSession } from '../../src/vault/session.ts';
import { assertHides, assertRejected } from './failures.ts';
import { clock, fakeClient, idToken, jwt, response } from './fakes.ts';

const SETTINGS = { authPath: ['jwt'], role: 'nexus-ci', namespace: undefined };
const TOKEN = 'hvs.CAESI-marked_token.1';
const byLogin: Credential = { kind: 'id-token', idToken: idToken() };
const byToken: Credential = { kind: 'token', token: new Secret('s.LegacyForm4marked') };

// A gateway, a firewall or a debugging server may send back what it was sent.
const ECHOES: readonly (readonly [status: number, login: ErrorCode, read: ErrorCode])[] = [
  [400, 'LOGIN_DENIED', 'SECRET_NOT_FOUND'],
  [403, 'LOGIN_DENIED', 'PERMISSION_DENIED'],
  [404, 'LOGIN_DENIED', 'SECRET_NOT_FOUND'],
  [405, 'LOGIN_DENIED', 'SECRET_NOT_FOUND'],
  [418, 'LOGIN_DENIED', 'BAD_RESPONSE'],
  [412, 'UNAVAILABLE', 'UNAVAILABLE'],
  [429, 'UNAVAILABLE', 'UNAVAILABLE'],
  [500, 'UNAVAILABLE', 'UNAVAILABLE'],
];
for (const [status, login, read] of ECHOES) {
  test(`a ${status} that sends the ID token back does not bring it into the message`, async () => {
    const client = fakeClient(({ body }) => response(status, { errors: [`got ${body}`] }));
    const error = await assertRejected(openSession(client, SETTINGS, byLogin, clock), login, 'Vault');
    assertHides(error, jwt().slice(0, 40));
  });

  for (const credential of [byLogin, byToken]) {
    test(`a ${status} that sends a token from ${credential.kind} back does not bring it into the message`, async () => {
      const client = fakeClient(({ path, headers }) =>
        path.endsWith('/login')
          ? response(200, { auth: { client_token: TOKEN } })
          : response(status, { errors: [`got ${headers['x-vault-token']}`] }),
      );
      const session = await openSession(client, SETTINGS, credential, clock);
      const part = read === 'UNAVAILABLE' ? 'Vault' : 'secret/data/a';
      assertHides(
        await assertRejected(readSecrets(session, [parseReference('secret/data/a')]), read, part),
        TOKEN,
        's.LegacyForm4marked',
      );
    });
  }
}

for (const [what, body, part] of [
  [
    'when a version was deleted',
    (token: string) => ({ data: { metadata: { deletion_time: token } } }),
    'was deleted',
  ],
  [
    'when one was deleted, behind a date',
    (token: string) => ({ data: { metadata: { deletion_time: `2026 ${token}` } } }),
    'was deleted',
  ],
] as const) {
  test(`a token that stands where Vault says ${what} is not brought into the message`, async () => {
    const client = fakeClient(({ headers }) => response(404, body(headers['x-vault-token'] ?? '')));
    const session = await openSession(client, SETTINGS, byToken, clock);
    const reading = readSecrets(session, [parseReference('secret/data/a')]);
    assertHides(await assertRejected(reading, 'SECRET_NOT_FOUND', part), 's.LegacyForm4marked');
  });
}

test('a token that stands where Vault names the mount is not brought into the message', async () => {
  const client = fakeClient(({ headers }) =>
    response(200, { data: { path: `${headers['x-vault-token']}/` } }),
  );
  const session = await openSession(client, SETTINGS, byToken, clock);
  const reading = readSecrets(session, [parseReference('secret/a')]);
  assertHides(
    await assertRejected(reading, 'BAD_RESPONSE', 'asked for the mount of secret/a'),
    's.LegacyForm4marked',
  );
});
