// Proves how long a run may take, and a part of it: never longer than the whole.

import assert from 'node:assert/strict';
import test from 'node:test';
import { shortened, startDeadline } from '../../src/http/deadline.ts';

for (const [what, limit, part, passed, left] of [
  ['a part of it', 10_000, 3_000, 0, 3_000],
  ['a part, some of it gone', 10_000, 3_000, 2_000, 1_000],
  ['a part that is over', 10_000, 3_000, 4_000, 0],
  ['a part longer than the whole', 2_000, 3_000, 500, 1_500],
] as const) {
  test(`of ${what}, ${left} ms are left`, () => {
    let now = 50;
    const whole = startDeadline(limit, () => now);
    const short = shortened(whole, part);
    assert.equal(short.limit, Math.min(limit, part));
    now += passed;
    assert.equal(short.remaining(), left);
    assert.equal(whole.remaining(), limit - passed);
  });
}

test('a part that begins late ends with the whole', () => {
  let now = 0;
  const whole = startDeadline(10_000, () => now);
  now = 9_000;
  const short = shortened(whole, 3_000);
  assert.deepEqual([short.limit, short.remaining()], [1_000, 1_000]);
  now = 11_000;
  assert.equal(short.remaining(), 0);
});
