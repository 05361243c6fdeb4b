// Proves with the readers themselves that a dotenv file gives back the very values, or that there is an error instead.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import test from 'node:test';
import { parseEnv } from 'node:util';
import { parse } from 'dotenv';
import fc from 'fast-check';
import { AppError } from '../../src/errors.ts';
import { dotenvFile } from '../../src/output/dotenv.ts';
import { Secret } from '../../src/secret.ts';
import { assertHides, assertPlain, assertRefused } from './failures.ts';

const file = (...values: string[]): string =>
  dotenvFile(values.map((value, index) => ({ name: `V${index}`, value: new Secret(value) })));

const WRITTEN: readonly (readonly [value: string, written: string])[] = [
  ['', "''"],
  ['a b ', "'a b '"],
  ['#$HOME `id` "$(id)"', `'#$HOME \`id\` "$(id)"'`],
  ['a\nb\n', "'a\nb\n'"],
  ['a\\nb', "'a\\nb'"],
  ["it's", '"it\'s"'],
  ["it's\n", '"it\'s\n"'],
  ['a\r\nb', '"a\\r\nb"'],
  ['C:\\\\share\\', 'C:\\\\share\\'],
  ["it's $5", "`it's $5`"],
  [`"it's"`, `\`"it's"\``],
  ['a b\\', "'a b\\' #'."],
  ["a'b\\", "`a'b\\` #`."],
  ["'`$\\", '"\'`$\\" #".'],
];
for (const [value, written] of WRITTEN) {
  test(`${JSON.stringify(value)} is written as ${JSON.stringify(written)}`, () => {
    assert.equal(file(value), `V0=${written}\n`);
    assert.deepEqual(parse(file(value, "'", '"', '#`')), { V0: value, V1: "'", V2: '"', V3: '#`' });
  });
}

for (const value of [`'"\``, '\'`"\n', '\r"', '\r\\n', "'`\\n", "'`\\r"]) {
  test(`${JSON.stringify(value)} can be written in no way, and the error does not hold it`, () => {
    const error = assertRefused(
      () => file(`marked${value}`),
      'CONFIG',
      'the value for V0 cannot be written for dotenv',
    );
    assertPlain(error);
    assertHides(error, 'marked', value);
    assert.match(error.hint ?? '', /--format json.*docker.*civault exec/);
  });
}

for (const [what, value, part] of [
  ['a NUL byte', 'a\0', 'the value for V0 holds a NUL byte'],
  ['more than 128 KiB', 'a'.repeat(131_072), 'is larger than the 128 KiB'],
] as const) {
  test(`${what} is an error: the values end in an environment`, () => {
    assertPlain(assertRefused(() => file(value), 'CONFIG', part));
  });
}

test('a long value of many lines is read back', () => {
  const value = `${'a\\'.repeat(40)}'"#\n`.repeat(1500);
  assert.deepEqual(parse(file(value, 'b')), { V0: value, V1: 'b' });
});

const value = fc.oneof(
  fc.string({ unit: fc.constantFrom(...`'"\`\\$#nr=: \n\r\t{}aé\u2028\ufeff\u0085`), maxLength: 8 }),
  fc.string({ unit: fc.constantFrom(...`'\\# \n`), maxLength: 6 }),
  fc.string({ unit: 'binary', maxLength: 20 }).map((text) => text.replaceAll('\0', '')),
  fc.constantFrom('\\', "'\\", '#', '\n#', "\n'\n", 'export A=b', "V0='x'\n", '\nV1=x', '() { :; }'),
);
const several = fc.array(value, { minLength: 1, maxLength: 6 });

/** The file for values that can be written; undefined where one cannot. */
function writable(values: readonly string[]): string | undefined {
  try {
    return file(...values);
  } catch (error) {
    assert.ok(error instanceof AppError, String(error));
    assert.equal(error.code, 'CONFIG');
    return undefined;
  }
}

const named = (values: readonly string[]) =>
  Object.fromEntries(values.map((text, index) => [`V${index}`, text]));

test("npm's dotenv reads every file that is written as it was meant, by both of its readers", () => {
  fc.assert(
    fc.property(several, (values) => {
      const text = writable(values);
      if (text === undefined) return;
      assert.deepEqual(parse(text), named(values));
      assert.deepEqual(parse(text, { fast: true } as object), named(values));
      assert.deepEqual(parse(text.replaceAll('\n', '\r\n')), named(values));
    }),
    { numRuns: 20_000 },
  );
});

test('a value is refused only where no quotes of its own would do', () => {
  fc.assert(
    fc.property(value, (text) => {
      if (writable([text]) !== undefined) return;
      const forms = [`'${text}'`, `\`${text}\``, `"${text}"`, `"${text.replaceAll('\r', '\\r')}"`];
      assert.deepEqual(
        forms.filter((form) => parse(`V=${form}\n`)['V'] === text && !spans(form)),
        [],
      );
    }),
    { numRuns: 20_000 },
  );
});

// dotenv takes a line of "a"b" for a"b: by the outer quotes, not by the grammar, and not over several lines.
function spans(form: string): boolean {
  return form.slice(1, -1).includes(form.charAt(0));
}

test('Node.js reads alike what holds no carriage return', () => {
  fc.assert(
    fc.property(several, (all) => {
      const values = all.map((text) => text.replaceAll('\r', ''));
      const text = writable(values);
      if (text !== undefined) assert.deepEqual({ ...parseEnv(text) }, named(values));
    }),
    { numRuns: 20_000 },
  );
});

// Reads files from a JSON array and writes what is in them, as python-dotenv has it. It fills in ${NAME} in every form
// of quotes unless it is told not to.
const PYTHON = `
import io, json, sys
import dotenv
json.dump([dotenv.dotenv_values(stream=io.StringIO(text), interpolate=False) for text in json.load(sys.stdin)], sys.stdout)
`;

test('python-dotenv reads alike whatever holds no quote or backslash in an awkward place', (t) => {
  const python = (input: string) => spawnSync('python3', ['-c', PYTHON], { input, maxBuffer: 1 << 28 });
  const trial = python('[]');
  if (trial.error !== undefined || trial.status !== 0)
    return t.skip('there is no python3 with python-dotenv');
  const cases = fc.sample(several, 5000).map((values) => values.filter(isReadAlike));
  const { stdout } = python(JSON.stringify(cases.map((values) => file(...values))));
  assert.deepEqual(JSON.parse(stdout.toString()), cases.map(named));
});

function isReadAlike(text: string): boolean {
  if (!/['\r]|\\\\|\\$/.test(text) || !/["\\$]/.test(text)) return true;
  return /^[^\s#'"`$\p{C}]+$/u.test(text);
}
