// Proves that text from outside is made fit to be shown, and what an error keeps.

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { AppError, errnoOf, printable, quoted } from '../../src/errors.ts';

for (const [what, text, shown] of [
  ['plain text', 'nexus/ci: äöü 漢字 😀 "quoted" \\', 'nexus/ci: äöü 漢字 😀 "quoted" \\'],
  ['nothing', '', ''],
  ['a colour', '\u001b[31mred', '\\u001b[31mred'],
  ['a C1 control sequence', '\u009b31m', '\\u009b31m'],
  ['line breaks', 'a\r\nb\u2028c\u2029d\u0085e', 'a\\u000d\\u000ab\\u2028c\\u2029d\\u0085e'],
  ['NUL and DEL', '\u0000\u007f', '\\u0000\\u007f'],
  ['text turned around', 'a\u202eb\u2066c\u200fd\u061c', 'a\\u202eb\\u2066c\\u200fd\\u061c'],
  ['text that does not show', 'a\u200bb\u200dc\ufeff', 'a\\u200bb\\u200dc\\ufeff'],
  ['half a character', 'a\ud800b\udc00', 'a\\ud800b\\udc00'],
] as const) {
  test(`${what} is shown as ${shown}`, () => {
    assert.equal(printable(text), shown);
    assert.equal(quoted(text), `"${shown}"`);
  });
}

for (const [before, after] of [
  ['%2F', '%2f[token]'],
  ['\\n', '\\n[token]'],
  ['"', '"[token]'],
  ['arc', 'archvs.CAESImarked'],
] as const) {
  test(`a token behind ${before}, which is ${before === 'arc' ? 'part of a name' : 'no letter of it'}`, () => {
    assert.equal(printable(`${before}hvs.CAESImarked`), after.replace('%2f', '%2F'));
  });
}

test('long text is cut, and says so', () => {
  assert.equal(printable('a'.repeat(200)), 'a'.repeat(200));
  assert.equal(printable('a'.repeat(201)), `${'a'.repeat(200)}…`);
  assert.equal(printable('abcdef', 3), 'abc…');
  assert.equal(printable('ab😀', 3), 'ab\\ud83d…');
});

test('any text is shown as one line of Unicode that is not much longer than what is shown of it', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) }),
      (text) => {
        const shown = printable(text);
        assert.equal(shown.isWellFormed(), true);
        assert.equal(shown.length <= 6 * 201, true);
        assert.doesNotMatch(shown, /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e]/);
      },
    ),
  );
});

test('an error keeps its code, its hint and its cause, and is an Error', () => {
  const cause = new Error('x');
  const error = new AppError('CONFIG', 'wrong', 'do this', cause);
  assert.equal(error instanceof Error, true);
  assert.deepEqual(
    [error.name, error.code, error.message, error.hint, error.cause],
    ['AppError', 'CONFIG', 'wrong', 'do this', cause],
  );
  assert.equal('cause' in new AppError('CONFIG', 'wrong'), false);
});

for (const [what, thrown, errno] of [
  ['an error of the system', Object.assign(new Error('x'), { code: 'ENOENT' }), 'ENOENT'],
  ['an error with a number', Object.assign(new Error('x'), { code: 2 }), undefined],
  ['an error without a code', new Error('x'), undefined],
  ['an object', { code: 'ENOENT' }, undefined],
  ['nothing', undefined, undefined],
  ['a text', 'ENOENT', undefined],
] as const) {
  test(`${what} has ${errno === undefined ? 'no short name' : `the short name ${errno}`}`, () => {
    assert.equal(errnoOf(thrown), errno);
  });
}
