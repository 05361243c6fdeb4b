// Proves what a pause within a value does: little of it is shown, nothing else gets lost.

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { MaskForm } from '../../src/output/mask-forms.ts';
import { createMasker } from '../../src/output/masker.ts';
import { cut, form, look, Oracle, someCase } from './masker-oracle.ts';

const LONG = 'abcdefghijklmnopqrstuvwxyz0123456789';

// Each text is pushed; | is a pause, the end comes behind the last one.
for (const [what, forms, pushed, expected] of [
  ['shows a short start', [form('hunter2')], ['say hun', '|', 'ting'], ['say ', 'hun', 'ting', '']],
  [
    'masks the rest of what was shown',
    [form('hunter2')],
    ['hun', '|', 'ter2!'],
    ['', 'hun', '[MASKED]!', ''],
  ],
  [
    'remembers what was shown at several pauses',
    [form('hunter2')],
    ['hu', '|', 'n', '|', 'ter2', '|'],
    ['', 'hu', '', 'n', '[MASKED]', '', ''],
  ],
  [
    'shows seven bytes of a long value',
    [form(LONG)],
    [LONG.slice(0, 7), '|', LONG.slice(7)],
    ['', LONG.slice(0, 7), '[MASKED]', ''],
  ],
  [
    'shows no more than seven, in no number of pauses',
    [form(LONG)],
    [LONG.slice(0, 7), '|', LONG.slice(7, 30), '|', LONG.slice(30), '.'],
    ['', LONG.slice(0, 7), '', '[MASKED]', '', '.', ''],
  ],
  [
    'masks eight bytes of a value, once',
    [form(LONG)],
    ['x', LONG.slice(0, 8), '|', LONG.slice(8, 30), '|', `${LONG.slice(30)}.`],
    ['x', '', '[MASKED]', '', '', '.', ''],
  ],
  [
    'gives what was masked after all',
    [form(LONG)],
    [LONG.slice(0, 20), '|', LONG.slice(20, 25), 'x', '|'],
    ['', '[MASKED]', '', `${LONG.slice(0, 25)}x`, '', ''],
  ],
  [
    'gives what was masked at the end',
    [form(LONG)],
    [LONG.slice(0, 20), '|'],
    ['', '[MASKED]', LONG.slice(0, 20)],
  ],
  [
    'goes by the shortest that it may become',
    [form(LONG), form(LONG.slice(0, 12))],
    [LONG.slice(0, 6), '|', LONG.slice(6)],
    ['', '[MASKED]', '', ''],
  ],
  [
    'masks what is whole within',
    [form('abcdefghijklmnop'), form('bcde')],
    ['abcdef', '|', 'x'],
    ['', 'a[MASKED]f', 'x', ''],
  ],
  [
    'counts what a mask hides as hidden',
    [form('abcd'), form('cdefgh')],
    ['abcde', '|', 'fgh'],
    ['[MASKED]', 'e', '[MASKED]', ''],
  ],
  ['has nothing to give where nothing is held', [form('hunter2')], ['x', '|', '|'], ['x', '', '', '']],
] as const) {
  test(`a pause ${what}`, () => {
    const masker = createMasker(forms);
    const given = pushed.map((text) => (text === '|' ? masker.release() : masker.push(Buffer.from(text))));
    assert.deepEqual(
      [...given, masker.end()].map((pieces) => Buffer.concat(pieces).toString()),
      expected,
    );
  });
}

const someRun = fc.record({
  each: someCase,
  pauses: fc.array(fc.boolean(), { minLength: 1, maxLength: 12 }),
});

test('each step gives what looking at all that ever came gives', () => {
  fc.assert(
    fc.property(someRun, ({ each: { forms, stream, cuts }, pauses }) => {
      const masker = createMasker(forms);
      const oracle = new Oracle(forms);
      for (const [index, chunk] of cut(stream, cuts).entries()) {
        assert.equal(text(masker.push(chunk)), oracle.push(chunk));
        assert.equal(masker.isHolding, oracle.isHolding);
        if (pauses[index % pauses.length] !== true) continue;
        assert.equal(text(masker.release()), oracle.release());
        assert.equal(masker.isHolding, false);
      }
      assert.equal(text(masker.end()), oracle.end());
    }),
    { numRuns: 10_000 },
  );
});

test('with pauses anywhere nothing else is lost, and no value is shown to its end', () => {
  fc.assert(
    fc.property(someRun, ({ each: { forms, stream, cuts }, pauses }) => {
      const masker = createMasker(forms);
      const out = cut(stream, cuts).flatMap((chunk, index) => [
        ...masker.push(chunk),
        ...(pauses[index % pauses.length] === true ? masker.release() : []),
      ]);
      const shown = text([...out, ...masker.end()]).replaceAll('[MASKED]', '');
      assert.equal(mayBecome(forms, stream, shown), true, JSON.stringify(shown));
    }),
    { numRuns: 6_000 },
  );
});

function text(pieces: readonly Buffer[]): string {
  return Buffer.concat(pieces).toString('latin1');
}

/** Whether the stream is what is shown, less bytes within values: the last of each at least, and none outside them. */
function mayBecome(forms: readonly MaskForm[], stream: Buffer, shown: string): boolean {
  const { whole } = look(forms, stream);
  const ends = new Set(whole.map(({ end }) => end - 1));
  // how much may have been shown of the stream up to here
  let reached = new Set([0]);
  for (const [index, byte] of stream.entries()) {
    const mayHide = whole.some(({ start, end }) => index >= start && index < end);
    const next = new Set<number>(mayHide ? reached : []);
    if (!ends.has(index)) for (const at of reached) if (shown.charCodeAt(at) === byte) next.add(at + 1);
    reached = next;
  }
  return reached.has(shown.length);
}
