// Proves on the binary what becomes of a lease after the command where no end of a token ends it, for the token is the
// job's own or a batch token: it is ended by itself, and told where that is not allowed or fails.

import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { describe } from 'node:test';
import { CIVAULT } from '../harness/busybox-root.ts';
import { runCommand } from '../harness/command.ts';
import type { Job } from '../harness/job.ts';
import {
  alone,
  asked,
  exec,
  HOUR,
  LOOK,
  leaseLives,
  living,
  makeToken,
  OTHER,
  putEnder,
  putLease,
  putRole,
  REVOKE,
  REVOKE_LEASE,
} from '../harness/leases.ts';

const KEPT = { leases: 1, tokens: 1 };
const ENDED = { leases: 0, tokens: 1 };

/** A token of the job's own that may end leases. */
async function ender(job: Job): Promise<{ VAULT_TOKEN: string }> {
  return { VAULT_TOKEN: await makeToken(job, { policies: await putEnder(job), ttl: '1h' }) };
}

/** The names of the leases that were to be ended. */
const endedIds = (job: Job) => asked(job, REVOKE_LEASE).map(({ body }) => JSON.parse(body).lease_id);

describe("a lease of the job's own token", { concurrency: true }, () => {
  alone('is ended after the command where the policy allows it, and the token is not', async (job) => {
    const env = await ender(job);
    const { status, stderr, seen } = await exec(job, HOUR, `${LOOK}; exit 7`, { env });
    assert.deepEqual([status, stderr, seen, living(job)], [7, '', [KEPT], ENDED]);
    const [request, ...others] = asked(job, REVOKE_LEASE);
    assert.deepEqual([request, others], [job.vault.requests.at(-1), []]);
    assert.deepEqual([request?.method, request?.headers['x-vault-token']], ['POST', env.VAULT_TOKEN]);
    assert.match(request?.body ?? '', /^\{"lease_id":"database\/creds\/ci-readonly\/\w{24}"\}$/);
    assert.deepEqual(asked(job, REVOKE), []);
  });

  alone('is told to live on where the policy does not', async (job) => {
    const env = { VAULT_TOKEN: await makeToken(job, { ttl: '1h' }) };
    const { status, stderr } = await exec(job, HOUR, 'exit 7', { env });
    assert.deepEqual([status, stderr, living(job)], [7, leaseLives('ci-readonly', 3600), KEPT]);
  });

  alone('is left alone by --no-revoke, without a word', async (job) => {
    const env = await ender(job);
    const { stderr } = await exec(job, HOUR, 'true', { env, flags: ['--no-revoke'] });
    assert.deepEqual([stderr, living(job), asked(job, REVOKE_LEASE)], ['', KEPT, []]);
  });

  alone('is ended beside others', async (job) => {
    await putLease(job, '1h');
    const env = await ender(job);
    const { stderr, seen } = await exec(job, [HOUR, OTHER.replace('A', 'B')], LOOK, { env });
    assert.deepEqual([stderr, seen, living(job)], ['', [{ leases: 2, tokens: 1 }], ENDED]);
    assert.equal(new Set(endedIds(job)).size, 2);
  });

  for (const [what, script, expected] of [
    ['a command that a signal ends', 'kill -KILL $$', 137],
    ['SIGTERM', 'kill -TERM $PPID; exec sleep 10', 143],
    ['SIGINT', 'kill -INT $PPID; exec sleep 10', 130],
  ] as const) {
    alone(`is ended after ${what}`, async (job) => {
      const { status, stderr } = await exec(job, HOUR, `sleep 0.3; ${script}`, { env: await ender(job) });
      assert.deepEqual([status, stderr, living(job)], [expected, '', ENDED]);
    });
  }

  alone('is ended where the command cannot be started', async (job) => {
    const env = { ...job.env, ...(await ender(job)) };
    const { status } = await runCommand(CIVAULT, ['exec', HOUR, '--', 'nosuch'], { env });
    assert.deepEqual([status, living(job)], [127, ENDED]);
  });

  const sealed = (response: ServerResponse) =>
    response.writeHead(503, { 'Content-Type': 'application/json' }).end('{"errors":["Vault is sealed"]}');
  for (const [what, fail, most] of [
    ['503', sealed, 1],
    // A request on a connection that was kept from before is sent anew.
    ['a connection that is cut', (response: ServerResponse) => response.socket?.destroy(), 2],
    ['silence', () => undefined, 1],
  ] as const) {
    alone(
      `is told to live on after ${what}: nobody waits for long, nor hears of another status`,
      async (job) => {
        job.vault.intercept(({ path }, response, next) => (path === REVOKE_LEASE ? fail(response) : next()));
        const { status, stderr } = await exec(job, HOUR, 'exit 7', { env: await ender(job) });
        const since = Date.now() - (asked(job, REVOKE_LEASE)[0]?.at ?? 0);
        assert.deepEqual([status, stderr], [7, leaseLives('ci-readonly', 3600, 'it could not be ended')]);
        assert.ok(what === 'silence' ? since > 1_800 && since < 4_000 : since < 1_900, String(since));
        assert.deepEqual([asked(job, REVOKE_LEASE).length <= most, living(job)], [true, KEPT]);
      },
    );
  }
});

describe('a lease of a batch token', { concurrency: true }, () => {
  for (const [what, isAllowed, flags, says, left] of [
    ['is ended after the command where the policy allows it', true, [], '', 0],
    ['is told to live on where the policy does not', false, [], leaseLives('ci-readonly', 60), 1],
    ['is left alone by --no-revoke, without a word', true, ['--no-revoke'], '', 1],
  ] as const) {
    alone(what, async (job) => {
      const policies = await putEnder(job);
      const fields = { token_type: 'batch', token_ttl: '1m' };
      const role = await putRole(job, isAllowed ? { ...fields, token_policies: policies } : fields);
      const { status, stderr } = await exec(job, HOUR, 'exit 7', { flags: [...role, ...flags] });
      assert.deepEqual([status, stderr, living(job).leases], [7, says, left]);
      assert.deepEqual([endedIds(job).length, asked(job, REVOKE)], [flags.length === 0 ? 1 : 0, []]);
    });
  }
});
