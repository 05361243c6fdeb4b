// Proves that what is no file is written into and stays what it is, that no pipe is waited for in vain, and what is said where
// this user may not write; and that assertWritable says the same beforehand.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs, {
  closeSync,
  constants,
  existsSync,
  lstatSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { AppError } from '../../src/errors.ts';
import { assertWritable, writeFile } from '../../src/output/file.ts';
import { assertRefused, failureOf } from './failures.ts';
import { lookAround, runScript, told, WORLD, whyNoOtherUser } from './file-child.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'civault-place-'));
  writeFileSync(join(folder, 'file'), 'old');
  symlinkSync('file', join(folder, 'relative'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('devices are written into, and stay devices', () => {
  const before = lstatSync('/dev/null');
  symlinkSync('/dev/null', join(folder, 'null'));
  for (const path of ['/dev/null', join(folder, 'null')]) {
    assertWritable(path);
    writeFile(path, 'new', WORLD);
  }
  const { ino, mode, uid } = lstatSync('/dev/null');
  assert.deepEqual([ino, mode, uid], [before.ino, before.mode, before.uid]);
  assertRefused(() => writeFile('/dev/full', 'new', WORLD), 'OUTPUT', 'the disk is full (ENOSPC)');
});

test('a named pipe is written into where it has a reader, and not waited for where it has none', async () => {
  const pipe = join(folder, 'pipe');
  assert.equal(spawnSync('mkfifo', [pipe]).status, 0);
  const no = 'it is a pipe that nobody reads from, or a device that is not there (ENXIO)';
  // In a process of its own, which would be ended if it waited.
  assert.deepEqual(await told(`tell(both(folder + '/pipe'))`, folder), [
    'done',
    `OUTPUT: cannot write ${pipe}: ${no}`,
  ]);
  const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
  const read = Buffer.alloc(10);
  for (const content of ['new', '']) {
    assertWritable(pipe);
    writeFile(pipe, content, WORLD);
    assert.equal(read.toString('utf8', 0, readSync(reader, read)), content);
  }
  closeSync(reader);
  assert.ok(lstatSync(pipe).isFIFO());
});

test('a socket is no place for a file', async () => {
  const server = createServer();
  const path = join(folder, 'socket');
  await new Promise<void>((resolve) => server.listen(path, resolve));
  try {
    for (const call of [assertWritable, (name: string) => writeFile(name, 'new', WORLD)])
      assertRefused(() => call(path), 'OUTPUT', '(ENXIO)');
  } finally {
    server.close();
  }
});

for (const path of ['/dev/stdout', '/dev/fd/1', '/proc/self/fd/1', '/proc/thread-self/fd/1']) {
  test(`${path} is written into where it is a pipe, and as long as its reader takes`, async (t) => {
    if (!existsSync(path.replace(/1$/, '0'))) return t.skip(`there is no ${path} here`);
    const script = `
      symlinkSync('${path}', folder + '/out');
      const content = Buffer.alloc(500_000, 'civault ');
      process.stderr.write(JSON.stringify([both('${path}', content), both(folder + '/out', content)]));`;
    const imported = `import { symlinkSync } from 'node:fs';\n${script}`;
    const { stdout, stderr } = await runScript(imported, folder, '"$@" | (sleep 0.2; cat)');
    assert.equal(stderr, '[["done","done"],["done","done"]]');
    assert.ok(stdout.equals(Buffer.alloc(1_000_000, 'civault ')));
  });
}

test('an open file is written into behind what it holds, whether it has a name or was deleted', (t) => {
  const path = join(folder, 'file');
  fs.writeFileSync(path, 'before, ');
  const descriptor = openSync(path, 'a+');
  const link = `/proc/self/fd/${descriptor}`;
  if (!existsSync(link)) return t.skip('there is no /proc here');
  const { ino } = lstatSync(path);
  assertWritable(link);
  writeFile(link, 'named, ', WORLD);
  assert.equal(lstatSync(path).ino, ino);
  unlinkSync(path);
  assertWritable(link);
  writeFile(link, 'deleted', WORLD);
  const all = Buffer.alloc(100);
  const size = fs.readSync(descriptor, all, 0, all.length, 0);
  assert.equal(all.toString('utf8', 0, size), 'before, named, deleted');
  assert.equal(existsSync(path), false);
  closeSync(descriptor);
});

test('where this user may not write', { skip: whyNoOtherUser }, async () => {
  spawnSync('mkfifo', ['-m', '600', join(folder, 'pipe')]);
  const script = `
    chmodSync(folder, 0o755);
    mkdirSync(folder + '/closed', { mode: 0o700 });
    mkdirSync(folder + '/sticky');
    chmodSync(folder + '/sticky', 0o1777);
    writeFileSync(folder + '/sticky/file', 'old');
    becomeOther();
    tell(['new', 'file', 'relative', 'closed/new', 'pipe', 'sticky/file', 'sticky/new'].map((name) => both(folder + '/' + name)));`;
  const outcomes = (await told(script, folder)) as [string, string][];
  const no = (name: string, code: string) =>
    `OUTPUT: cannot write ${folder}/${name}: this user may not write there (${code})`;
  const refused = (name: string) => [no(name, 'EACCES'), no(name, 'EACCES')];
  assert.deepEqual(outcomes, [
    ...['new', 'file', 'relative', 'closed/new', 'pipe'].map(refused),
    // Known only once it is tried.
    ['done', no('sticky/file', 'EPERM')],
    ['done', 'done'],
  ]);
  assert.equal(readFileSync(join(folder, 'sticky/file'), 'utf8'), 'old');
  const names = [...lookAround(folder).keys()];
  assert.deepEqual(
    names.filter((name) => /civault|new/.test(name)),
    ['sticky/new'],
  );
});

test('what is no failure of the system passes as it is', () => {
  const odd = () => {
    throw new Error('chance failed');
  };
  const failure = failureOf(() => writeFile(join(folder, 'new'), 'new', { ...WORLD, random: odd }));
  assert.ok(!(failure instanceof AppError) && String(failure).includes('chance failed'));
});
