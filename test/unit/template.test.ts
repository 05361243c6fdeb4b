// Proves that a template is filled in byte by byte, whatever stands around its placeholders, and what is told of a value
// that cannot be.

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { AppError } from '../../src/errors.ts';
import type { JsonObject } from '../../src/json.ts';
import { fill } from '../../src/output/template.ts';
import { formatReference } from '../../src/vault/reference.ts';
import { assertHides, assertPlain, assertRefused, assertTells, failureOf } from './failures.ts';
import { workOf } from './fakes.ts';
import { filled, parse } from './templates.ts';

test('without a field it is the whole secret, as JSON', () => {
  const whole = parse('{{ civault x/y }} {{ civault x/y | base64 }}');
  assert.equal(
    Buffer.from(fill(whole, [new Map([['a', 'b']])])).toString(),
    `{"a":"b"} ${Buffer.from('{"a":"b"}').toString('base64')}`,
  );
});

test('each secret goes where its REF stands, and equal REFs are read once', () => {
  const text =
    '{{ civault x/1#a }},{{ civault x/2#a | uri }},{{civault x/1#a}},{{ civault /x/1#a | json }},{{ civault x/1#b }}';
  const template = parse(text);
  assert.deepEqual(template.references.map(formatReference), ['x/1#a', 'x/2#a', 'x/1#b']);
  const secrets = ['first', 'second', 'third'].map(
    (value) =>
      new Map([
        ['a', value],
        ['b', value],
      ]),
  );
  assert.equal(Buffer.from(fill(template, secrets)).toString(), 'first,second,first,first,third');
});

test('a field that is not there, or null, is told with the place of its placeholder', () => {
  for (const [field, part] of [
    ['absent', 'the.file:2:3: x/y has no field "absent"'],
    ['nothing', 'the.file:2:3: the field "nothing" of x/y is null'],
  ] as const) {
    const error = assertRefused(
      () => filled(`{{ civault x/y#a }}\n  {{ civault x/y#${field} }}`),
      'FIELD_NOT_FOUND',
      part,
    );
    assertTells(error, 'the fields there are');
    assertPlain(error);
  }
});

test('a value that XML cannot hold is told with its place and REF, and not shown', () => {
  const error = assertRefused(
    () => filled('<a>\n<b>{{ civault x/y#control | xml }}</b>'),
    'CONFIG',
    'the.file:2:4: the value of x/y#control holds a character that XML cannot',
  );
  assertHides(error, 'hush');
});

test('a result that would exhaust the memory is refused before it is made', () => {
  const template = parse('{{civault x/y#big}}'.repeat(300));
  const big: JsonObject = new Map([['big', 'x'.repeat(1024 * 1024)]]);
  const error = assertRefused(() => fill(template, [big]), 'OUTPUT', 'the.file would be larger than 256 MiB');
  assertPlain(error);
});

test('bytes that are no text pass as they are, and so does a value between them', () => {
  const every = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  for (const around of [every, Buffer.from('\ufeffa\r\nb\r\0'), Buffer.from('\xff\xfe\x80{\xc3', 'latin1')]) {
    assert.deepEqual(filled(around), around);
    assert.deepEqual(
      filled(Buffer.concat([around, Buffer.from('{{ civault x/y#a }}'), around])),
      Buffer.concat([around, Buffer.from('one'), around]),
    );
  }
});

// Pieces that often come near a placeholder.
const NEAR = [
  '{',
  '}',
  '{{',
  '}}',
  '{{{',
  ' ',
  '\t',
  '\n',
  '\r',
  '-',
  '|',
  'civault',
  'Civault',
  'civaul',
  'x/y#a',
  '#',
  'json',
  '"',
  '\xc3',
  '\xff',
  '\0',
  'é',
];
const near = fc
  .array(
    fc.oneof(
      fc.constantFrom(...NEAR),
      fc.constantFrom('{{ civault ', '{{civault', ' x/y#b }}', '{{- civault'),
    ),
    { maxLength: 30 },
  )
  .map((pieces) => Buffer.from(pieces.join(''), 'latin1'));
const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));

test('a text without the word passes unchanged, whatever it is', () => {
  const without = fc.oneof(
    bytes,
    near.map((text) => Buffer.from(text.toString('latin1').replaceAll(/civault/gi, 'vault'), 'latin1')),
  );
  fc.assert(
    fc.property(without, (text) => {
      const template = parse(text);
      assert.deepEqual([template.placeholders, template.lookalikes], [[], []]);
      assert.deepEqual(filled(text), text);
    }),
    { numRuns: 5000 },
  );
});

// What stands around a placeholder may neither begin one nor take a brace from the next.
const around = fc
  .oneof(bytes, near)
  .map((text) => Buffer.from(`${text.toString('latin1').replaceAll(/civault/gi, 'vault')}.`, 'latin1'));
const space = fc.string({ unit: fc.constantFrom(' ', '\t'), maxLength: 3 });
const path = fc
  .string({ unit: fc.constantFrom(...'abcxyz019-_.=é~+'), minLength: 1, maxLength: 8 })
  .filter((text) => !/^\.\.?$/.test(text));
const field = fc
  .string({ unit: fc.constantFrom(...'abz09_.:/é€ {$-&'), minLength: 1, maxLength: 8 })
  .filter(
    (text) =>
      text === text.trim() && !text.startsWith('/') && !text.includes('{{') && !/(?:^|\s)-$/.test(text),
  );
const escapes: Readonly<Record<string, (value: string) => string>> = {
  '': (value) => value,
  json: (value) => JSON.stringify(value).slice(1, -1),
  base64: (value) => Buffer.from(value).toString('base64'),
  uri: (value) =>
    encodeURIComponent(value).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`),
};
const placeholder = fc
  .record({
    spaces: fc.tuple(space, space, space, space, space),
    path,
    field,
    escapeAs: fc.constantFrom(...Object.keys(escapes)),
    value: fc.string({ unit: fc.constantFrom(...'ab{}|"\\ é€😀\n', '{{ civault x/y#a }}'), maxLength: 12 }),
  })
  .map((given) => {
    const [a, b, c, d, e] = given.spaces;
    const pipe = given.escapeAs === '' ? '' : `|${d}${given.escapeAs}`;
    const text = `{{${a}civault ${b}x/${given.path}#${given.field}${c}${pipe}${e}}}`;
    return { ...given, text: Buffer.from(text) };
  });

test('placeholders are filled in wherever they stand', () => {
  const parts = fc.array(fc.tuple(around, placeholder), { maxLength: 8 });
  fc.assert(
    fc.property(parts, around, (mixed, end) => {
      const template = parse(
        Buffer.concat([...mixed.flatMap(([text, { text: asked }]) => [text, asked]), end]),
      );
      // The last value that was made up for a REF is its value.
      const contents = new Map(mixed.map(([, each]) => [`x/${each.path}#${each.field}`, each]));
      const secrets = template.references.map((reference) => {
        const made = contents.get(formatReference(reference));
        return new Map(made === undefined ? [] : [[made.field, made.value]]);
      });
      const expected = mixed.flatMap(([text, { path, field, escapeAs }]) => [
        text,
        Buffer.from(escapes[escapeAs]?.(contents.get(`x/${path}#${field}`)?.value ?? '') ?? ''),
      ]);
      assert.equal(template.placeholders.length, mixed.length);
      assert.deepEqual(Buffer.from(fill(template, secrets)), Buffer.concat([...expected, end]));
    }),
    { numRuns: 3000 },
  );
});

test('whatever a template is, it is filled in or refused with a place', () => {
  fc.assert(
    fc.property(near, (text) => {
      try {
        filled(text);
      } catch (error) {
        assert.ok(error instanceof AppError, String(error));
        assert.match(error.message, /^the\.file:\d+:\d+: /);
        assertPlain(error);
      }
    }),
    { numRuns: 20_000 },
  );
});

test('a place is that of the character, counted from the bytes before it', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', 'é', '😀', '\n', '\r\n', '\t', ' '), maxLength: 30 }),
      (before) => {
        const lines = before.split(/\r?\n/);
        const error = failureOf(() => parse(`${before}{{ civault }}`));
        assert.ok(error instanceof AppError);
        assert.ok(
          error.message.startsWith(`the.file:${lines.length}:${[...(lines.at(-1) ?? '')].length + 1}: `),
        );
      },
    ),
    { numRuns: 2000 },
  );
});

for (const [what, text] of [
  ['braces', '{'.repeat(8_000_000)],
  ['pairs of braces', '{{ '.repeat(2_700_000)],
  ['spaces behind braces', `{{${' '.repeat(8_000_000)}`],
  ['spaces behind the name', `{{ civault${' '.repeat(8_000_000)}}}`],
  ['a REF without an end', `{{ civault x/y#${'a'.repeat(8_000_000)}`],
  ['a REF that is too long', `{{ civault x/y#${'a.'.repeat(4_000_000)}}}`],
  ['placeholders that are not closed', '{{ civault x '.repeat(300_000)],
  ['placeholders', '{{civault x/y#a}}'.repeat(400_000)],
  ['lookalikes', '{{- civault }}'.repeat(500_000)],
  ['a line', `${'é'.repeat(4_000_000)}{{ civault }}`],
  ['lines', `${'\n'.repeat(8_000_000)}{{ civault }}`],
] as const) {
  test(`8 MB of ${what} take seconds at most`, () => {
    const work = workOf(() => {
      try {
        filled(text);
      } catch (error) {
        assert.ok(error instanceof AppError, String(error));
      }
    });
    assert.ok(work < 4000, `${work.toFixed()} ms`);
  });
}
