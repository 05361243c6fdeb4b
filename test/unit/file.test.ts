// Proves that a result gets into its file whole or not at all, for its owner alone, whoever else writes it and whatever goes
// wrong, and that nothing stays beside it.

import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  closeSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { assertWritable, removeLeftovers, writeFile } from '../../src/output/file.ts';
import { writeAll } from '../../src/output/write-all.ts';
import { assertRefused, failureOf } from './failures.ts';
import { lookAround, OTHER_USER, runScript, told, WORLD, whyNoOtherUser } from './file-child.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'civault-file-'));
  file = join(folder, 'result.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const left = () => readdirSync(folder).sort();
const modeOf = (path: string) => lstatSync(path).mode & 0o7777;

for (const [what, content, bytes] of [
  ['text', 'grün\n', Buffer.from('grün\n')],
  ['nothing', '', Buffer.alloc(0)],
  ['bytes that are no text', new Uint8Array([0, 255, 254, 10]), Buffer.from([0, 255, 254, 10])],
  ['part of a larger buffer', Buffer.from('abcdef').subarray(2, 4), Buffer.from('cd')],
  ['8 MB', Buffer.alloc(8_000_000, 'civault '), Buffer.alloc(8_000_000, 'civault ')],
] as const) {
  test(`a new file holds ${what}, and its folder nothing else`, () => {
    writeFile(file, content, WORLD);
    assert.ok(readFileSync(file).equals(bytes));
    assert.deepEqual([left(), modeOf(file)], [['result.json'], 0o600]);
  });
}

for (const mask of ['0', '022', '0777']) {
  test(`a file is 0600 with a umask of ${mask}, new or not`, async () => {
    const script = `tell([both(folder + '/result.json'), both(folder + '/result.json', 'newer')])`;
    const done = ['done', 'done'];
    assert.deepEqual(await told(script, folder, `umask ${mask}; exec "$@"`), [done, done]);
    assert.deepEqual([left(), modeOf(file), readFileSync(file, 'utf8')], [['result.json'], 0o600, 'newer']);
  });
}

for (const mode of [0o644, 0o4755, 0o400, 0]) {
  test(`a file that was 0${mode.toString(8)} is replaced by another, 0600: whoever has it open keeps the old`, () => {
    writeFileSync(file, 'old content, which is longer');
    const descriptor = openSync(file, 'r');
    chmodSync(file, mode);
    const { ino } = lstatSync(file);
    writeFile(file, 'new', WORLD);
    assert.deepEqual([left(), modeOf(file), readFileSync(file, 'utf8')], [['result.json'], 0o600, 'new']);
    assert.notEqual(lstatSync(file).ino, ino);
    assert.equal(readFileSync(descriptor, 'utf8'), 'old content, which is longer');
    closeSync(descriptor);
  });
}

test("root leaves another user's file with its owner", { skip: whyNoOtherUser }, () => {
  writeFileSync(file, 'old');
  chownSync(file, 12_345, 54_321);
  writeFile(file, 'new', WORLD);
  const { uid, gid } = lstatSync(file);
  assert.deepEqual([uid, gid, modeOf(file), readFileSync(file, 'utf8')], [12_345, 54_321, 0o600, 'new']);
});

test('but not where others may have laid it there to be given the secret', { skip: whyNoOtherUser }, () => {
  for (const mode of [0o1777, 0o777, 0o775]) {
    chmodSync(folder, mode);
    writeFileSync(file, 'old');
    chownSync(file, 12_345, 54_321);
    writeFile(file, 'new', WORLD);
    assert.deepEqual([lstatSync(file).uid, modeOf(file)], [process.getuid?.(), 0o600]);
  }
});

test('a link that another user laid in a folder for all is not followed', { skip: whyNoOtherUser }, () => {
  const link = join(folder, 'link');
  symlinkSync(file, link);
  lchownSync(link, 12_345, 54_321);
  writeFile(link, 'followed', WORLD);
  chmodSync(folder, 0o1777);
  for (const call of [assertWritable, (path: string) => writeFile(path, 'new', WORLD)])
    assertRefused(() => call(link), 'OUTPUT', 'this user may not write there (EACCES)');
  assert.equal(readFileSync(file, 'utf8'), 'followed');
});

test("who is not root gets another user's file where its folder lets him", {
  skip: whyNoOtherUser,
}, async () => {
  writeFileSync(file, 'old', { mode: 0o600 });
  chmodSync(folder, 0o777);
  const script = `becomeOther(); tell(both(folder + '/result.json'))`;
  assert.deepEqual(await told(script, folder), ['done', 'done']);
  const { uid } = lstatSync(file);
  assert.deepEqual([left(), uid, modeOf(file)], [['result.json'], OTHER_USER, 0o600]);
});

for (const exists of [true, false]) {
  test(`a file that becomes too large leaves ${exists ? 'the old one' : 'none'}, and no half`, async () => {
    if (exists) writeFileSync(file, 'old');
    const before = lookAround(folder);
    const script = `tell(both(folder + '/result.json', 'x'.repeat(1_000_000)))`;
    assert.deepEqual(await told(script, folder, 'ulimit -f 16; exec "$@"'), [
      'done',
      `OUTPUT: cannot write ${file}: it would be larger than files may be here (EFBIG)`,
    ]);
    assert.deepEqual(lookAround(folder), before);
  });
}

test('a place that is taken while the file is written leaves no half', () => {
  const taken = () => {
    mkdirSync(file);
    return 0.5;
  };
  assertRefused(
    () => writeFile(file, 'new', { ...WORLD, random: taken }),
    'OUTPUT',
    'that is a folder (EISDIR)',
  );
  assert.deepEqual(left(), ['result.json']);
});

test("what is another's under the same other name stays, and is told", () => {
  const other = join(folder, `.result.json.400000000000.civault`);
  writeFileSync(other, 'of another');
  assertRefused(
    () => writeFile(file, 'new', { ...WORLD, random: () => 0.25 }),
    'OUTPUT',
    'it failed (EEXIST)',
  );
  assert.deepEqual([left().length, readFileSync(other, 'utf8')], [1, 'of another']);
});

test('of many who write a file at once, one at a time is seen, and whole', async () => {
  const size = 300_000;
  const script = (letter: string) =>
    `for (let turn = 0; turn < 50; turn += 1) writeFile(folder + '/result.json', '${letter}'.repeat(${size}), WORLD); tell('done');`;
  let running = true;
  const writers = Promise.all(['a', 'b', 'c', 'd'].map((letter) => told(script(letter), folder))).finally(
    () => {
      running = false;
    },
  );
  const seen = new Set<string>();
  writeFileSync(file, '-'.repeat(size));
  while (running) {
    const text = readFileSync(file, 'utf8');
    const [first = ''] = text;
    assert.ok(text === first.repeat(size), `mixed, or ${text.length} long`);
    seen.add(first);
    await turn();
  }
  assert.deepEqual(await writers, ['done', 'done', 'done', 'done']);
  assert.ok(seen.size > 2, `only ${[...seen].join()} was seen`);
  assert.deepEqual(left(), ['result.json']);
});

test('a write removes what one that was killed a minute ago left beside the file, and nothing that is younger', () => {
  const leftover = (name: string, secondsAgo: number) => {
    const path = join(folder, `.result.json.${name}.civault`);
    writeFileSync(path, 'half a sec');
    utimesSync(path, Date.now() / 1000 - secondsAgo, Date.now() / 1000 - secondsAgo);
  };
  leftover('00000000a1d1', 61);
  leftover('00000000e1f1', 50);
  writeFile(file, 'whole', WORLD);
  assert.deepEqual(left(), ['.result.json.00000000e1f1.civault', 'result.json']);
});

test("leftovers are those of writing this file, and nobody else's", () => {
  const others = [
    '.config.json',
    '.config.json.x',
    '.other.json.1.civault',
    'config.json',
    'config.json.1.civault',
    // Of config.json.old, which somebody may be writing.
    '.config.json.old.0123456789ab.civault',
    '.config.json..civault',
    // What a person may have named so.
    '.config.json.template.civault',
    '.config.json.production1.civault',
    '.config.json.2026.civault',
    '.config.json.0123456789ABC.civault',
  ];
  for (const name of [...others, '.config.json.0123456789ab.civault', '.config.json.000000000000.civault'])
    writeFileSync(join(folder, name), '');
  removeLeftovers(join(folder, 'config.json'));
  assert.deepEqual(left(), others.sort());
  removeLeftovers(join(folder, 'not/there'));
});

test('one leftover that cannot be removed does not keep the others', () => {
  const name = (digit: number) => `.result.json.00000000000${digit}.civault`;
  mkdirSync(join(folder, name(1)));
  symlinkSync('nowhere', join(folder, name(3)));
  for (const digit of [0, 2, 4]) writeFileSync(join(folder, name(digit)), '');
  removeLeftovers(file);
  assert.deepEqual(left(), [name(1), name(3)]);
});

for (const name of ['result', 'x'.repeat(255), `x${'ü'.repeat(127)}`, '😀'.repeat(63)]) {
  test(`what a killed process leaves is found by the file's name: ${name.slice(0, 8)}`, async () => {
    writeFileSync(join(folder, name), 'old');
    const script = `
      const bytes = Buffer.from('new');
      Object.defineProperty(bytes, 'length', { get: () => process.kill(process.pid, 'SIGKILL') });
      writeFile(folder + '/${name}', bytes, WORLD);`;
    assert.equal((await runScript(script, folder)).status, 137);
    assert.equal(left().length, 2);
    removeLeftovers(join(folder, name));
    assert.deepEqual([left(), readFileSync(join(folder, name), 'utf8')], [[name], 'old']);
  });
}

test('all is written to a pipe that is full, as its reader goes on', async () => {
  const script = `writeAll(1, Buffer.alloc(3_000_000, 'civault '))`;
  const { status, stdout } = await runScript(script, folder, '"$@" | (sleep 0.3; cat)');
  assert.deepEqual([status, stdout.equals(Buffer.alloc(3_000_000, 'civault '))], [0, true]);
});

test('a reader that went away, and a descriptor that is none, are the system’s errors', async () => {
  const script = `tell(outcome(() => { for (;;) writeAll(3, Buffer.alloc(100_000)); }))`;
  const { stdout } = await runScript(script, folder, '{ "$@" 3>&1 >&4 4>&- | true; } 4>&1');
  assert.match(stdout.toString(), /EPIPE/);
  assert.match(String(failureOf(() => writeAll(-1, Buffer.from('x')))), /out of range|EBADF/);
  writeAll(-1, Buffer.alloc(0));
});
