// Proves how times are told: moments, spans, and how two clocks differ.

import assert from 'node:assert/strict';
import test from 'node:test';
import { clockSentence, duration, moment } from '../../src/times.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

for (const [span, told] of [
  [0, '0 s'],
  [45 * SECOND, '45 s'],
  [99 * SECOND, '99 s'],
  [2 * MINUTE, '2 min'],
  [99 * MINUTE, '99 min'],
  [2 * HOUR - SECOND, '2 h'],
  [35 * HOUR, '35 h'],
  [3 * 24 * HOUR, '3 days'],
] as const) {
  test(`${span} ms are ${told}`, () => assert.equal(duration(span), told));
}

test('a moment is told by the minute, in UTC', () => {
  assert.equal(moment(Date.UTC(2026, 0, 2, 3, 4, 59)), '2026-01-02 03:04 UTC');
});

test('a moment is told by the second where that is asked for, also in years of five digits', () => {
  assert.equal(moment(Date.UTC(2026, 0, 2, 3, 4, 59), 'seconds'), '2026-01-02 03:04:59 UTC');
  assert.equal(moment(Date.UTC(12_026, 0, 2, 3, 4, 59)), '+012026-01-02 03:04 UTC');
});

for (const milliseconds of [1e18, -1e18, Number.POSITIVE_INFINITY, Number.NaN]) {
  test(`${milliseconds} ms are a moment of no calendar`, () => {
    assert.equal(moment(milliseconds), 'a time that no calendar has');
  });
}

for (const [ahead, told] of [
  [0, "Vault's clock agrees with this machine's"],
  [-2000, "Vault's clock agrees with this machine's"],
  [2001, "Vault's clock is 2 s ahead of this machine's"],
  [-3 * HOUR, "Vault's clock is 3 h behind this machine's"],
] as const) {
  test(`a clock that is ${ahead} ms ahead: ${told}`, () => assert.equal(clockSentence(ahead), told));
}
