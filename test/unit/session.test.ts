// Proves how a token is got, what it is sent with, and when it is ended.

import assert from 'node:assert/strict';
import test from 'node:test';
import { startDeadline } from '../../src/http/deadline.ts';
import { Secret } from '../../src/secret.ts';
import { parseReference } from '../../src/vault/reference.ts';
import type { SessionSettings } from '../../src/vault/requests.ts';
import { readSecrets } from '../../src/vault/secrets.ts';
import { type Credential, openSession } from '../../src/vault/session.ts';
import { assertFailure, assertHides, assertHolds, assertRejected } from './failures.ts';
import { clock, type FakeClient, fakeClient, fakeVault, idToken, jwt, response } from './fakes.ts';

const SETTINGS: SessionSettings = { authPath: ['jwt'], role: 'nexus-ci', namespace: undefined };
const TOKEN = 'hvs.CAESI-marked_token.1';
const LOGIN = 'POST /v1/auth/jwt/login';
const REVOKE = 'POST /v1/auth/token/revoke-self';
const loggedIn = (auth: object = { client_token: TOKEN }) => response(200, { auth });
const byLogin: Credential = { kind: 'id-token', idToken: idToken() };
const byToken: Credential = { kind: 'token', token: new Secret('hvs.own') };
const metadata = { version: 1, created_time: '2026-01-02T03:04:05Z' };
const secret = response(200, { data: { data: { a: '1' }, metadata } });
const soon = startDeadline(2000, () => 0);

const asked = ({ requests }: FakeClient): string[] => requests.map(({ method, path }) => `${method} ${path}`);

test('one login serves all reads, and the token goes with each of them', async () => {
  const client = fakeVault({
    [LOGIN]: loggedIn(),
    'GET /v1/secret/data/a': secret,
    'GET /v1/secret/data/b': secret,
  });
  const session = await openSession(client, SETTINGS, byLogin, clock);
  await readSecrets(session, ['secret/data/a#a', 'secret/data/b#a', 'secret/data/a'].map(parseReference));
  assert.deepEqual(asked(client), [LOGIN, 'GET /v1/secret/data/a', 'GET /v1/secret/data/b']);
  assert.deepEqual(
    client.requests.map(({ headers }) => headers['x-vault-token']),
    [undefined, TOKEN, TOKEN],
  );
  assert.deepEqual([session.ownsToken, session.idToken?.token.reveal()], [true, jwt()]);
});

for (const [what, credential] of [
  ['a login', byLogin],
  ['a token of its own', byToken],
  ['an agent', { kind: 'agent' }],
] as const) {
  test(`with ${what}, every request says X-Vault-Request and its namespace`, async () => {
    const client = fakeVault({ [LOGIN]: loggedIn() });
    const session = await openSession(client, { ...SETTINGS, namespace: 'team/a' }, credential, clock);
    await session.read(['secret', 'data', 'a']);
    await session.revoke(soon);
    for (const { headers } of client.requests) {
      assert.deepEqual([headers['x-vault-request'], headers['x-vault-namespace']], ['true', 'team/a']);
    }
    assert.equal(client.requests.length, credential.kind === 'id-token' ? 3 : 1);
  });
}

for (const [what, auth, limits] of [
  ['nothing', {}, { uses: 0, seconds: 0, renewable: false, policies: [] }],
  [
    'all of it',
    { num_uses: 2, lease_duration: 600, renewable: true, policies: ['default', 'ci'] },
    { uses: 2, seconds: 600, renewable: true, policies: ['default', 'ci'] },
  ],
  [
    'no truth value, and policies that are no texts,',
    { lease_duration: 60, renewable: 'true', policies: ['a', 7] },
    { uses: 0, seconds: 60, renewable: false, policies: ['a'] },
  ],
] as const) {
  test(`a login that says ${what} of its token is taken at its word`, async () => {
    const client = fakeVault({ [LOGIN]: loggedIn({ client_token: TOKEN, ...auth }) });
    assert.deepEqual((await openSession(client, SETTINGS, byLogin, clock)).limits, limits);
  });
}

for (const [what, credential, token] of [
  ['a login', byLogin, TOKEN],
  ['a token of its own', byToken, 'hvs.own'],
  ['an agent', { kind: 'agent' }, undefined],
] as const) {
  test(`with ${what}, a write is a POST of JSON with the session's token`, async () => {
    const client = fakeVault({ [LOGIN]: loggedIn(), 'POST /v1/sys/leases/renew': response(200, {}) });
    const session = await openSession(client, SETTINGS, credential, clock);
    assert.equal(session.token?.reveal(), token);
    const answered = await session.write(['sys', 'leases', 'renew'], new Map([['lease_id', 'x/y']]));
    const sent = client.requests.at(-1);
    assert.deepEqual(
      [answered.status, sent?.method, sent?.body, sent?.headers['x-vault-token']],
      [200, 'POST', '{"lease_id":"x/y"}', token],
    );
  });
}

test('without a namespace there is no header for one', async () => {
  const client = fakeVault({});
  await (await openSession(client, SETTINGS, byToken, clock)).read(['a']);
  assert.deepEqual(client.requests[0]?.headers, { 'x-vault-request': 'true', 'x-vault-token': 'hvs.own' });
});

test('an agent adds the token itself, so none is sent', async () => {
  const client = fakeVault({});
  const session = await openSession(client, SETTINGS, { kind: 'agent' }, clock);
  await session.read(['a']);
  assert.deepEqual(client.requests[0]?.headers, { 'x-vault-request': 'true' });
  assert.deepEqual([session.ownsToken, session.idToken], [false, undefined]);
});

for (const [what, credential, auth, revoked] of [
  ['that a login got', byLogin, { client_token: TOKEN }, true],
  ['of type service', byLogin, { client_token: TOKEN, token_type: 'service' }, true],
  ['of type batch, which Vault cannot revoke,', byLogin, { client_token: TOKEN, token_type: 'batch' }, false],
  ["that is the job's own", byToken, {}, false],
  ['of an agent', { kind: 'agent' }, {}, false],
] as const) {
  test(`a token ${what} is ${revoked ? '' : 'not '}revoked`, async () => {
    const client = fakeVault({ [LOGIN]: loggedIn(auth), [REVOKE]: response(204) });
    const session = await openSession(client, SETTINGS, credential, clock);
    await session.revoke(soon);
    assert.equal(asked(client).includes(REVOKE), revoked);
    if (!revoked) return;
    const [headers, options] = [client.requests.at(-1)?.headers, client.options.at(-1)];
    assert.equal(headers?.['x-vault-token'], TOKEN);
    assert.deepEqual(options, { deadline: soon, retries: 0 });
  });
}

test('a revocation that fails throws nothing, and says that it failed', async () => {
  const client = fakeClient(({ path }) => {
    if (path.endsWith('/login')) return loggedIn();
    throw new TypeError('cut');
  });
  const session = await openSession(client, SETTINGS, byLogin, clock);
  assertFailure(await session.revoke(soon), 'INTERNAL', 'nobody foresaw');
  assert.equal(asked(client).at(-1), REVOKE);
});

const UNKNOWN = '2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n';

for (const [what, auth, text, ended] of [
  ['of few uses that Vault knows no more is', { num_uses: 1 }, UNKNOWN, true],
  ['whose time is over is', { num_uses: 0 }, UNKNOWN, true],
  ['that may not end itself is not', { num_uses: 1 }, '1 error occurred:\n\t* permission denied\n\n', false],
] as const) {
  test(`a token ${what} taken for ended`, async () => {
    const refusal = response(403, { errors: [text] });
    const client = fakeVault({ [LOGIN]: loggedIn({ client_token: TOKEN, ...auth }), [REVOKE]: refusal });
    const session = await openSession(client, SETTINGS, byLogin, clock);
    const failure = await session.revoke(soon);
    assert.equal(failure === undefined, ended);
    if (failure !== undefined) assertHolds(failure.hint, 'path "auth/token/revoke-self"');
  });
}

test('a login that any other try would find refused as well is not tried again', async () => {
  const client = fakeVault({ [LOGIN]: loggedIn() });
  await openSession(client, SETTINGS, byLogin, clock);
  const isFinal = client.options[0]?.isFinal;
  assert.equal(isFinal?.(response(500, { errors: ['missing name in alias'] })), true);
  assert.equal(isFinal?.(response(500, { errors: ['local node not active'] })), false);
});

for (const [what, answered, code, part] of [
  ['no auth', response(200, { data: {} }), 'BAD_RESPONSE', 'there is no token in its answer'],
  ['an empty token', loggedIn({ client_token: '' }), 'BAD_RESPONSE', 'there is no token in its answer'],
  [
    'a token that is no text',
    loggedIn({ client_token: 1 }),
    'BAD_RESPONSE',
    'there is no token in its answer',
  ],
  [
    'a token with a line break',
    loggedIn({ client_token: 'hvs.marked\r\nx-evil: 1' }),
    'BAD_RESPONSE',
    'there is no token in its answer',
  ],
  [
    'a token that is not ASCII',
    loggedIn({ client_token: 'hvs.markéd' }),
    'BAD_RESPONSE',
    'there is no token in its answer',
  ],
  [
    'a second factor',
    loggedIn({ client_token: '', mfa_requirement: {} }),
    'LOGIN_DENIED',
    'wants a second factor for the role nexus-ci',
  ],
  ['a page', response(200, '<html>hvs.marked</html>'), 'BAD_RESPONSE', 'is not the JSON that Vault sends'],
  [
    'a refusal',
    response(400, { errors: ['missing role'] }),
    'LOGIN_DENIED',
    'login refused: no role was named',
  ],
  ['no content', response(204), 'BAD_RESPONSE', 'there is no token in its answer'],
] as const) {
  test(`a login answered with ${what} is ${code}: ${part}`, async () => {
    const session = openSession(fakeVault({ [LOGIN]: answered }), SETTINGS, byLogin, clock);
    assertHides(await assertRejected(session, code, part), 'hvs.mark', jwt());
  });
}
