// Proves on the binary how long the token lives on which a lease hangs, while `civault exec` runs a command: every kind of
// token that a run can have.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { startJob } from '../harness/job.ts';
import {
  alone,
  asked,
  assertNothingLives,
  exec,
  HOUR,
  LOOK,
  LOOK_UP,
  leaseEnded,
  leaseLives,
  living,
  makeToken,
  OTHER,
  putLease,
  putRole,
  RENEW_LEASE,
  RENEW_TOKEN,
  REVOKE,
  REVOKE_LEASE,
  SHORT,
  tokenEnded,
} from '../harness/leases.ts';

describe('a token that a login got', { concurrency: true }, () => {
  alone('is renewed at two thirds of its time', async (job) => {
    const flags = await putRole(job, { token_ttl: '3s', token_max_ttl: '1h' });
    const { status, stderr, seen } = await exec(job, HOUR, `sleep 5.5; ${LOOK}`, { flags });
    assert.deepEqual([status, stderr, seen], [0, '', [{ leases: 1, tokens: 1 }]]);
    const times = asked(job, RENEW_TOKEN).map(({ at }) => at);
    assert.equal(times.length, 2);
    const wait = (times[1] ?? 0) - (times[0] ?? 0);
    assert.ok(wait > 1_900 && wait < 2_600, String(wait));
    assert.deepEqual(asked(job, RENEW_LEASE), []);
    assertNothingLives(job);
  });

  alone('that was in use for long before the command began is renewed in time', async (job) => {
    const flags = await putRole(job, { token_ttl: '6s', token_max_ttl: '1h' });
    job.vault.intercept(({ path }, _, next) =>
      path.startsWith('/v1/database/') ? void setTimeout(next, 3_000) : next(),
    );
    const { stderr, seen } = await exec(job, HOUR, `sleep 3.8; ${LOOK}`, { flags });
    assert.deepEqual([stderr, seen], ['', [{ leases: 1, tokens: 1 }]]);
    assertNothingLives(job);
  });

  alone('is told to have ended at its longest time, and the command runs on', async (job) => {
    const flags = await putRole(job, { token_ttl: '3s', token_max_ttl: '5s' });
    const { status, stdout, stderr } = await exec(job, HOUR, 'sleep 7; echo alive; exit 7', { flags });
    assert.deepEqual([status, stdout.toString()], [7, 'alive\n']);
    const ended = tokenEnded('(Vault grants it no more time|Vault refused .*past the max TTL, cannot renew)');
    assert.match(stderr, new RegExp(`^${ended}$`));
    assertNothingLives(job);
  });

  alone('of few uses spends none on renewals, nor do its leases', async (job) => {
    await putLease(job, '2s');
    const flags = await putRole(job, { token_num_uses: 9, token_ttl: '3s' });
    const { status, stderr } = await exec(job, OTHER, 'sleep 4', { flags });
    const reason = 'is good for 9 uses, so that it is not renewed';
    assert.equal(status, 0);
    assert.equal(stderr, `${leaseEnded('ci-other', `its token ${reason}`)}${tokenEnded(`it ${reason}`)}`);
    assert.deepEqual([...asked(job, RENEW_LEASE), ...asked(job, RENEW_TOKEN)], []);
  });

  alone('of type batch is neither renewed nor revoked', async (job) => {
    const flags = await putRole(job, { token_type: 'batch', token_ttl: '3s' });
    const { status, stderr } = await exec(job, HOUR, 'sleep 4.5; exit 7', { flags });
    assert.equal(status, 7);
    const ended = [
      tokenEnded('it cannot be renewed'),
      leaseEnded('ci-readonly', 'Vault grants it no more time'),
    ];
    assert.deepEqual(stderr.split(/(?<=\n)/).sort(), ended.sort());
    assert.deepEqual([...asked(job, RENEW_TOKEN), ...asked(job, REVOKE)], []);
    // Vault knows it no more, and its lease has ended with it: there is nothing to tell.
    assert.equal(asked(job, REVOKE_LEASE).length, 1);
  });
});

describe("a token of the job's own", { concurrency: true }, () => {
  const [lives, tokenAlone, over] = [
    { leases: 1, tokens: 1 },
    { leases: 0, tokens: 1 },
    { leases: 0, tokens: 0 },
  ];
  for (const [what, fields, isRenewed, says, during, after] of [
    [
      'is looked up, renewed and not revoked',
      { ttl: '3s' },
      true,
      leaseLives('ci-readonly', 3600),
      lives,
      lives,
    ],
    [
      'that cannot be renewed is told at its end',
      { ttl: '5s', renewable: false },
      false,
      tokenEnded('it cannot be renewed'),
      over,
      over,
    ],
    [
      'without an end is left alone, and its lease is ended',
      { policies: ['root'] },
      false,
      '',
      lives,
      tokenAlone,
    ],
  ] as const) {
    alone(what, async (job) => {
      const env = { VAULT_TOKEN: await makeToken(job, fields) };
      const { status, stderr, seen } = await exec(job, HOUR, `sleep 5.5; ${LOOK}`, { env });
      assert.deepEqual([status, stderr], [0, says]);
      assert.deepEqual([...seen, living(job)], [during, after]);
      assert.deepEqual(
        [LOOK_UP, REVOKE, REVOKE_LEASE].map((path) => asked(job, path).length),
        [1, 0, 1],
      );
      const times = asked(job, RENEW_TOKEN).length;
      assert.ok(isRenewed ? times >= 2 : times === 0, String(times));
    });
  }

  alone('of which Vault tells nothing: its leases are renewed', async (job) => {
    await job.vault.request('PUT', 'sys/policies/acl/leases', {
      policy:
        'path "database/*" { capabilities = ["read"] } path "sys/leases/renew" { capabilities = ["update"] }',
    });
    const env = {
      VAULT_TOKEN: await makeToken(job, { policies: ['leases'], no_default_policy: true, ttl: '1h' }),
    };
    const { stderr, seen } = await exec(job, SHORT, `sleep 3; ${LOOK}`, { env });
    assert.deepEqual([stderr, seen], [leaseLives('ci-short', 2), [lives]]);
    assert.deepEqual(
      [LOOK_UP, RENEW_TOKEN].map((path) => asked(job, path).length),
      [1, 0],
    );
  });
});

test("a Vault Agent's token is the Agent's to renew; its leases are renewed", async () => {
  const folder = mkdtempSync(join(tmpdir(), 'civault-agent-'));
  const job = await startJob({ listen: join(folder, 'agent.sock'), agent: true });
  try {
    const token = await makeToken(job, { ttl: '1h' });
    job.vault.intercept((request, _, next) => {
      assert.equal(request.headers['x-vault-token'], undefined);
      request.headers['x-vault-token'] = token;
      next();
    });
    const env = { VAULT_ID_TOKEN: '' };
    const { status, stderr, seen } = await exec(job, SHORT, `sleep 3.5; ${LOOK}`, { env });
    assert.deepEqual([status, stderr, seen], [0, leaseLives('ci-short', 2), [{ leases: 1, tokens: 1 }]]);
    const paths = new Set(job.vault.requests.map(({ path }) => path));
    assert.deepEqual(
      [...paths].filter((path) => path.includes('/token/')),
      [],
    );
    assert.ok(asked(job, RENEW_LEASE).length >= 2);
  } finally {
    await job.end();
    rmSync(folder, { recursive: true, force: true });
  }
});
