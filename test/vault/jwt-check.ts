// Whether an ID token is good for a role: the signature, then the registered claims, then the role's
// own, in the order and with the words of Vault's jwt plugin.

import type { Verified, Verify } from './jwt-keys.ts';
import type { JwtConfig, JwtRole } from './jwt-role.ts';
import { checkKinds } from './registered-claims.ts';
import { refusal } from './reply.ts';

export type Claims = Readonly<Record<string, unknown>>;

const defaultLeeway = 150;
const defaultClockSkew = 60;
/** The claims of a token that the mount and the role accept; refuses any other with Vault's reason. */
export async function checkToken(
  jwt: string,
  verify: Verify,
  config: JwtConfig,
  role: JwtRole,
  now: number,
): Promise<Claims> {
  try {
    const { algorithm, claims } = await verifySignature(jwt, verify);
    checkAlgorithm(algorithm, config.algorithms);
    checkKinds(claims);
    checkRegistered(claims, config, role);
    checkTimes(claims, role, now);
    return claims;
  } catch (reason) {
    throw refusal(400, `error validating token: ${(reason as Error).message}`);
  }
}

async function verifySignature(jwt: string, verify: Verify): Promise<Verified> {
  try {
    return await verify(jwt);
  } catch (reason) {
    throw new Error(`error verifying token signature: ${(reason as Error).message}`);
  }
}

function checkAlgorithm(algorithm: string, supported: readonly string[]): void {
  if (supported.length === 0 || supported.includes(algorithm)) return;
  throw new Error('invalid algorithm (alg) header parameter: token signed with unexpected algorithm');
}

function checkRegistered(claims: Claims, config: JwtConfig, role: JwtRole): void {
  if (config.boundIssuer !== '' && config.boundIssuer !== claims['iss']) {
    throw new Error('invalid issuer (iss) claim');
  }
  if (role.boundSubject !== '' && role.boundSubject !== claims['sub']) {
    throw new Error('invalid subject (sub) claim');
  }
  const audiences = audiencesOf(claims);
  if (role.boundAudiences.length > 0 && !role.boundAudiences.some((bound) => audiences.includes(bound))) {
    throw new Error('invalid audience (aud) claim: audience claim does not match any expected audience');
  }
}

// The wide leeways only stand in for a missing exp or nbf; a token that has them gets the clock's skew.
function checkTimes(claims: Claims, role: JwtRole, now: number): void {
  const iat = numericDate(claims['iat']);
  let exp = numericDate(claims['exp']);
  let nbf = numericDate(claims['nbf']);
  if (iat === 0 && exp === 0 && nbf === 0) {
    throw new Error('no issued at (iat), not before (nbf), or expiration time (exp) claims in token');
  }
  if (exp === 0) exp = Math.max(iat, nbf) + leeway(role.expirationLeeway, defaultLeeway);
  if (nbf === 0) nbf = iat || exp - leeway(role.notBeforeLeeway, defaultLeeway);

  const skew = leeway(role.clockSkewLeeway, defaultClockSkew);
  if (now + skew < nbf) throw new Error('invalid not before (nbf) claim: token not yet valid');
  if (now - skew > exp) throw new Error('invalid expiration time (exp) claim: token is expired');
  if (now + skew < iat) throw new Error('invalid issued at (iat) claim: token issued in the future');
}

function numericDate(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

function leeway(chosen: number, otherwise: number): number {
  if (chosen < 0) return 0;
  return chosen === 0 ? otherwise : chosen;
}

function audiencesOf(claims: Claims): unknown[] {
  const aud = claims['aud'];
  if (aud === undefined) return [];
  return Array.isArray(aud) ? aud : [aud];
}

/** Refuses a token with an audience where the role names none: it was made for somebody else. */
export function checkAudienceIsBound(claims: Claims, role: JwtRole): void {
  if (audiencesOf(claims).length > 0 && role.boundAudiences.length === 0) {
    throw refusal(400, 'audience claim found in JWT but no audiences bound to the role');
  }
}

/** The name to log in under, from the role's user_claim. */
export function userName(claims: Claims, role: JwtRole): string {
  const name = role.userClaimJsonPointer ? claimAt(claims, role.userClaim) : claims[role.userClaim];
  if (name === undefined || name === null) throw refusal(400, `claim "${role.userClaim}" not found in token`);
  if (typeof name !== 'string') {
    throw refusal(400, `claim "${role.userClaim}" could not be converted to string`);
  }
  return name;
}

/** The metadata that the role's claim_mappings make of the claims; only text will do. */
export function mappedClaims(claims: Claims, role: JwtRole): Record<string, string> {
  const metadata: Record<string, string> = {};
  for (const [claim, key] of Object.entries(role.claimMappings)) {
    const value = claimAt(claims, claim);
    if (value === undefined || value === null) continue;
    if (typeof value !== 'string') throw refusal(400, `error converting claim '${claim}' to string`);
    metadata[key] = value;
  }
  return metadata;
}

/** Refuses a token without the list of names that the role's groups_claim asks for. */
export function checkGroups(claims: Claims, role: JwtRole): void {
  if (role.groupsClaim === '') return;
  const groups = claimAt(claims, role.groupsClaim);
  if (groups === undefined || groups === null) {
    throw refusal(400, `failed to fetch groups: "${role.groupsClaim}" claim not found in token`);
  }
  if (isObject(groups)) {
    throw refusal(400, `"${role.groupsClaim}" claim could not be converted to string list`);
  }
  for (const group of asList(groups)) {
    if (typeof group === 'string') continue;
    throw refusal(400, `value ${String(group)} in groups claim could not be parsed as string`);
  }
}

/** Checks the role's bound_claims: each must be there, and one of its values must be one of the bound ones. */
export function checkBoundClaims(claims: Claims, role: JwtRole): void {
  for (const [claim, bound] of Object.entries(role.boundClaims)) {
    const actual = claimAt(claims, claim);
    if (actual === undefined || actual === null) {
      throw refusal(400, `error validating claims: claim "${claim}" is missing`);
    }
    if (isObject(actual)) {
      const reason = `received claim is not a string, bool, int or list: ${asGoMap(actual)}`;
      throw refusal(400, `error validating claims: ${reason}`);
    }
    const expected = asList(bound);
    const fits = asList(actual).some((value) =>
      expected.some((each) => matches(each, value, role.boundClaimsType)),
    );
    if (!fits) {
      const reason = `claim "${claim}" does not match any associated bound claim values`;
      throw refusal(400, `error validating claims: ${reason}`);
    }
  }
}

// A claim's name may be a JSON Pointer into a nested one.
function claimAt(claims: Claims, name: string): unknown {
  if (!name.startsWith('/')) return claims[name];
  let value: unknown = claims;
  for (const step of name.slice(1).split('/')) {
    value = (value as Record<string, unknown> | undefined)?.[
      step.replaceAll('~1', '/').replaceAll('~0', '~')
    ];
  }
  return value;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function asGoMap(value: Readonly<Record<string, unknown>>): string {
  const members = Object.entries(value).map(([key, each]) => `${key}:${String(each)}`);
  return `map[${members.sort().join(' ')}]`;
}

function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [value];
}

function matches(bound: unknown, actual: unknown, type: 'string' | 'glob'): boolean {
  if (type === 'string') return bound === actual;
  if (typeof bound !== 'string' || typeof actual !== 'string') return false;
  const literal = bound.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${literal.join('.*')}$`, 's').test(actual);
}
