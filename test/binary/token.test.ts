// Proves on the binary that `civault token` prints a Vault token and leaves it alive, says how long it lives, and ends it
// where nobody got it.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { CIVAULT } from '../harness/busybox-root.ts';
import { type CommandOptions, type Outcome, runCommand } from '../harness/command.ts';
import { type Job, startJob } from '../harness/job.ts';
import { LOOK_UP, living, makeToken, putRole, REVOKE } from '../harness/leases.ts';

const LOGIN = '/v1/auth/jwt/login';
const UNTIL =
  /^civault: note: the token lives until (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC \((\d+) s\)(.*), unless it is renewed or revoked\n$/;

let job: Job;
let folder: string;
before(async () => {
  job = await startJob();
  folder = mkdtempSync(join(tmpdir(), 'civault-token-'));
});
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await job?.end();
});
beforeEach(async () => {
  await revokeAll();
  job.vault.requests.length = 0;
});

async function revokeAll(): Promise<void> {
  for (const accessor of job.vault.liveTokens()) {
    await job.vault.request('POST', 'auth/token/revoke-accessor', { accessor });
  }
}

const paths = () => job.vault.requests.map(({ path }) => path);
const run = (args: readonly string[], options: CommandOptions = {}): Promise<Outcome> =>
  runCommand(CIVAULT, args, { ...options, env: { ...job.env, ...options.env } });
/** Runs a shell's script in the folder, with civault as "$C". */
const script = (text: string) =>
  runCommand('/bin/sh', ['-c', text], {
    cwd: folder,
    env: { ...job.env, PATH: '/usr/bin:/bin', C: CIVAULT },
  });

async function ttlOf(token: string): Promise<number> {
  const { json } = await job.vault.request('POST', 'auth/token/lookup', { token });
  return (json as { data: { ttl: number } }).data.ttl;
}

function assertNothing({ status, stdout, stderr }: Outcome, wanted: number, says: RegExp): void {
  assert.deepEqual([status, stdout.toString()], [wanted, ''], stderr);
  assert.match(stderr, says);
}

describe('civault token', () => {
  test('prints the token of a login on a line of its own, leaves it alive, and says until when', async () => {
    const { status, stdout, stderr } = await run(['token']);
    assert.equal(status, 0, stderr);
    assert.match(stdout.toString(), /^hvs\.[\w-]+\n$/);
    assert.deepEqual([paths(), living(job)], [[LOGIN], { leases: 0, tokens: 1 }]);
    assert.ok((await ttlOf(stdout.toString().trim())) > 890);
    const [, time = '', seconds, uses] = UNTIL.exec(stderr) ?? [];
    assert.deepEqual([seconds, uses], ['900', ''], stderr);
    const off = Date.parse(`${time.replace(' ', 'T')}Z`) - Date.now() - 900_000;
    assert.ok(Math.abs(off) < 5_000, time);
  });

  for (const [what, fields, form, says] of [
    [
      'of few uses',
      { token_num_uses: 3, token_ttl: '1m' },
      /^hvs\./,
      / \(60 s\), for 3 uses at most, unless/,
    ],
    [
      'of a single use',
      { token_num_uses: 1, token_ttl: '1m' },
      /^hvs\./,
      / \(60 s\), for 1 use at most, unless/,
    ],
    ['of type batch', { token_type: 'batch', token_ttl: '5m' }, /^hvb\./, / \(300 s\), unless/],
    ['whose role sets no time', {}, /^hvs\./, / \(2764800 s\), unless/],
  ] as const) {
    test(`prints a token ${what}, and says so`, async () => {
      const { status, stdout, stderr } = await run(['token', ...(await putRole(job, fields))]);
      assert.equal(status, 0, stderr);
      assert.match(stdout.toString(), form);
      assert.match(stderr, says);
      assert.deepEqual(paths(), [LOGIN]);
    });
  }

  test('writes it to a file for its owner alone, with nothing on standard output', async () => {
    const { status, stdout, stderr } = await script('umask 0; "$C" token --output vault-token');
    assert.deepEqual([status, stdout.toString()], [0, ''], stderr);
    const file = join(folder, 'vault-token');
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.ok((await ttlOf(readFileSync(file, 'utf8').replace(/\n$/, ''))) > 890);
  });

  for (const [what, fields, says] of [
    ['with its time', { ttl: '5m' }, / \((299|300) s\), unless/],
    [
      'that may not look itself up',
      { ttl: '5m', no_default_policy: true },
      /^civault: note: how long the token lives, Vault does not tell\n$/,
    ],
    ['without an end', { policies: ['root'] }, /^civault: note: the token has no end of its own\n$/],
  ] as const) {
    test(`prints VAULT_TOKEN ${what}, once Vault was asked of it`, async () => {
      const token = await makeToken(job, fields);
      const { status, stdout, stderr } = await run(['token'], { env: { VAULT_TOKEN: token } });
      assert.deepEqual([status, stdout.toString()], [0, `${token}\n`]);
      assert.match(stderr, says);
      assert.deepEqual([paths(), living(job)], [[LOOK_UP], { leases: 0, tokens: 1 }]);
    });
  }

  test('does not print a VAULT_TOKEN that Vault does not know', async () => {
    const env = { VAULT_TOKEN: `hvs.${'x'.repeat(24)}` };
    assertNothing(await run(['token'], { env }), 4, /does not know the token in VAULT_TOKEN/);
    assert.deepEqual(paths(), [LOOK_UP]);
  });

  test('does not print a VAULT_TOKEN whose last use was the question how long it lives', async () => {
    const env = { VAULT_TOKEN: await makeToken(job, { num_uses: 1 }) };
    assertNothing(
      await run(['token'], { env }),
      4,
      /was good for one more use: .*\ncivault: hint: use VAULT_TOKEN/,
    );
  });

  test("cannot tell a Vault Agent's token", async () => {
    const agent = await startJob({ listen: join(folder, 'agent.sock'), agent: true });
    const outcome = await runCommand(CIVAULT, ['token'], { env: { ...agent.env, VAULT_ID_TOKEN: '' } });
    assertNothing(outcome, 2, /a Vault Agent adds its own token .* tells it to nobody\ncivault: hint: give/);
    assert.deepEqual(agent.vault.requests, []);
    await agent.end();
  });

  for (const [what, args, env, status, says] of [
    ['an argument', ['token', 'x'], {}, 2, /token takes no argument/],
    [
      'a file that cannot be written',
      ['token', '--output', '/nosuch/file'],
      {},
      2,
      /cannot write \/nosuch\/file/,
    ],
    ['a role that is not there', ['token', '--role', 'nosuch'], {}, 4, /nosuch/],
    ['no ID token', ['token'], { VAULT_ID_TOKEN: '' }, 3, /VAULT_ID_TOKEN/],
    [
      'no Vault',
      ['token', '--retries', '0'],
      { VAULT_ADDR: 'https://127.0.0.1:9' },
      6,
      /nothing listens there/,
    ],
  ] as const) {
    test(`prints nothing for ${what}`, async () => {
      assertNothing(await run(args, { env }), status, says);
      assert.deepEqual([living(job), paths()], [{ leases: 0, tokens: 0 }, status === 4 ? [LOGIN] : []]);
    });
  }

  test('ends a token that nobody got, for the disk is full or the reader is gone', async () => {
    const full = await script('"$C" token > /dev/full');
    assertNothing(full, 2, /cannot write the result to standard output \(ENOSPC\)/);
    assert.deepEqual([paths(), living(job)], [[LOGIN, REVOKE], { leases: 0, tokens: 0 }]);
    const gone = await script('( sleep 0.1; "$C" token; echo $? >&2 ) | true');
    assertNothing(
      gone,
      0,
      /cannot write the result to standard output \(EPIPE\)\ncivault: hint: see docs\/errors\.md#output\n2\n$/,
    );
    assert.equal(living(job).tokens, 0);
  });

  test('ends a token whose file became a folder meanwhile', async () => {
    const stop = job.vault.intercept(({ path }, _response, next) => {
      if (path === LOGIN) mkdirSync(join(folder, 'late/x'), { recursive: true });
      next();
    });
    assertNothing(await script('"$C" token --output late'), 2, /cannot write late/);
    stop();
    assert.equal(living(job).tokens, 0);
  });
});
