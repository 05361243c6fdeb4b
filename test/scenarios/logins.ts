// Scenarios of a login that Vault accepts, and of what a mount and a role can ask for.

import assert from 'node:assert/strict';
import type { ClaimOverrides } from '../vault/id-token.ts';
import type { Scenario } from './bench.ts';
import { at, defineRole, invalidToken, refused, refusedExactly, tokenFor, tryLogin } from './steps.ts';

const HOUR = 3600;

export const logins: readonly Scenario[] = [
  {
    name: 'a login gives a token with the policies and the time of its role',
    play: async (bench) => {
      const answer = await tryLogin(bench, 'NEXUS-CI');
      assert.equal(answer.status, 200, answer.text);
      assert.match(String(at(answer, 'auth', 'client_token')), /^hvs\./);
      assert.deepEqual(at(answer, 'auth', 'policies'), ['default', 'nexus-ci']);
      assert.equal(at(answer, 'auth', 'lease_duration'), 900);
      assert.deepEqual(at(answer, 'auth', 'metadata'), { role: 'nexus-ci' });
      assert.ok(answer.text.endsWith('}\n'));
      assert.equal(answer.headers['cache-control'], 'no-store');
      assert.equal(answer.headers['content-type'], 'application/json');
    },
  },
  {
    name: 'an audience among several is enough',
    play: async (bench) => {
      const several = ['https://elsewhere', bench.guide.audience];
      assert.equal((await tryLogin(bench, 'nexus-ci', { aud: several })).status, 200);
      await defineRole(bench, 'several', { bound_audiences: several });
      assert.equal((await tryLogin(bench, 'several')).status, 200);
    },
  },
  {
    name: 'a minute of clock skew is allowed, and not two',
    play: async (bench) => {
      const login = async (issuedAt: number) => {
        const jwt = await bench.mint({}, { issuedAt });
        return bench.ask('', 'POST', 'auth/jwt/login', { role: bench.guide.role, jwt });
      };
      assert.equal((await login(bench.now() - HOUR - 50)).status, 200);
      refused(await login(bench.now() - HOUR - 120), 400, 'token is expired');
      assert.equal((await login(bench.now() + 50)).status, 200);
      refused(await login(bench.now() + 120), 400, 'token not yet valid');
    },
  },
  {
    name: 'a role that names a claim for groups, and keeps what a later write leaves out',
    play: async (bench) => {
      await defineRole(bench, 'grouped', { groups_claim: 'groups_direct' });
      refused(await tryLogin(bench, 'grouped'), 400, '"groups_direct" claim not found in token');
      assert.equal((await tryLogin(bench, 'grouped', { groups_direct: ['a', 'a/b'] })).status, 200);
      await bench.setUp('POST', 'auth/jwt/role/grouped', {
        role_type: 'jwt',
        bound_audiences: ['elsewhere'],
      });
      refused(await tryLogin(bench, 'grouped', { groups_direct: [] }), 400, 'invalid audience (aud) claim');
      const role = await bench.askRoot('GET', 'auth/jwt/role/grouped');
      assert.equal(at(role, 'data', 'groups_claim'), 'groups_direct');
    },
  },
  {
    name: 'bound claims as globs, and claims mapped into metadata',
    play: async (bench) => {
      await defineRole(bench, 'globs', {
        bound_claims_type: 'glob',
        bound_claims: { ref: ['release-*', 'v?'] },
        claim_mappings: { project_path: 'project' },
      });
      const answer = await tryLogin(bench, 'globs', { ref: 'release-1.0' });
      assert.deepEqual(at(answer, 'auth', 'metadata'), {
        project: 'orchestrator/orchestrator-api',
        role: 'globs',
      });
      refused(await tryLogin(bench, 'globs', { ref: 'v1' }), 400, 'claim "ref" does not match');
    },
  },
  {
    name: 'a mount with a slash, a default role and algorithms of its own',
    play: async (bench) => {
      const login = (jwt: string) => bench.ask('', 'POST', 'auth/team/jwt/login', { jwt });
      const jwt = await bench.mint();
      await bench.setUp('POST', 'sys/auth/team/jwt', { type: 'jwt' });
      refusedExactly(await login(jwt), 400, 'could not load configuration');
      await bench.setUp('POST', 'auth/team/jwt/config', {
        jwt_validation_pubkeys: [bench.issuer.publicKeyPem],
        default_role: 'Main',
        jwt_supported_algs: 'RS256',
      });
      const role = { role_type: 'jwt', user_claim: 'sub', bound_audiences: [bench.guide.audience] };
      await bench.setUp('POST', 'auth/team/jwt/role/main', role);
      assert.equal((await login(jwt)).status, 200);
      const other = await bench.mint({}, { algorithm: 'RS512' });
      refused(await login(other), 400, 'token signed with unexpected algorithm');
      await bench.setUp('DELETE', 'sys/auth/team/jwt');
    },
  },
  {
    name: 'a token sent along with a login is looked at only where there is no such mount',
    play: async (bench) => {
      const body = { role: bench.guide.role, jwt: await bench.mint() };
      refusedExactly(await bench.ask('', 'POST', 'auth/gitlab/login', body), 403, 'permission denied');
      refusedExactly(await bench.ask('hvs.wrong', 'POST', 'auth/gitlab/login', body), 403, invalidToken);
      assert.equal((await bench.ask('hvs.wrong', 'POST', 'auth/jwt/login', body)).status, 200);
    },
  },
  {
    name: 'a claim deep in the token, by JSON Pointer',
    play: async (bench) => {
      const nested = { user_identities: { saml: { uid: 'jane' } } };
      await defineRole(bench, 'deep', {
        user_claim: '/user_identities/saml/uid',
        user_claim_json_pointer: true,
        bound_claims: { '/user_identities/saml/uid': ['jane', 'joe'] },
        claim_mappings: { '/user_identities/saml/uid': 'uid' },
      });
      const answer = await tryLogin(bench, 'deep', nested);
      assert.deepEqual(at(answer, 'auth', 'metadata'), { role: 'deep', uid: 'jane' });
      refused(await tryLogin(bench, 'deep', { user_identities: {} }), 400, 'not found in token');
    },
  },
  {
    name: 'a token of which a time is missing',
    play: async (bench) => {
      const login = (claims: ClaimOverrides) => tryLogin(bench, 'nexus-ci', claims);
      const now = bench.now();
      assert.equal((await login({ nbf: undefined })).status, 200);
      assert.equal((await login({ exp: undefined })).status, 200);
      assert.equal((await login({ iat: undefined })).status, 200);
      refused(await login({ exp: undefined, iat: now - 300, nbf: now - 300 }), 400, 'token is expired');
    },
  },
  {
    name: 'bound claims that are numbers, truth values and lists',
    play: async (bench) => {
      await defineRole(bench, 'kinds', {
        bound_claims: { runner_id: 3, protected: true, groups_direct: ['a/b', 'c'] },
      });
      const job = { protected: true, groups_direct: ['x', 'c'] };
      assert.equal((await tryLogin(bench, 'kinds', job)).status, 200);
      refused(
        await tryLogin(bench, 'kinds', { ...job, runner_id: 4 }),
        400,
        'claim "runner_id" does not match',
      );
      refused(
        await tryLogin(bench, 'kinds', { ...job, groups_direct: [] }),
        400,
        'claim "groups_direct" does not',
      );
    },
  },
  {
    name: 'a role with mistakes in it',
    play: async (bench) => {
      const good = { role_type: 'jwt', user_claim: 'sub', bound_subject: 'x' };
      const write = (fields: object) => bench.askRoot('POST', 'auth/jwt/role/broken', { ...good, ...fields });
      refused(await write({ role_type: 'saml' }), 400, "invalid 'role_type'");
      refused(await write({ user_claim: '' }), 400, 'a user claim must be defined');
      refused(await write({ bound_subject: '' }), 400, 'must have at least one bound constraint');
      refused(await write({ bound_claims_type: 'regex' }), 400, "invalid 'bound_claims_type'");
      refused(await write({ role_type: 'oidc' }), 400, "'allowed_redirect_uris' must be set");
      refused(await write({ token_ttl: 60, token_max_ttl: 30 }), 400, "'token_ttl' cannot be greater");
      refused(await write({ claim_mappings: { ref: 'role' } }), 400, 'metadata key "role" is reserved');
      refused(await write({ token_type: 'batch', token_num_uses: 2 }), 400, "'token_type' cannot be 'batch'");
      refused(await write({ token_type: 'batch', token_period: 60 }), 400, "'token_type' cannot be 'batch'");
      refused(await write({ token_ttl: 'soon' }), 400, 'token_ttl');
    },
  },
  {
    name: 'a login that is read, listed, or sent with more or other than it takes',
    play: async (bench) => {
      const jwt = await bench.mint();
      const ask = (method: string, body?: unknown) => bench.ask('', method, 'auth/jwt/login', body);
      refused(await ask('GET'), 405, 'unsupported operation');
      refused(await ask('DELETE'), 405, 'unsupported operation');
      const more = await ask('POST', { role: 'nexus-ci', jwt, extra: 'field', another: 1 });
      assert.equal(more.status, 200, more.text);
      refused(await ask('POST', { role: 7, jwt }), 400, 'role "7" could not be found');
      refused(await ask('POST', { role: 'nexus-ci', jwt: ['a'] }), 400, 'jwt');
      refused(await ask('POST', '[]'), 400, 'JSON');
      refused(await ask('POST', '{}'), 400, 'missing role');
      refused(await ask('POST', ''), 400, 'missing role');
    },
  },
  {
    name: 'a body that is not JSON',
    play: async (bench) => {
      const send = (body: string) => bench.ask('', 'POST', 'auth/jwt/login', body);
      refused(await send('{"role":"nexus-ci"'), 500, 'malformed JSON');
      refused(await send('{"role":"a","role":"b"}'), 500, "duplicate key 'role' in object");
      refused(await send('role=nexus-ci'), 400, 'error parsing JSON');
    },
  },
  {
    name: 'a namespace, which a community server ignores',
    play: async (bench) => {
      const token = await tokenFor(bench, 'path "legacy/app" { capabilities = ["read"] }');
      const namespace = { 'X-Vault-Namespace': 'team' };
      assert.equal((await bench.ask(token, 'GET', 'legacy/app', undefined, namespace)).status, 200);
      const { status, stdout, stderr } = await bench.run('civault get legacy/app#user --namespace team');
      assert.deepEqual(
        { status, stdout: stdout.toString(), stderr },
        { status: 0, stdout: 'legacy-app', stderr: '' },
      );
    },
  },
];
