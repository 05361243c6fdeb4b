// Proves which forms a value is known by: what it is made of, its lines, and nothing so short that it stands in any log.

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { maskForms } from '../../src/output/mask-forms.ts';
import { createMasker } from '../../src/output/masker.ts';
import { KEY, masked, PLAIN } from './mask-values.ts';

const texts = (...values: string[]) => maskForms(values).map(({ bytes }) => bytes.toString());

test('what a value is made of is known as well', () => {
  const value = JSON.stringify({
    type: 'abc',
    port: 5432,
    id: 1234567890,
    password: 'hunter2"x',
    nested: [{ key: '["in a string in a string"]' }, null, true],
  });
  const forms = texts(value);
  for (const known of [
    value,
    '1234567890',
    'hunter2"x',
    'hunter2\\"x',
    'hunter2%22x',
    'in a string in a string',
  ]) {
    assert.equal(forms.includes(known), true, known);
  }
  for (const unknown of ['abc', '5432', 'null', 'true', 'password', 'port']) {
    assert.equal(forms.includes(unknown), false, unknown);
  }
  assert.equal(texts('[1.10000, 2]').includes('1.10000'), true);
  assert.equal(texts('{"not JSON": "long enough"').includes('long enough'), false);
});

test('lines of a value are known, but not those that only say what it is', () => {
  const forms = texts(
    ' first line \r\n\r\nabc\n-----BEGIN X-----\nMIIE+vQ/IBAD\r-----END X-----\n-----BEGIN x',
  );
  for (const line of ['first line', 'MIIE+vQ/IBAD', '-----BEGIN x'])
    assert.equal(forms.includes(line), true, line);
  for (const line of ['abc', ' first line ', '-----BEGIN X-----', '-----END X-----', '']) {
    assert.equal(forms.includes(line), false, line);
  }
  assert.equal(masked([KEY], KEY.replaceAll('\n', ' ')).replaceAll('[MASKED]', '').includes('MII'), false);
});

for (const [what, values, expected] of [
  ['no value', [], []],
  ['short values', ['', 'abc', ' a ', 'é'], []],
  ['white space', ['      ', '\n\n\n\n\n'], []],
  ['a short value in white space', ['  ab  '], ['  ab  ']],
  ['four bytes of two characters', ['éé'], ['éé']],
  ['a value with white space around it', ['\tabcd\n'], ['abcd', '\tabcd\n', '\\tabcd\\n']],
] as const) {
  test(`${what} gives ${expected.length === 0 ? 'no form' : 'its forms'}`, () => {
    const forms = maskForms(values);
    if (expected.length === 0) assert.deepEqual(forms, []);
    for (const text of expected)
      assert.equal(
        forms.some(({ bytes }) => bytes.toString() === text),
        true,
        text,
      );
    assert.equal(
      forms.every(({ bytes }) => bytes.length >= 4),
      true,
    );
  });
}

test('forms are each there once, and those of base64 and hex wrap', () => {
  const forms = maskForms([PLAIN, PLAIN, ` ${PLAIN}`]);
  assert.equal(new Set(forms.map(({ bytes }) => bytes.toString('latin1'))).size, forms.length);
  const wraps = (text: string) => forms.find(({ bytes }) => bytes.toString() === text)?.wraps;
  assert.equal(wraps(PLAIN), false);
  assert.equal(wraps(Buffer.from(PLAIN).toString('hex')), true);
  assert.equal(wraps(Buffer.from(PLAIN).toString('base64').slice(0, 21)), true);
  // the same text may be one that does not wrap, and one that does
  assert.deepEqual(
    maskForms(['dGhpcyBpcyBpdA', 'this is it'])
      .filter(({ bytes }) => bytes.toString().startsWith('dGhpcyBpcyBpd'))
      .map(({ wraps }) => wraps),
    [false, true],
  );
});

test('any text is taken, lone surrogates and all', () => {
  assert.equal(texts('abc\ud800def').includes('abc\ufffddef'), true);
  assert.equal(texts('["abc\\udc00def"]').includes('abc\ufffddef'), true);
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom('\ud800', '\udc00', 'a', '%') }),
      (a, b) => {
        for (const { bytes } of maskForms([a, b, JSON.stringify([a, b])]))
          assert.equal(bytes.length >= 4, true);
      },
    ),
    { numRuns: 300 },
  );
});

test('a value as long as a variable can be takes no time to speak of', () => {
  const started = performance.now();
  createMasker(
    maskForms([
      '"\n/é '.repeat(21_000),
      JSON.stringify(Array.from({ length: 5_000 }, (_, i) => `${i} <${i}>`)),
    ]),
  );
  assert.equal(performance.now() - started < 5_000, true);
});
