// Proves that what is drawn of a download fits its terminal, whatever is known of it, and which tenths a log is told of.

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { bar, createTeller, megabytes } from '../../src/download/progress.ts';
import { fakeIo } from './fakes.ts';

const MB = 1_000_000;

for (const [what, state, columns, line] of [
  [
    'half',
    { size: 26 * MB, total: 52 * MB, rate: 13 * MB },
    80,
    `app  [${'#'.repeat(20)}${'.'.repeat(20)}]   50%  52.0 MB  13.0 MB/s  0:02`,
  ],
  [
    'half, on 40 columns',
    { size: 26 * MB, total: 52 * MB, rate: 13 * MB },
    40,
    'app   50%  52.0 MB  13.0 MB/s  0:02',
  ],
  ['of nobody knows how much', { size: 26 * MB, total: undefined, rate: 0 }, 80, 'app  26.0 MB  0 bytes/s'],
  ['empty', { size: 0, total: 0, rate: 0 }, 80, 'app  0 bytes  0 bytes/s'],
  [
    'hours to go',
    { size: MB, total: 8e9, rate: MB },
    60,
    'app  [..................]    0%  8.00 GB  1.0 MB/s  2:13:19',
  ],
] as const) {
  test(`a bar: ${what}`, () => assert.equal(bar({ name: 'app', ...state }, columns), line));
}

test('any bar leaves the last column free', () => {
  const number = fc.oneof(fc.nat(), fc.double({ min: 0, max: 1e15, noNaN: true }));
  fc.assert(
    fc.property(
      fc.string({ maxLength: 60 }),
      number,
      fc.option(number, { nil: undefined }),
      number,
      fc.integer({ min: 1, max: 200 }),
      (name, size, total, rate, columns) => {
        assert.ok(bar({ name, size, total, rate }, columns).length < columns);
      },
    ),
  );
});

for (const [bytes, text] of [
  [0, '0 bytes'],
  [999, '999 bytes'],
  [1000, '1.0 kB'],
  [999_499, '999.5 kB'],
  [999_500, '1.0 MB'],
  [52_894_130, '52.9 MB'],
  [999_500_000, '1.00 GB'],
] as const) {
  test(`${bytes} is ${text}`, () => assert.equal(megabytes(bytes), text));
}

/** What a log is told of a file that comes in so many pieces. */
function told(total: number | undefined, already: number, size: number, pieces: number): string[] {
  const io = fakeIo();
  const teller = createTeller('app\u001b', already, io);
  for (let piece = 1; piece <= pieces; piece += 1)
    teller.follow(already + ((size - already) / pieces) * piece, total);
  teller.end();
  return io.messages.map((line) => line.replace('app\\u001b: ', ''));
}

for (const [what, lines, wanted] of [
  [
    'a large file',
    told(20 * MB, 0, 20 * MB, 1000),
    [1, 2, 3, 4, 5, 6, 7, 8, 9].map((tenth) => `${tenth}0% of 20.0 MB`),
  ],
  ['large pieces', told(20 * MB, 0, 20 * MB, 4), ['20% of 20.0 MB', '50% of 20.0 MB', '70% of 20.0 MB']],
  [
    'what is there already',
    told(20 * MB, 15 * MB, 20 * MB, 100),
    ['60%', '70%', '80%', '90%'].slice(2).map((tenth) => `${tenth} of 20.0 MB`),
  ],
  ['a small file', told(9 * MB, 0, 9 * MB, 100), []],
  ['nobody knows how much', told(undefined, 0, 250 * MB, 100), ['100.0 MB', '200.0 MB']],
] as const) {
  test(`a log of ${what}`, () => assert.deepEqual(lines, wanted));
}
