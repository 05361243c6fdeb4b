// Scenarios of logins that Vault accepts, and of requests that are none.

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
    name: 'a mount with a slash, a default role and algorithms of its own',
    play: async (bench) => {
      const login = (jwt: string) => bench.ask('', 'POST', 'auth/team/jwt/login', { jwt });
      const jwt = await bench.mint();
      await bench.setUp('POST', 'sys/auth/team/jwt', { type: 'jwt' });
      bench.afterwards(() => bench.setUp('DELETE', 'sys/auth/team/jwt'));
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
