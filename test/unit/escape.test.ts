// Proves with real readers that a value in the way of a format is read back as it was.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import test, { type TestContext } from 'node:test';
import fc from 'fast-check';
import { ESCAPES } from '../../src/output/escape.ts';
import { assertHides, assertPlain, assertRefused } from './failures.ts';

const REF = 'secret/data/app#field';

function written(name: string, value: string): string {
  const escapeAs = ESCAPES.get(name);
  assert.ok(escapeAs !== undefined);
  return escapeAs(value, REF);
}

for (const [name, value, expected] of [
  ['xml', '', ''],
  ['xml', 'plain text 1.0', 'plain text 1.0'],
  ['xml', `a&b<c>d"e'f`, 'a&amp;b&lt;c&gt;d&quot;e&apos;f'],
  ['xml', '&amp;', '&amp;amp;'],
  ['xml', ']]>', ']]&gt;'],
  ['xml', '\t\r\n', '&#9;&#13;&#10;'],
  ['xml', 'é€😀', '&#233;&#8364;&#128512;'],
  ['xml', '\u007f\u0085\u2028', '&#127;&#133;&#8232;'],
  ['xml', 'a\ud800', 'a&#65533;'],
  ['json', '', ''],
  ['json', `"\\/'`, `\\"\\\\/'`],
  ['json', '\b\f\n\r\t\0\u001f', '\\b\\f\\n\\r\\t\\u0000\\u001f'],
  ['json', 'é€😀', 'é€😀'],
  ['json', '\u007f\u0085\u2028\u2029\ufeff\ufffe\uffff', '\\u007f\\u0085\\u2028\\u2029\\ufeff\\ufffe\\uffff'],
  ['json', '\udfff.', '\ufffd.'],
  ['uri', '', ''],
  ['uri', 'AZaz09-._~', 'AZaz09-._~'],
  ['uri', ":/?#[]@!$&'()*+,;=", '%3A%2F%3F%23%5B%5D%40%21%24%26%27%28%29%2A%2B%2C%3B%3D'],
  ['uri', '% "\n\0', '%25%20%22%0A%00'],
  ['uri', 'é€😀', '%C3%A9%E2%82%AC%F0%9F%98%80'],
  ['uri', '\ud800', '%EF%BF%BD'],
  ['base64', '', ''],
  ['base64', 'a', 'YQ=='],
  ['base64', '~~~???', 'fn5+Pz8/'],
  ['base64', 'é\n', 'w6kK'],
  ['base64', '\ud800', '77+9'],
] as const) {
  test(`${name} writes ${JSON.stringify(value)} as ${expected}`, () => {
    assert.equal(written(name, value), expected);
  });
}

test('base64 of a long value is one line', () => {
  assert.equal(written('base64', 'x'.repeat(3000)), 'eHh4'.repeat(1000));
});

for (const character of [...'\0\u0001\b\v\f\u000e\u001f\ufffe\uffff']) {
  test(`XML cannot hold U+${character.charCodeAt(0).toString(16).padStart(4, '0')}: the message names the REF and not the value`, () => {
    const error = assertRefused(
      () => written('xml', `hush${character}`),
      'CONFIG',
      `the value of ${REF} holds`,
    );
    assertHides(error, 'hush');
    assertPlain(error);
  });
}

// What XML cannot hold is left out of what it is given.
const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;
const value = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.string({
    unit: fc.constantFrom(...`&<>"'\\;#x/]{}%+=? \t\n\r-:|@!\`*`, '\u0085', '\u2028', '\ufeff'),
    maxLength: 40,
  }),
  // Code units one by one: halves of pairs among them.
  fc.string({
    unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
    maxLength: 20,
  }),
  fc.string({
    unit: fc.integer({ min: 0, max: 0xff }).map((code) => String.fromCharCode(code)),
    maxLength: 40,
  }),
);
const values = fc.array(value, { minLength: 400, maxLength: 400 });

test('a JSON string and a URI are read back, by JavaScript', () => {
  fc.assert(
    fc.property(value, (text) => {
      assert.equal(JSON.parse(`"${written('json', text)}"`), text.toWellFormed());
      assert.equal(decodeURIComponent(written('uri', text)), text.toWellFormed());
      assert.match(written('uri', text), /^(?:[A-Za-z0-9._~-]|%[0-9A-F]{2})*$/);
      assert.match(
        written('base64', text),
        /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==|[A-Za-z0-9+/]=))?$/,
      );
      assert.equal(Buffer.from(written('base64', text), 'base64').toString(), text.toWellFormed());
    }),
    { numRuns: 5000 },
  );
});

test('base64 is read back, by base64 -d', () => {
  fc.assert(
    fc.property(value, (text) => {
      const { status, stdout } = spawnSync('base64', ['-d'], { input: written('base64', text) });
      assert.deepEqual({ status, text: stdout.toString() }, { status: 0, text: text.toWellFormed() });
    }),
    { numRuns: 100 },
  );
});

/** Each of these reads a list of documents from its input and writes what they hold, as a list of JSON. */
const READERS: readonly (readonly [
  what: string,
  escapeAs: string,
  document: (written: string) => string,
  python: string,
])[] = [
  ['JSON', 'json', (text) => `{"a": "${text}"}`, "import json as j; read = lambda d: j.loads(d)['a']"],
  ['YAML', 'json', (text) => `a: "${text}"\n`, "import yaml; read = lambda d: yaml.safe_load(d)['a']"],
  [
    'a flow mapping of YAML',
    'json',
    (text) => `{a: "${text}"}`,
    "import yaml; read = lambda d: yaml.safe_load(d)['a']",
  ],
  ['a URI', 'uri', (text) => text, 'from urllib.parse import unquote as read'],
  [
    'base64',
    'base64',
    (text) => text,
    'import base64; read = lambda d: base64.b64decode(d, validate=True).decode()',
  ],
  ...(['utf-8', 'iso-8859-1', 'us-ascii'] as const).flatMap((encoding) => [
    [
      `the text of an element, in ${encoding}`,
      'xml',
      (text: string) => `<?xml version="1.0" encoding="${encoding}"?>\n<a>${text}</a>`,
      "import xml.etree.ElementTree as E; read = lambda d: E.fromstring(d.encode()).text or ''",
    ] as const,
    [
      `an attribute, in ${encoding}`,
      'xml',
      (text: string) => `<?xml version="1.0" encoding="${encoding}"?>\n<a b="${text}" c='${text}'/>`,
      "import xml.etree.ElementTree as E\ndef read(d):\n  e = E.fromstring(d.encode())\n  return e.get('b') if e.get('b') == e.get('c') else None",
    ] as const,
  ]),
];

for (const [what, name, document, python] of READERS) {
  test(`${name} is read back from ${what}, by Python`, (context) => {
    if (!hasPython(python, context)) return;
    fc.assert(
      fc.property(values, (texts) => {
        const given = name === 'xml' ? texts.map((text) => text.replace(NOT_XML, '')) : texts;
        const documents = given.map((text) => document(written(name, text)));
        assert.deepEqual(
          readByPython(python, documents),
          given.map((text) => text.toWellFormed()),
        );
      }),
      { numRuns: 3 },
    );
  });
}

function hasPython(python: string, context: TestContext): boolean {
  const { status, error } = spawnSync('python3', ['-c', python]);
  if (status === 0) return true;
  context.skip(error === undefined ? `python3 cannot: ${python}` : 'there is no python3');
  return false;
}

function readByPython(python: string, documents: readonly string[]): unknown {
  const script = `import json, sys\n${python}\nprint(json.dumps([read(d) for d in json.load(sys.stdin)]))`;
  const { status, stdout, stderr } = spawnSync('python3', ['-c', script], {
    input: JSON.stringify(documents),
  });
  assert.equal(status, 0, stderr.toString());
  return JSON.parse(stdout.toString());
}
