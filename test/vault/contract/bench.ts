// What the contract's tests stand on: a prepared Vault, whichever it is, and short ways to ask it.

import assert from 'node:assert/strict';
import type { VaultAnswer, VaultClient } from '../client.ts';
import type { Guide } from '../guide.ts';
import type { Issuer, MintOptions } from '../id-token.ts';

/** A Vault that prepareGuide has been over, reached through its HTTP API alone. */
export interface Bench {
  /** With the root token. */
  readonly vault: Pick<VaultClient, 'request'>;
  readonly issuer: Issuer;
  readonly guide: Guide;
  /** The Vault's clock, in seconds since 1970. */
  now(): number;
  /** Lets the Vault's clock go on: the stand-in's is moved, for a real one it takes as long. */
  wait(seconds: number): Promise<void>;
}

/** Asks with a token of the test's; '' is none at all. */
export function ask(
  bench: Bench,
  token: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<VaultAnswer> {
  return bench.vault.request(method, path, body, { 'X-Vault-Token': token, ...headers });
}

/** A member deep in an answer's JSON. */
export function at(answer: VaultAnswer, ...keys: string[]): unknown {
  return keys.reduce<unknown>(
    (value, key) => (value as Record<string, unknown> | undefined)?.[key],
    answer.json,
  );
}

/** A signed token, issued when the Vault's clock says. */
export function mint(bench: Bench, claims = {}, options: MintOptions = {}): Promise<string> {
  return bench.issuer.mint(claims, { issuedAt: bench.now(), ...options });
}

/** Sends a login and gives back the answer, good or bad. */
export async function tryLogin(bench: Bench, role: string, claims = {}): Promise<VaultAnswer> {
  return ask(bench, '', 'POST', 'auth/jwt/login', { role, jwt: await mint(bench, claims) });
}

/** Logs in and gives back the Vault token. */
export async function logIn(bench: Bench, role: string = bench.guide.role, claims = {}): Promise<string> {
  const answer = await tryLogin(bench, role, claims);
  assert.equal(answer.status, 200, answer.text);
  return String(at(answer, 'auth', 'client_token'));
}

/** A token of the root's making with one policy. */
export async function tokenFor(bench: Bench, rules: string, fields = {}): Promise<string> {
  await bench.vault.request('PUT', 'sys/policies/acl/made-for-a-test', { policy: rules });
  const made = await bench.vault.request('POST', 'auth/token/create', {
    policies: ['made-for-a-test'],
    ...fields,
  });
  return String(at(made, 'auth', 'client_token'));
}

/** Writes a role that is like nexus-ci but for these fields. */
export async function defineRole(bench: Bench, name: string, fields: Record<string, unknown>): Promise<void> {
  const answer = await bench.vault.request('POST', `auth/jwt/role/${name}`, {
    role_type: 'jwt',
    user_claim: 'user_login',
    bound_audiences: bench.guide.audience,
    token_policies: 'nexus-ci',
    ...fields,
  });
  assert.ok(answer.status < 300, answer.text);
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

export const denied = '1 error occurred:\n\t* permission denied\n\n';
export const invalidToken = '2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n';
