// Proves for paths and symbolic links of every kind where a result gets to, or why not; that assertWritable says the same beforehand, and leaves
// nothing behind.

import assert from 'node:assert/strict';
import { lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { assertWritable, followLinks, writeFile } from '../../src/output/file.ts';
import { assertHolds, assertPlain, assertRefused } from './failures.ts';
import { type Found, lookAround, told, WORLD } from './file-child.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'civault-place-'));
  mkdirSync(join(folder, 'deep/real/sub'), { recursive: true });
  writeFileSync(join(folder, 'file'), 'old');
  writeFileSync(join(folder, 'deep/real/file'), 'old');
  for (const [name, target] of [
    ['linked', 'deep/real'],
    ['relative', 'deep/real/file'],
    ['absolute', join(folder, 'deep/real/file')],
    ['dangling', 'deep/new'],
    ['chain', 'second'],
    ['second', 'linked/third'],
    ['deep/real/third', '../new'],
    ['upwards', 'linked/../new'],
    ['loop', 'pool'],
    ['pool', 'loop'],
    ['self', 'self'],
    ['nowhere', 'no/file'],
    ['to-folder', 'deep'],
    ['pipe:[1]', 'deep/new'],
    ['deleted', 'deep/x (deleted)'],
  ] as const)
    symlinkSync(target, join(folder, name));
  for (let index = 0; index < 60; index += 1) symlinkSync(`l${index + 1}`, join(folder, `l${index}`));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

for (const [path, real] of [
  ['new', 'new'],
  ['file', 'file'],
  ['relative', 'deep/real/file'],
  ['absolute', 'deep/real/file'],
  ['dangling', 'deep/new'],
  ['chain', 'deep/new'],
  ['upwards', 'deep/new'],
  ['linked/new', 'deep/real/new'],
  ['linked/../new', 'deep/new'],
  ['linked/sub/../../new', 'deep/new'],
  ['./deep//./real/../new', 'deep/new'],
  ['pipe:[1]', 'deep/new'],
  ['deleted', 'deep/x (deleted)'],
  ['l21', 'l60'],
  ['-', '-'],
  ['\u001b[31m', '\u001b[31m'],
  ['x'.repeat(255), 'x'.repeat(255)],
  [`x${'ü'.repeat(127)}`, `x${'ü'.repeat(127)}`],
  ['😀'.repeat(63), '😀'.repeat(63)],
] as const) {
  test(`${JSON.stringify(path.slice(0, 30))} is written at ${JSON.stringify(real.slice(0, 30))}`, () => {
    const before = lookAround(folder);
    assertWritable(`${folder}/${path}`);
    assert.deepEqual(lookAround(folder), before);
    assert.equal(followLinks(`${folder}/${path}`), join(folder, real));
    writeFile(`${folder}/${path}`, 'new', WORLD);
    assert.ok(lstatSync(join(folder, real)).isFile());
    assert.equal(readFileSync(join(folder, real), 'utf8'), 'new');
    assert.deepEqual(others(lookAround(folder), real), others(before, real));
  });
}

// All else: the time of a folder is that of its last change.
function others(all: ReadonlyMap<string, Found>, real: string): unknown[] {
  return [...all]
    .filter(([name]) => name !== real)
    .map(([name, { isFolder, seen }]) => [name, isFolder || seen]);
}

for (const [path, message, hint] of [
  ['deep', 'that is a folder (EISDIR)', 'name a file in it'],
  ['deep/', 'that is a folder (EISDIR)', 'name a file in it'],
  ['deep/.', 'that is a folder (EISDIR)', 'name a file in it'],
  ['to-folder', 'that is a folder (EISDIR)', 'name a file in it'],
  ['no/file', 'there is no such folder (ENOENT)', 'mkdir -p'],
  ['no/', 'there is no such folder (ENOENT)', 'mkdir -p'],
  ['nowhere', 'there is no such folder (ENOENT)', 'mkdir -p'],
  ['file/x', 'a part of its path is no folder (ENOTDIR)', undefined],
  ['file/', 'a part of its path is no folder (ENOTDIR)', undefined],
  ['loop', 'its symbolic links go in a circle (ELOOP)', undefined],
  ['self', 'its symbolic links go in a circle (ELOOP)', undefined],
  ['loop/x', 'its symbolic links go in a circle (ELOOP)', undefined],
  ['l0', 'its symbolic links go in a circle (ELOOP)', undefined],
  ['x'.repeat(256), 'its name is too long (ENAMETOOLONG)', undefined],
  ['ü'.repeat(128), 'its name is too long (ENAMETOOLONG)', undefined],
  ['no/\u001b[31m', 'there is no such folder (ENOENT)', 'mkdir -p'],
] as const) {
  test(`${JSON.stringify(path.slice(0, 30))}: ${message}`, () => {
    const before = lookAround(folder);
    for (const call of [assertWritable, (name: string) => writeFile(name, 'new', WORLD)]) {
      const failure = assertRefused(() => call(`${folder}/${path}`), 'OUTPUT', message);
      assertHolds(failure.message, `cannot write ${folder}/`);
      assert.ok(hint === undefined ? failure.hint === undefined : failure.hint?.includes(hint), failure.hint);
      assertPlain(failure);
    }
    assert.deepEqual(lookAround(folder), before);
  });
}

test('an empty path is told as one', () => {
  for (const call of [assertWritable, (path: string) => writeFile(path, 'new', WORLD)])
    assertHolds(assertRefused(() => call(''), 'OUTPUT', "the file's name is empty").hint, 'not set');
});

test('a relative path counts from the working directory; once that is gone, absolute ones alone are left', async () => {
  const script = `
    process.chdir(folder + '/linked');
    const here = [both('new'), both('../newer'), both('../../dangling')];
    mkdirSync(folder + '/gone');
    process.chdir(folder + '/gone');
    rmSync(folder + '/gone', { recursive: true });
    tell([here, both('new'), both('../new'), both(folder + '/absolute'), both('/dev/null')]);`;
  const no = (path: string) => `OUTPUT: cannot write ${path}: there is no such folder (ENOENT)`;
  const done = ['done', 'done'];
  assert.deepEqual(await told(script, folder), [
    [done, done, done],
    [no('new'), no('new')],
    [no('../new'), no('../new')],
    done,
    done,
  ]);
  for (const path of ['deep/real/new', 'deep/newer', 'deep/new', 'deep/real/file'])
    assert.equal(readFileSync(join(folder, path), 'utf8'), 'new');
});
