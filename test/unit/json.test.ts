// Proves that JSON is read exactly as JSON.parse reads it, but that numbers keep their digits, and that nothing else comes out.

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {
  compactJson,
  JsonNumber,
  JsonSyntaxError,
  type JsonValue,
  member,
  parseJson,
  stringMember,
} from '../../src/json.ts';
import { failureOf } from './failures.ts';

// Any text that a JavaScript string can hold, unpaired surrogates included.
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) }),
  fc.constantFrom('', '__proto__', 'constructor', 'a', '\u2028', '\\', '"'),
);
const number = fc
  .stringMatching(/^-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,4})?$/)
  .map((digits) => new JsonNumber(digits));

function values(leaf: fc.Arbitrary<JsonValue>): fc.Arbitrary<JsonValue> {
  return fc.letrec<{ value: JsonValue }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf,
      fc.array(tie('value'), { maxLength: 5 }),
      fc.array(fc.tuple(text, tie('value')), { maxLength: 5 }).map((members) => new Map(members)),
    ),
  })).value;
}

const withoutNumbers = values(fc.oneof(fc.constantFrom(null, true, false), text));
const anyValue = values(fc.oneof(fc.constantFrom(null, true, false), text, number));

/** What JSON.parse gives, as civault holds it. */
function fromPlain(plain: unknown): JsonValue {
  if (Array.isArray(plain)) return plain.map(fromPlain);
  if (typeof plain === 'object' && plain !== null) {
    return new Map(Object.entries(plain).map(([key, value]) => [key, fromPlain(value)]));
  }
  if (plain === null || typeof plain === 'boolean' || typeof plain === 'string') return plain;
  throw new TypeError('not a value without numbers');
}

test('what is read is what JSON.parse reads, however it is spaced', () => {
  fc.assert(
    fc.property(withoutNumbers, fc.constantFrom('', ' ', '\t', '\n\r\t '), (value, space) => {
      const compact = compactJson(value);
      assert.deepEqual(parseJson(compact), fromPlain(JSON.parse(compact)));
      const spaced = space + JSON.stringify(JSON.parse(compact), null, space) + space;
      assert.deepEqual(parseJson(spaced), fromPlain(JSON.parse(compact)));
    }),
  );
});

test('what is written is read back as it was', () => {
  fc.assert(fc.property(anyValue, (value) => assert.deepEqual(parseJson(compactJson(value)), value)));
});

test('what is written is Unicode text', () => {
  fc.assert(fc.property(anyValue, (value) => assert.equal(compactJson(value).isWellFormed(), true)));
});

test('JSON is what JSON.parse takes for JSON; all else is a JsonSyntaxError that quotes nothing', () => {
  const piece = fc.constantFrom(
    ...['{', '}', '[', ']', ':', ',', '"', '\\', '\\u00', '\\ud83d', 'e', 'E', '+', '-', '.', '0', '1', '12'],
    ...[
      'true',
      'false',
      'null',
      '"a"',
      '"":',
      '\t',
      '\n',
      ' ',
      '\u000b',
      '\u00a0',
      '\ufeff',
      '\0',
      'NaN',
      '/',
    ],
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join('')),
        text,
      ),
      (input) => {
        let accepted = true;
        try {
          JSON.parse(input);
        } catch {
          accepted = false;
        }
        if (accepted) return void parseJson(input);
        const error = failureOf(() => parseJson(input));
        assert.ok(error instanceof JsonSyntaxError, String(error));
        assert.match(error.message, /^not JSON at character [0-9]+$/);
      },
    ),
    { numRuns: 2000 },
  );
});

for (const digits of [
  '12345678901234567890',
  '1.10',
  '1E5',
  '-0',
  '0.0',
  '1e400',
  '-0.0e-0',
  '9007199254740993',
]) {
  test(`the number ${digits} keeps its digits`, () => {
    assert.deepEqual(parseJson(digits), new JsonNumber(digits));
    assert.equal(compactJson(parseJson(`{"n":[${digits}]}`)), `{"n":[${digits}]}`);
  });
}

const MALFORMED: readonly (readonly [what: string, text: string])[] = [
  ['nothing', ''],
  ['a blank', ' '],
  ['a byte order mark', '\ufeff{}'],
  ['two texts', '{} {}'],
  ['a leading zero', '01'],
  ['a plus', '+1'],
  ['a bare point', '1.'],
  ['a number that begins with a point', '.5'],
  ['an exponent without digits', '1e'],
  ['a lone minus', '-'],
  ['hexadecimal', '0x10'],
  ['NaN', 'NaN'],
  ['Infinity', '-Infinity'],
  ['another case', 'True'],
  ['half a word', 'tru'],
  ['single quotes', "'a'"],
  ['an open string', '"a'],
  ['an open string after a backslash', '"a\\'],
  ['a line break in a string', '"a\nb"'],
  ['NUL in a string', '"\0"'],
  ['an unknown escape', '"\\x41"'],
  ['a short escape', '"\\u12"'],
  ['an escape with a sign', '"\\u+123"'],
  ['an escape with a blank', '"\\u 123"'],
  ['a comma at the end of a list', '[1,]'],
  ['a list of commas', '[,]'],
  ['a list without commas', '[1 2]'],
  ['an open list', '[1'],
  ['a comma at the end of an object', '{"a":1,}'],
  ['a key without quotes', '{a:1}'],
  ['a key without a value', '{"a"}'],
  ['a number for a key', '{1:2}'],
  ['the wrong bracket', '[1}'],
  ['a comment', '/* */ 1'],
  ['a form feed for a blank', '\f1'],
];
for (const [what, input] of MALFORMED) {
  test(`${what} is not JSON`, () => {
    const error = failureOf(() => parseJson(input));
    assert.ok(error instanceof JsonSyntaxError, String(error));
    assert.match(error.message, /^not JSON at character [0-9]+$/);
  });
}

test('512 levels around a value are read, and 513 are refused', () => {
  const nested = (levels: number) => `${'['.repeat(levels)}0${']'.repeat(levels)}`;
  assert.equal(compactJson(parseJson(nested(512))), nested(512));
  const error = failureOf(() => parseJson(nested(513)));
  assert.ok(error instanceof JsonSyntaxError, String(error));
});

for (const opening of ['[', '{"a":', '[{"":']) {
  test(`a million of ${opening} end in a JsonSyntaxError, not in an exhausted stack`, () => {
    const error = failureOf(() => parseJson(opening.repeat(1_000_000)));
    assert.ok(error instanceof JsonSyntaxError, String(error));
  });
}

test('__proto__ and constructor are keys like any other', () => {
  const value = parseJson('{"__proto__":{"polluted":"yes"},"constructor":"c"}');
  assert.equal(stringMember(member(value, '__proto__'), 'polluted'), 'yes');
  assert.equal(stringMember(value, 'constructor'), 'c');
  assert.equal(member(value, 'toString'), undefined);
  assert.equal('polluted' in {}, false);
});

test('of equal keys the last one counts', () => {
  assert.equal(compactJson(parseJson('{"a":1,"b":2,"a":3}')), '{"a":3,"b":2}');
});

test('unpaired surrogates come in as escapes and go out as escapes', () => {
  assert.equal(parseJson('"\\ud800"'), '\ud800');
  assert.equal(compactJson('\ud800\u0000'), '"\\ud800\\u0000"');
});

for (const [what, value] of [
  ['null', null],
  ['a list', ['a']],
  ['a string', 'a'],
  ['nothing', undefined],
  ['a number', new JsonNumber('1')],
] as const) {
  test(`${what} has no members`, () => {
    assert.equal(member(value, '0'), undefined);
    assert.equal(stringMember(value, 'length'), undefined);
  });
}

test('a member that is no string is no string member', () => {
  assert.equal(stringMember(parseJson('{"a":1}'), 'a'), undefined);
});
