// Proves that the masker masks what it must, however the stream is cut, and gives the rest as it came and at once.

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { MaskForm } from '../../src/output/mask-forms.ts';
import { createMasker } from '../../src/output/masker.ts';
import { cut, form, look, masked, Oracle, someCase } from './masker-oracle.ts';

function run(forms: readonly MaskForm[], chunks: readonly Buffer[]): string {
  const masker = createMasker(forms);
  const out = chunks.flatMap((chunk) => masker.push(chunk));
  return Buffer.concat([...out, ...masker.end()]).toString('latin1');
}

const LONG = 'abcdefghijklmnopqrstuvwxyz0123456789';

for (const [what, forms, text, expected] of [
  ['a value', [form('hunter2')], 'the hunter2.', 'the [MASKED].'],
  ['a value at both ends', [form('hunter2')], 'hunter2 hunter2', '[MASKED] [MASKED]'],
  ['values that touch', [form('hunter2')], 'hunter2hunter2', '[MASKED][MASKED]'],
  ['values that overlap', [form('abcabc')], '-abcabcabc-', '-[MASKED]-'],
  ['one within the other', [form('abcd'), form('xabcdx')], 'xabcdx xabcd', '[MASKED] x[MASKED]'],
  ['the longer one of two', [form('abcd'), form('abcdef')], 'abcdef abcde', '[MASKED] [MASKED]e'],
  ['a chain of different ones', [form('abcd'), form('cdef'), form('efgh')], 'abcdefgh', '[MASKED]'],
  ['nearly a value', [form('hunter2')], 'hunter1 hunte r2 unter2', 'hunter1 hunte r2 unter2'],
  ['a second try', [form('aaab')], 'aaaaaab', 'aaa[MASKED]'],
  ['a break in what wraps', [form(LONG, true)], `${LONG.slice(0, 20)}\n${LONG.slice(20)}\n`, '[MASKED]\n'],
  ['a break of two bytes', [form(LONG, true)], `${LONG.slice(0, 3)}\r\n${LONG.slice(3)}`, '[MASKED]'],
  ['a break after each', [form(LONG, true)], [...LONG].join('\n'), '[MASKED]'],
  ['long breaks after each', [form(LONG, true)], `\r\n${[...LONG].join('\r\n')}\r\n`, '\r\n[MASKED]\r\n'],
  ['an empty line', [form('abcdef', true)], 'abc\n\ndef', 'abc\n\ndef'],
  ['a carriage return alone', [form('abcdef', true)], 'abc\rdef', 'abc\rdef'],
  [
    'a carriage return too much',
    [form('abcdef', true)],
    'abc\r\r\ndef abc\n\rdef',
    'abc\r\r\ndef abc\n\rdef',
  ],
  ['a break in what does not wrap', [form('abcdef')], 'abc\ndef', 'abc\ndef'],
  ['a break of its own', [form('abc\ndef')], 'abc\ndef', '[MASKED]'],
  [
    'a break of its own, though wrapped',
    [form('abc\ndef', true)],
    'abc\ndef abc\n\ndef',
    '[MASKED] abc\n\ndef',
  ],
  ['any byte', [form('\0\xff\0\xfe')], '\0\0\xff\0\xfe\xff', '\0[MASKED]\xff'],
  ['the mask itself', [form('MASKED')], '[MASKED]', '[[MASKED]]'],
] as const) {
  test(`masks ${what}, in chunks of every length`, () => {
    const stream = Buffer.from(text, 'latin1');
    for (let length = 1; length <= stream.length; length += 1) {
      assert.equal(run(forms, cut(stream, [length])), expected, `in chunks of ${length}`);
    }
    assert.equal(masked(forms, stream), expected);
  });
}

test('without forms everything passes', () => {
  const masker = createMasker([]);
  assert.deepEqual(masker.push(Buffer.from('x')), [Buffer.from('x')]);
  assert.deepEqual([masker.isHolding, masker.release(), masker.end()], [false, [], []]);
});

test('a form of fewer than four bytes is refused', () => {
  assert.throws(() => createMasker([form('abcd'), form('abc')]), RangeError);
});

test('what holds no value passes as it is, uncopied', () => {
  const chunk = Buffer.from('nothing in here');
  const [given, ...more] = createMasker([form('hunter2')]).push(chunk);
  assert.deepEqual([given?.buffer, given?.byteOffset, given?.length], [chunk.buffer, chunk.byteOffset, 15]);
  assert.deepEqual(more, []);
});

test('only what may become a value is held', () => {
  const masker = createMasker([form('hunter2')]);
  assert.equal(Buffer.concat(masker.push(Buffer.from('say hunt'))).toString(), 'say ');
  assert.equal(masker.isHolding, true);
  assert.equal(Buffer.concat(masker.push(Buffer.from('ing h'))).toString(), 'hunting ');
  assert.equal(Buffer.concat(masker.push(Buffer.from('unter2'))).toString(), '[MASKED]');
  assert.equal(masker.isHolding, false);
  assert.deepEqual(masker.end(), []);
});

test('what was given out does not change later', () => {
  const masker = createMasker([form('aaaaaaab')]);
  const given = Array.from({ length: 300 }, () => masker.push(Buffer.from('a'))).flat();
  assert.equal(Buffer.concat([...given, ...masker.end()]).toString(), 'a'.repeat(300));
});

test('after its end a masker takes another stream', () => {
  const masker = createMasker([form('hunter2')]);
  assert.equal(Buffer.concat([...masker.push(Buffer.from('hunter')), ...masker.end()]).toString(), 'hunter');
  assert.equal(
    Buffer.concat([...masker.push(Buffer.from('2hunter2')), ...masker.end()]).toString(),
    '2[MASKED]',
  );
});

test('the result is what trying every form at every place gives, however the stream is cut', () => {
  fc.assert(
    fc.property(someCase, ({ forms, stream, cuts }) => {
      const expected = masked(forms, stream);
      assert.equal(run(forms, [stream]), expected);
      assert.equal(run(forms, cut(stream, cuts)), expected);
      assert.equal(run(forms, cut(stream, [1])), expected);
    }),
    { numRuns: 12_000 },
  );
});

test('each push gives all that is decided', () => {
  fc.assert(
    fc.property(someCase, ({ forms, stream, cuts }) => {
      const masker = createMasker(forms);
      const oracle = new Oracle(forms);
      for (const chunk of cut(stream, cuts)) {
        assert.equal(Buffer.concat(masker.push(chunk)).toString('latin1'), oracle.push(chunk));
        assert.equal(masker.isHolding, oracle.isHolding);
      }
    }),
    { numRuns: 8_000 },
  );
});

test('hundreds of forms are each found in a long text', () => {
  const letters = fc.string({
    unit: fc.constantFrom(...'abcdefghijklmnop0123/+'),
    minLength: 6,
    maxLength: 60,
  });
  const many = fc.array(fc.tuple(letters, fc.boolean()), { minLength: 100, maxLength: 300 });
  fc.assert(
    fc.property(
      many,
      fc.array(letters, { maxLength: 20 }),
      fc.infiniteStream(fc.nat(299)),
      (texts, others, picks) => {
        const forms = texts.map(([text, wraps]) => form(text, wraps));
        const picked = others.map(
          (other) => `${other}${texts[(picks.next().value ?? 0) % texts.length]?.[0]}`,
        );
        const stream = Buffer.from(picked.join('\n'));
        assert.equal(look(forms, stream).whole.length > 0, others.length > 0);
        assert.equal(run(forms, [stream]), masked(forms, stream));
      },
    ),
    { numRuns: 100 },
  );
});

// A form at a time, all day long: quadratic time would be hours.
for (const [what, texts, stream] of [
  ['one byte of which the value is', ['a'.repeat(131_072)], Buffer.alloc(2_000_000, 'a')],
  ['one byte of which the value is but the last', [`${'a'.repeat(131_071)}b`], Buffer.alloc(2_000_000, 'a')],
  ['two bytes in turns', ['abababab', `${'ab'.repeat(60_000)}c`], Buffer.alloc(2_000_000, 'ab')],
  ['lines of one byte', ['a'.repeat(131_072)], Buffer.alloc(2_000_000, `${'a'.repeat(76)}\n`)],
] as const) {
  test(`a stream of ${what} takes no time to speak of`, () => {
    const started = performance.now();
    const forms = texts.map((text) => form(text, !text.includes('c')));
    const length = (chunk: number) => run(forms, cut(stream, [chunk])).length;
    assert.equal(length(65_536), length(1_000));
    assert.equal(length(65_536), run(forms, cut(stream, [1])).length);
    assert.equal(performance.now() - started < 20_000, true);
  });
}
