// Proves which texts count as a Retry-After or as a date of HTTP.

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { parseHttpDate, parseRetryAfter } from '../../src/http/retry.ts';
import { NOW } from './fakes.ts';

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
