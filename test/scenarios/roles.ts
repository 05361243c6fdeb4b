// Scenarios of what a role asks of a token and gives to it, and of roles that Vault does not take.

import assert from 'node:assert/strict';
import type { Scenario } from './bench.ts';
import { at, defineRole, logIn, refused, tryLogin } from './steps.ts';

export const roles: readonly Scenario[] = [
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
    name: 'a role written with the names of old (policies, ttl, num_uses)',
    play: async (bench) => {
      await bench.setUp('POST', 'auth/jwt/role/old', {
        role_type: 'jwt',
        user_claim: 'user_login',
        bound_audiences: bench.guide.audience,
        policies: ['nexus-ci'],
        ttl: '10m',
        max_ttl: '20m',
        num_uses: 3,
      });
      const answer = await tryLogin(bench, 'old');
      assert.deepEqual(
        [
          at(answer, 'auth', 'policies'),
          at(answer, 'auth', 'lease_duration'),
          at(answer, 'auth', 'num_uses'),
        ],
        [['default', 'nexus-ci'], 600, 3],
        answer.text,
      );
      assert.equal((await bench.askRoot('GET', 'auth/jwt/role/old')).status, 200);
    },
  },
  {
    name: 'a role that is changed or gone when its token is renewed',
    play: async (bench) => {
      await defineRole(bench, 'leaving', { token_ttl: '10m' });
      const token = await logIn(bench, 'leaving');
      const renew = () => bench.ask(token, 'POST', 'auth/token/renew-self', {});
      assert.equal(at(await renew(), 'auth', 'lease_duration'), 600);
      await defineRole(bench, 'leaving', { token_ttl: '5m' });
      assert.equal(at(await renew(), 'auth', 'lease_duration'), 300);
      await bench.setUp('DELETE', 'auth/jwt/role/leaving');
      refused(await renew(), 500, 'role leaving does not exist during renewal');
      assert.equal((await bench.ask(token, 'GET', 'legacy/app')).status, 200);
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
];
