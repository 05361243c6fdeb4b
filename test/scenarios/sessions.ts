// Scenarios of civault's Vault token: got, used, and ended with all that hangs on it.

import assert from 'node:assert/strict';
import type { Bench, Run, Scenario } from './bench.ts';
import {
  answerTo,
  at,
  definePolicy,
  defineRole,
  denied,
  failed,
  invalidToken,
  LOGIN,
  logIn,
  REF,
  refused,
  refusedExactly,
  VALUE,
  wrote,
} from './steps.ts';

const REVOKE = 'auth/token/revoke-self';

function tokenOf(run: Run): string {
  return String(at(answerTo(run, LOGIN), 'auth', 'client_token'));
}

async function assertEnded(bench: Bench, token: string): Promise<void> {
  refusedExactly(await bench.ask(token, 'GET', 'auth/token/lookup-self'), 403, invalidToken);
}

function asksNot(run: Run, path: string): void {
  assert.ok(!run.exchanges.some((each) => each.path === path), `asked for ${path}`);
}

export const sessions: readonly Scenario[] = [
  {
    name: 'the token that civault got is ended',
    play: async (bench) => {
      const run = await bench.run(`civault get ${REF}`);
      wrote(run, VALUE);
      await assertEnded(bench, tokenOf(run));
    },
  },
  {
    name: 'the token is ended after a refused read as well',
    play: async (bench) => {
      const run = await bench.run('civault get secret/data/nexus/admin#password');
      failed(run, 4, /do not allow/);
      await assertEnded(bench, tokenOf(run));
    },
  },
  {
    name: 'a leased secret keeps the token alive, and both end with it',
    leases: true,
    play: async (bench) => {
      const path = 'database/creds/ci-readonly';
      const run = await bench.run(`civault get ${path}#username`);
      assert.equal(run.status, 0, run.stderr);
      assert.match(
        run.stderr,
        /token is left alive for the lease of database\/creds\/ci-readonly \(3600 s\); both end after 900 s/,
      );
      asksNot(run, REVOKE);
      const lease = String(at(answerTo(run, path), 'lease_id'));
      const token = tokenOf(run);
      assert.equal((await bench.askRoot('PUT', 'sys/leases/lookup', { lease_id: lease })).status, 200);
      assert.equal((await bench.ask(token, 'POST', REVOKE)).status, 204);
      await bench.until('the lease ends', 'PUT', 'sys/leases/lookup', { lease_id: lease }, 400);
      await assertEnded(bench, token);
    },
  },
  {
    name: 'a lease of two seconds is told with its time',
    leases: true,
    play: async (bench) => {
      const run = await bench.run('civault get database/creds/ci-short#username');
      assert.equal(run.status, 0, run.stderr);
      assert.match(run.stderr, /the lease of database\/creds\/ci-short \(2 s\)\n$/);
    },
  },
  {
    name: '--no-revoke leaves the token alive',
    play: async (bench) => {
      const run = await bench.run(`civault get ${REF} --no-revoke`);
      wrote(run, VALUE);
      const alive = await bench.ask(tokenOf(run), 'GET', 'auth/token/lookup-self');
      assert.equal(alive.status, 200, alive.text);
      await bench.ask(tokenOf(run), 'POST', REVOKE);
    },
  },
  {
    name: "the job's own token is used, and left alone",
    play: async (bench) => {
      const made = await bench.setUp('POST', 'auth/token/create', { policies: ['nexus-ci'], ttl: '5m' });
      const token = String(at(made, 'auth', 'client_token'));
      const run = await bench.run(`civault get ${REF}`, { VAULT_TOKEN: token });
      wrote(run, VALUE);
      asksNot(run, LOGIN);
      asksNot(run, REVOKE);
      assert.equal((await bench.ask(token, 'POST', REVOKE)).status, 204);
      const late = await bench.run(`civault get ${REF}`, { VAULT_TOKEN: token });
      failed(late, 4, /does not know the token in VAULT_TOKEN/);
      refusedExactly(answerTo(late, REF.split('#')[0] ?? ''), 403, invalidToken);
    },
  },
  {
    name: 'a batch token: it cannot be revoked, and nothing is said of it',
    play: async (bench) => {
      await defineRole(bench, 'batch', { token_type: 'batch', token_ttl: '5m' });
      const run = await bench.run(`civault get ${REF} --role batch`);
      wrote(run, VALUE);
      assert.match(tokenOf(run), /^hvb\./);
      asksNot(run, REVOKE);
      refused(await bench.ask(tokenOf(run), 'POST', REVOKE), 400, 'batch tokens cannot be revoked');
    },
  },
  {
    name: 'a token of a single use, spent by the read: there is nothing left to revoke',
    play: async (bench) => {
      await defineRole(bench, 'one-use', { token_num_uses: 1 });
      const run = await bench.run(`civault get ${REF} --role one-use`);
      wrote(run, VALUE);
      await assertEnded(bench, tokenOf(run));
    },
  },
  {
    name: 'a token of too few uses for what is asked',
    play: async (bench) => {
      await defineRole(bench, 'one-use', { token_num_uses: 1 });
      const run = await bench.run(`civault env A=${REF} B=legacy/app#user --role one-use`);
      assert.equal(run.status, 4, run.stderr);
      assert.match(run.stderr, /does not know the token that the login gave: .* used up\n.*token_num_uses/);
      await assertEnded(bench, tokenOf(run));
    },
  },
  {
    name: 'a token of a single use can make no lease',
    leases: true,
    play: async (bench) => {
      await defineRole(bench, 'one-use', { token_num_uses: 1 });
      const run = await bench.run('civault get database/creds/ci-readonly#username --role one-use');
      failed(
        run,
        4,
        /the token's last use is too little for database\/creds\/ci-readonly.*\n.*token_num_uses/,
      );
      refused(answerTo(run, 'database/creds/ci-readonly'), 400, 'token had one use left');
    },
  },
  {
    name: 'a token whose last use ends the lease that was just made',
    leases: true,
    play: async (bench) => {
      await defineRole(bench, 'two-uses', { token_num_uses: 2 });
      // One after the other, so that the lease is made by the first: which of two reads comes first is chance.
      const token = await logIn(bench, 'two-uses');
      const lease = String(at(await bench.ask(token, 'GET', 'database/creds/ci-readonly'), 'lease_id'));
      assert.equal((await bench.ask(token, 'GET', 'legacy/app')).status, 200);
      await bench.until('the lease ends', 'PUT', 'sys/leases/lookup', { lease_id: lease }, 400);

      await defineRole(bench, 'one-use', { token_num_uses: 1 });
      const run = await bench.run('civault get database/creds/ci-readonly#password --role one-use');
      failed(run, 4, /token_num_uses/);
    },
  },
  {
    name: 'a Vault token that is none: an ID token, and a token with dots',
    play: async (bench) => {
      const run = await bench.run(`civault get ${REF}`, { VAULT_TOKEN: await bench.mint() });
      failed(run, 2, /VAULT_TOKEN holds a JWT, such as an ID token: that is no Vault token/);
      assert.deepEqual(run.exchanges, []);
      const answer = await bench.ask('a.b.c', 'GET', 'legacy/app');
      refused(answer, 500, 'failed to look up namespace from the token');
    },
  },
  {
    name: 'a token that may not revoke itself is told to live on',
    play: async (bench) => {
      await defineRole(bench, 'bare', { token_no_default_policy: true });
      const run = await bench.run(`civault get ${REF} --role bare`);
      wrote(run, VALUE, /the Vault token could not be revoked, it lives until its time is up: /);
      assert.equal(answerTo(run, REVOKE).status, 403);
    },
  },
  {
    name: 'a token that ends before it is used',
    play: async (bench) => {
      await defineRole(bench, 'brief', { token_ttl: '1s', token_max_ttl: '1s' });
      const token = await logIn(bench, 'brief');
      await bench.wait(2);
      failed(
        await bench.run(`civault get ${REF}`, { VAULT_TOKEN: token }),
        4,
        /wrong, expired, revoked or used up/,
      );
    },
  },
  {
    name: 'response wrapping forced by policy',
    play: async (bench) => {
      const wrapping = '{ capabilities = ["read"] min_wrapping_ttl = "10s" max_wrapping_ttl = "90s" }';
      await definePolicy(bench, 'wrapping', `path "${REF.split('#')[0]}" ${wrapping}`);
      await defineRole(bench, 'wrapping', { token_policies: 'wrapping' });
      const run = await bench.run(`civault get ${REF} --role wrapping`);
      // Vault does not tell this from a path that the policy does not have.
      failed(run, 4, /allow to read secret\/data\/sonarqube.*, but not as it is.*min_wrapping_ttl/);
      refusedExactly(answerTo(run, REF.split('#')[0] ?? ''), 403, denied);
      await assertEnded(bench, tokenOf(run));
    },
  },
];
