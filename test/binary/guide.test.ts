// Proves on the binary, in a BusyBox-only root where this user can make one, that it gives every secret of the guide in every form that names it,
// and does no more on the wire than it must.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { GUIDE_SECRETS } from '../bench/pipelines.ts';

import { type Job, startJob } from '../harness/job.ts';
import { makePlace, type Place } from '../harness/place.ts';

describe("the guide's secrets, in a BusyBox root where there can be one", () => {
  let job: Job;
  let root: Place;

  before(async () => {
    job = await startJob();
    root = makePlace();
  });
  after(async () => {
    root?.remove();
    await job?.end();
  });
  beforeEach(() => {
    job.vault.requests.length = 0;
  });

  const get = (reference: string) => root.run('civault get "$REF"', { env: { ...job.env, REF: reference } });
  const sent = () => job.vault.requests.map(({ method, path }) => `${method} ${path}`);

  for (const { path, variables } of GUIDE_SECRETS) {
    for (const field of Object.values(variables)) {
      const below = path.replace('secret/data/', '');
      for (const reference of [`${path}#${field}`, `secret/${below}#${field}`, `${below}/${field}@secret`]) {
        test(`get ${reference}`, async () => {
          const { status, stdout, stderr } = await get(reference);
          assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
          assert.equal(stdout.toString(), job.guide.secrets[path]?.[field]);
        });
      }
    }
  }

  test('an API path takes one login, one read and one revocation', async () => {
    await get('secret/data/nexus/svc-orchestrator#password');
    assert.deepEqual(sent(), [
      'POST /v1/auth/jwt/login',
      'GET /v1/secret/data/nexus/svc-orchestrator',
      'POST /v1/auth/token/revoke-self',
    ]);
    assert.deepEqual(job.vault.liveTokens(), []);
  });

  test('many fields of many secrets take one login, one lookup a mount and one read a path', async () => {
    const { status, stdout } = await root.run(
      `eval "$(civault env A=secret/nexus/svc-orchestrator#username B=secret/nexus/svc-orchestrator#password \
        C=secret/sonarqube/svc-orchestrator#url 'X_*=secret/data/defectdojo/svc-orchestrator')"
       echo "$A $C \${#B} \${#X_TOKEN}"`.replaceAll('\\$', '$'),
      { env: job.env },
    );
    const password = String(job.guide.secrets['secret/data/nexus/svc-orchestrator']?.['password']);
    assert.deepEqual(
      { status, stdout: stdout.toString() },
      {
        status: 0,
        stdout: `svc-orchestrator https://sonarqube.shared.cwiq.io ${Buffer.byteLength(password)} 40\n`,
      },
    );
    assert.deepEqual(sent().sort(), [
      'GET /v1/secret/data/defectdojo/svc-orchestrator',
      'GET /v1/secret/data/nexus/svc-orchestrator',
      'GET /v1/secret/data/sonarqube/svc-orchestrator',
      'GET /v1/sys/internal/ui/mounts/secret/nexus/svc-orchestrator',
      'POST /v1/auth/jwt/login',
      'POST /v1/auth/token/revoke-self',
    ]);
  });

  test('a whole secret is JSON', async () => {
    const { stdout } = await get('secret/data/nexus/svc-executor');
    assert.deepEqual(JSON.parse(stdout.toString()), job.guide.secrets['secret/data/nexus/svc-executor']);
  });

  for (const [reference, expected] of [
    ['legacy/app#serial', '12345678901234567890'],
    ['legacy/app#version', '1.10'],
    ['legacy/app#data', 'a field named data'],
    ['legacy/odd-keys#', 'empty'],
    ['legacy/odd-keys#__proto__', 'prototype'],
    ['legacy/odd-keys#with.dot', 'dot'],
    ['legacy/odd-keys#with space', 'space'],
    ['secret/data/ci/everything#/nested/user', 'inner'],
    ['secret/data/ci/everything#list', '["a",2]'],
    ['secret/data/ci/everything#flag', 'true'],
    ['secret/data/ci/everything#empty', ''],
  ] as const) {
    test(`get ${reference} gives ${expected}`, async () => {
      const { status, stdout } = await get(reference);
      assert.deepEqual({ status, stdout: stdout.toString() }, { status: 0, stdout: expected });
    });
  }

  test('a mount with slashes, by the API path and by the path of the CLI', async () => {
    const token = job.guide.secrets['team/a/kv/data/app']?.['token'];
    for (const reference of ['team/a/kv/data/app#token', 'team/a/kv/app#token', 'app/token@team/a/kv']) {
      assert.equal((await get(reference)).stdout.toString(), token, reference);
    }
  });

  test('a field that is named by itself is left out of PREFIX_*', async () => {
    await job.vault.request('POST', 'secret/data/ci/paths', { data: { path: '/x', token: 'a token of it' } });
    const { stdout, stderr } = await root.run(
      `eval "$(civault env secret/data/ci/paths W=secret/data/ci/paths#path)"; echo "$W $TOKEN"`,
      { env: job.env },
    );
    assert.deepEqual({ stdout: stdout.toString(), stderr }, { stdout: '/x a token of it\n', stderr: '' });
  });

  test('a null field makes no variable and is told by its name', async () => {
    const { status, stdout, stderr } = await root.run(
      `set -e; eval "$(civault env 'X_*=secret/data/ci/everything')"; echo "$X_NUMBER $X_FLAG \${X_NOTHING-unset}"`,
      { env: job.env },
    );
    assert.deepEqual({ status, stdout: stdout.toString() }, { status: 0, stdout: '42 true unset\n' });
    assert.equal(stderr, 'civault: note: the field "nothing" is null: no variable is made of it\n');
  });

  test('an older version by ?version=', async () => {
    await job.vault.request('POST', 'secret/data/ci/rotated', { data: { password: 'first' } });
    await job.vault.request('POST', 'secret/data/ci/rotated', { data: { password: 'second' } });
    assert.equal((await get('secret/data/ci/rotated?version=1#password')).stdout.toString(), 'first');
    assert.equal((await get('secret/data/ci/rotated#password')).stdout.toString(), 'second');
  });

  test('the token lives on, and it says so, when a lease hangs on it', async () => {
    const { status, stderr } = await get('database/creds/ci-readonly#username');
    assert.equal(status, 0);
    assert.match(
      stderr,
      /the Vault token is left alive for the lease of database\/creds\/ci-readonly \(3600 s\); both end after 900 s/,
    );
    assert.equal(job.vault.liveLeases().length, 1);
    assert.ok(!sent().some((line) => line.includes('revoke')));
  });

  test('a leased secret that ended with the last use of its token is no result', async () => {
    await job.vault.request('POST', 'auth/jwt/role/two-uses', {
      role_type: 'jwt',
      user_claim: 'user_login',
      bound_audiences: [job.guide.audience],
      token_policies: ['nexus-ci'],
      token_num_uses: 2,
    });
    const before = job.vault.liveLeases();
    const { status, stdout, stderr } = await root.run(
      'civault env A=database/creds/ci-readonly#password B=secret/data/nexus/svc-executor#password --role two-uses',
      { env: job.env },
    );
    assert.deepEqual({ status, stdout: stdout.toString() }, { status: 4, stdout: '(exit 4)\n' }, stderr);
    assert.match(
      stderr,
      /hint: whoever owns the role must raise its token_num_uses \(docs\/errors\.md#permission_denied\)\n$/,
    );
    assert.deepEqual(job.vault.liveLeases(), before);
  });

  test("the job's own token is used as it is and never revoked", async () => {
    const { auth } = JSON.parse(
      (await job.vault.request('POST', 'auth/token/create', { policies: ['nexus-ci'], ttl: '5m' })).text,
    );
    const { VAULT_ID_TOKEN: _, ...env } = job.env;
    const { status } = await root.run('civault get secret/data/nexus/svc-executor#username', {
      env: { ...env, VAULT_TOKEN: auth.client_token },
    });
    assert.equal(status, 0);
    assert.deepEqual(sent(), ['GET /v1/secret/data/nexus/svc-executor']);
    assert.ok(job.vault.liveTokens().includes(auth.accessor));
  });

  test('--no-revoke leaves the token alive', async () => {
    const before = job.vault.liveTokens().length;
    await root.run('civault get secret/data/nexus/svc-executor#username --no-revoke', { env: job.env });
    assert.equal(job.vault.liveTokens().length, before + 1);
  });
});
