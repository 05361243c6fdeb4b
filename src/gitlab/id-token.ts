// The job's ID token: found, and judged before it is sent. It is a secret; its claims are none (`claims.ts`).

import { AppError, printable, quoted } from '../errors.ts';
import type { Environment } from '../io.ts';
import { JsonNumber, type JsonObject } from '../json.ts';
import { Secret } from '../secret.ts';
import { duration } from '../times.ts';
import { isoTime } from './claims.ts';
import { decodeJwt, likenessOf } from './jwt.ts';
import { idTokensBlock, missing, variableIn, WHO_KNOWS } from './missing.ts';

/** An ID token as GitLab issued it. */
export interface IdToken {
  readonly token: Secret;
  /** The variable that it came from, for messages. */
  readonly variable: string;
  /** The JOSE header, unverified: `alg`, `kid`. */
  readonly header: JsonObject;
  readonly claims: JsonObject;
  /** Milliseconds since 1970; undefined where it does not say. */
  readonly expires: number | undefined;
}

// Vault itself grants this much for clocks that differ (vault-plugin-auth-jwt, clock_skew_leeway).
const LEEWAY = 60_000;

/**
 * Takes the ID token from the job's environment.
 * @param now milliseconds since 1970
 * @throws {AppError} ID_TOKEN_MISSING, ID_TOKEN_INVALID
 */
export function readIdToken(variable: string, environment: Environment, now: number): IdToken {
  const text = variableIn(variable, environment)?.trim() ?? '';
  if (text === '') throw missing(variable, environment);
  const name = printable(variable);
  const unexpanded = /^\$+\{?[A-Z_][A-Z0-9_]{0,60}\}?$/.exec(text)?.[0];
  if (unexpanded !== undefined) {
    throw new AppError(
      'ID_TOKEN_INVALID',
      `${name} holds ${quoted(unexpanded)}: a variable that was never filled in`,
      `leave ${name} out of variables:, and declare the token in the job; ${WHO_KNOWS}:\n${idTokensBlock(variable)}`,
    );
  }
  const jwt = decodeJwt(text);
  if (jwt === undefined) {
    const { looks, advice } = likenessOf(text);
    throw new AppError(
      'ID_TOKEN_INVALID',
      `${name} does not hold an ID token (a JWT of three parts): ${looks}`,
      `${advice === undefined ? '' : `${advice}; `}let GitLab fill ${name} in the job; ${WHO_KNOWS}:\n${idTokensBlock(variable)}`,
    );
  }
  const expires = timeOf(jwt.claims, 'exp');
  if (expires !== undefined && expires + LEEWAY < now)
    throw expired(name, jwt.claims, expires, environment, now);
  return { token: new Secret(text), variable, ...jwt, expires };
}

function timeOf(claims: JsonObject, name: string): number | undefined {
  const value = claims.get(name);
  const milliseconds = value instanceof JsonNumber ? Number(value.text) * 1000 : Number.NaN;
  return Number.isFinite(milliseconds) ? milliseconds : undefined;
}

function expired(
  name: string,
  claims: JsonObject,
  expires: number,
  environment: Environment,
  now: number,
): AppError {
  const at = isoTime(expires);
  const message = `the ID token in ${name} expired ${duration(now - expires)} ago${at === undefined ? '' : `, at ${at}`}`;
  const started = Date.parse(environment['CI_JOB_STARTED_AT'] ?? '');
  if (expires < started) {
    return new AppError(
      'ID_TOKEN_INVALID',
      `${message}, before this job began`,
      `it is the token of another job (from an artifact, a cache or a CI/CD variable): let GitLab fill ${name} in this one:\n${idTokensBlock(name)}`,
    );
  }
  const timeout = /^[0-9]{1,9}$/.exec(environment['CI_JOB_TIMEOUT'] ?? '')?.[0];
  const issued = timeOf(claims, 'iat');
  const known = [
    issued === undefined || issued > expires ? '' : `it was issued for ${duration(expires - issued)}`,
    Number.isNaN(started) ? '' : `the job began at ${isoTime(started)}`,
    timeout === undefined ? '' : `its timeout is ${duration(Number(timeout) * 1000)}`,
    `this machine's clock says ${isoTime(now) ?? 'nothing'}`,
  ].filter((fact) => fact !== '');
  return new AppError(
    'ID_TOKEN_INVALID',
    message,
    `GitLab issues it for as long as the job's timeout: read secrets early, not in after_script, raise timeout: of the job, or mend the clock\n  ${known.join(', ')}`,
  );
}
