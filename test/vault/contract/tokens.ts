// The contract of tokens and leases: how long they last, and what ends with what.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  ask,
  at,
  type Bench,
  defineRole,
  denied,
  invalidToken,
  logIn,
  refused,
  refusedExactly,
  tokenFor,
} from './bench.ts';

const longLease = 'database/creds/ci-readonly';
const shortLease = 'database/creds/ci-short';

/** The tests; `bench` gives the Vault, which is not there yet when they are declared. */
export function tokenContract(bench: () => Bench): void {
  describe('tokens and leases', () => {
    const asRoot = (method: string, path: string, body?: unknown) =>
      bench().vault.request(method, path, body);
    const leaseIsLive = async (id: string) =>
      (await asRoot('PUT', 'sys/leases/lookup', { lease_id: id })).status === 200;

    test('a lease ends with the token that made it', async () => {
      const token = await logIn(bench());
      const answer = await ask(bench(), token, 'GET', longLease);
      const lease = String(at(answer, 'lease_id'));
      assert.match(lease, /^database\/creds\/ci-readonly\/\w{24}$/);
      assert.deepEqual([at(answer, 'lease_duration'), at(answer, 'renewable')], [3600, true]);
      assert.ok(await leaseIsLive(lease));
      assert.equal((await ask(bench(), token, 'POST', 'auth/token/revoke-self')).status, 204);
      // A real Vault ends the leases a moment after the token.
      for (let left = 20; left > 0 && (await leaseIsLive(lease)); left -= 1) await bench().wait(0.1);
      assert.ok(!(await leaseIsLive(lease)));
      refusedExactly(await ask(bench(), token, 'GET', longLease), 403, invalidToken);
    });

    test('a lease is renewed and looked up by its holder, revoked by who may', async () => {
      const token = await logIn(bench());
      const lease = String(at(await ask(bench(), token, 'GET', shortLease), 'lease_id'));
      const renewed = await ask(bench(), token, 'POST', 'sys/leases/renew', {
        lease_id: lease,
        increment: 60,
      });
      assert.deepEqual([at(renewed, 'lease_id'), at(renewed, 'lease_duration')], [lease, 60]);
      const found = await ask(bench(), token, 'PUT', 'sys/leases/lookup', { lease_id: lease });
      assert.ok(Number(at(found, 'data', 'ttl')) >= 58);
      refused(
        await ask(bench(), token, 'POST', 'sys/leases/renew', { lease_id: 'none' }),
        400,
        'lease not found',
      );
      refused(
        await ask(bench(), token, 'POST', 'sys/leases/lookup', { lease_id: 'none' }),
        400,
        'invalid lease',
      );
      refusedExactly(
        await ask(bench(), token, 'POST', 'sys/leases/revoke', { lease_id: lease }),
        403,
        denied,
      );
      assert.equal((await asRoot('PUT', 'sys/leases/revoke', { lease_id: lease })).status, 204);
      assert.ok(!(await leaseIsLive(lease)));
    });

    test('a lease and a token expire', async () => {
      await defineRole(bench(), 'short', { token_ttl: '3s', token_max_ttl: '5s' });
      const token = await logIn(bench(), 'short');
      const lease = String(at(await ask(bench(), token, 'GET', shortLease), 'lease_id'));
      const looked = await ask(bench(), token, 'GET', 'auth/token/lookup-self');
      assert.deepEqual(
        [at(looked, 'data', 'creation_ttl'), at(looked, 'data', 'display_name')],
        [3, 'jwt-jdoe'],
      );
      const renewed = await ask(bench(), token, 'POST', 'auth/token/renew-self', { increment: '1h' });
      assert.ok(Number(at(renewed, 'auth', 'lease_duration')) <= 5);
      await bench().wait(2.5);
      assert.ok(!(await leaseIsLive(lease)));
      assert.equal((await ask(bench(), token, 'GET', 'auth/token/lookup-self')).status, 200);
      await bench().wait(3);
      refusedExactly(await ask(bench(), token, 'GET', 'auth/token/lookup-self'), 403, invalidToken);
    });

    test('a token of few uses', async () => {
      await defineRole(bench(), 'two-uses', { token_num_uses: 2 });
      const token = await logIn(bench(), 'two-uses');
      assert.equal((await ask(bench(), token, 'GET', 'legacy/app')).status, 200);
      refused(await ask(bench(), token, 'GET', longLease), 400, 'token had one use left');
      refusedExactly(await ask(bench(), token, 'GET', 'legacy/app'), 403, invalidToken);
    });

    test('a batch token is neither renewed nor revoked', async () => {
      const token = await tokenFor(bench(), '', { type: 'batch' });
      assert.match(token, /^hvb\./);
      const looked = await ask(bench(), token, 'GET', 'auth/token/lookup-self');
      assert.deepEqual([at(looked, 'data', 'type'), at(looked, 'data', 'accessor')], ['batch', '']);
      refused(
        await ask(bench(), token, 'POST', 'auth/token/revoke-self'),
        400,
        'batch tokens cannot be revoked',
      );
      refused(
        await ask(bench(), token, 'POST', 'auth/token/renew-self'),
        400,
        'batch tokens cannot be renewed',
      );
    });

    test('children end with their parent, and get no more than it has', async () => {
      const parent = await tokenFor(bench(), 'path "auth/token/create" { capabilities = ["update"] }');
      const child = String(
        at(await ask(bench(), parent, 'POST', 'auth/token/create', {}), 'auth', 'client_token'),
      );
      const more = await ask(bench(), parent, 'POST', 'auth/token/create', { policies: ['nexus-ci'] });
      refused(more, 400, 'child policies must be subset of parent');
      await ask(bench(), parent, 'POST', 'auth/token/revoke-self');
      refusedExactly(await ask(bench(), child, 'GET', 'auth/token/lookup-self'), 403, invalidToken);
    });

    test('a policy that limits wrapping refuses who does not ask for it', async () => {
      const rules =
        'path "legacy/app" { capabilities = ["read"] min_wrapping_ttl = "1s" max_wrapping_ttl = "90s" }';
      const token = await tokenFor(bench(), rules);
      refusedExactly(await ask(bench(), token, 'GET', 'legacy/app'), 403, denied);
      const wrapped = await ask(bench(), token, 'GET', 'legacy/app', undefined, { 'X-Vault-Wrap-TTL': '60' });
      assert.deepEqual([at(wrapped, 'data'), at(wrapped, 'wrap_info', 'ttl')], [null, 60]);
      const opener = String(at(wrapped, 'wrap_info', 'token'));
      assert.equal(
        at(await ask(bench(), opener, 'POST', 'sys/wrapping/unwrap'), 'data', 'user'),
        'legacy-app',
      );
      refused(await ask(bench(), opener, 'POST', 'sys/wrapping/unwrap'), 400, 'wrapping token is not valid');
    });

    test('a templated policy follows the claims of the login', async () => {
      const accessor = String(at(await asRoot('GET', 'sys/auth'), 'jwt/', 'accessor'));
      const project = `{{identity.entity.aliases.${accessor}.metadata.project}}`;
      const policy = `path "secret/data/${project}/*" { capabilities = ["read"] }`;
      await asRoot('PUT', 'sys/policies/acl/by-project', { policy });
      await defineRole(bench(), 'by-project', {
        claim_mappings: { project_path: 'project' },
        token_policies: 'by-project',
      });
      await asRoot('POST', 'secret/data/g/p/x', { data: { mine: true } });
      const mine = await logIn(bench(), 'by-project', { project_path: 'g/p', user_login: 'a' });
      assert.equal((await ask(bench(), mine, 'GET', 'secret/data/g/p/x')).status, 200);
      const other = await logIn(bench(), 'by-project', { project_path: 'g/other', user_login: 'b' });
      refusedExactly(await ask(bench(), other, 'GET', 'secret/data/g/p/x'), 403, denied);
    });
  });
}
