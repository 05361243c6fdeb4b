// The job's ID token: found, judged before it is sent, and its claims decoded for messages. Claims are never trusted:
// Vault alone verifies them. They are no secret; the token is.

import { AppError, printable, quoted } from '../errors.ts';
import type { Environment } from '../io.ts';
import {
  isJsonObject,
  JsonNumber,
  type JsonObject,
  JsonSyntaxError,
  type JsonValue,
  parseJson,
} from '../json.ts';
import { Secret } from '../secret.ts';

/** An ID token as GitLab issued it. */
export interface IdToken {
  readonly token: Secret;
  /** The variable that it came from, for messages. */
  readonly variable: string;
  readonly claims: JsonObject;
}

// Vault itself grants this much for clocks that differ (vault-plugin-auth-jwt, clock_skew_leeway).
const LEEWAY = 60;

/**
 * Takes the ID token from the job's environment.
 * @param now milliseconds since 1970
 * @throws {AppError} ID_TOKEN_MISSING, ID_TOKEN_INVALID
 */
export function readIdToken(variable: string, environment: Environment, now: number): IdToken {
  const text = variableIn(variable, environment)?.trim() ?? '';
  if (text === '') throw missing(variable, environment);
  const name = printable(variable);
  const unexpanded = /^\$\{?[A-Za-z_][A-Za-z0-9_]{0,60}\}?/.exec(text)?.[0];
  if (unexpanded !== undefined) {
    throw new AppError(
      'ID_TOKEN_INVALID',
      `${name} holds ${quoted(unexpanded)}: a variable that was never filled in`,
      `leave the variable out, and declare the token in the job:\n${idTokensBlock(variable)}`,
    );
  }
  const claims = decodeClaims(text);
  if (claims === undefined) {
    throw new AppError(
      'ID_TOKEN_INVALID',
      `${name} does not hold an ID token (a JWT of three parts)`,
      `let GitLab fill it in the job:\n${idTokensBlock(variable)}`,
    );
  }
  const expiry = claims.get('exp');
  const seconds = expiry instanceof JsonNumber ? Number(expiry.text) : Number.POSITIVE_INFINITY;
  if (seconds + LEEWAY < now / 1000) {
    throw new AppError(
      'ID_TOKEN_INVALID',
      `the ID token in ${name} expired ${duration(now / 1000 - seconds)} ago`,
      'GitLab issues it for the length of the job: read secrets early, raise the timeout of the job, or check the clock',
    );
  }
  return { token: new Secret(text), variable, claims };
}

/** The claims of a JWT (RFC 7519), unverified; undefined where the text is none. */
export function decodeClaims(text: string): JsonObject | undefined {
  const parts = text.split('.');
  if (parts.length !== 3 || !parts.every((part) => /^[A-Za-z0-9_-]+$/.test(part))) return undefined;
  try {
    const [header, payload] = parts
      .slice(0, 2)
      .map((part) => parseJson(Buffer.from(part, 'base64url').toString()));
    return isJsonObject(header) && isJsonObject(payload) ? payload : undefined;
  } catch (error) {
    if (error instanceof JsonSyntaxError) return undefined;
    throw error;
  }
}

/** A claim as a message shows it: text in quotes, a list as JSON would have it, or that it is not there. */
export function shownClaim(claims: JsonObject, name: string): string {
  const value: JsonValue | undefined = claims.get(name);
  if (value === undefined) return 'absent';
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value)) {
    if (value.length === 0) return 'an empty list';
    return printable(value.map((item) => (typeof item === 'string' ? quoted(item) : '…')).join(', '));
  }
  if (!(value instanceof JsonNumber)) return '…';
  const time = ['exp', 'iat', 'nbf'].includes(name) ? new Date(Number(value.text) * 1000) : undefined;
  return time === undefined || Number.isNaN(time.getTime()) ? printable(value.text) : time.toISOString();
}

/** The YAML that makes GitLab issue the token, indented for a hint. */
export function idTokensBlock(variable: string): string {
  return `    id_tokens:\n      ${printable(variable)}:\n        aud: THE_AUDIENCE_THAT_VAULT_EXPECTS`;
}

function missing(variable: string, environment: Environment): AppError {
  const old = ['CI_JOB_JWT_V2', 'CI_JOB_JWT'].find((name) => (environment[name] ?? '') !== '');
  const why = old === undefined ? '' : ` (${old} is there, but GitLab gave up such tokens in version 17)`;
  const state = variableIn(variable, environment) === undefined ? 'is not set' : 'is empty';
  return new AppError(
    'ID_TOKEN_MISSING',
    `there is no ID token: ${printable(variable)} ${state}${why}`,
    `declare it in the job:\n${idTokensBlock(variable)}`,
  );
}

/** A variable whose name is the user's: `constructor` is in every object, and in no environment. */
export function variableIn(variable: string, environment: Environment): string | undefined {
  return Object.hasOwn(environment, variable) ? environment[variable] : undefined;
}

function duration(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}
