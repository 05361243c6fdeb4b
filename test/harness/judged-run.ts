// Runs civault on this machine and judges what came out: the status, both outputs, and that no token is in either.

import assert from 'node:assert/strict';
import { CIVAULT } from './busybox-root.ts';
import { type CommandOptions, type Outcome, runCommand } from './command.ts';

/** A secret of the guide whose value the tests know. */
export const SECRET = 'secret/data/sonarqube/svc-orchestrator';
export const REF = `${SECRET}#url`;
export const VALUE = 'https://sonarqube.shared.cwiq.io';

/** The requests of a run that reads it, by their paths, and what a test calls them. */
export const LOGIN = '/v1/auth/jwt/login';
export const READ = `/v1/${SECRET}`;
export const STAGES = [
  ['login', LOGIN],
  ['read', READ],
] as const;

export type Env = Readonly<Record<string, string>>;

/** Runs `civault get REF`. */
export function get(env: Env, ...flags: string[]): Promise<Outcome> {
  return judged(['get', REF, ...flags], { env });
}

/** Runs civault; a token in what came out fails the test, whatever else it is about. */
export async function judged(
  args: readonly string[],
  options: CommandOptions & { env: Env },
): Promise<Outcome> {
  const outcome = await runCommand(CIVAULT, args, options);
  assertNoToken(outcome, options.env);
  return outcome;
}

/** Fails when an output holds a Vault token, the job's ID token or a telling part of it. */
export function assertNoToken({ stdout, stderr }: Outcome, env: Env): void {
  const text = `${stdout}${stderr}`;
  assert.doesNotMatch(text, /hv[sb]\.[\w-]{8}|eyJ[\w-]{8}/, 'a token in the output');
  const signature = env['VAULT_ID_TOKEN']?.split('.')[2] ?? '';
  if (signature !== '')
    assert.ok(!text.includes(signature.slice(0, 16)), 'a part of the ID token in the output');
}

/** Asserts that the secret came out, and nothing else but what `says` matches. */
export function assertFetched({ status, stdout, stderr }: Outcome, says: string | RegExp = ''): void {
  assert.deepEqual(
    { status, stdout: stdout.toString(), stderr: '' },
    { status: 0, stdout: VALUE, stderr: '' },
    stderr,
  );
  if (typeof says === 'string') assert.equal(stderr, says);
  else assert.match(stderr, says);
}

/** Asserts a failed `get`: its status, each of its messages, and nothing on standard output. */
export function assertFailed({ status, stdout, stderr }: Outcome, wanted: number, ...says: RegExp[]): void {
  assert.deepEqual({ status, stdout: stdout.toString() }, { status: wanted, stdout: '' }, stderr);
  for (const part of says) assert.match(stderr, part);
  assert.match(stderr, /^civault: /);
  assert.doesNotMatch(
    stderr,
    /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/,
    'a control character in a message',
  );
}

/** Runs `get` and `env`, and asserts that both fail alike, each as its reader needs it. */
export async function bothFail(
  env: Env,
  flags: readonly string[],
  status: number,
  ...says: RegExp[]
): Promise<void> {
  const [got, assigned] = await Promise.all([
    get(env, ...flags),
    judged(['env', `NAME=${REF}`, ...flags], { env }),
  ]);
  assertFailed(got, status, ...says);
  assert.equal(assigned.stdout.toString(), `(exit ${status})\n`);
  assertFailed({ ...assigned, stdout: Buffer.of() }, status, ...says);
}
