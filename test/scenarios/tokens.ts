// Scenarios of tokens: how long they last, what they are good for, and what ends with what.

import assert from 'node:assert/strict';
import type { Scenario } from './bench.ts';
import {
  at,
  definePolicyByProject,
  defineRole,
  denied,
  invalidToken,
  logIn,
  refused,
  refusedExactly,
  tokenFor,
  tryLogin,
} from './steps.ts';

const LONG_LEASE = 'database/creds/ci-readonly';

export const tokens: readonly Scenario[] = [
  {
    name: 'a time beyond the longest is cut, with a warning',
    play: async (bench) => {
      const warned = (answer: { json: unknown }) => String(at(answer, 'warnings'));
      await defineRole(bench, 'long', { token_ttl: '900h' });
      assert.match(
        warned(await tryLogin(bench, 'long')),
        /TTL of "900h" exceeded the effective max_ttl of "768h"/,
      );
      await defineRole(bench, 'long', { token_explicit_max_ttl: '90m', token_ttl: '' });
      const login = await tryLogin(bench, 'long');
      assert.equal(at(login, 'auth', 'lease_duration'), 5400);
      await defineRole(bench, 'long', { token_explicit_max_ttl: '', token_period: '1h' });
      const periodic = String(at(await tryLogin(bench, 'long'), 'auth', 'client_token'));
      const renewed = await bench.ask(periodic, 'POST', 'auth/token/renew-self', { increment: '9h' });
      assert.equal(at(renewed, 'auth', 'lease_duration'), 3600);
      const made = await bench.askRoot('POST', 'auth/token/create', { policies: ['default'], ttl: '900h' });
      assert.match(warned(made), /TTL of "900h" exceeded/);
    },
  },
  {
    name: 'a token that cannot be renewed, and one that is looked up and ended by others',
    play: async (bench) => {
      const fixed = await tokenFor(bench, 'path "legacy/app" { capabilities = ["read"] }', {
        renewable: false,
      });
      refused(await bench.ask(fixed, 'POST', 'auth/token/renew-self', {}), 400, 'lease is not renewable');
      const looked = await bench.askRoot('POST', 'auth/token/lookup', { token: fixed });
      const accessor = String(at(looked, 'data', 'accessor'));
      assert.equal((await bench.askRoot('POST', 'auth/token/lookup-accessor', { accessor })).status, 200);
      assert.equal((await bench.askRoot('POST', 'auth/token/revoke-accessor', { accessor })).status, 204);
      refused(await bench.askRoot('POST', 'auth/token/lookup', { token: fixed }), 403, 'bad token');
      refused(
        await bench.askRoot('POST', 'auth/token/lookup-accessor', { accessor }),
        400,
        'invalid accessor',
      );
      assert.equal((await bench.askRoot('POST', 'auth/token/revoke', { token: fixed })).status, 204);
      refused(await bench.ask('', 'GET', 'auth/token/lookup-self'), 403, 'permission denied');
    },
  },
  {
    name: 'a token of few uses',
    leases: true,
    play: async (bench) => {
      await defineRole(bench, 'two-uses', { token_num_uses: 2 });
      const token = await logIn(bench, 'two-uses');
      assert.equal((await bench.ask(token, 'GET', 'legacy/app')).status, 200);
      refused(await bench.ask(token, 'GET', LONG_LEASE), 400, 'token had one use left');
      refusedExactly(await bench.ask(token, 'GET', 'legacy/app'), 403, invalidToken);
    },
  },
  {
    name: 'a batch token is neither renewed nor revoked',
    play: async (bench) => {
      const token = await tokenFor(bench, 'path "legacy/app" { capabilities = ["read"] }', { type: 'batch' });
      assert.match(token, /^hvb\./);
      const looked = await bench.ask(token, 'GET', 'auth/token/lookup-self');
      assert.deepEqual([at(looked, 'data', 'type'), at(looked, 'data', 'accessor')], ['batch', '']);
      const ask = (what: string) => bench.ask(token, 'POST', `auth/token/${what}`);
      refused(await ask('revoke-self'), 400, 'batch tokens cannot be revoked');
      refused(await ask('renew-self'), 400, 'batch tokens cannot be renewed');
    },
  },
  {
    name: 'children end with their parent, and get no more than it has',
    play: async (bench) => {
      const parent = await tokenFor(bench, 'path "auth/token/create" { capabilities = ["update"] }');
      const create = (fields: object) => bench.ask(parent, 'POST', 'auth/token/create', fields);
      const child = String(at(await create({}), 'auth', 'client_token'));
      refused(await create({ policies: ['nexus-ci'] }), 400, 'child policies must be subset of parent');
      await bench.ask(parent, 'POST', 'auth/token/revoke-self');
      refusedExactly(await bench.ask(child, 'GET', 'auth/token/lookup-self'), 403, invalidToken);
    },
  },
  {
    name: 'a policy that limits wrapping refuses who does not ask for it',
    play: async (bench) => {
      const times = 'min_wrapping_ttl = "1s" max_wrapping_ttl = "90s"';
      const token = await tokenFor(bench, `path "legacy/app" { capabilities = ["read"] ${times} }`);
      refusedExactly(await bench.ask(token, 'GET', 'legacy/app'), 403, denied);
      const wrapped = await bench.ask(token, 'GET', 'legacy/app', undefined, { 'X-Vault-Wrap-TTL': '60' });
      assert.deepEqual([at(wrapped, 'data'), at(wrapped, 'wrap_info', 'ttl')], [null, 60]);
      const opener = String(at(wrapped, 'wrap_info', 'token'));
      const unwrap = () => bench.ask(opener, 'POST', 'sys/wrapping/unwrap');
      assert.equal(at(await unwrap(), 'data', 'user'), 'legacy-app');
      refused(await unwrap(), 400, 'wrapping token is not valid');
    },
  },
  {
    name: 'a templated policy follows the claims of the login',
    play: async (bench) => {
      await definePolicyByProject(bench, 'by-project');
      await defineRole(bench, 'by-project', {
        claim_mappings: { project_path: 'project' },
        token_policies: 'by-project',
      });
      await bench.setUp('POST', 'secret/data/g/p/x', { data: { mine: 'of the project' } });
      const mine = await logIn(bench, 'by-project', { project_path: 'g/p', user_login: 'a' });
      assert.equal((await bench.ask(mine, 'GET', 'secret/data/g/p/x')).status, 200);
      const other = await logIn(bench, 'by-project', { project_path: 'g/other', user_login: 'b' });
      refusedExactly(await bench.ask(other, 'GET', 'secret/data/g/p/x'), 403, denied);
    },
  },
];
