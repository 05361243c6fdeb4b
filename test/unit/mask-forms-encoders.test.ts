// Proves with the encoders that jobs use that a value is known in what they make of it.

import assert from 'node:assert/strict';
import test from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { maskForms } from '../../src/output/mask-forms.ts';
import { masked, VALUES } from './mask-values.ts';

const percent = (text: string) => encodeURIComponent(text);
const ENCODERS: readonly (readonly [string, (text: string) => string])[] = [
  ['itself', (text) => text],
  ['hex', (text) => Buffer.from(text).toString('hex')],
  ['upper-case hex', (text) => Buffer.from(text).toString('hex').toUpperCase()],
  ['JSON.stringify', (text) => JSON.stringify(text)],
  ['JSON in JSON', (text) => JSON.stringify({ in: JSON.stringify({ value: text }) })],
  ['JSON with escaped slashes', (text) => JSON.stringify(text).replaceAll('/', '\\/')],
  ['JSON as Go writes it', (text) => JSON.stringify(text).replace(/[<>&\u2028]/g, escaped)],
  ['JSON as Gson writes it', (text) => JSON.stringify(text).replace(/[<>&='\u2028]/g, escaped)],
  ['encodeURIComponent', percent],
  ['encodeURIComponent twice', (text) => percent(percent(text))],
  ['lower-case percent-encoding', (text) => percent(text).replace(/%../g, (found) => found.toLowerCase())],
  ['encodeURI', (text) => encodeURI(text)],
  ['RFC 3986', (text) => percent(text).replace(/[!'()*]/g, hexed)],
  ['URLSearchParams', (text) => new URLSearchParams({ value: text }).toString()],
  ['util.inspect', (text) => inspect(text, { compact: true, breakLength: Number.POSITIVE_INFINITY })],
  ['single quotes', (text) => `'${text.replaceAll("'", "'\\''")}'`],
  ['single quotes around JSON', (text) => `'${JSON.stringify(text).replaceAll("'", "'\\''")}'`],
  ['double quotes', (text) => `"${text.replace(/[$`"\\]/g, '\\$&')}"`],
  ['SQL', (text) => `'${text.replaceAll("'", "''")}'`],
  ['CSV', (text) => `"${text.replaceAll('"', '""')}"`],
  ['XML text', (text) => xml(text)],
  ['XML attributes', (text) => xml(text).replaceAll('"', '&quot;')],
  ['XML, all of it', (text) => xml(text).replaceAll('"', '&quot;').replaceAll("'", '&apos;')],
  ['HTML', (text) => xml(text).replaceAll('"', '&quot;').replaceAll("'", '&#39;')],
  ['HTML as Go writes it', (text) => xml(text).replaceAll('"', '&#34;').replaceAll("'", '&#39;')],
];

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
function hexed(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}
function xml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** What tools put around a value: nothing of the value itself. */
const isAround = (text: string) => /^["'\\{}:a-z=$]*\[MASKED\]["'\\{}=]*$/.test(text);

const anyText = fc.oneof(
  fc.string({ unit: 'binary', minLength: 8, maxLength: 30 }),
  fc.string({ unit: fc.constantFrom(...`ab "'\\$\`/<>&%+~ü€😀\n\t#!`), minLength: 8, maxLength: 30 }),
);

for (const [name, encode] of ENCODERS) {
  test(`values are known as ${name}`, () => {
    for (const value of VALUES) {
      // util.inspect takes other quotes and escapes for some; those have their own form
      if (name === 'util.inspect' && /[\x07\x1b\x7f]/.test(value)) continue;
      const output = encode(value);
      assert.equal(isAround(masked([value], output)), true, `${output} became ${masked([value], output)}`);
    }
  });

  // util.inspect chooses its quotes and escapes by what is in the text.
  if (name === 'util.inspect') continue;
  test(`any text is among its forms as ${name}`, () => {
    fc.assert(
      fc.property(anyText, (given) => {
        const value = given.toWellFormed();
        if (value.trim() === '') return;
        const output = encode(value);
        const forms = maskForms([value]).map(({ bytes }) => bytes.toString());
        assert.equal(
          forms.some((form) => output.includes(form) && form.length >= output.length - 30),
          true,
          output,
        );
      }),
      { numRuns: 100 },
    );
  });
}

test('base64 is known whatever stands around the value, in both alphabets and in lines', () => {
  for (const value of VALUES) {
    for (const before of ['', 'x', 'xy', 'user:']) {
      for (const after of ['', '\n', 'zz', 'zzz']) {
        const bytes = Buffer.from(`${before}${value}${after}`);
        for (const encoding of ['base64', 'base64url'] as const) {
          const output = bytes.toString(encoding);
          // a character at either end has bits of others
          assert.match(masked([value], output), /^[\w+/-]{0,8}\[MASKED\][\w+/-]{0,5}={0,2}$/);
          for (const width of [76, 64, 5]) {
            const lines = output.replace(new RegExp(`.{${width}}(?=.)`, 'g'), '$&\n');
            assert.match(masked([value], lines), /^[\w+/\n-]{0,9}\[MASKED\][\w+/\n-]{0,6}[=\n]{0,3}$/, lines);
          }
        }
      }
    }
  }
});
