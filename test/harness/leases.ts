// What the tests of leases share: a Vault for each test, with leases and roles of any time, and runs of `civault exec`
// that look at what lives while the command runs, which waits for the look: a machine under load takes its time.

import assert from 'node:assert/strict';
import type { Writable } from 'node:stream';
import { test } from 'node:test';
import { role } from '../vault/guide.ts';
import type { RecordedRequest } from '../vault/server.ts';
import { CIVAULT } from './busybox-root.ts';
import { type Outcome, runCommand } from './command.ts';
import { type Job, startJob } from './job.ts';
import { assertNoToken } from './judged-run.ts';

/** Leases of two seconds and of an hour, and one that `putLease` writes. */
export const SHORT = 'A=database/creds/ci-short#username';
export const HOUR = 'A=database/creds/ci-readonly#username';
export const OTHER = 'A=database/creds/ci-other#username';

export const RENEW_LEASE = '/v1/sys/leases/renew';
export const RENEW_TOKEN = '/v1/auth/token/renew-self';
export const LOOK_UP = '/v1/auth/token/lookup-self';
export const REVOKE = '/v1/auth/token/revoke-self';
export const REVOKE_LEASE = '/v1/sys/leases/revoke';

/** What a script says to have it looked at what lives: it goes on once that is done. */
export const LOOK = 'echo look; read -r go';

/** What still lived when the command said so. */
interface Seen {
  readonly leases: number;
  readonly tokens: number;
}

interface Run {
  readonly env?: Readonly<Record<string, string>>;
  readonly flags?: readonly string[];
  readonly started?: (pid: number) => void;
}

/** Runs a shell's script by exec, with a mapping or several; `seen` has a look for each LOOK of the script. */
export async function exec(
  job: Job,
  mapping: string | readonly string[],
  script: string,
  { env, flags = [], started }: Run = {},
): Promise<Outcome & { readonly seen: readonly Seen[] }> {
  const seen: Seen[] = [];
  let stdin: Writable | undefined;
  const all = { ...job.env, PATH: '/usr/bin:/bin', ...env };
  const mappings = [mapping].flat();
  const outcome = await runCommand(CIVAULT, ['exec', ...flags, ...mappings, '--', 'sh', '-c', script], {
    env: all,
    limit: 30_000,
    input: (pipe) => {
      stdin = pipe;
    },
    onOutput: (text) => {
      if (!text.includes('look\n')) return;
      seen.push(living(job));
      stdin?.write('\n');
    },
    ...(started === undefined ? {} : { started }),
  });
  assertNoToken(outcome, all);
  return { ...outcome, seen };
}

/** How many leases and tokens live. */
export function living({ vault }: Job): Seen {
  // Tokens first: one whose time is up takes its leases with it when it is looked for.
  const tokens = vault.liveTokens().length;
  return { leases: vault.liveLeases().length, tokens };
}

export function assertNothingLives({ vault }: Job): void {
  assert.deepEqual([vault.liveTokens(), vault.liveLeases()], [[], []]);
}

/** The requests for a path so far. */
export function asked({ vault }: Job, path: string): RecordedRequest[] {
  return vault.requests.filter((request) => request.path === path);
}

export function leaseEnded(path: string, reason: string): string {
  return `civault: warning: the lease of database/creds/${path} has ended while the command runs: ${reason}\n`;
}

/** What is said of a lease that was not ended; 403 unless said. */
export function leaseLives(
  path: string,
  seconds: number,
  why = 'the policy does not allow sys/leases/revoke',
): string {
  return `civault: note: the lease of database/creds/${path} may live on, for ${seconds} s at a time: ${why}\n`;
}

export function tokenEnded(reason: string): string {
  const what = 'the Vault token, and with it every lease of its own,';
  return `civault: warning: ${what} has ended while the command runs: ${reason}\n`;
}

/** A test with a Vault of its own, so that it can run beside others: most of its time it waits. */
export function alone(name: string, play: (job: Job) => Promise<void>): void {
  test(name, async () => {
    const job = await startJob();
    try {
      await play(job);
    } finally {
      await job.end();
    }
  });
}

/** Writes the role `short`, like the guide's but for these fields; what it gives back are the flags for it. */
export async function putRole(job: Job, fields: object): Promise<readonly string[]> {
  // A role keeps what a later one does not name.
  await setUp(job, 'DELETE', 'auth/jwt/role/short');
  await setUp(job, 'POST', 'auth/jwt/role/short', {
    role_type: 'jwt',
    user_claim: 'user_login',
    bound_audiences: 'https://gitlab.shared.cwiq.io',
    token_policies: role,
    ...fields,
  });
  return ['--role', 'short'];
}

/** Writes what OTHER reads. */
export async function putLease(job: Job, ttl: string): Promise<void> {
  await setUp(job, 'POST', 'database/creds/ci-other', { username: 'other-user', ttl });
}

/** A token of the root's making. */
export async function makeToken(job: Job, fields: object): Promise<string> {
  const made = await setUp(job, 'POST', 'auth/token/create', { policies: [role], ...fields });
  return (made as { auth: { client_token: string } }).auth.client_token;
}

/** Writes a policy that allows to end leases; what it gives back are the policies of a job that may. */
export async function putEnder(job: Job): Promise<readonly string[]> {
  const policy = 'path "sys/leases/revoke" { capabilities = ["update"] }';
  await setUp(job, 'PUT', 'sys/policies/acl/ender', { policy });
  return [role, 'ender'];
}

async function setUp({ vault }: Job, method: string, path: string, body?: object): Promise<unknown> {
  const { status, json, text } = await vault.request(method, path, body);
  assert.ok(status < 300, `${method} ${path}: ${status} ${text}`);
  return json;
}
