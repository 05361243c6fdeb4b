// Proves what is tried again, how long is waited before it, and that neither goes beyond the run's time limit.

import assert from 'node:assert/strict';
import test from 'node:test';
import { AppError } from '../../src/errors.ts';
import { startDeadline } from '../../src/http/deadline.ts';
import type { HttpResponse } from '../../src/http/request.ts';
import { isRetryable, type RetrySettings, waitBefore, withRetries } from '../../src/http/retry.ts';
import { assertRejected } from './failures.ts';
import { NOW, response } from './fakes.ts';

for (const [status, again] of [
  ...[412, 429, 500, 502, 503, 504, 599].map((code) => [code, true] as const),
  ...[200, 204, 301, 307, 400, 401, 403, 404, 405, 501].map((code) => [code, false] as const),
] as const) {
  test(`${status} is ${again ? '' : 'not '}tried again`, () => assert.equal(isRetryable(status), again));
}

const told: string[] = [];
const settings = (retries: number, random = 0): RetrySettings => ({
  retries,
  random: () => random,
  now: () => NOW,
  tell: (line) => void told.push(line),
});
const ALMOST_ONE = 1 - Number.EPSILON;

const failed = (failures: number, retryAfter?: string) => ({
  failures,
  refusals: 9,
  isRefused: false,
  retryAfter,
});
const refused = (refusals: number, retryAfter?: string) => ({
  failures: 9,
  refusals,
  isRefused: true,
  retryAfter,
});

for (const [what, tried, longest] of [
  ...[500, 1000, 2000, 4000, 8000, 10_000, 10_000].map(
    (bound, failures) => [`${failures} failures before`, failed(failures), bound] as const,
  ),
  ['5000 failures before', failed(5000), 10_000],
  ...[10_000, 9000, 8000, 7000, 6000, 5000, 4000, 3000, 3000].map(
    (bound, refusals) => [`${refusals} rate limits before`, refused(refusals), bound] as const,
  ),
  ['5000 rate limits before', refused(5000), 3000],
] as const) {
  test(`the wait with ${what} is anything below ${longest} ms`, () => {
    assert.equal(waitBefore(tried, settings(5, 0)), 0);
    assert.equal(waitBefore(tried, settings(5, 0.5)), longest / 2);
    assert.equal(waitBefore(tried, settings(5, ALMOST_ONE)), longest - 1);
  });
}

test('what a server asks for is waited, and by chance more: it may have asked a thousand for the same', () => {
  assert.equal(waitBefore(failed(0, '2'), settings(5, 0)), 2000);
  assert.equal(waitBefore(failed(0, '2'), settings(5, ALMOST_ONE)), 2499);
  assert.equal(waitBefore(refused(0, '2'), settings(5, ALMOST_ONE)), 11_999);
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
  ['nothing but 503', [503], 3, 503, 4],
  ['nothing but 429, without retries', [429], 0, 429, 1],
  ['a long queue', [...Array(20).fill(429), 200], 1, 200, 21],
  ['failures among a queue', [429, 503, 429, 503, 429, 200], 2, 200, 6],
  ['one failure too many among a queue', [429, 503, 429, 503, 429, 200], 1, 503, 4],
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
  assert.deepEqual(told, ['no retry: the server asks for a wait of 60 s, and the time limit leaves less']);
});

for (const [asked, left, random, says] of [
  ['0', 400, 0.5, 'no retry: the time limit leaves no time for one'],
  [
    '99999999999999999999',
    1000,
    0.5,
    'no retry: the server asks for a wait of more than a week, and the time limit leaves less',
  ],
  ['1', 1300, 0.5, 'no retry: the server asks for a wait of 1 s, and the time limit leaves less'],
  ['0', 1000, 0.5, 'the server answered 429; last try in 0.3 s'],
  ['0', 1000, ALMOST_ONE, 'the server answered 429; last try in 0.5 s'],
  ['1', 2000, 0.8, 'the server answered 429; last try in 1.4 s'],
] as const) {
  test(`with ${left} ms left, and asked to wait for ${asked} s: ${says}`, async () => {
    told.length = 0;
    const { attempt, attempts } = turns(response(429, '', { 'retry-after': asked }));
    const deadline = startDeadline(left, () => 0);
    const last = await withRetries(attempt, settings(5, random), deadline);
    assert.deepEqual([last.status, told.length], [429, 1]);
    assert.ok(told[0]?.startsWith(says), told[0]);
    assert.equal(attempts.made, says.startsWith('no') ? 1 : 2);
  });
}

test('a queue ends with the time limit', async () => {
  let now = 0;
  const deadline = startDeadline(60_000, () => now);
  const { attempt, attempts } = turns(429);
  const last = await withRetries(
    () => {
      now += 1000;
      return attempt();
    },
    settings(1),
    deadline,
  );
  assert.deepEqual([last.status, attempts.made], [429, 60]);
});

test('without a time limit a queue is left after as many tries as a failure', async () => {
  const { attempt, attempts } = turns(429);
  const last = await withRetries(
    attempt,
    settings(3),
    startDeadline(Infinity, () => 0),
  );
  assert.deepEqual([last.status, attempts.made], [429, 4]);
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
  told.length = 0;
  await withRetries(turns(429, 503, 429, 200).attempt, settings(5), forever);
  assert.deepEqual(told, [
    'the server answered 429; try again in 0.0 s',
    'the server answered 503; retry 1 of 5 in 0.0 s',
    'the server answered 429; try again in 0.0 s',
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
