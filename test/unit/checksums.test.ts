// Proves that a list of digests is read as the programs that write such lists mean it, whatever a file is called, that a digest
// of another file is never taken, and that no text makes it fail otherwise than by telling so.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { AppError } from '../../src/errors.ts';
import { digestAssetOf, digestIn, isList, listOf, namesOf, onlyDigest } from '../../src/gitlab/checksums.ts';
import { assertPlain, assertRefused } from './failures.ts';

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);
const SUMS = 'SHA256SUMS';

for (const [what, list, names, digest] of [
  ["sha256sum's text mode", `${A}  x\n${B}  y\n`, ['x'], A],
  ["sha256sum's binary mode", `${A} *x\n`, ['x'], A],
  ['BSD and --tag', `SHA256 (x) = ${A}\n`, ['x'], A],
  ['upper case', `${A.toUpperCase()}  x\n`, ['x'], A],
  ['line breaks of Windows, without the last', `${B}  y\r\n${A}  x`, ['x'], A],
  ['a byte order mark', `\ufeff${A}  x\n`, ['x'], A],
  ['one space, or a tab', `${A} x\n${B}\ty\n`, ['y'], B],
  ['comments and empty lines', `# made by CI\n\n${A}  x\n`, ['x'], A],
  ['a name that begins with a star', `${A}  *x\n${B}  x\n`, ['*x'], A],
  ['a name that begins with a space', `${A}   x\n${B}  x\n`, [' x'], A],
  ['a name with parentheses', `SHA256 (x) = (y)) = ${A}\n`, ['x) = (y)'], A],
  ['./ before the name', `${A}  ./x\n`, ['x'], A],
  ['a folder that the release does not have', `${A}  dist/linux/x\n`, ['x'], A],
  ['the whole name before a folder', `${A}  dist/x\n${B}  x\n`, ['x'], B],
  ['another name that ends so', `${A}  not-x\n${B}  x.sha256\n`, ['x'], undefined],
  ['digests of other lengths beside', `${'c'.repeat(128)}  x\n${'d'.repeat(32)}  x\n${A}  x\n`, ['x'], A],
  ['a name that is escaped', `\\${A}  a\\\\b\\nc\\rd\n`, ['a\\b\nc\rd'], A],
  ['a backslash that is none, as BusyBox writes it', `${A}  a\\nb\n`, ['a\\nb'], A],
  ['the same digest twice', `${A}  x\n${A} *x\n`, ['x'], A],
  ['a line separator that is none of files', `${A}  a\u2028b\n`, ['a\u2028b'], A],
  ['any of the names', `${A}  bin/x\n`, ['X for Linux', 'bin/x'], A],
] as const) {
  test(`a list with ${what}`, () => assert.equal(digestIn(list, names, SUMS), digest));
}

for (const [what, list, part] of [
  ['two digests for one name', `${A}  x\n${B}  x\n`, 'names several digests of x'],
  ['two digests in two folders', `${A}  a/x\n${B}  b/x\n`, 'names several digests of x'],
  ['no digest', 'x is right\n', 'is no list of SHA-256 digests'],
  ['digests of SHA-512 alone', `${'a'.repeat(128)}  x\n`, 'is no list of SHA-256 digests'],
  ['nothing', '', 'is no list'],
] as const) {
  test(`a list with ${what} is refused`, () => {
    assertPlain(assertRefused(() => digestIn(list, ['x'], SUMS), 'BAD_RESPONSE', part));
  });
}

test('a list that may be of other digests, by its name, says nothing if it is', () => {
  assert.equal(digestIn(`${'a'.repeat(128)}  x\n`, ['x'], 'checksums.txt'), undefined);
});

for (const [text, digest] of [
  [A, A],
  [` ${A.toUpperCase()}\r\n`, A],
  [`\ufeff${A}\n`, A],
  [`${A}  x\n`, A],
  [`${A}  build/other-name\n`, A],
  [`${A}  y\n${B}  x\n`, B],
  [`${A}  y\n${B}  z\n`, undefined],
] as const) {
  test(`${JSON.stringify(text.slice(60))} in a file of one's own`, () => {
    assert.equal(onlyDigest(text, ['x'], 'x.sha256'), digest);
  });
}

describe('which asset is a list', () => {
  const asset = (name: string, path?: string) => ({ name, path, url: 'https://gitlab.example.com/x' });
  for (const [name, is] of [
    ['SHA256SUMS', true],
    ['sha256sum.txt', true],
    ['checksums.txt', true],
    ['dist/SHA256SUMS', true],
    ['SHA256SUMS.asc', false],
    ['SHA512SUMS', false],
    ['my-checksums.md', false],
    ['checksum-tool', false],
  ] as const) {
    test(`${name}: ${is}`, () => assert.equal(isList(asset(name)), is));
  }
  test('SHA256SUMS before any other', () => {
    const [sums, other] = [asset('SHA256SUMS'), asset('checksums.txt')];
    assert.deepEqual([listOf([other, sums]), listOf([other]), listOf([])], [sums, other, undefined]);
    const byPath = asset('All digests', 'SHA256SUMS');
    assert.equal(listOf([other, byPath]), byPath);
  });
  test('NAME.sha256 is of NAME, by any of its names', () => {
    const x = asset('X for Linux', 'bin/x');
    assert.deepEqual(namesOf(x), ['X for Linux', 'bin/x', 'x']);
    const own = asset('x.sha256');
    assert.equal(digestAssetOf(x, [x, asset('y.sha256'), own]), own);
    assert.equal(digestAssetOf(own, [x, own]), undefined);
  });
});

test('any text is read, or refused as no list', () => {
  const line = fc.tuple(
    fc.constantFrom('', '\\', 'SHA256 (', '# ', '\ufeff'),
    fc.constantFrom(A, B, A.slice(1), ''),
    fc.constantFrom('  ', ' *', ' ', '\t', ') = '),
    fc.string({ unit: 'binary', maxLength: 8 }),
  );
  const lines = fc.array(line.map((parts) => parts.join(''))).map((all) => all.join('\n'));
  fc.assert(
    fc.property(fc.oneof(lines, fc.string({ unit: 'binary' })), fc.string(), (list, name) => {
      for (const read of [digestIn, onlyDigest]) {
        try {
          assert.match(read(list, [name], SUMS) ?? A, /^[0-9a-f]{64}$/);
        } catch (error) {
          assert.ok(error instanceof AppError && error.code === 'BAD_RESPONSE', String(error));
          assertPlain(error);
        }
      }
    }),
    { numRuns: 2000 },
  );
});

describe('what the programs write is read back', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'civault-sums-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const character = fc.constantFrom(...'abcXYZ019 .-_*\\()=#%?"\'$`~\u00e9\u2028\ufeff', '😀');
  for (const [what, program, args, odd] of [
    ['sha256sum', '/usr/bin/sha256sum', [], ['\n', '\r']],
    ['sha256sum --binary', '/usr/bin/sha256sum', ['--binary'], ['\n', '\r']],
    ['sha256sum --tag', '/usr/bin/sha256sum', ['--tag'], ['\n', '\r']],
    // It escapes nothing, so that a name with a line break cannot be told from two lines.
    ["BusyBox's sha256sum", '/usr/bin/busybox', ['sha256sum'], []],
  ] as const) {
    test(what, { skip: existsSync(program) ? false : `there is no ${program}` }, () => {
      const letters =
        odd.length === 0 ? character : fc.oneof({ weight: 9, arbitrary: character }, fc.constantFrom(...odd));
      const name = fc
        .array(letters, { minLength: 1, maxLength: 12 })
        .map((all) => all.join(''))
        // Two folders, and standard input.
        .filter((each) => !/^(?:\.{1,2}|-)$/.test(each) && !each.endsWith('\r'));
      fc.assert(
        fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 6 }), (names) => {
          for (const each of names) writeFileSync(join(folder, each), `content of ${each}`);
          const list = execFileSync(program, [...args, '--', ...names], { cwd: folder, encoding: 'utf8' });
          for (const each of names) {
            const digest = createHash('sha256').update(`content of ${each}`).digest('hex');
            assert.equal(digestIn(list, [each], SUMS), digest, JSON.stringify([list, each]));
            rmSync(join(folder, each));
          }
        }),
        { numRuns: 60 },
      );
    });
  }
});
