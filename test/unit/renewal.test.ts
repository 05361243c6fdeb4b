// Proves by a clock of its own when leases are renewed, how a renewal that fails is tried again, and what is told of one
// that ends.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AppError } from '../../src/errors.ts';
import { response } from './fakes.ts';
import { type Asked, lease, play, RENEW_LEASE } from './renewals.ts';

const DAY = 24 * 3600;
const ended = (reason: string) =>
  `warning: the lease of database/creds/ci has ended while the command runs: ${reason}`;
const tooLate = 'its time was over before it could be renewed';
const refusal = (status: number, ...errors: string[]) => response(status, { errors });

describe('a lease', () => {
  test('is renewed at two thirds of its time, each time for as long as at first', async () => {
    const { asked, times, messages } = await play({ leases: [lease(60)], renew: () => 60, until: 200 });
    assert.deepEqual(times, [40, 80, 120, 160, 200]);
    for (const { path, body } of asked) {
      assert.equal(path, RENEW_LEASE);
      assert.equal(body, '{"lease_id":"database/creds/ci/abc","increment":60}');
    }
    assert.deepEqual(messages, []);
  });

  test('is kept beside others, each in its own time', async () => {
    const leases = [lease(30, { id: 'a/a' }), lease(90, { id: 'b/b' }), lease(30, { id: 'c/c' })];
    const renew = ({ body }: Asked) => (body.includes('b/b') ? 90 : body.includes('c/c') ? 60 : 30);
    const { asked } = await play({ leases, renew, until: 60 });
    const timesOf = (id: string) => asked.flatMap(({ at, body }) => (body.includes(id) ? [at] : []));
    assert.deepEqual(['a/a', 'b/b', 'c/c'].map(timesOf), [[20, 40, 60], [60], [20, 60]]);
  });

  test('that is granted less than before is renewed the sooner', async () => {
    const { times, messages } = await play({ leases: [lease(3600)], renew: () => 300, until: 3000 });
    assert.deepEqual([times, messages], [[2400, 2600, 2800, 3000], []]);
  });

  test('of many weeks is renewed at two thirds, though no timer sleeps as long', async () => {
    const year = 365 * DAY;
    const { asked } = await play({
      leases: [lease(year)],
      renew: () => year,
      longest: 24 * DAY,
      until: 244 * DAY,
    });
    assert.deepEqual(
      asked.map(({ at }) => Math.round(at / DAY)),
      [243],
    );
  });

  for (const [what, leases] of [
    ['that cannot be renewed', [lease(60, { renewable: false })]],
    ['that cannot be renewed, beside one that has no end,', [lease(60, { renewable: false }), lease(0)]],
  ] as const) {
    test(`${what} is left, and told at its end`, async () => {
      const { asked, messages, isOver } = await play({ leases, until: 100, longest: 7 });
      assert.deepEqual([asked, messages, isOver], [[], [`60: ${ended('it cannot be renewed')}`], true]);
    });
  }

  for (const [what, granted] of [
    ['no more than it has', (at: number) => 100 - at],
    ['a second less, as whole seconds come out', (at: number) => 99 - Math.floor(at)],
    ['a second more', (at: number) => 101 - Math.floor(at)],
    ['nothing', () => 0],
  ] as const) {
    test(`at its longest time is granted ${what}: that is told at the end, and asked no more`, async () => {
      const { times, messages } = await play({
        leases: [lease(60)],
        renew: ({ at }, index) => (index === 0 ? 60 : granted(at)),
        until: 300,
      });
      assert.deepEqual(times, [40, 80]);
      assert.equal(messages.length, 1);
      assert.match(messages[0] ?? '', /^10[01](\.\d)?: warning: .*: Vault grants it no more time$/);
    });
  }

  test('is renewed in time by when it was granted, long before the renewals begin', async () => {
    const { times, messages } = await play({ leases: [lease(15)], renew: () => 15, begins: 10, until: 40 });
    assert.deepEqual([times, messages], [[13.3, 23.3, 33.3], []]);
  });

  test('that was over before the renewals began is told at once', async () => {
    const { asked, messages } = await play({ leases: [lease(9)], begins: 10, until: 40 });
    assert.deepEqual([asked, messages], [[], [`10: ${ended(tooLate)}`]]);
  });

  test('that was over before its time came, for the process was stopped, is told so', async () => {
    const { asked, messages } = await play({ leases: [lease(60)], stopped: [10, 90], until: 300 });
    assert.deepEqual([asked, messages], [[], [`90: ${ended(tooLate)}`]]);
  });
});

describe('a renewal that fails', () => {
  for (const [what, failure, reason] of [
    [
      'refused',
      refusal(403, '1 error occurred:\n\t* permission denied\n\n'),
      'Vault refused to renew it (403): 1 error occurred: * permission denied',
    ],
    [
      'not possible',
      refusal(400, 'lease is not renewable'),
      'Vault refused to renew it (400): lease is not renewable',
    ],
    ['not served', response(503), 'Vault refused to renew it (503)'],
    [
      'not reached',
      new AppError('UNAVAILABLE', 'vault cannot be reached: it was cut'),
      'vault cannot be reached: it was cut',
    ],
    [
      'answered by no Vault',
      response(200, '<p>'),
      'the answer (200, of no known type) is not the JSON that Vault sends',
    ],
  ] as const) {
    test(`${what} is tried again until the end, and told once`, async () => {
      const { times, messages, isOver } = await play({
        leases: [lease(60)],
        renew: () => failure,
        until: 300,
      });
      // Waits of three quarters of 1, 2 and 4 s, then of half of what is left, which is no less than half a second.
      assert.deepEqual(times, [40, 40.8, 42.3, 45.3, 50.8, 54.2, 56.4, 57.7, 58.6, 59.1, 59.5, 59.9]);
      assert.deepEqual([messages, isOver], [[`60: ${ended(reason)}`], true]);
    });
  }

  for (const random of [0, 0.999]) {
    test(`never waits beyond the end, nor longer than half a minute, by chance ${random}`, async () => {
      const { times } = await play({
        leases: [lease(3600)],
        renew: () => response(503),
        random,
        until: 9000,
      });
      const waits = times.slice(1).map((time, index) => time - (times[index] ?? 0));
      assert.ok(
        waits.every((wait) => wait >= 0.15 && wait <= 30),
        String(waits),
      );
      assert.ok((times.at(-1) ?? 0) <= 3600 && (times.at(-1) ?? 0) > 3597, String(times.at(-1)));
    });
  }

  test('in the last moments, when nothing is waited for long, does not hide why the first did', async () => {
    const { asked, messages } = await play({
      leases: [lease(4)],
      renew: (_, index) => (index === 0 ? refusal(403, 'denied') : undefined),
      until: 99,
    });
    assert.ok(asked.length >= 2 && asked.every(({ at }) => at <= 3.9));
    assert.deepEqual(messages, [`4: ${ended('Vault refused to renew it (403): denied')}`]);
  });

  test('is forgotten once one works: nothing is told, and the old pace is back', async () => {
    const { times, messages } = await play({
      leases: [lease(60)],
      renew: (_, index) => (index % 3 < 2 ? response(503) : 60),
      until: 130,
    });
    assert.deepEqual([times, messages], [[40, 40.8, 42.3, 82.3, 83, 84.5, 124.5, 125.3, 126.8], []]);
  });

  test('without an answer is given up at half of what is left, and after 30 s at the latest', async () => {
    const within = async (seconds: number) => {
      const { asked, messages } = await play({
        leases: [lease(seconds)],
        renew: () => undefined,
        until: 9999,
      });
      assert.deepEqual(messages, [`${seconds}: ${ended('vault took too long')}`]);
      assert.ok(asked.length >= 4, String(asked.length));
      return asked[0]?.within;
    };
    assert.deepEqual([await within(60), await within(3600)], [10, 30]);
  });
});
