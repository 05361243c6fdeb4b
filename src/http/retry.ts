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

/** What a try came to: how many before it failed, how many before it met a rate limit, and what the server asks for. */
export interface Tried {
  readonly failures: number;
  readonly refusals: number;
  readonly isRefused: boolean;
  readonly retryAfter: string | undefined;
}

const FIRST_WAIT = 500;
const LONGEST_WAIT = 10_000;
// A rate limit is met by many jobs at once. Wide first, so that they do not come again together; then closer and closer, so
// that as many come in each second though fewer of them are left, and none is left behind (test/real-vault/herd.test.ts).
const WIDEST_WAIT = 10_000;
const CLOSER_BY = 1_000;
const CLOSEST_WAIT = 3_000;
// What a last try has for itself at least.
const LEAST_TIME = 250;

/** 412 (a replica lags), 429, and the server's own failures but for 501 (Vault is not initialised). */
export function isRetryable(status: number): boolean {
  return status === 412 || status === 429 || (status >= 500 && status < 600 && status !== 501);
}

/**
 * The wait before the next try, in milliseconds: what the server asks for, and by chance up to a bound beyond it, for all who
 * were refused were asked for the same (full jitter, as in AWS's "Exponential Backoff And Jitter"). The bound doubles with
 * each failure; at a rate limit it is wide at first, and comes closer.
 */
export function waitBefore(
  { failures, refusals, isRefused, retryAfter }: Tried,
  { random, now }: Pick<RetrySettings, 'random' | 'now'>,
): number {
  const bound = isRefused
    ? Math.max(CLOSEST_WAIT, WIDEST_WAIT - CLOSER_BY * refusals)
    : Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** failures);
  return parseRetryAfter(retryAfter, now()) + Math.floor(random() * bound);
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
 * The wait before a last try, where the usual one would end after the time limit: at most half of what is left after what the
 * server asks for, so that the try has the rest. Undefined where that is too little.
 */
function lastWait(asked: number, left: number, random: () => number): number | undefined {
  const half = (left - asked) / 2;
  return half < LEAST_TIME ? undefined : asked + Math.floor(random() * half);
}

const WEEK = 7 * 24 * 3_600_000;

function whyNoRetry(asked: number): string {
  const wish = asked > WEEK ? 'more than a week' : `${Math.ceil(asked / 1000)} s`;
  return asked === 0
    ? 'no retry: the time limit leaves no time for one'
    : `no retry: the server asks for a wait of ${wish}, and the time limit leaves less`;
}

/**
 * Tries until there is an answer that is not worth another try, or the tries or the time are used up. A rate limit (429) is no
 * failure but a queue: under a time limit that alone ends the waiting in it, unless nothing is to be tried again at all.
 * @returns the last answer, whatever its status
 * @throws {AppError} the last failure, where there was no answer
 */
export async function withRetries(
  attempt: () => Promise<HttpResponse>,
  settings: RetrySettings,
  deadline: Deadline,
): Promise<HttpResponse> {
  const { retries, tell } = settings;
  const isQueue = retries > 0 && deadline.limit < Infinity;
  let failures = 0;
  let refusals = 0;
  let wasLast = false;
  for (;;) {
    const outcome = await attempt().catch((error: unknown) => {
      const mayPass = error instanceof AppError && error.code === 'UNAVAILABLE';
      if (mayPass && !(error instanceof FinalError)) return error;
      throw error;
    });
    const answered = !(outcome instanceof AppError);
    if (answered && (!isRetryable(outcome.status) || settings.isFinal?.(outcome))) return outcome;
    const isRefused = answered && outcome.status === 429;
    const retryAfter = answered ? outcome.headers['retry-after'] : undefined;
    const left = deadline.remaining();
    const isLast = wasLast || (!(isQueue && isRefused) && failures >= retries);
    let wait: number | undefined = waitBefore({ failures, refusals, isRefused, retryAfter }, settings);
    if (wait >= left) {
      const asked = parseRetryAfter(retryAfter, settings.now());
      wait = lastWait(asked, left, settings.random);
      wasLast = true;
      if (!isLast && left > 0 && wait === undefined) tell(whyNoRetry(asked));
    }
    if (isLast || wait === undefined) {
      if (answered) return outcome;
      throw outcome;
    }
    if (isRefused) refusals += 1;
    if (!isRefused || !isQueue) failures += 1;
    const why = answered ? `the server answered ${outcome.status}` : outcome.message;
    const which = isRefused && isQueue ? 'try again' : `retry ${failures} of ${retries}`;
    tell(`${why}; ${wasLast ? 'last try' : which} in ${(wait / 1000).toFixed(1)} s`);
    // Node's timers hold 31 bits.
    await sleep(Math.min(wait, 2 ** 31 - 1));
  }
}
