// The contract of a login: what Vault accepts, and how it refuses everything else.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  ask,
  at,
  type Bench,
  defineRole,
  invalidToken,
  mint,
  refused,
  refusedExactly,
  tryLogin,
} from './bench.ts';

const hour = 3600;
const invalid = 'error validating token:';
const unsigned = `${invalid} error verifying token signature: no known key successfully validated the token signature`;
const unbound = (claim: string) =>
  `error validating claims: claim "${claim}" does not match any associated bound claim values`;

/** Tokens that nexus-ci refuses, each with a part of the reason. */
const refusals: [string, (bench: Bench) => Promise<string>, string][] = [
  ['an empty token', async () => '', 'missing token'],
  ['no JWT', async () => 'abc', 'compact JWS format must have three parts'],
  ['a foreign key', (bench) => mint(bench, {}, { key: 'foreign' }), unsigned],
  ['the public key as a secret', (bench) => mint(bench, {}, { algorithm: 'HS256' }), unsigned],
  ['a changed payload', async (bench) => (await mint(bench)).replace(/\.\w/, '.f'), unsigned],
  [
    'another issuer',
    (bench) => mint(bench, { iss: 'https://elsewhere' }),
    `${invalid} invalid issuer (iss) claim`,
  ],
  [
    'another audience',
    (bench) => mint(bench, { aud: ['a', 'b'] }),
    `${invalid} invalid audience (aud) claim`,
  ],
  ['no audience', (bench) => mint(bench, { aud: undefined }), `${invalid} invalid audience (aud) claim`],
  [
    'an expired token',
    (bench) => mint(bench, {}, { issuedAt: bench.now() - 2 * hour }),
    `${invalid} invalid expiration time (exp) claim: token is expired`,
  ],
  [
    'a token of later',
    (bench) => mint(bench, {}, { issuedAt: bench.now() + hour }),
    `${invalid} invalid not before (nbf) claim: token not yet valid`,
  ],
  [
    'a token issued later',
    (bench) => mint(bench, { iat: bench.now() + hour, nbf: bench.now(), exp: bench.now() + 2 * hour }),
    `${invalid} invalid issued at (iat) claim: token issued in the future`,
  ],
  [
    'no user_login',
    (bench) => mint(bench, { user_login: undefined }),
    'claim "user_login" not found in token',
  ],
  [
    'a number',
    (bench) => mint(bench, { user_login: 7 }),
    'claim "user_login" could not be converted to string',
  ],
  ['another group', (bench) => mint(bench, { namespace_path: 'other' }), unbound('namespace_path')],
  ['a truth value for text', (bench) => mint(bench, { ref_protected: true }), unbound('ref_protected')],
  [
    'a missing claim',
    (bench) => mint(bench, { ref_protected: undefined }),
    'claim "ref_protected" is missing',
  ],
];

/** The tests; `bench` gives the Vault, which is not there yet when they are declared. */
export function loginContract(bench: () => Bench): void {
  describe('login', () => {
    test('gives a token with the policies and the time of its role', async () => {
      const answer = await tryLogin(bench(), 'NEXUS-CI');
      assert.equal(answer.status, 200, answer.text);
      assert.match(String(at(answer, 'auth', 'client_token')), /^hvs\./);
      assert.deepEqual(at(answer, 'auth', 'policies'), ['default', 'nexus-ci']);
      assert.equal(at(answer, 'auth', 'lease_duration'), 900);
      assert.deepEqual(at(answer, 'auth', 'metadata'), { role: 'nexus-ci' });
      assert.ok(answer.text.endsWith('}\n'));
      assert.equal(answer.headers['cache-control'], 'no-store');
      assert.equal(answer.headers['content-type'], 'application/json');
    });

    for (const [what, make, reason] of refusals) {
      test(`refuses ${what}`, async () => {
        const body = { role: bench().guide.role, jwt: await make(bench()) };
        refused(await ask(bench(), '', 'POST', 'auth/jwt/login', body), 400, reason);
      });
    }

    test('allows a minute of clock skew on exp, and not two', async () => {
      const role = bench().guide.role;
      const login = async (late: number) => {
        const jwt = await mint(bench(), {}, { issuedAt: bench().now() - hour - late });
        return ask(bench(), '', 'POST', 'auth/jwt/login', { role, jwt });
      };
      assert.equal((await login(50)).status, 200);
      refused(await login(120), 400, 'token is expired');
    });

    test('refuses an unknown role, a browser’s role and no role', async () => {
      const jwt = await mint(bench());
      refusedExactly(await tryLogin(bench(), 'Nope'), 400, 'role "nope" could not be found');
      refusedExactly(await ask(bench(), '', 'POST', 'auth/jwt/login', { jwt }), 400, 'missing role');
      await defineRole(bench(), 'browser', { role_type: 'oidc', allowed_redirect_uris: 'http://localhost' });
      refusedExactly(await tryLogin(bench(), 'browser'), 400, 'role with oidc role_type is not allowed');
    });

    test('asks for the groups a role names, and keeps what a later write leaves out', async () => {
      await defineRole(bench(), 'grouped', { groups_claim: 'groups_direct' });
      refused(await tryLogin(bench(), 'grouped'), 400, '"groups_direct" claim not found in token');
      assert.equal((await tryLogin(bench(), 'grouped', { groups_direct: ['a', 'a/b'] })).status, 200);
      const change = { role_type: 'jwt', bound_audiences: ['elsewhere'] };
      await bench().vault.request('POST', 'auth/jwt/role/grouped', change);
      refused(await tryLogin(bench(), 'grouped', { groups_direct: [] }), 400, 'invalid audience (aud) claim');
      const role = await bench().vault.request('GET', 'auth/jwt/role/grouped');
      assert.equal(at(role, 'data', 'groups_claim'), 'groups_direct');
    });

    test('refuses an audience where the role binds none', async () => {
      await defineRole(bench(), 'no-audience', { bound_audiences: [], bound_claims: { ref: 'main' } });
      const reason = 'audience claim found in JWT but no audiences bound to the role';
      refusedExactly(await tryLogin(bench(), 'no-audience'), 400, reason);
    });

    test('compares globs, maps claims into metadata, limits addresses', async () => {
      await defineRole(bench(), 'globs', {
        bound_claims_type: 'glob',
        bound_claims: { ref: ['release-*', 'v?'] },
        claim_mappings: { project_path: 'project' },
      });
      const answer = await tryLogin(bench(), 'globs', { ref: 'release-1.0' });
      assert.deepEqual(at(answer, 'auth', 'metadata'), {
        project: 'orchestrator/orchestrator-api',
        role: 'globs',
      });
      refused(await tryLogin(bench(), 'globs', { ref: 'v1' }), 400, unbound('ref'));

      await defineRole(bench(), 'elsewhere', { token_bound_cidrs: ['10.0.0.0/8'] });
      refusedExactly(await tryLogin(bench(), 'elsewhere'), 403, 'permission denied');
    });

    test('a mount with a slash, a default role and algorithms of its own', async () => {
      const { vault, issuer, guide } = bench();
      const jwt = await mint(bench());
      const login = (token: string) => ask(bench(), '', 'POST', 'auth/team/jwt/login', { jwt: token });
      await vault.request('POST', 'sys/auth/team/jwt', { type: 'jwt' });
      refusedExactly(await login(jwt), 400, 'could not load configuration');
      const keys = {
        jwt_validation_pubkeys: [issuer.publicKeyPem],
        default_role: 'Main',
        jwt_supported_algs: 'RS256',
      };
      await vault.request('POST', 'auth/team/jwt/config', keys);
      const role = { role_type: 'jwt', user_claim: 'sub', bound_audiences: [guide.audience] };
      await vault.request('POST', 'auth/team/jwt/role/main', { ...role, bound_subject: 'nobody' });
      refused(await login(jwt), 400, 'invalid subject (sub) claim');
      await vault.request('POST', 'auth/team/jwt/role/main', { ...role, bound_subject: '' });
      assert.equal((await login(jwt)).status, 200);
      const other = await mint(bench(), {}, { algorithm: 'RS512' });
      refused(await login(other), 400, 'token signed with unexpected algorithm');
      await vault.request('DELETE', 'sys/auth/team/jwt');
    });

    test('tells nothing of a wrong mount, and more to who sends a token along', async () => {
      const body = { role: bench().guide.role, jwt: await mint(bench()) };
      refusedExactly(await ask(bench(), '', 'POST', 'auth/gitlab/login', body), 403, 'permission denied');
      refusedExactly(await ask(bench(), 'hvs.wrong', 'POST', 'auth/gitlab/login', body), 403, invalidToken);
      assert.equal((await ask(bench(), 'hvs.wrong', 'POST', 'auth/jwt/login', body)).status, 200);
    });

    test('refuses a body that is not JSON', async () => {
      const send = (body: string) => ask(bench(), '', 'POST', 'auth/jwt/login', body);
      refused(await send('{"role":"nexus-ci"'), 500, 'malformed JSON');
      refused(await send('{"role":"a","role":"b"}'), 500, "duplicate key 'role' in object");
      refused(await send('role=nexus-ci'), 400, 'error parsing JSON');
    });
  });
}
