// Proves what each refusal of a login is told as: the cause, the job's own claim beside it, and what to do.

import assert from 'node:assert/strict';
import test from 'node:test';
import type { ErrorCode } from '../../src/errors.ts';
import { loginRefused } from '../../src/vault/diagnosis.ts';
import type { SessionSettings } from '../../src/vault/requests.ts';
import { assertFailure, assertHides, assertHolds, assertPlain } from './failures.ts';
import { answer, CLAIMS, idToken, jwt, NOW } from './fakes.ts';

const SETTINGS: SessionSettings = { authPath: ['gitlab', 'prod'], role: 'nexus-ci', namespace: 'team/a' };
const refused = (status: number, text: string, settings = SETTINGS) =>
  loginRefused(answer(status, { errors: [text] }), settings, idToken(), NOW);

const time = (seconds: number) => new Date(seconds * 1000).toISOString();

type Row = readonly [text: string, message: string, hint: string, code?: ErrorCode, status?: number];
const EXPIRED = 'the job has outlived its token';
const ROWS: readonly Row[] = [
  ['missing role', 'auth/gitlab/prod has no default_role', '--role ROLE'],
  ['role "nexus-ci" could not be found', 'auth/gitlab/prod has no role "nexus-ci"', '--role'],
  ['role with oidc role_type is not allowed', 'for logins in a browser', 'role_type jwt'],
  ['missing token', 'Vault got an empty ID token', 'VAULT_ID_TOKEN', 'ID_TOKEN_MISSING'],
  [
    'could not load configuration',
    'auth/gitlab/prod is there, but was never configured',
    'gitlab/prod/config',
  ],
  [
    'error configuring token validator: x',
    'auth/gitlab/prod cannot fetch the keys of the GitLab it trusts',
    'gitlab/prod/config',
  ],
  [
    'audience claim found in JWT but no audiences bound to the role',
    `has no bound_audiences, yet the ID token has an aud: "${CLAIMS.aud}"`,
    `bound_audiences to "${CLAIMS.aud}"`,
  ],
  [
    'missing name in alias',
    'names users by a claim (user_claim) that is empty in this job',
    'must set user_claim',
    'LOGIN_DENIED',
    500,
  ],
  ['claim "user_email" not found in token', 'the claim user_email, which is absent', 'user_claim'],
  [
    'claim "iat" could not be converted to string',
    `the claim iat, which is ${time(CLAIMS.iat)}`,
    'user_claim',
  ],
  [
    'error validating claims: claim "environment" is missing',
    "wants the claim environment, and this job's ID token has none",
    'environment:',
  ],
  ['error validating claims: claim "x" is missing', 'wants the claim x', 'x out of bound_claims'],
  [
    'error validating claims: received claim is not a string, bool, int or list: map[id:9]',
    'bound_claims for a claim that is an object',
    'JSON Pointer',
  ],
  [
    'failed to fetch groups: "groups_direct" claim not found in token',
    'takes groups from the claim groups_direct, which is absent',
    'groups_claim',
  ],
  ["error converting claim 'iat' to string", 'copies the claim iat', 'iat out of claim_mappings'],
  ['value 7 in groups claim could not be parsed as string', 'no list of texts', 'groups_claim'],
  [
    'unsupported operation',
    'the auth method at auth/gitlab/prod is none for JWTs',
    'vault auth list',
    'LOGIN_DENIED',
    405,
  ],
  [
    'no issued at (iat), not before (nbf), or expiration time (exp) claims in token',
    'the JWT in VAULT_ID_TOKEN has no time',
    'id_tokens:',
    'ID_TOKEN_INVALID',
  ],
  [
    'error validating claims: claim "ref" does not match any associated bound claim values',
    'the role "nexus-ci" is not for this job: its ref is "main"',
    'bound_claims for ref',
  ],
  [
    'error validating claims: claim "ref_protected" does not match any associated bound claim values',
    'its ref_protected is "false"',
    'bound_claims for ref_protected',
  ],
  [
    'error verifying token signature: no known key successfully validated the token signature',
    `does not know the key that signed the ID token: key absent of "${CLAIMS.iss}"`,
    'check --auth-path',
  ],
  ['failed to verify id token signature', `"${CLAIMS.iss}"`, `the keys of "${CLAIMS.iss}" were changed`],
  [
    'fetching keys oidc: get keys failed: x',
    'cannot fetch the keys of the GitLab it trusts',
    'whoever owns Vault',
  ],
  [
    'oidc: malformed jwt: x',
    'Vault does not take what VAULT_ID_TOKEN holds',
    'id_tokens:',
    'ID_TOKEN_INVALID',
  ],
  ['compact JWS format must have three parts', 'VAULT_ID_TOKEN', 'id_tokens:', 'ID_TOKEN_INVALID'],
  ['unexpected algorithm', 'does not accept the algorithm', 'RS256'],
  [
    'error validating token: invalid issuer (iss) claim',
    `trusts another GitLab: this job's iss is "${CLAIMS.iss}"`,
    'bound_issuer says whom it trusts: vault read auth/gitlab/prod/config',
  ],
  [
    'error validating token: invalid subject (sub) claim',
    `this job's sub is "${CLAIMS.sub}"`,
    'bound_subject',
  ],
  [
    'error validating token: invalid audience (aud) claim: audience claim does not match any bound audience',
    `its aud is "${CLAIMS.aud}"`,
    'id_tokens:\n      VAULT_ID_TOKEN:\n        aud: ',
  ],
  [
    'error validating token: invalid not before (nbf) claim',
    `its nbf is ${time(CLAIMS.nbf)}`,
    "GitLab's clock is ahead of Vault's",
    'ID_TOKEN_INVALID',
  ],
  [
    'error validating token: invalid expiration time (exp) claim: token is expired',
    `its exp is ${time(CLAIMS.exp)}`,
    EXPIRED,
    'ID_TOKEN_INVALID',
  ],
  ['token is expired', `its exp is ${time(CLAIMS.exp)}`, EXPIRED, 'ID_TOKEN_INVALID'],
  [
    'invalid issued at (iat) claim: token issued in the future',
    `its iat ${time(CLAIMS.iat)}`,
    "GitLab's clock is ahead of Vault's",
    'ID_TOKEN_INVALID',
  ],
  [
    'permission denied',
    'there is no auth method at auth/gitlab/prod',
    'check --auth-path',
    'LOGIN_DENIED',
    403,
  ],
  ['missing client token', 'there is no auth method at auth/gitlab/prod', 'check --auth-path'],
  [
    '2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n',
    'there is no auth method at auth/gitlab/prod',
    'check --auth-path',
    'LOGIN_DENIED',
    403,
  ],
  [
    'failed to parse JSON input: malformed JSON',
    'what Vault got was not what civault sent (500): failed to parse',
    'changes requests',
    'BAD_RESPONSE',
    500,
  ],
  ['namespace not found', 'Vault has no namespace "team/a"', '--namespace', 'LOGIN_DENIED', 404],
  ['namespaces feature not enabled', 'this Vault has no namespaces', 'VAULT_NAMESPACE', 'LOGIN_DENIED', 403],
  ['something new', 'login refused: Vault answered 400: something new', 'check the role'],
];
for (const [text, message, hint, code = 'LOGIN_DENIED', status = 400] of ROWS) {
  test(`${status} "${text.trim()}" is ${code}: ${message}`, () => {
    const error = assertFailure(refused(status, text), code, message);
    assertHolds(error.hint, hint);
    assertHides(error, jwt());
    assertPlain(error);
  });
}

test('a role that was left to Vault is called so', () => {
  const error = refused(400, 'role "" could not be found', { ...SETTINGS, role: '' });
  assertFailure(error, 'LOGIN_DENIED', 'has no role (the default)');
});

test('an audience that is a list is shown whole', () => {
  const token = idToken({ ...CLAIMS, aud: ['a', 'b'] });
  const error = loginRefused(answer(400, { errors: ['invalid audience (aud) claim'] }), SETTINGS, token, NOW);
  assertFailure(error, 'LOGIN_DENIED', 'its aud is "a", "b"');
});

for (const aud of [undefined, [], null, {}]) {
  test(`an audience of ${JSON.stringify(aud) ?? 'none'} is told as something`, () => {
    const token = idToken({ ...CLAIMS, aud });
    const error = loginRefused(
      answer(400, { errors: ['invalid audience (aud) claim'] }),
      SETTINGS,
      token,
      NOW,
    );
    assert.match(error.message, /its aud is ./);
  });
}

test('a refusal without a word still tells its status', () => {
  assertFailure(
    loginRefused(answer(400, { errors: [] }), SETTINGS, idToken(), NOW),
    'LOGIN_DENIED',
    'login refused: Vault answered 400',
  );
});

test('of more than one text the narrower is told', () => {
  const errors = ['permission denied', 'error validating token: invalid audience (aud) claim'];
  const error = loginRefused(answer(403, { errors }), SETTINGS, idToken(), NOW);
  assertFailure(error, 'LOGIN_DENIED', 'its aud is');
});
