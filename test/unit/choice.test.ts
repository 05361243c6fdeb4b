// Proves which assets are meant by a name, a path or a pattern; that a file's name never leads out of its folder; and that what
// is not there is told with what there is.

import assert from 'node:assert/strict';
import { posix } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { AppError } from '../../src/errors.ts';
import { chooseAssets, fileName } from '../../src/gitlab/choice.ts';
import type { Asset } from '../../src/gitlab/releases.ts';
import { assertHolds, assertPlain, assertRefused } from './failures.ts';

const asset = (name: string, path?: string): Asset => ({ name, path, url: `https://x/${name}` });
const ASSETS = [
  asset('app', 'bin/app'),
  asset('App for ARM', 'bin/arm/app'),
  asset('app.deb', 'deb/app.deb'),
  asset('notes [1].txt'),
  asset('.hidden', '.hidden'),
  asset('a*b'),
];
const release = { tag: 'v1', assets: ASSETS };
const choose = (...wanted: string[]) =>
  chooseAssets(release, wanted).map(({ asset: { name }, name: by }) => [name, by]);

for (const [wanted, found] of [
  [['app'], [['app', 'app']]],
  [['bin/arm/app'], [['App for ARM', 'bin/arm/app']]],
  [['/bin/arm/app'], [['App for ARM', '/bin/arm/app']]],
  [['App for ARM'], [['App for ARM', 'App for ARM']]],
  [['notes [1].txt'], [['notes [1].txt', 'notes [1].txt']]],
  [['a*b'], [['a*b', 'a*b']]],
  [
    ['app.deb', 'app', 'app.deb', 'deb/app.deb'],
    [
      ['app.deb', 'app.deb'],
      ['app', 'app'],
    ],
  ],
  [['*.deb'], [['app.deb', 'deb/app.deb']]],
  [['deb/*'], [['app.deb', 'deb/app.deb']]],
  [['bin/*'], [['app', 'bin/app']]],
  [['bin/*/app'], [['App for ARM', 'bin/arm/app']]],
  [['app.[a-e]??'], [['app.deb', 'deb/app.deb']]],
  [['app.[!x]eb'], [['app.deb', 'deb/app.deb']]],
  [['.hid*'], [['.hidden', '.hidden']]],
  [['.hidden'], [['.hidden', '.hidden']]],
  [['*p.*b'], [['app.deb', 'deb/app.deb']]],
  [['deb/?*?.d**b'], [['app.deb', 'deb/app.deb']]],
  [['App*A?M'], [['App for ARM', 'App for ARM']]],
] as const) {
  test(`${wanted.join(' ')} is ${found.map(([name]) => name).join(', ')}`, () => {
    assert.deepEqual(choose(...wanted), found);
  });
}

for (const [wanted, code, part, hint] of [
  [['ap'], 'ASSET_NOT_FOUND', 'the release "v1" has no asset "ap"', 'there are app, '],
  [['*.rpm'], 'ASSET_NOT_FOUND', 'has no asset that fits "*.rpm"', 'app.deb'],
  [['?hidden', '[.]hidden'], 'ASSET_NOT_FOUND', 'fits "?hidden"', ''],
  [['[.]hidden'], 'ASSET_NOT_FOUND', 'fits "[.]hidden"', ''],
  [
    ['app', 'bin/arm/app'],
    'USAGE',
    '"app" and "App for ARM" would both be written to "app"',
    '--output FILE',
  ],
  [['[z-a]'], 'USAGE', '"[z-a]" is no pattern', 'write [a-z]'],
  [['app\u001b[2J\n'], 'ASSET_NOT_FOUND', 'no asset', 'there are'],
] as const) {
  test(`${JSON.stringify(wanted)} is refused: ${part}`, () => {
    const error = assertRefused(() => choose(...wanted), code, part);
    assertHolds(error.hint, hint);
    assertPlain(error);
  });
}

test('of a release without assets, that is told; of one with thousands, those that are near, in few words', () => {
  const none = () => chooseAssets({ tag: 'v1', assets: [] }, ['x']);
  assertHolds(assertRefused(none, 'ASSET_NOT_FOUND', 'no asset "x"').hint, 'it has no assets at all');
  const many = Array.from({ length: 10_000 }, (_, index) => asset(`asset-${index}`));
  const error = assertRefused(
    () => chooseAssets({ tag: 'v1', assets: many }, ['aset-7']),
    'ASSET_NOT_FOUND',
    '"aset-7"',
  );
  assert.match(error.hint ?? '', /^there are asset-7, .*, and 9980 more$/);
  assert.ok((error.hint ?? '').length < 500);
});

test('a file of a hostile release is told in few words', () => {
  const hostile = Array.from({ length: 20 }, (_, index) => asset(`${index}\u001b[31m${'x'.repeat(5000)}`));
  assertPlain(
    assertRefused(() => chooseAssets({ tag: 'v1', assets: hostile }, ['y']), 'ASSET_NOT_FOUND', '"y"'),
  );
});

describe('the name of a file', () => {
  for (const [text, name] of [
    ['app', 'app'],
    ['bin/app', 'app'],
    ['../../etc/passwd', 'passwd'],
    ['/etc/passwd', 'passwd'],
    ['a b%2F..%2Fc?d#e', 'a b%2F..%2Fc?d#e'],
    ['...', '...'],
    ['-rf', '-rf'],
    ['C:\\x', 'C:\\x'],
    ['é😀', 'é😀'],
  ] as const) {
    test(`of ${text} is ${name}`, () => assert.equal(fileName(text), name));
  }
  for (const text of ['', '.', '..', 'a/', 'a/..', '../..', 'a\nb', 'a\u0000', '\u001b[2J', 'x\u007f']) {
    test(`is none of ${JSON.stringify(text)}`, () => {
      assertPlain(assertRefused(() => fileName(text), 'BAD_RESPONSE', 'has a name that no file should have'));
    });
  }
  test('never leads out of its folder', () => {
    const part = fc.constantFrom('..', '.', '/', 'a', '\\', '\n', '\u0000', '%2e', ' ', '😀');
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(part).map((all) => all.join('')),
    );
    fc.assert(
      fc.property(text, (name) => {
        try {
          assert.equal(posix.dirname(posix.resolve('/folder', fileName(name))), '/folder');
        } catch (error) {
          assert.ok(error instanceof AppError && error.code === 'BAD_RESPONSE', String(error));
        }
      }),
      { numRuns: 2000 },
    );
  });
});

/** Whether a pattern of *, ? and letters fits a name, by trying every way. */
function fits(pattern: string, name: string): boolean {
  const [first, ...others] = [...pattern];
  const rest = others.join('');
  const [letter, ...letters] = [...name];
  if (first === undefined) return name === '';
  if (first === '*')
    return fits(rest, name) || (letter !== undefined && letter !== '/' && fits(pattern, letters.join('')));
  if (letter === undefined) return false;
  return (first === '?' ? letter !== '/' : first === letter) && fits(rest, letters.join(''));
}

test('a pattern finds what trying every way finds', () => {
  const word = (letters: string[]) =>
    fc.array(fc.constantFrom(...letters), { minLength: 1, maxLength: 7 }).map((all) => all.join(''));
  fc.assert(
    fc.property(
      word(['a', 'b', '/', '*', '?', '😀', '+']),
      fc.array(word(['a', 'b', '/', '😀', '+'])),
      (pattern, names) => {
        fc.pre(/[*?]/.test(pattern) && !pattern.startsWith('/'));
        const last = (text: string) => text.slice(text.lastIndexOf('/') + 1);
        const wanted = names.filter((name) => fits(pattern, pattern.includes('/') ? name : last(name)));
        let found: string[] = [];
        try {
          found = chooseAssets({ tag: '', assets: names.map((name) => asset(name)) }, [pattern]).map(
            ({ name }) => name,
          );
        } catch (error) {
          assert.ok(error instanceof AppError, String(error));
          if (error.code === 'USAGE') return assert.ok(new Set(wanted.map(last)).size < wanted.length);
          assert.equal(error.code, 'ASSET_NOT_FOUND');
        }
        assert.deepEqual(found, wanted);
      },
    ),
    { numRuns: 2000 },
  );
});

test('any pattern finds something, or is refused', () => {
  const piece = fc.constantFrom(
    '[',
    ']',
    '!',
    '^',
    '-',
    '\\',
    '*',
    '?',
    '(',
    '{',
    '$',
    'a',
    '/',
    '.',
    '|',
    '\u{1f600}',
  );
  fc.assert(
    fc.property(
      fc.array(piece).map((all) => all.join('')),
      (pattern) => {
        try {
          choose(pattern);
        } catch (error) {
          assert.ok(error instanceof AppError, String(error));
        }
      },
    ),
    { numRuns: 3000 },
  );
});
