// Proves on the binary what docker-login says where config.json cannot be written, and that nothing is left behind there.

import assert from 'node:assert/strict';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type BusyboxRoot, makeBusyboxRoot, whyNoRoot } from '../harness/busybox-root.ts';
import { type Outcome, runCommand } from '../harness/command.ts';
import { assertRefused, dockerLogins, EXECUTOR, ORCHESTRATOR, REGISTRY } from '../harness/docker-login.ts';

const at = dockerLogins();

describe('where the file cannot be written', { skip: whyNoRoot() ?? false }, () => {
  let root: BusyboxRoot;
  before(() => {
    root = makeBusyboxRoot();
  });
  after(() => root?.remove());

  async function inMounts(t: { skip: (why: string) => void }, mount: string): Promise<Outcome | undefined> {
    mkdirSync(join(root.path, 'm'), { recursive: true });
    const script = `mount -t tmpfs -o size=64k,mode=700 none "$ROOT/m" || exit 99; ${mount}
      chroot "$ROOT" /bin/busybox ash -c 'DOCKER_CONFIG=/m civault docker-login ${REGISTRY} ${ORCHESTRATOR}; s=$?
        busybox ls -A /m; busybox cat /m/config.json; exit $s'`;
    const env = { ...at.job.env, ROOT: root.path, PATH: '/bin:/usr/sbin:/usr/bin:/sbin' };
    const run = await runCommand('unshare', ['--mount', 'sh', '-c', script], { env });
    if (run.status !== 99 && !run.stderr.includes('unshare')) return run;
    t.skip(`no mounts may be made here: ${run.stderr.trim()}`);
    return undefined;
  }

  test('by another user: a folder that is root’s, and a file that may not be read', async () => {
    const options = { user: '1000:1000', env: { ...at.job.env, DOCKER_CONFIG: '/etc/docker' } };
    root.put('etc/docker/config.json', '{}');
    const script = `civault docker-login ${REGISTRY} ${EXECUTOR}`;
    assertRefused(
      await root.run(script, options),
      2,
      /cannot write \/etc\/docker\/config\.json: this user may not write there \(EACCES\)\n/,
    );
    await root.run('busybox chmod 600 /etc/docker/config.json');
    assertRefused(
      await root.run(script, options),
      2,
      /cannot read \/etc\/docker\/config\.json: this user may not read it \(EACCES\)\n/,
    );
    const none = await root.run(script, { ...options, env: { ...at.job.env, HOME: '/' } });
    assertRefused(
      none,
      2,
      /cannot make the folder \/\.docker \(EACCES\)\ncivault: hint: set DOCKER_CONFIG to a folder/,
    );
    assert.deepEqual(
      [at.job.vault.requests.length, readdirSync(join(root.path, 'etc/docker'))],
      [0, ['config.json']],
    );
  });

  test('on a read-only file system', async (t) => {
    const run = await inMounts(t, 'echo "{}" > "$ROOT/m/config.json"; mount -o remount,ro "$ROOT/m"');
    if (run === undefined) return;
    assert.deepEqual([run.status, run.stdout.toString()], [2, 'config.json\n{}\n']);
    assert.match(
      run.stderr,
      /^civault: cannot write \/m\/config\.json: its file system is read-only \(EROFS\)\n/,
    );
    assert.equal(at.job.vault.requests.length, 0);
  });

  test('on a full disk', async (t) => {
    const run = await inMounts(
      t,
      'echo "{}" > "$ROOT/m/config.json"; cat /dev/zero > "$ROOT/m/full" 2>/dev/null',
    );
    if (run === undefined) return;
    assert.deepEqual([run.status, run.stdout.toString()], [2, 'config.json\nfull\n{}\n']);
    assert.match(run.stderr, /^civault: cannot write \/m\/config\.json: the disk is full \(ENOSPC\)\n/);
    assert.deepEqual(at.job.vault.liveTokens(), at.alive);
  });
});
