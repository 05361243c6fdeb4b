// Proves how a file that is cut on its way is gone on with: what is asked for next, and when it is begun anew.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { assertPlain, assertRejected } from './failures.ts';
import {
  content,
  cut,
  DATE,
  LONG_AGO,
  OTHER,
  part,
  play,
  rest,
  STRONG,
  type Step,
  WHOLE,
} from './transfers.ts';

describe('after a cut', () => {
  for (const [what, steps, isJudged, wanted, result] of [
    [
      'a strong ETag: the rest of the same',
      [cut({ etag: STRONG }), rest(8)],
      false,
      ['bytes=8-', STRONG],
      WHOLE,
    ],
    [
      'an old date: the rest of the same',
      [cut({ date: DATE, 'last-modified': LONG_AGO }), rest(8)],
      false,
      ['bytes=8-', LONG_AGO],
      WHOLE,
    ],
    [
      'a weak ETag: all anew',
      [cut({ etag: 'W/"one"' }), { body: WHOLE }],
      false,
      [undefined, undefined],
      WHOLE,
    ],
    ['no ETag: all anew', [cut(), { body: WHOLE }], false, [undefined, undefined], WHOLE],
    [
      'a date of just now, in which it may change again: all anew',
      [cut({ date: DATE, 'last-modified': DATE }), { body: WHOLE }],
      false,
      [undefined, undefined],
      WHOLE,
    ],
    [
      'an ETag that is none: all anew',
      [cut({ etag: 'one' }), { body: WHOLE }],
      false,
      [undefined, undefined],
      WHOLE,
    ],
    ['a digest, and no ETag: the rest', [cut(), rest(8)], true, ['bytes=8-', undefined], WHOLE],
    [
      'a changed file: all of the other',
      [cut({ etag: STRONG }), { body: OTHER }],
      false,
      ['bytes=8-', STRONG],
      OTHER,
    ],
    ['a server without ranges', [cut({ etag: STRONG }), { body: WHOLE }], false, ['bytes=8-', STRONG], WHOLE],
    [
      '416: all anew',
      [cut({ etag: STRONG }), { status: 416 }, { body: WHOLE }],
      false,
      [undefined, undefined],
      WHOLE,
    ],
    [
      'an unavailable server in between',
      [cut({ etag: STRONG }), { status: 503 }, { status: 429 }, rest(8)],
      false,
      ['bytes=8-', STRONG],
      WHOLE,
    ],
    [
      'less than was asked for: the rest of that',
      [
        cut({ etag: STRONG }),
        { ...rest(8, { 'content-range': 'bytes 8-11/20' }), body: WHOLE.subarray(8, 12) },
        rest(12),
      ],
      false,
      ['bytes=12-', STRONG],
      WHOLE,
    ],
    [
      'a length that is not told',
      [cut({ etag: STRONG }), rest(8, { 'content-range': 'bytes 8-19/*' })],
      false,
      ['bytes=8-', STRONG],
      WHOLE,
    ],
  ] as const) {
    test(what, async () => {
      const { outcome, asked } = await play(steps, { isJudged });
      const last: Step | undefined = steps.at(-1);
      const { isJoined } = await outcome;
      assert.deepEqual(asked[0], [undefined, undefined]);
      assert.deepEqual(asked.at(-1), wanted);
      assert.equal(asked.length, steps.length);
      assert.deepEqual(content(), result);
      assert.equal(part.sha256(), createHash('sha256').update(result).digest('hex'));
      assert.equal(isJoined, last?.status === 206);
    });
  }

  test('another ETag: all anew, also where the server gives the rest of the new one', async () => {
    const { outcome, asked } = await play([
      cut({ etag: STRONG }),
      rest(8, { etag: '"two"' }, OTHER),
      { headers: { etag: '"two"' }, body: OTHER },
    ]);
    assert.equal((await outcome).isJoined, false);
    assert.deepEqual(asked.at(-1), [undefined, undefined]);
    assert.deepEqual(content(), OTHER);
  });

  test('a server that announces more than it has is not asked for ever', async () => {
    const early = { ...cut({ etag: STRONG, 'content-length': '20' }) };
    const { outcome, asked } = await play([early, { status: 416 }, early, { status: 416 }, early]);
    assertPlain(await assertRejected(outcome, 'BAD_RESPONSE', 'ends before its server said it would'));
    assert.equal(asked.length, 4);
  });

  for (const [what, headers, isJudged, isTaken] of [
    ['refused, for a cut would go unseen', {}, false, false],
    ['taken where a digest will tell', {}, true, true],
    ['taken where the answer has a digest', { 'x-checksum-sha256': 'a'.repeat(64) }, false, true],
    ['taken with a length', { 'content-length': '20' }, false, true],
  ] as const) {
    test(`an answer without pieces is ${what}`, async () => {
      const { outcome } = await play([{ body: WHOLE, headers, isEndless: true }], { isJudged });
      if (isTaken) assert.equal((await outcome).isJoined, false);
      else assertPlain(await assertRejected(outcome, 'BAD_RESPONSE', 'nothing says where "file" ends'));
    });
  }

  for (const [what, range] of [
    ['another beginning', 'bytes 7-19/20'],
    ['the whole of it', 'bytes 0-19/20'],
    ['no range', undefined],
    ['a range that is none', 'bytes 8'],
    ['another unit', 'lines 8-19/20'],
  ] as const) {
    test(`206 with ${what} is refused`, async () => {
      const headers = range === undefined ? {} : { 'content-range': range };
      const { outcome } = await play([cut({ etag: STRONG }), { status: 206, headers, body: WHOLE }]);
      assertPlain(await assertRejected(outcome, 'BAD_RESPONSE', 'does not go on where it was cut'));
      assert.deepEqual(content(), WHOLE.subarray(0, 8));
    });
  }

  test('206 of a file that has become longer is refused, though the ETag is the same', async () => {
    const first = cut({ etag: STRONG, 'content-length': '20' });
    const { outcome } = await play([first, rest(8, { 'content-range': 'bytes 8-29/30' })]);
    await assertRejected(outcome, 'BAD_RESPONSE', 'does not go on where it was cut');
  });

  test('tries end when none brings more, and go on while a megabyte comes with each', async () => {
    const nothing = await play(Array(9).fill(cut({ etag: STRONG }, Buffer.of())), { retries: 2 });
    await assertRejected(nothing.outcome, 'UNAVAILABLE', 'the connection was cut');
    assert.equal(nothing.asked.length, 3);
    part.restart();
    const large = Buffer.alloc(1024 * 1024 + 5, 1);
    const size = large.length * 3;
    const more = (index: number): Step => ({
      status: 206,
      headers: { 'content-range': `bytes ${index * large.length}-${size - 1}/${size}` },
      body: large,
      isCut: index < 2,
    });
    const brings = await play([cut({ etag: STRONG }, large), more(1), more(2)], { retries: 0 });
    await brings.outcome;
    assert.equal(part.size(), size);
  });
});
