// Proves on the binary that a download which cannot be written says what stands in its way, and leaves what was there: a full
// disk, a read-only one, a folder of others, names that are too long.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { assertDone, assertEnded, downloads } from '../harness/downloads.ts';

const at = downloads();
const AMD = 'civault-linux-amd64';

/** Why there can be no file system of a test's own here. */
function whyNoMount(): string | false {
  if (process.getuid?.() !== 0) return 'mount needs root';
  try {
    execFileSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt'], { stdio: 'ignore' });
    return false;
  } catch {
    return 'this root may not mount';
  }
}

describe('a file system of its own', { skip: whyNoMount() }, () => {
  /** Does something with a folder that is mounted for that time. */
  async function mounted(options: string, work: (disk: string) => Promise<void>): Promise<void> {
    const disk = join(at.here, 'disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'none', disk]);
    try {
      await work(disk);
    } finally {
      execFileSync('umount', [disk]);
    }
  }

  test('that is full: the old file stays, and nothing beside it', () =>
    mounted('size=200k', async (disk) => {
      writeFileSync(join(disk, AMD), 'old');
      assertEnded(
        await at.download(`${AMD} --output disk/`),
        2,
        /cannot write disk\/civault-linux-amd64: the disk is full \(ENOSPC\)/,
      );
      assert.deepEqual([readdirSync(disk), readFileSync(join(disk, AMD), 'utf8')], [[AMD], 'old']);
    }));

  test('that is full at the second of two files: neither is there', () =>
    mounted('size=400k', async (disk) => {
      const run = await at.download(`civault-linux-arm64 ${AMD} --output disk/`);
      assertEnded(run, 2, /the disk is full \(ENOSPC\)/);
      assert.deepEqual(
        readdirSync(disk),
        ['civault-linux-arm64.part'],
        'what is whole and judged is kept for the next run',
      );
    }));

  test('that is read-only: told before anything is asked for', () =>
    mounted('ro', async () => {
      assertEnded(
        await at.download(`${AMD} --output disk/file`),
        2,
        /its file system is read-only \(EROFS\)/,
      );
      assert.deepEqual(at.asked(), []);
    }));
});

describe('a folder of others', {
  skip: process.getuid?.() === 0 ? false : 'only root can be another user',
}, () => {
  const asNobody = (args: string) => at.download(args, { user: '65534:65534' });
  const skip = { skip: at.hasRoot ? false : 'there is no root folder with BusyBox' };

  test('where this user may not write', skip, async () => {
    chmodSync(at.here, 0o755);
    assertEnded(await asNobody(AMD), 2, /this user may not write there \(EACCES\)/);
  });

  test('where all may, and another has laid a part: that is told by its name', skip, async () => {
    chmodSync(at.here, 0o1777);
    writeFileSync(join(at.here, `${AMD}.part`), 'x');
    const run = await asNobody(AMD);
    assertEnded(
      run,
      2,
      /civault-linux-amd64\.part is in the way \(EPERM\)/,
      /hint: .*remove what is there, or choose another folder/,
    );
    assert.deepEqual(at.list(), [`${AMD}.part`]);
  });

  test("where all may, and one of two files is another's: neither is replaced", skip, async () => {
    chmodSync(at.here, 0o1777);
    writeFileSync(join(at.here, 'notes.txt'), 'old');
    const run = await asNobody(`${AMD} notes.txt`);
    assertEnded(run, 2, /cannot write notes\.txt: this user may not write there \(EPERM\)/);
    assert.deepEqual(
      at.list(),
      [`${AMD}.part`, 'notes.txt'],
      'what is whole and judged is kept for the next run',
    );
    assert.equal(at.read('notes.txt').toString(), 'old');
  });

  test('where a program is already as it should be, and is left so', skip, async () => {
    chmodSync(at.here, 0o777);
    writeFileSync(join(at.here, AMD), at.job.files.get(AMD) ?? '');
    chmodSync(join(at.here, AMD), 0o755);
    assertDone(await asNobody(`${AMD} --executable`), /is there already/);
    assert.equal(at.modeOf(AMD), '755');
  });
});

test('a folder in the place of the part, and one in the place of the file', async () => {
  mkdirSync(join(at.here, `${AMD}.part`));
  assertEnded(await at.download(AMD), 2, /civault-linux-amd64\.part is in the way \(EISDIR\)/);
  mkdirSync(join(at.here, 'notes.txt'));
  assertEnded(await at.download('notes.txt'), 2, /cannot write notes\.txt: that is a folder/);
  assert.deepEqual(at.list(), [`${AMD}.part`, 'notes.txt']);
});

test('a name that is too long for a file', async () => {
  const long = 'x'.repeat(260);
  at.job.release('v0.1.0', { [long]: 'x' }, false);
  assertEnded(await at.download(`'x*' --tag v0.1.0`), 2, /its name is too long \(ENAMETOOLONG\)/);
  assertDone(await at.download(`'x*' --tag v0.1.0 --output short`));
  assert.deepEqual(at.list(), ['short']);
});
