// Proves that what came of a file is its own run's alone until it is whole, whoever else has written there or writes now,
// and that only what can be the beginning of it is gone on with.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { digestOf, makeExecutable } from '../../src/download/bytes.ts';
import { openPart } from '../../src/download/part.ts';
import { assertReplaceable } from '../../src/download/place.ts';
import { assertHolds, assertPlain, assertRefused } from './failures.ts';

let folder: string;
let file: string;
let left: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'civault-part-'));
  file = join(folder, 'file');
  left = `${file}.part`;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const random = Math.random;
const open = (resumes = true) => openPart(file, resumes, { random });
const names = () => readdirSync(folder).sort();
const text = (name = file) => readFileSync(name, 'utf8');
const isRoot = process.getuid?.() === 0;

describe('what is left of an earlier run', () => {
  test('is gone on with: its size and its digest are those of the bytes', () => {
    writeFileSync(left, 'begin', { mode: 0o600 });
    const part = open();
    assert.equal(part.size(), 5);
    part.write(Buffer.from('ning'));
    part.finish(false);
    assert.deepEqual([names(), text()], [['file'], 'beginning']);
    assert.equal(digestOf(file), part.sha256());
  });

  test('is begun anew where nothing will judge it', () => {
    writeFileSync(left, 'begin', { mode: 0o600 });
    const part = open(false);
    assert.deepEqual([part.size(), part.leave(false), names()], [0, false, []]);
  });

  for (const [what, lay] of [
    ['that others may write', () => chmodSync(left, 0o666)],
    ['that its group may write', () => chmodSync(left, 0o660)],
    ['with another name, by which others may write it', () => linkSync(left, join(folder, 'other'))],
    [
      'that is a link to a file',
      () => {
        renameSync(left, join(folder, 'other'));
        symlinkSync('other', left);
      },
    ],
    [
      'that is a link to nowhere',
      () => {
        unlinkSync(left);
        symlinkSync('nowhere', left);
      },
    ],
    [
      'that is a pipe',
      () => {
        unlinkSync(left);
        execFileSync('mkfifo', [left]);
      },
    ],
    ['of another user', () => (isRoot ? chownSync(left, 65_534, 65_534) : chmodSync(left, 0o622))],
  ] as const) {
    test(`${what} is no beginning, is not written, and does not stand in the way`, () => {
      writeFileSync(left, 'begin', { mode: 0o600 });
      lay();
      const part = open();
      assert.equal(part.size(), 0);
      const { mode, nlink } = lstatSync(left);
      assert.deepEqual([(mode & 0o777).toString(8), nlink, lstatSync(left).isFile()], ['600', 1, true]);
      part.write(Buffer.from('new'));
      part.finish(false);
      assert.equal(text(), 'new');
      const other = names().filter((name) => name !== 'file');
      for (const name of other) assert.equal(text(join(folder, name)), 'begin');
    });
  }

  test('that is a folder is told, by its name, and nothing stays', () => {
    mkdirSync(left);
    const error = assertRefused(open, 'OUTPUT', `${file}.part is in the way (EISDIR)`);
    assertPlain(error);
    assertHolds(error.hint, 'remove what is there');
    assert.deepEqual(names(), ['file.part']);
  });
});

describe('two runs of one file', () => {
  const twice = () => {
    const first = open();
    first.write(Buffer.from('first'));
    const second = open();
    // What the first had by then is as good for the second, and is not shared with it.
    assert.equal(second.size(), 5);
    first.write(Buffer.from(' run'));
    second.write(Buffer.from(' and second'));
    return { first, second };
  };
  for (const [what, order] of [
    ['the first', ['first', 'second']],
    ['the second', ['second', 'first']],
  ] as const) {
    test(`both put it into its place, ${what} before the other`, () => {
      const runs = twice();
      const texts = { first: 'first run', second: 'first and second' };
      for (const name of order) {
        runs[name].finish(name === 'first');
        assert.equal(text(), texts[name]);
        assert.equal((lstatSync(file).mode & 0o111) !== 0, name === 'first');
      }
      assert.deepEqual(names(), ['file']);
    });
  }

  test('one that fails takes nothing from the other', () => {
    const { first, second } = twice();
    assert.deepEqual([first.leave(true), names()], [false, ['file.part']]);
    assert.equal(second.leave(true), true);
    assert.equal(text(left), 'first and second');
  });
});

test('what comes when it is closed is of no run any more', () => {
  const part = open();
  part.write(Buffer.from('some'));
  part.leave(true);
  part.write(Buffer.from('more'));
  part.restart();
  assert.equal(text(left), 'some');
});

test('a place that cannot be had in the end: the part stays, and nothing else', () => {
  const part = open();
  part.write(Buffer.from('new'));
  mkdirSync(file);
  assertRefused(() => part.finish(false), 'OUTPUT', `cannot write ${file}: that is a folder`);
  assert.deepEqual([names(), text(left)], [['file', 'file.part'], 'new']);
  assert.equal(part.leave(true), true);
});

describe('places that are none', () => {
  for (const [what, lay, part] of [
    ['a pipe', () => execFileSync('mkfifo', [file]), 'what is there is no regular file'],
    ['a folder', () => mkdirSync(file), 'that is a folder'],
    ['a link in a circle', () => symlinkSync('file', file), 'go in a circle'],
    ['a device', () => symlinkSync('/dev/null', file), 'what is there is no regular file'],
  ] as const) {
    test(what, () => {
      lay();
      assertPlain(assertRefused(() => assertReplaceable(file), 'OUTPUT', part));
      assertRefused(open, 'OUTPUT', part);
      assert.deepEqual(names(), ['file']);
      assert.equal(digestOf(file), undefined);
    });
  }

  test('a link that another user laid in a folder where all may write', {
    skip: isRoot ? false : 'only root can make files of other users',
  }, () => {
    chmodSync(folder, 0o1777);
    symlinkSync('/etc/civault-must-not-write-here', file);
    execFileSync('chown', ['-h', '65534', file]);
    assertRefused(() => open(), 'OUTPUT', 'this user may not write there');
  });

  for (const length of [251, 256, 5000]) {
    test(`a name of ${length} bytes, with .part behind it`, () => {
      assertRefused(
        () => openPart(join(folder, 'x'.repeat(length)), true, { random }),
        'OUTPUT',
        'name is too long',
      );
      assert.deepEqual(names(), []);
    });
  }
});

test('a name as long as it can be, of letters of four bytes', () => {
  const long = join(folder, '😀'.repeat(62));
  for (const resumes of [false, true, true]) {
    const part = openPart(long, resumes, { random });
    part.write(Buffer.from('x'));
    assert.equal(part.leave(true), true);
  }
  assert.equal(text(`${long}.part`), 'xxx');
});

test('a program is made of a file that is there for whoever may read it, and only where it is none', () => {
  for (const [before, after] of [
    [0o644, '755'],
    [0o600, '700'],
    [0o640, '750'],
    [0o755, '755'],
  ] as const) {
    writeFileSync(file, '');
    chmodSync(file, before);
    makeExecutable(file);
    assert.equal((lstatSync(file).mode & 0o777).toString(8), after);
  }
});
