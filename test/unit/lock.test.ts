// Proves that one process at a time works on a file, that a lock which was left behind is broken by one alone, and that
// whoever waits leaves the lock as it is when it gives up.

import assert from 'node:assert/strict';
import {
  existsSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Interrupted } from '../../src/io.ts';
import { withLock } from '../../src/output/lock.ts';
import { runCommand } from '../harness/command.ts';
import { assertHolds, assertRejected } from './failures.ts';
import { fakeIo } from './fakes.ts';

let folder: string;
let file: string;
let lock: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'civault-lock-'));
  file = join(folder, 'config.json');
  lock = `${file}.lock`;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const world = (functions: Parameters<typeof fakeIo>[0] = {}) => ({
  ...fakeIo({ now: Date.now, ...functions }),
  remaining: () => Infinity,
});
const impatient = () => {
  let time = 0;
  return world({ elapsed: () => (time += 5_000) });
};
const leave = (path: string, secondsAgo: number) => {
  writeFileSync(path, '');
  const then = Date.now() / 1000 - secondsAgo;
  utimesSync(path, then, then);
};
const left = () => readdirSync(folder).sort();

test('the lock is there during the work, for its owner alone, and gone after it', async () => {
  const result = await withLock(file, world(), (target) => {
    assert.deepEqual(left(), ['config.json.lock']);
    assert.equal(lstatSync(lock).mode & 0o777, 0o600);
    return target;
  });
  assert.equal(result, file);
  assert.deepEqual(left(), []);
});

test('the lock is gone after work that failed, whose failure is passed on', async () => {
  let calls = 0;
  const work = () => {
    calls += 1;
    throw new Error('no');
  };
  await assert.rejects(withLock(file, world(), work), /^Error: no$/);
  assert.deepEqual([left(), calls], [[], 1]);
});

for (const [what, make] of [
  ['by its path', () => join(folder, 'there/real.json')],
  ['an absolute link', () => link(join(folder, 'there/real.json'), 'config.json')],
  ['a relative link', () => link('there/real.json', 'config.json')],
  ['a link to a link', () => link(link('there/real.json', 'second'), 'config.json')],
  ['a link in a linked folder', () => join(link('there', 'linked'), 'real.json')],
] as const) {
  for (const exists of [true, false]) {
    test(`the lock lies beside the file that is meant: ${what}, ${exists ? 'there' : 'not there yet'}`, async () => {
      mkdirSync(join(folder, 'there'));
      const real = join(folder, 'there/real.json');
      if (exists) writeFileSync(real, '');
      const path = make();
      await withLock(path, world(), (target) => {
        assert.equal(target, real);
        assert.ok(existsSync(`${real}.lock`));
        assert.equal(existsSync(lock), false);
      });
      assert.equal(existsSync(`${real}.lock`), false);
    });
  }
}

function link(target: string, name: string): string {
  symlinkSync(target, join(folder, name));
  return join(folder, name);
}

test('links in a circle, a folder that is not there, and one that is a file', async () => {
  const circle = link('config.json', 'other') && link('other', 'config.json');
  await assertRejected(withLock(circle, world(), assert.fail), 'OUTPUT', 'symbolic links go in a circle');
  await assertRejected(withLock(`${folder}/no/x`, world(), assert.fail), 'OUTPUT', 'there is no such folder');
  writeFileSync(join(folder, 'file'), '');
  await assertRejected(withLock(`${folder}/file/x`, world(), assert.fail), 'OUTPUT', 'is no folder');
});

test('who finds a lock waits until it is gone', async () => {
  writeFileSync(lock, '');
  const done = withLock(file, world(), () => existsSync(`${folder}/released`));
  await sleep(60);
  writeFileSync(`${folder}/released`, '');
  unlinkSync(lock);
  assert.equal(await done, true);
});

for (const [what, secondsAgo] of [
  ['10 s ago', 10.001],
  ['a year ago', 31_536_000],
  ['before the clock was set back', -11],
] as const) {
  test(`a lock that was made ${what} is broken`, async () => {
    leave(lock, secondsAgo);
    await withLock(file, world(), () => assert.deepEqual(left(), ['config.json.lock']));
    assert.deepEqual(left(), []);
  });
}

for (const secondsAgo of [0, 5, -5]) {
  test(`a lock of ${secondsAgo} s ago is kept, and told of after 30 s`, async () => {
    leave(lock, secondsAgo);
    const failure = await assertRejected(
      withLock(file, impatient(), assert.fail),
      'OUTPUT',
      'others have kept its lock for 30 s',
    );
    assertHolds(failure.hint, `remove ${lock}`);
    assert.deepEqual(left(), ['config.json.lock']);
  });
}

test('who waits for longer than a second is told once for what', async () => {
  leave(lock, 0);
  const waiting = impatient();
  await assertRejected(withLock(file, waiting, assert.fail), 'OUTPUT', 'kept its lock');
  assert.equal(waiting.messages.length, 1);
  assertHolds(waiting.messages[0], `waiting for ${lock}: another run has it`);
});

test('nobody waits beyond the time limit of the run', async () => {
  leave(lock, 0);
  let left = 2000;
  const short = {
    ...world({ elapsed: () => 2000 - left }),
    remaining: () => (left = Math.max(0, left - 500)),
  };
  await assertRejected(withLock(file, short, assert.fail), 'OUTPUT', 'others have kept its lock for 2 s');
});

test("a lock's age is judged by its own file system's clock", async () => {
  for (const hours of [1, -1]) {
    leave(lock, 0);
    const skewed = { ...impatient(), now: () => Date.now() + hours * 3_600_000 };
    await assertRejected(withLock(file, skewed, assert.fail), 'OUTPUT', 'kept its lock');
    assert.deepEqual(left(), ['config.json.lock']);
  }
});

test('a lock is not broken while somebody else has the claim to it, and is when that was left behind as well', async () => {
  leave(lock, 20);
  const { mtimeNs, ino } = lstatSync(lock, { bigint: true });
  const claim = `${lock}.${mtimeNs.toString(36)}-${ino.toString(36)}`;
  leave(claim, 0);
  await assertRejected(withLock(file, impatient(), assert.fail), 'OUTPUT', 'kept its lock');
  assert.equal(lstatSync(lock, { bigint: true }).mtimeNs, mtimeNs);
  leave(claim, 11);
  await withLock(file, world(), () => assert.deepEqual(left(), ['config.json.lock']));
  assert.deepEqual(left(), []);
});

test('claims to locks that are gone, and claims to those, are removed by who has the lock; what is no claim stays', async () => {
  for (const claim of ['dn2y0q3w8l08-5yxdm', 'dn2y0q3w8l08-5yxdm.dn2y0q3w8l09-5yxdn'])
    leave(`${lock}.${claim}`, 0);
  leave(`${lock}.old`, 0);
  writeFileSync(`${lock}.dn2y0q3w8l08-mine`, 'not empty');
  await withLock(file, world(), () =>
    assert.deepEqual(left(), [
      'config.json.lock',
      'config.json.lock.dn2y0q3w8l08-mine',
      'config.json.lock.old',
    ]),
  );
  assert.deepEqual(left(), ['config.json.lock.dn2y0q3w8l08-mine', 'config.json.lock.old']);
});

test('a lock that is a folder is no lock that can be broken, and is told', async () => {
  mkdirSync(lock);
  utimesSync(lock, 1, 1);
  const failure = await assertRejected(
    withLock(file, impatient(), assert.fail),
    'OUTPUT',
    'cannot be had (E',
  );
  assertHolds(failure.hint, 'remove it');
  assert.deepEqual(left(), ['config.json.lock']);
});

test('a lock that is a link to nowhere is kept and broken like any other', async () => {
  symlinkSync('nowhere', lock);
  await assertRejected(withLock(file, impatient(), assert.fail), 'OUTPUT', 'kept its lock');
  lutimesSync(lock, 1, 1);
  await withLock(file, world(), () => assert.ok(lstatSync(lock).isFile()));
  assert.deepEqual(left(), []);
});

test('a signal ends the waiting, and the lock stays', async () => {
  writeFileSync(lock, '');
  const signal = new Interrupted('SIGTERM', 15);
  let arrive: (reason: unknown) => void = () => assert.fail();
  const cutShort = new Promise<never>((_, reject) => {
    arrive = reject;
  });
  const waiting = withLock(file, world({ cutShort }), assert.fail);
  setTimeout(() => arrive(signal), 50);
  await assert.rejects(waiting, signal);
  unlinkSync(lock);
  await sleep(100);
  assert.deepEqual(left(), []);
});

test('after a signal there is no work, though the lock is free', async () => {
  const signal = new Interrupted('SIGTERM', 15);
  const cutShort = Promise.reject(signal);
  await assert.rejects(withLock(file, world({ cutShort }), assert.fail), signal);
  assert.deepEqual(left(), []);
});

test("a lock that was lost over the work is the other's, and stays", async () => {
  const result = await withLock(file, world(), () => {
    writeFileSync(`${folder}/new`, "another process's");
    renameSync(`${folder}/new`, lock);
    return 'done';
  });
  assert.equal(result, 'done');
  assert.equal(readFileSync(lock, 'utf8'), "another process's");
});

test('work that fails after the lock was lost is done again', async () => {
  let calls = 0;
  const result = await withLock(file, world(), () => {
    calls += 1;
    if (calls > 1) return calls;
    unlinkSync(lock);
    throw new Error('its temporary file is gone');
  });
  assert.deepEqual([result, left()], [2, []]);
});

// Each adds to a number, and finds out if another is at it. Now and then one seems to have been killed long ago: its lock
// stays, and is old.
const WORKER = `
  import { closeSync, existsSync, openSync, readFileSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
  import { withLock } from ${JSON.stringify(fileURLToPath(new URL('../../src/output/lock.ts', import.meta.url)))};
  const [file] = process.argv.slice(1);
  const world = { now: Date.now, elapsed: () => performance.now(), random: () => Math.random() / 10, cutShort: new Promise(() => {}),
    remaining: () => Infinity, writeMessage: () => {} };
  while (!existsSync(file + '.start')) await new Promise((resolve) => setTimeout(resolve, 1));
  for (let turn = 0; turn < 100; turn += 1) {
    await withLock(file, world, () => {
      closeSync(openSync(file + '.inside', 'wx'));
      writeFileSync(file, String(Number(readFileSync(file, 'utf8')) + 1));
      unlinkSync(file + '.inside');
      if (turn % 3 === 0) utimesSync(file + '.lock', 1, Date.now() / 1000 - 11 - Math.random());
    });
  }`;

test('of many processes that find locks left behind, one at a time works', async () => {
  writeFileSync(file, '0');
  const run = () =>
    runCommand(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', WORKER, file], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      env: { PATH: process.env['PATH'] ?? '' },
    });
  const runs = Array.from({ length: 8 }, run);
  await sleep(1500);
  writeFileSync(`${file}.start`, '');
  for (const { status, stderr } of await Promise.all(runs)) assert.deepEqual([status, stderr], [0, '']);
  assert.equal(readFileSync(file, 'utf8'), '800');
  assert.deepEqual(
    left().filter((name) => name.includes('.lock.')),
    [],
  );
});
