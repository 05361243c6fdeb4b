// What is worth a second try, and how long to wait before it. Pure but for the wait itself.

import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, FinalError } from '../errors.ts';
import type { Deadline } from './deadline.ts';
import type { HttpResponse } from './request.ts';

/** How often to try again, and the chance that spreads the tries of many jobs. */
export interface RetrySettings {
  readonly retries: number;
  readonly random: () => number;
  readonly now: () => number;
  /** Whether an answer would be the same at any other try, though its status says otherwise. */
  readonly isFinal?: (response: HttpResponse) => boolean;
  /** Told before each wait, so that nobody wonders what takes so long. */
  readonly tell: (line: string) => void;
}

const FIRST_WAIT = 500;
const LONGEST_WAIT = 10_000;

/** 412 (a replica lags), 429, and the server's own failures but for 501 (Vault is not initialised). */
export function isRetryable(status: number): boolean {
  return status === 412 || status === 429 || (status >= 500 && status < 600 && status !== 501);
}

/**
 * The wait before try number `attempt` + 2, in milliseconds: anything up to a bound that doubles (full jitter, as in
 * AWS's "Exponential Backoff And Jitter"), but no less than the server asked for.
 */
export function waitBefore(
  attempt: number,
  retryAfter: string | undefined,
  { random, now }: RetrySettings,
): number {
  const bound = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** attempt);
  return Math.max(parseRetryAfter(retryAfter, now()), Math.floor(random() * bound));
}

/** Retry-After in milliseconds from now (RFC 9110, section 10.2.3); 0 where there is none or it makes no sense. */
export function parseRetryAfter(header: string | undefined, now: number): number {
  if (header === undefined) return 0;
  if (/^[0-9]+$/.test(header)) return Number(header) * 1000;
  return Math.max(0, (parseHttpDate(header) ?? now) - now);
}

/** A date as HTTP writes it (RFC 9110, section 5.6.7), in milliseconds since 1970; undefined for any other text. */
export function parseHttpDate(header: string | undefined): number | undefined {
  // Date.parse takes a great deal more for a date than HTTP does.
  const isDate = /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/.test(header ?? '');
  const date = isDate ? Date.parse(header ?? '') : Number.NaN;
  return Number.isNaN(date) ? undefined : date;
}

/**
 * Tries until there is an answer that is not worth another try, or the tries or the time are used up.
 * @returns the last answer, whatever its status
 * @throws {AppError} the last failure, where there was no answer
 */
export async function withRetries(
  attempt: () => Promise<HttpResponse>,
  settings: RetrySettings,
  deadline: Deadline,
): Promise<HttpResponse> {
  for (let tried = 0; ; tried += 1) {
    const outcome = await attempt().catch((error: unknown) => {
      const mayPass = error instanceof AppError && error.code === 'UNAVAILABLE';
      if (mayPass && !(error instanceof FinalError)) return error;
      throw error;
    });
    const answered = !(outcome instanceof AppError);
    if (answered && (!isRetryable(outcome.status) || settings.isFinal?.(outcome))) return outcome;
    const wait = waitBefore(tried, answered ? outcome.headers['retry-after'] : undefined, settings);
    const seconds = `${(wait / 1000).toFixed(1)} s`;
    const left = deadline.remaining();
    if (tried >= settings.retries || wait >= left) {
      if (tried < settings.retries && left > 0) {
        settings.tell(`no retry: a wait of ${seconds} is more than the time limit leaves`);
      }
      if (answered) return outcome;
      throw outcome;
    }
    const why = answered ? `the server answered ${outcome.status}` : outcome.message;
    settings.tell(`${why}; retry ${tried + 1} of ${settings.retries} in ${seconds}`);
    // Node's timers hold 31 bits.
    await sleep(Math.min(wait, 2 ** 31 - 1));
  }
}
