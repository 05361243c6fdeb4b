// Proves what is tried again, how long is waited before it, and that neither goes beyond the run's time limit.

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { AppError } from '../../src/errors.ts';
import { startDeadline } from '../../src/http/deadline.ts';
import type { HttpResponse } from '../../src/http/request.ts';
import {
  isRetryable,
  parseHttpDate,
  parseRetryAfter,
  type RetrySettings,
  waitBefore,
  withRetries,
} from '../../src/http/retry.ts';
import { assertRejected } from './failures.ts';
import { NOW, response } from './fakes.ts';

for (const [status, again] of [
  ...[412, 429, 500, 502, 503, 504, 599].map((code) => [code, true] as const),
  ...[200, 204, 301, 307, 400, 401, 403, 404, 405, 501].map((code) => [code, false] as const),
] as const) {
  test(`${status} is ${again ? '' : 'not '}tried again`, () => assert.equal(isRetryable(status), again));
}

for (const [header, milliseconds] of [
  [undefined, 0],
  ['0', 0],
  ['3', 3000],
  ['007', 7000],
  [new Date(NOW + 5000).toUTCString(), 5000],
  [new Date(NOW - 5000).toUTCString(), 0],
  ['', 0],
  ['soon', 0],
  ['-5', 0],
  ['1.5', 0],
  ['1e3', 0],
  ['3, 4', 0],
  ['abc 3000', 0],
  ['12/31/2099', 0],
  ['\u0000', 0],
] as const) {
  test(`Retry-After: ${header} asks for ${milliseconds} ms`, () => {
    assert.equal(parseRetryAfter(header, NOW), milliseconds);
  });
}

for (const [header, date] of [
  [new Date(NOW).toUTCString(), Math.floor(NOW / 1000) * 1000],
  ['Fri, 02 Jan 2026 03:04:05 GMT', Date.UTC(2026, 0, 2, 3, 4, 5)],
  [undefined, undefined],
  ['', undefined],
  ['2026-01-02', undefined],
  ['Fri, 02 Jan 2026 03:04:05 +0100', undefined],
  ['Fri, 99 Jan 2026 03:04:05 GMT', undefined],
  ['5', undefined],
] as const) {
  test(`Date: ${header} is ${date}`, () => assert.equal(parseHttpDate(header), date));
}

test('a Retry-After of more seconds than a number has room for is not taken for none', () => {
  assert.equal(parseRetryAfter('99999999999999999999', NOW) > 86_400_000, true);
});

test('any Retry-After asks for a wait that can be waited', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ unit: 'binary' }), fc.date().map(String), fc.integer().map(String)),
      (header) => {
        const wait = parseRetryAfter(header, NOW);
        assert.equal(wait >= 0 && Number.isFinite(wait), true);
      },
    ),
  );
});

const told: string[] = [];
const settings = (retries: number, random = 0): RetrySettings => ({
  retries,
  random: () => random,
  now: () => NOW,
  tell: (line) => void told.push(line),
});
const ALMOST_ONE = 1 - Number.EPSILON;

for (const [attempt, longest] of [
  [0, 500],
  [1, 1000],
  [2, 2000],
  [3, 4000],
  [4, 8000],
  [5, 10_000],
  [6, 10_000],
  [998, 10_000],
  [5000, 10_000],
] as const) {
  test(`the wait after ${attempt + 1} tries is anything below ${longest} ms`, () => {
    assert.equal(waitBefore(attempt, undefined, settings(5, 0)), 0);
    assert.equal(waitBefore(attempt, undefined, settings(5, 0.5)), longest / 2);
    assert.equal(waitBefore(attempt, undefined, settings(5, ALMOST_ONE)), longest - 1);
  });
}

test('the wait is no shorter than the server asks for, and no longer where chance makes it longer', () => {
  assert.equal(waitBefore(0, '2', settings(5, ALMOST_ONE)), 2000);
  assert.equal(waitBefore(5, '2', settings(5, ALMOST_ONE)), 9999);
});

const cut = () => new AppError('UNAVAILABLE', 'the connection was cut');

/** Gives each outcome in turn, and the last one from then on. */
function turns(...outcomes: readonly (number | HttpResponse | Error)[]) {
  const attempts = { made: 0 };
  const attempt = async (): Promise<HttpResponse> => {
    const outcome = outcomes[Math.min(attempts.made, outcomes.length - 1)];
    attempts.made += 1;
    if (outcome instanceof Error) throw outcome;
    return typeof outcome === 'object' ? outcome : response(outcome ?? 0);
  };
  return { attempts, attempt };
}

// A clock that stands still: only the waits themselves are real, and chance makes them 0 ms.
const forever = startDeadline(60_000, () => 0);

for (const [what, outcomes, retries, status, made] of [
  ['an answer', [200], 5, 200, 1],
  ['a refusal', [403], 5, 403, 1],
  ['no such secret', [404], 5, 404, 1],
  ['a Vault that has no storage yet', [501], 5, 501, 1],
  ['an answer after a burst of 503', [503, 503, 200], 5, 200, 3],
  ['an answer after a cut connection', [cut(), 429, 200], 5, 200, 3],
  ['a refusal after 412', [412, 403], 5, 403, 2],
  ['nothing but 429', [429], 3, 429, 4],
  ['nothing but 500, without retries', [500], 0, 500, 1],
] as const) {
  test(`${what} ends after ${made} tries with ${status}`, async () => {
    const { attempt, attempts } = turns(...outcomes);
    assert.equal((await withRetries(attempt, settings(retries), forever)).status, status);
    assert.equal(attempts.made, made);
  });
}

for (const [what, error, made] of [
  ['UNAVAILABLE', cut(), 3],
  ['TLS_UNTRUSTED', new AppError('TLS_UNTRUSTED', 'its certificate was refused'), 1],
  ['BAD_RESPONSE', new AppError('BAD_RESPONSE', 'its answer is not HTTP'), 1],
  ['CONFIG', new AppError('CONFIG', 'the proxy wants a password'), 1],
] as const) {
  test(`a failure of ${what} is thrown after ${made} tries`, async () => {
    const { attempt, attempts } = turns(error);
    const failure = await assertRejected(withRetries(attempt, settings(2), forever), what, error.message);
    assert.equal(failure, error);
    assert.equal(attempts.made, made);
  });
}

test('an unforeseen error is thrown at once, as it is', async () => {
  const bug = new TypeError('a bug');
  const { attempt, attempts } = turns(bug);
  const thrown = await withRetries(attempt, settings(5), forever).catch((error: unknown) => error);
  assert.deepEqual([thrown, attempts.made], [bug, 1]);
});

test('a wait that would end after the time limit is not begun, and that is told', async () => {
  told.length = 0;
  const { attempt, attempts } = turns(response(503, '', { 'retry-after': '60' }));
  const last = await withRetries(
    attempt,
    settings(5),
    startDeadline(60_000, () => 0),
  );
  assert.deepEqual([last.status, attempts.made], [503, 1]);
  assert.deepEqual(told, ['no retry: a wait of 60.0 s is more than the time limit leaves']);
});

test('a failure at the end of the time limit is the last', async () => {
  const { attempt, attempts } = turns(cut());
  await assertRejected(
    withRetries(
      attempt,
      settings(5),
      startDeadline(0, () => 0),
    ),
    'UNAVAILABLE',
    'was cut',
  );
  assert.equal(attempts.made, 1);
});

test('each wait is told of, and no answer at the first try is', async () => {
  told.length = 0;
  await withRetries(turns(200).attempt, settings(5), forever);
  assert.deepEqual(told, []);
  await withRetries(turns(503).attempt, settings(0), forever);
  assert.deepEqual(told, []);
  await withRetries(turns(503, cut(), 200).attempt, settings(5), forever);
  assert.deepEqual(told, [
    'the server answered 503; retry 1 of 5 in 0.0 s',
    'the connection was cut; retry 2 of 5 in 0.0 s',
  ]);
});

test('the time that is left never falls below nothing', () => {
  let now = 100;
  const deadline = startDeadline(50, () => now);
  assert.deepEqual([deadline.limit, deadline.remaining()], [50, 50]);
  now = 149;
  assert.equal(deadline.remaining(), 1);
  now = 1000;
  assert.equal(deadline.remaining(), 0);
});

test('an answer that is final is not asked for again', async () => {
  const { attempt, attempts } = turns(500, 200);
  const last = await withRetries(
    attempt,
    { ...settings(5), isFinal: ({ status }) => status === 500 },
    forever,
  );
  assert.deepEqual([last.status, attempts.made], [500, 1]);
});
