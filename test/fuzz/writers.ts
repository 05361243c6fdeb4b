// Whatever writes a value for a reader: each is read back by its reader, or by a small model of it.

import assert from 'node:assert/strict';
import { parse } from 'dotenv';
import fc from 'fast-check';
import { AppError, printable, quoted } from '../../src/errors.ts';
import { decodeBase64 } from '../../src/output/base64.ts';
import { dockerEnvFile } from '../../src/output/docker-env.ts';
import { dotenvFile } from '../../src/output/dotenv.ts';
import { ESCAPES } from '../../src/output/escape.ts';
import { shellAssignments } from '../../src/output/shell.ts';
import type { Variable } from '../../src/output/variable.ts';
import { Secret } from '../../src/secret.ts';
import { anyUnits, around } from './mutation.ts';
import { assertLine, taken, target } from './target.ts';

const MARK = 'xKmarked-value9';
const VALUES = [
  `it's "quoted" $HOME \\n #not a comment ${MARK}`,
  `-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG\n-----END PRIVATE KEY-----\n`,
  `'\\''; touch X; '`,
  '$(touch X) `touch X`',
  "' #'.",
  'a\\',
  '\\n\\r',
  "V1=x\nexport V2='y'",
  'ends with\r\n',
  '() { :; }; touch X',
];
/** Values that somebody who can write a secret may have thought of. */
export const hostileValues = fc.oneof(
  around(VALUES, ["'", '"', '`', '\\', '#', '\\n', ' #', "'\\''", '\nexport A=', '!', '~', '*']),
  anyUnits,
);
const several = fc.array(hostileValues, { minLength: 1, maxLength: 4 });

const named = (values: readonly string[]): Variable[] =>
  values.map((value, index) => ({ name: `V${index}`, value: new Secret(value) }));
const meant = (values: readonly string[]) =>
  Object.fromEntries(values.map((value, index) => [`V${index}`, value]));
const rules = { hides: [MARK] };

/** What a POSIX shell makes of assignments in single quotes (XCU 2.2): anything else would be run, and is refused. */
function readAssignments(text: string): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  let at = 0;
  while (at < text.length) {
    const head = /export ([A-Za-z_][A-Za-z0-9_]*)=/y;
    head.lastIndex = at;
    const name = head.exec(text)?.[1];
    assert.ok(name !== undefined, 'no assignment');
    at = head.lastIndex;
    let value = '';
    while (text[at] !== '\n') {
      if (text.startsWith("\\'", at)) {
        value += "'";
        at += 2;
        continue;
      }
      assert.equal(text[at], "'", 'something outside of quotes');
      const end = text.indexOf("'", at + 1);
      assert.ok(end > 0, 'quotes that are not closed');
      value += text.slice(at + 1, end);
      at = end + 1;
    }
    at += 1;
    found[name] = value;
  }
  return found;
}

const XML_NAMES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const READERS: Readonly<Record<string, (text: string) => string>> = {
  json: (text) => JSON.parse(`"${text}"`) as string,
  uri: decodeURIComponent,
  base64: (text) => Buffer.from(text, 'base64').toString(),
  xml: (text) => {
    assert.doesNotMatch(text, /[<>"'\t\n\r]|[^\u0000-\u007e]/);
    return text.replace(/&(?:#(\d+)|(\w+));/g, (_, code, name) =>
      code === undefined ? (XML_NAMES[String(name)] ?? assert.fail()) : String.fromCodePoint(Number(code)),
    );
  },
};

export const targets = [
  target(
    'assignments for a shell',
    several,
    (values) => {
      const text = taken(() => shellAssignments(named(values)), rules);
      if (text !== undefined) assert.deepEqual(readAssignments(text), meant(values));
    },
    { weight: 3 },
  ),
  target(
    'a dotenv file',
    several,
    (values) => {
      const text = taken(() => dotenvFile(named(values)), rules);
      if (text !== undefined && text.length < 20_000) assert.deepEqual(parse(text), meant(values));
    },
    { weight: 2 },
  ),
  target("a file for docker's --env-file", several, (values) => {
    const text = taken(() => dockerEnvFile(named(values)), rules);
    if (text === undefined) return;
    const lines = text.split('\n');
    assert.equal(lines.pop(), '');
    assert.deepEqual(
      Object.fromEntries(
        lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
      ),
      meant(values),
    );
  }),
  target(
    'the escapes',
    hostileValues,
    (value) => {
      for (const [name, write] of ESCAPES) {
        const written = taken(() => write(value, 'it'), rules);
        if (written === undefined) continue;
        assert.doesNotMatch(written, /[\n\r]/);
        assert.equal(READERS[name]?.(written), value.toWellFormed(), name);
      }
    },
    { weight: 2 },
  ),
  target(
    'base64',
    around(
      ['aGVsbG8=', 'aGVsbG8', '-_-_', 'a+/=', 'QQ==\n', Buffer.from(MARK).toString('base64')],
      ['=', '==', '+', '-', '_', '/', 'A'],
    ),
    (text) => {
      const bytes = taken(() => decodeBase64(text, 'it'), { hides: [text.trim().length > 10 ? text : MARK] });
      if (bytes === undefined) return;
      const again = Buffer.from(bytes).toString('base64').replaceAll('=', '');
      assert.equal(
        text
          .replace(/[ \t\r\n=]/g, '')
          .replaceAll('-', '+')
          .replaceAll('_', '/'),
        again,
      );
    },
  ),
  target(
    'what is shown',
    fc.tuple(
      hostileValues,
      around([
        'hvs.xKmarkedToken000',
        'eyJhbGciOiJSUzI1NiJ9.eyJh.c2ln',
        'glcbt-64_xKmarkedJobToken',
        's.xKmarkedTokenxKmarkedToken',
      ]),
      anyUnits,
    ),
    ([before, token, after]) => {
      assertLine(printable(before + token + after), 1300);
      assertLine(quoted(token), 1300);
      const shown = printable(`${before} hvs.xKmarkedToken000 ${after}`);
      assert.ok(!shown.includes('xKmarked') || before.includes('xKmarked') || after.includes('xKmarked'));
      const error = new AppError('CONFIG', quoted(before), quoted(after));
      taken(() => {
        throw error;
      });
    },
  ),
];
