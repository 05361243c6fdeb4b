// Proves by Docker's rules, and by Docker's own reader where Go is here to build it, that an --env-file gives back the very values.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { dockerEnvFile } from '../../src/output/docker-env.ts';
import { Secret } from '../../src/secret.ts';
import { leaveNothing } from '../harness/leftovers.ts';
import { assertHides, assertPlain, assertRefused } from './failures.ts';

const file = (...values: string[]): string =>
  dockerEnvFile(values.map((value, index) => ({ name: `V${index}`, value: new Secret(value) })));

for (const value of [
  '',
  ' a b\t',
  '"x"',
  "it's",
  '#x',
  '$HOME `id` \\n\\',
  'a=b',
  'é😀',
  '\u000b\u0085\u2028',
  '\ufeff',
]) {
  test(`${JSON.stringify(value)} is written as it is`, () => {
    assert.equal(file('first', value), `V0=first\nV1=${value}\n`);
  });
}

// `V0=`, the value and the line break are the 65536 bytes of Go's bufio.Scanner.
const LONGEST = 'a'.repeat(65_532);

for (const [what, value, part] of [
  ['a line break', 'marked\nx', 'the value for V0 holds a line break'],
  ['a line break at its end', 'marked\n', 'the value for V0 holds a line break'],
  ['a carriage return', 'marked\r', 'the value for V0 holds a line break'],
  ['a NUL byte', 'marked\0', 'the value for V0 holds a NUL byte'],
  ['a byte too many', `${LONGEST}a`, 'the value for V0 is larger than the 64 KiB'],
  ['a character of two bytes too many', `${LONGEST.slice(1)}é`, 'the value for V0 is larger than the 64 KiB'],
  ['more than Linux takes', LONGEST + LONGEST, 'the value for V0 is larger than'],
] as const) {
  test(`a value with ${what} is an error that does not hold it`, () => {
    const error = assertRefused(() => file(value), 'CONFIG', part);
    assertPlain(error);
    assertHides(error, 'marked', 'aaaa');
  });
}

test('the hint for a line break is a way that takes it', () => {
  const { hint } = assertRefused(() => file('a\nb'), 'CONFIG', 'V0');
  assert.equal(
    hint,
    'export it with eval "$(civault env ...)" and hand it on by its name: docker run --env V0',
  );
});

/** What Docker's documents and its pkg/kvfile say: undefined for a file that it refuses. */
function readByTheRules(text: string): string[] | undefined {
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''));
  if (text.split('\n').some((line) => Buffer.byteLength(line) >= 65_536)) return undefined;
  const trimmed = lines.map((line, index) =>
    (index === 0 ? line.replace(/^\ufeff/, '') : line).replace(/^[\s\u0085]+/u, ''),
  );
  const assignments = trimmed.filter((line) => line !== '' && !line.startsWith('#'));
  if (assignments.some((line) => /^=|^[^=]*[ \t]/.test(line))) return undefined;
  return assignments.filter((line) => line.includes('='));
}

const value = fc.oneof(
  fc.string({ unit: fc.constantFrom(...` "'#=\t\\$\u000b\u0085\u2028\ufeffaé`), maxLength: 10 }),
  fc.string({ unit: 'binary', maxLength: 30 }),
);
const several = fc.array(
  value.map((text) => text.replace(/[\0\r\n]/g, '')),
  { minLength: 1, maxLength: 8 },
);
const assigned = (values: readonly string[]) => values.map((text, index) => `V${index}=${text}`);

test('what is written is read back by the rules', () => {
  fc.assert(
    fc.property(several, (values) => assert.deepEqual(readByTheRules(file(...values)), assigned(values))),
    { numRuns: 20_000 },
  );
  assert.deepEqual(readByTheRules(file(LONGEST)), assigned([LONGEST]));
});

const folder = mkdtempSync(join(tmpdir(), 'civault-docker-env-'));
after(leaveNothing(() => rmSync(folder, { recursive: true, force: true })));

/** Docker's reader, or why there is none. */
function buildReader(): { program: string } | { why: string } {
  const program = join(folder, 'reader');
  const { error, status, stderr } = spawnSync(
    'go',
    ['build', '-mod=readonly', '-buildvcs=false', '-o', program, '.'],
    {
      cwd: fileURLToPath(new URL('docker-env', import.meta.url)),
      env: { ...process.env, CGO_ENABLED: '0', GOTOOLCHAIN: 'local' },
      timeout: 180_000,
    },
  );
  if (error !== undefined) return { why: `there is no Go to build Docker's reader with (${error.message})` };
  if (status !== 0)
    return { why: `Docker's reader could not be built: ${stderr.toString().trim().split('\n').at(-1)}` };
  return { program };
}

test("Docker's own reader gives back what was written, and is what the rules say", (t) => {
  const reader = buildReader();
  if ('why' in reader) return t.skip(reader.why);
  const read = (texts: readonly string[]): unknown[] => {
    const options = { input: JSON.stringify(texts), maxBuffer: 1 << 28 };
    const { stdout, stderr } = spawnSync(reader.program, [], options);
    assert.equal(stderr.toString(), '');
    return JSON.parse(stdout.toString());
  };
  const cases = fc.sample(several, 5000);
  assert.deepEqual(read(cases.map((values) => file(...values))), cases.map(assigned));
  const edges = [
    file(LONGEST),
    `V0=${LONGEST}a\n`,
    `X=1\nV0=${LONGEST}\n`,
    'A=b\r\n',
    '\ufeffA=b\n',
    ' A=b\n',
    '#A=b\n',
    'A\n',
    '=b\n',
    'A b=c\n',
  ];
  assert.deepEqual(
    read(edges).map((lines) => lines ?? undefined),
    edges.map(readByTheRules),
  );
});
