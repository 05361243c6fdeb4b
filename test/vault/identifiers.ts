// Random names in the shapes Vault gives them.

import { randomBytes, randomInt } from 'node:crypto';

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Random letters and digits: accessors, the ends of lease names. */
export function base62(length: number): string {
  return Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('');
}

/** Eight digits, as at the end of a mount's accessor and of a cluster's name. */
export function hexEnd(): string {
  return randomBytes(4).toString('hex');
}

/** What names a token without being one. */
export function accessorId(): string {
  return base62(24);
}

/** A service token: `hvs.` and a signed message in URL-safe base64. */
export function serviceTokenId(): string {
  return `hvs.CAESI${randomBytes(66).toString('base64url').slice(0, 86)}`;
}

/** A batch token carries all of itself, so it is longer. */
export function batchTokenId(): string {
  return `hvb.AAAAAQ${randomBytes(120).toString('base64url').slice(0, 150)}`;
}

/** A root token, as `vault operator init` prints it. */
export function rootTokenId(): string {
  return `hvs.${base62(24)}`;
}
