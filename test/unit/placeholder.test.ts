// Proves what is a placeholder and what is not, and what each mistake in one is told.

import assert from 'node:assert/strict';
import test from 'node:test';
import { parseTemplate, placeIn } from '../../src/output/template.ts';
import { assertHides, assertPlain, assertRefused } from './failures.ts';
import { filled, parse } from './templates.ts';

for (const [text, expected] of [
  ['{{ civault x/y#a }}', 'one'],
  ['{{civault x/y#a}}', 'one'],
  ['{{ \t civault\tx/y#a\t}}', 'one'],
  ['{{ civault\vx/y#a }}', 'one'],
  ['<{{ civault x/y#a }}{{ civault x/y#b }}>', '<one<2 & "3">>'],
  ['{{ civault x/y#b | xml }}', '&lt;2 &amp; &quot;3&quot;&gt;'],
  ['{{ civault x/y#b|json}}', '<2 & \\"3\\">'],
  ['{{ civault x/y#b |uri }}', '%3C2%20%26%20%223%22%3E'],
  ['{{civault x/y#b| base64}}', 'PDIgJiAiMyI+'],
  ['{{ civault y/b@x }}', '<2 & "3">'],
  ['{{ civault x/y?version=2#a }}', 'one'],
  ['{{ civault x/y#with space }}', 'spaced'],
  ['{{ civault x/y#ü }}', 'umlaut'],
  ['{{ civault x/y#empty }}', ''],
  ['{{ civault x/y#half }}', '\ufffd'],
  // What is filled in is not looked at again.
  ['{{ civault x/y#loop }}', '{{ civault x/y#a }}'],
  // The first }} ends it.
  ['{a: {{ civault x/y#a }}}', '{a: one}'],
  ['{{ civault x/y#a }}}}', 'one}}'],
  ['{"a": {"b": {{civault x/y#a}}}}', '{"a": {"b": one}}'],
  // The languages of other templates around it.
  [`\${{ civault x/y#a }}`, '$one'],
  ['{% x %}{{ civault x/y#a }}{{ y }}', '{% x %}one{{ y }}'],
  ['{{ .a }}{{ civault x/y#a }}', '{{ .a }}one'],
  ['{{ {{ civault x/y#a }}', '{{ one'],
  ['{ {{ civault x/y#a }}', '{ one'],
] as const) {
  test(`${JSON.stringify(text)} becomes ${JSON.stringify(expected)}`, () => {
    assert.equal(filled(text).toString(), expected);
    assert.deepEqual(parse(text).lookalikes, []);
  });
}

for (const text of [
  '',
  'plain\n',
  '{{ .Values.civault }}',
  '{{ civault_url }}',
  '{{ civault.x }}',
  '{{ civaults }}',
  '{{ civault-url }}',
  '{{ civault2 }}',
  '{{ my civault x/y#a }}',
  '{% civault x/y#a %}',
  '{ civault x/y#a }',
  '$[[ inputs.civault ]]',
  '[[ civault x/y#a ]]',
  `\${civault} $(civault get x) {civault}`,
  '{{}} {{ }} {{{}}} }}{{ {{',
  '{{/* civault x/y#a */}} {{! civault x/y#a }} {{# civault x }}',
  '{{',
  '{{{{{{{{',
  '{{ civaul',
  '{ { civault x/y#a }}',
  '<!-- civault x/y#a -->',
]) {
  test(`${JSON.stringify(text)} has no placeholder, nor anything like one`, () => {
    const template = parse(text);
    assert.deepEqual(template.placeholders, []);
    assert.deepEqual(template.lookalikes, []);
    assert.equal(filled(text).toString(), text);
  });
}

for (const text of [
  '{{- civault x/y#a -}}',
  '{{- civault x/y#a }}',
  '{{~ civault x/y#a ~}}',
  '{{{ civault x/y#a }}}',
  '{{{civault x/y#a}}',
  '{{{{ civault x/y#a }}}}',
  '{{ Civault x/y#a }}',
  '{{ CIVAULT x/y#a }}',
  '{{\ncivault x/y#a }}',
  '{{ civault: x/y#a }}',
  '{{ civault("x/y#a") }}',
  '{{ civault=x/y#a }}',
  '{{ civault/x/y#a }}',
  '{{ civault} }',
  '{{\u00a0civault x/y#a }}'.replace('\u00a0', ' \r\n '),
  '{{ civault\u00a0x/y#a }}',
]) {
  test(`${JSON.stringify(text)} stays as it is, and is told`, () => {
    const template = parse(`é ${text}`);
    assert.deepEqual(template.placeholders, []);
    assert.deepEqual(
      template.lookalikes.map((at) => placeIn(template, at)),
      ['the.file:1:3'],
    );
    assert.equal(filled(text).toString(), text);
  });
}

const PATTERNS: readonly (readonly [text: string, place: string, part: string])[] = [
  // Not closed.
  ['{{ civault', '1:1', 'the placeholder is not closed'],
  ['{{ civault x/y#a', '1:1', 'the placeholder is not closed'],
  ['{{ civault x/y#a }', '1:1', 'the placeholder is not closed'],
  ['{{ civault x/y#a } }', '1:1', 'the placeholder is not closed'],
  ['{{ civault x/y#a\n}}', '1:1', 'the placeholder is not closed'],
  ['{{ civault x/y#a\r}}', '1:1', 'the placeholder is not closed'],
  ['{{ civault\nx/y#a }}', '1:1', 'the placeholder is not closed'],
  ['{{ civault x/y#a } {{ civault x/y#b }}', '1:1', 'the placeholder is not closed'],
  ['{{ civault x/{{ env }}/y#a }}', '1:1', 'the placeholder is not closed'],
  // Nothing in it.
  ['{{ civault }}', '1:1', 'the placeholder holds no REF'],
  ['{{civault}}', '1:1', 'the placeholder holds no REF'],
  ['{{ civault | json }}', '1:1', 'the placeholder holds no REF'],
  ['{{ civault| }}', '1:1', 'the placeholder holds no REF'],
  // A bad REF.
  ['{{ civault x }}', '1:1', '"x" is not a secret\'s reference: it names a mount at most'],
  ['{{ civault x//y#a }}', '1:1', 'it has an empty segment (//)'],
  ['{{ civault x/../y#a }}', '1:1', 'the segment .. is not allowed'],
  ['{{ civault $ENV/y#a }}', '1:1', 'a variable in it was never filled in'],
  ['{{ civault "x/y#a" }}', '1:1', 'the REF stands in quotation marks'],
  ["{{ civault 'x/y#a' | json }}", '1:1', 'the REF stands in quotation marks'],
  ['{{ civault x/y#a -}}', '1:1', 'the placeholder ends with -}}: it can trim nothing'],
  ['{{ civault x/y#a | xml ~}}', '1:1', 'the placeholder ends with ~}}: it can trim nothing'],
  [`{{ civault x/${'y'.repeat(9000)}#a }}`, '1:1', 'the placeholder is longer than 8192 bytes'],
  // Escapes.
  ['{{ civault x/y#a | html }}', '1:1', 'unknown escape "html": there are xml, json, uri, base64'],
  ['{{ civault x/y#a | XML }}', '1:1', 'unknown escape "XML": there are'],
  ['{{ civault x/y#a | toString }}', '1:1', 'unknown escape "toString": there are'],
  ['{{ civault x/y#a | }}', '1:1', 'there is no escape behind the |: there are xml'],
  ['{{ civault x/y#a | json | base64 }}', '1:1', 'the placeholder has more than one |'],
  // Where it is.
  ['a\n b {{ civault }}', '2:4', 'holds no REF'],
  ['a\r\n\r\n{{ civault }}', '3:1', 'holds no REF'],
  ['a\rb\r{{ civault }}', '3:1', 'holds no REF'],
  ['é€😀 {{ civault }}', '1:5', 'holds no REF'],
  ['\ufeff{{ civault }}', '1:1', 'holds no REF'],
  ['\ufeffa{{ civault }}', '1:2', 'holds no REF'],
  ['\t{{ civault }}', '1:2', 'holds no REF'],
  ['{{ civault x/y#a }} {{ civault }}', '1:21', 'holds no REF'],
  [
    '{{ x }}\n{{ civault x/y#a | no }}\n{{ civault }}',
    '2:1',
    'unknown escape "no": there are xml, json, uri, base64 (and 1 more is wrong)',
  ],
  ['{{civault}}{{civault}}\n{{ civault', '1:1', 'holds no REF (and 2 more are wrong)'],
];
for (const [text, place, part] of PATTERNS) {
  const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  test(`${JSON.stringify(shown)} is told at ${place}: ${part}`, () => {
    const error = assertRefused(() => parse(text), 'USAGE', part);
    assert.equal(error.message.startsWith(`the.file:${place}: `), true, error.message);
    assert.notEqual(error.hint, undefined);
    assertPlain(error);
  });
}

test('what is no UTF-8 is no REF, and is told where it is', () => {
  const text = Buffer.from('\xe9\xe9\n\xe9{{ civault x/y#\xe9 }}', 'latin1');
  const error = assertRefused(() => parse(text), 'USAGE', 'the.file:2:2: the placeholder is not UTF-8');
  assertPlain(error);
});

test('a token in the place of a REF or an escape is in no message', () => {
  for (const text of ['{{ civault hvs.CAESIJ1234567890 }}', '{{ civault x/y#a | hvs.CAESIJ1234567890 }}']) {
    const error = assertRefused(() => parse(text), 'USAGE', '[token]');
    assertHides(error, 'CAESIJ');
  }
});

test("a file's name is made printable", () => {
  const error = assertRefused(
    () => parseTemplate(Buffer.from('{{ civault }}'), 'a\u001b[31m\nb'),
    'USAGE',
    ':1:1: ',
  );
  assertPlain(error);
});
