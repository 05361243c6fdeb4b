// Steps that many scenarios take, and what they assert of an answer or of a run.

import assert from 'node:assert/strict';
import type { VaultAnswer } from '../vault/client.ts';
import type { ClaimOverrides } from '../vault/id-token.ts';
import type { Bench, Run } from './bench.ts';

/** Where a job logs in. */
export const LOGIN = 'auth/jwt/login';

/** A field of the guide that is no secret, and what it holds. */
export const REF = 'secret/data/sonarqube/svc-orchestrator#url';
export const VALUE = 'https://sonarqube.shared.cwiq.io';

export const denied = '1 error occurred:\n\t* permission denied\n\n';
export const invalidToken = '2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n';

/** A member deep in an answer's JSON. */
export function at(answer: { readonly json: unknown }, ...keys: string[]): unknown {
  return keys.reduce<unknown>(
    (value, key) => (value as Record<string, unknown> | undefined)?.[key],
    answer.json,
  );
}

/** Sends a login and gives back the answer, good or bad. */
export async function tryLogin(
  bench: Bench,
  role: string,
  claims: ClaimOverrides = {},
): Promise<VaultAnswer> {
  return bench.ask('', 'POST', 'auth/jwt/login', { role, jwt: await bench.mint(claims) });
}

/** Logs in and gives back the Vault token. */
export async function logIn(
  bench: Bench,
  role: string = bench.guide.role,
  claims: ClaimOverrides = {},
): Promise<string> {
  const answer = await tryLogin(bench, role, claims);
  assert.equal(answer.status, 200, answer.text);
  return String(at(answer, 'auth', 'client_token'));
}

/** A token of the root's making with one policy. */
export async function tokenFor(bench: Bench, rules: string, fields = {}): Promise<string> {
  await definePolicy(bench, 'made-for-a-test', rules);
  const made = await bench.setUp('POST', 'auth/token/create', { policies: ['made-for-a-test'], ...fields });
  return String(at(made, 'auth', 'client_token'));
}

export async function definePolicy(bench: Bench, name: string, policy: string): Promise<void> {
  await bench.setUp('PUT', `sys/policies/acl/${name}`, { policy });
}

/** A policy for the secrets below the project that a login's metadata names. */
export async function definePolicyByProject(bench: Bench, name: string): Promise<void> {
  const accessor = String(at(await bench.askRoot('GET', 'sys/auth'), 'jwt/', 'accessor'));
  const project = `{{identity.entity.aliases.${accessor}.metadata.project}}`;
  await definePolicy(bench, name, `path "secret/data/${project}/*" { capabilities = ["read"] }`);
}

/** Writes a role that is like nexus-ci but for these fields. */
export async function defineRole(bench: Bench, name: string, fields: Record<string, unknown>): Promise<void> {
  await bench.setUp('POST', `auth/jwt/role/${name}`, {
    role_type: 'jwt',
    user_claim: 'user_login',
    bound_audiences: bench.guide.audience,
    token_policies: 'nexus-ci',
    ...fields,
  });
}

/** Asserts a refusal: its status, and a part of what it says. */
export function refused(answer: VaultAnswer, status: number, text: string): void {
  assert.equal(answer.status, status, answer.text);
  const [error] = at(answer, 'errors') as string[];
  assert.ok(error?.includes(text), answer.text);
}

/** Asserts a refusal to the letter. */
export function refusedExactly(answer: VaultAnswer, status: number, text: string): void {
  assert.deepEqual([answer.status, at(answer, 'errors')], [status, [text]]);
}

/** Asserts a run that went well: what it wrote, and what it said besides. */
export function wrote({ status, stdout, stderr }: Run, expected: string, says: string | RegExp = ''): void {
  assert.deepEqual({ status, stdout: stdout.toString() }, { status: 0, stdout: expected }, stderr);
  if (typeof says === 'string') assert.equal(stderr, says);
  else assert.match(stderr, says);
}

/** Asserts a run that failed: its exit status, what it said, and that nothing came out. */
export function failed({ status, stdout, stderr }: Run, expected: number, ...says: RegExp[]): void {
  assert.deepEqual({ status, stdout: stdout.toString() }, { status: expected, stdout: '' }, stderr);
  assert.match(stderr, /^civault: /);
  for (const part of says) assert.match(stderr, part);
}

/** What Vault answered to a request of a run: the last one of that path. */
export function answerTo(run: Run, path: string): VaultAnswer {
  const exchange = run.exchanges.findLast((each) => each.path === path);
  assert.ok(exchange, `no request for ${path}: ${run.exchanges.map((each) => each.path)}\n${run.stderr}`);
  const { status, headers, body: text } = exchange;
  return { status, headers, text, json: text === '' ? undefined : JSON.parse(text) };
}
