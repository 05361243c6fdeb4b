// Vault's answer as a value: its JSON, read with care, and what every kind of answer has in common.

import { isUtf8 } from 'node:buffer';
import { AppError, withoutTokens } from '../errors.ts';
import { foreignAnswer } from '../http/foreign-answer.ts';
import type { HttpResponse } from '../http/request.ts';
import { parseHttpDate } from '../http/retry.ts';
import { isJsonObject, type JsonObject, JsonSyntaxError, member, parseJson } from '../json.ts';
import type { Secret } from '../secret.ts';

/** An answer of Vault's API. */
export interface VaultAnswer {
  readonly status: number;
  /** Empty where the answer has no body. */
  readonly json: JsonObject;
  /** Vault's own words, from `errors` or, where there are none, from `warnings`. */
  readonly errors: readonly string[];
  /** The clock of whoever answered, in milliseconds since 1970; undefined where the answer does not tell it. */
  readonly date: number | undefined;
}

/**
 * Reads an answer. A server's failure may have any body (a proxy's page, say); all else must be JSON.
 * @param sent the tokens in the request, which no message may bring back should the answer repeat them
 * @throws {AppError} BAD_RESPONSE
 */
export function readAnswer(response: HttpResponse, sent: readonly Secret[] = []): VaultAnswer {
  const { status, headers, body } = response;
  const json = parseBody(body);
  if (isToBeJson(status) && (json === undefined || isForeign(status, json))) {
    throw foreignAnswer(response, json, (text) => withoutSent(text, sent));
  }
  if (status < 200 || (status >= 300 && status < 400) || status > 599) {
    throw new AppError(
      'BAD_RESPONSE',
      `the status ${status} is none that Vault answers with`,
      'check the address',
    );
  }
  const texts = json === undefined ? [] : [...strings(json, 'errors'), ...strings(json, 'warnings')];
  return {
    status,
    json: json ?? new Map(),
    errors: texts.map((text) => withoutSent(text, sent)),
    // One from a cache is of another time (RFC 9111, section 5.1).
    date: headers.age === undefined ? parseHttpDate(headers.date) : undefined,
  };
}

/** Whether Vault refuses the token itself and not what it is used for: it is wrong, expired, revoked or used up. */
export function isUnknownToken({ status, errors }: VaultAnswer): boolean {
  return status === 403 && errors.some((text) => /invalid token|bad token/.test(text));
}

// What comes without JSON may stand in front of Vault: a failure of that is worth another try, anything else is a wrong
// address.
function isToBeJson(status: number): boolean {
  return status < 500 && status !== 412 && status !== 429;
}

// Vault refuses with `errors`, a deleted version with `data`, a path without /data/ with `warnings`. Its errors are
// texts; registries and others have objects there.
function isForeign(status: number, json: JsonObject): boolean {
  if (status < 400) return false;
  const errors = member(json, 'errors');
  if (Array.isArray(errors) && errors.some(isJsonObject)) return true;
  return !['errors', 'data', 'warnings'].some((key) => json.has(key));
}

/** Strings that Vault put into a list of its answer. */
export function strings(json: JsonObject, key: string): string[] {
  const list = member(json, key);
  return Array.isArray(list) ? list.filter((item): item is string => typeof item === 'string') : [];
}

function parseBody(body: Buffer): JsonObject | undefined {
  if (body.length === 0) return new Map();
  if (!isUtf8(body)) return undefined;
  try {
    const value = parseJson(body.toString());
    return isJsonObject(value) ? value : undefined;
  } catch (error) {
    // Its message would name a place in what may be a secret: the caller says all that there is to say.
    if (error instanceof JsonSyntaxError) return undefined;
    throw error;
  }
}

// Whole and in pieces: what sends a token back may break it up, or cut it.
function withoutSent(text: string, sent: readonly Secret[]): string {
  const tokens = sent.map((token) => token.reveal());
  const whole = withoutTokens(tokens.reduce((left, token) => left.replaceAll(token, '[token]'), text));
  // A run as long as the last is a piece of one in base64: no word of Vault's is.
  return whole
    .slice(0, LONGEST_TEXT)
    .replace(/[\w+/=-]{8,}/g, (run) => (tokens.some((token) => isPieceOf(run, token)) ? '[token]' : run))
    .replace(/[\w+=-]{40,}/g, '[token]');
}

// More than a message shows.
const LONGEST_TEXT = 4000;
const PIECE = 8;

function isPieceOf(run: string, token: string): boolean {
  for (let at = 0; at + PIECE <= run.length; at += 1) {
    if (token.includes(run.slice(at, at + PIECE))) return true;
  }
  return false;
}
