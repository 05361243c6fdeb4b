// Proves that the binary runs where jobs run: with hardly anything around it, as anybody, from anywhere.

import assert from 'node:assert/strict';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type BusyboxRoot, CIVAULT, makeBusyboxRoot, whyNoRoot } from '../harness/busybox-root.ts';
import { runCommand } from '../harness/command.ts';
import { type Job, startJob } from '../harness/job.ts';

const REF = 'secret/data/sonarqube/svc-orchestrator#url';
const EXPECTED = { status: 0, stdout: 'https://sonarqube.shared.cwiq.io', stderr: '' };

let job: Job;
before(async () => {
  job = await startJob();
});
after(() => job.end());

describe('in a root with BusyBox and nothing else', { skip: whyNoRoot() ?? false }, () => {
  let root: BusyboxRoot;
  before(() => {
    root = makeBusyboxRoot();
    symlinkSync('../bin/civault', join(root.path, 'bin/by-symlink'));
  });
  after(() => root?.remove());

  async function runs(script: string, options: Parameters<BusyboxRoot['run']>[1] = {}): Promise<void> {
    const { status, stdout, stderr } = await root.run(script, {
      ...options,
      env: { ...job.env, ...options.env },
    });
    assert.deepEqual({ status, stdout: stdout.toString(), stderr }, EXPECTED);
  }

  test('found through PATH, without /proc', () => runs(`civault get ${REF}`));
  test('found through a later folder of PATH', () =>
    runs(`civault get ${REF}`, { env: { PATH: '/nowhere:/bin' } }));
  test('found through an empty entry of PATH, which is the working directory', () =>
    runs(`cd /bin; PATH=:/nowhere; civault get ${REF}`));
  test('by an absolute path', () => runs(`/bin/civault get ${REF}`));
  test('by a relative path', () => runs(`cd /bin; ./civault get ${REF}`));
  test('by a symlink, on PATH and by its path', async () => {
    await runs(`by-symlink get ${REF}`);
    await runs(`/bin/by-symlink get ${REF}`);
  });
  test('as uid 1000650000, which no /etc/passwd names', () =>
    runs(`civault get ${REF}`, { user: '1000650000:1000650000' }));
  test('from a working directory that was deleted', () =>
    runs(`busybox mkdir /gone; cd /gone; busybox rmdir /gone; civault get ${REF}`));
  // A closed descriptor is opened to /dev/null by Node itself, which every container has and this root at first has not.
  test('with standard input closed', async (t) => {
    const made = await runCommand('/bin/sh', ['-c', 'mkdir -p "$DEV" && mknod -m 666 "$DEV/null" c 1 3'], {
      env: { DEV: join(root.path, 'dev'), PATH: '/usr/bin:/bin' },
    });
    if (made.status !== 0) return t.skip(`no device may be made here: ${made.stderr.trim()}`);
    await runs(`civault get ${REF} <&-`);
  });
  test('with HOME, with an empty HOME, with a HOME that is not there', async () => {
    for (const HOME of ['/', '', '/not/there']) await runs(`civault get ${REF}`, { env: { HOME } });
  });
  test('a file of its name earlier on PATH that is another program is passed over', async () => {
    root.put('other/civault', 'not a program');
    await runs(`civault get ${REF}`, { env: { PATH: '/other:/bin' } });
  });
  test('where it cannot find itself it says so, with status 1', async () => {
    const script = 'PATH=/nowhere; (exec -a hidden /bin/civault --version) 2>&1 || echo "status $?"';
    const { stdout } = await root.run(script);
    assert.match(stdout.toString(), /^civault: cannot find its own file.*\nstatus 1\n$/s);
  });
  test('where it cannot find itself, a job that evals it ends all the same', async () => {
    const script =
      'PATH=/nowhere; set -e; eval "$(exec -a hidden /bin/civault env A=a/b#c)"; echo "not reached"';
    const { status, stdout } = await root.run(script);
    assert.deepEqual({ status, stdout: stdout.toString() }, { status: 1, stdout: '' });
  });
});

describe('on a read-only root', () => {
  const reason = whyNoRoot();
  test('nothing is written anywhere', { skip: reason ?? false }, async (t) => {
    const root = makeBusyboxRoot();
    try {
      const script = `mount --bind "$ROOT" "$ROOT" && mount -o remount,bind,ro "$ROOT" || exit 99
        chroot "$ROOT" /bin/busybox ash -c 'busybox touch /x && exit 98; civault get ${REF}'`;
      const env = { ...job.env, ROOT: root.path, PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };
      const run = await runCommand('unshare', ['--mount', 'sh', '-c', script], { env });
      if (run.status === 99 || /unshare/.test(run.stderr))
        return t.skip(`no mounts may be made here: ${run.stderr.trim()}`);
      const { status, stdout } = run;
      assert.deepEqual({ status, stdout: stdout.toString() }, { status: 0, stdout: EXPECTED.stdout });
      assert.match(run.stderr, /^touch: .*Read-only file system\n$/);
    } finally {
      root.remove();
    }
  });
});

describe('on a machine with glibc', () => {
  const env = () => ({ ...job.env, PATH: '/usr/bin:/bin' });

  async function runs(command: string, args: string[]): Promise<void> {
    const { status, stdout, stderr } = await runCommand(command, args, { env: env() });
    assert.deepEqual({ status, stdout: stdout.toString(), stderr }, EXPECTED);
  }

  test('as it is', () => runs(CIVAULT, ['get', REF]));
  test('with standard input closed', () => runs('/bin/sh', ['-c', `exec <&-; ${CIVAULT} get '${REF}'`]));
  test('with every file descriptor but the outputs closed, and a small limit of open files', () =>
    runs('/bin/sh', ['-c', `exec <&- 3<&- 4<&- 5<&-; ulimit -n 32; ${CIVAULT} get '${REF}'`]));

  test('in a control group of 64 MB', async (t) => {
    const group = `/sys/fs/cgroup/civault-test-${process.pid}`;
    const script = `mkdir ${group} && echo 64M > ${group}/memory.max && echo 0 > ${group}/memory.swap.max
      echo $$ > ${group}/cgroup.procs || exit 99
      exec ${CIVAULT} get '${REF}'`;
    const run = await runCommand('/bin/sh', ['-c', script], { env: env() });
    await runCommand('/bin/rmdir', [group], { env: env() });
    if (run.status === 99) return t.skip('no control group may be made here');
    assert.deepEqual({ status: run.status, stdout: run.stdout.toString(), stderr: run.stderr }, EXPECTED);
  });

  test('with all of its outputs closed, whose place Node gives to /dev/null', async () => {
    const run = await runCommand('/bin/sh', ['-c', `exec <&- >&- 2>&-; ${CIVAULT} get '${REF}'`], {
      env: env(),
    });
    assert.equal(run.status, 0);
  });
  test('a reader that went away is told with status 2', async () => {
    const script = `( ${CIVAULT} get '${REF}'; echo $? > "$OUT" ) | true`;
    const OUT = `${job.caFile}.status`;
    writeFileSync(OUT, '');
    const run = await runCommand('/bin/sh', ['-c', `${script}; cat "$OUT"`], { env: { ...env(), OUT } });
    assert.match(run.stdout.toString() + run.stderr, /2\n/);
  });
  test('a full disk is told with status 2', async () => {
    const run = await runCommand('/bin/sh', ['-c', `${CIVAULT} get '${REF}' > /dev/full`], { env: env() });
    assert.equal(run.status, 2);
    assert.match(run.stderr, /cannot write the result to standard output \(ENOSPC\)/);
  });
});
