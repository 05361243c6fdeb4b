// Proves that a running civault is shut to others: no core file is written of it, whatever ends it, and no program of the same
// user reads its environment or its memory, which hold tokens (build/init.ts). A command that it runs is as open as any.

import assert from 'node:assert/strict';
import { chmodSync, chownSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { CIVAULT } from '../harness/busybox-root.ts';
import { runCommand } from '../harness/command.ts';
import { type FaultyServer, startFaultyServer } from '../harness/faulty-server.ts';
import { type Job, startJob } from '../harness/job.ts';
import { REF } from '../harness/judged-run.ts';

const USER = 54321;
const PATH = '/usr/sbin:/usr/bin:/sbin:/bin';
const AS_USER = ['--reuid', `${USER}`, '--regid', `${USER}`, '--clear-groups'];

let silent: FaultyServer;
let job: Job;
let folder: string;
let env: Readonly<Record<string, string>>;
before(async () => {
  silent = await startFaultyServer();
  job = await startJob();
  folder = mkdtempSync(join(tmpdir(), 'civault-shut-'));
  chmodSync(folder, 0o755);
  copyFileSync(CIVAULT, join(folder, 'civault'));
  chownSync(folder, process.getuid?.() === 0 ? USER : -1, -1);
  // It waits for an answer that never comes, the token in its memory.
  env = { PATH, VAULT_ADDR: `http://127.0.0.1:${silent.port}`, VAULT_TOKEN: 'hvs.markedTokenInMemory' };
});
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await job.end();
  await silent.close();
});

describe('no core file', () => {
  // Tells whether the kernel wrote one (wait(2)): where it goes is the machine's business.
  const DUMPED = `
    my ($signal, $program, @arguments) = @ARGV;
    my $pid = fork // die;
    if (!$pid) { exec $program, @arguments or die }
    sleep 2; kill $signal, $pid; waitpid $pid, 0;
    print $? & 128 ? "core file" : "none", " ", $? & 127;`;

  for (const [signal, number] of [
    ['ABRT', 6],
    ['SEGV', 11],
    ['QUIT', 3],
  ] as const) {
    test(`after SIG${signal}`, async (t) => {
      const end = (program: string, ...args: readonly string[]) =>
        runCommand('prlimit', ['--core=unlimited', 'perl', '-e', DUMPED, signal, program, ...args], {
          env,
          cwd: folder,
        });
      const other = await end('sleep', '100').catch((error: unknown) => ({ stdout: '', stderr: `${error}` }));
      if (`${other.stdout}` !== `core file ${number}`) {
        return t.skip(
          `no core files are written here, or none can be asked for: ${other.stdout}${other.stderr}`,
        );
      }
      const { stdout, stderr } = await end(join(folder, 'civault'), 'get', REF);
      // SIGQUIT ends a run as any signal does: with a status of its own.
      assert.deepEqual(
        [`${stdout}`, stderr],
        signal === 'QUIT' ? ['none 0', 'civault: ended by SIGQUIT\n'] : [`none ${number}`, ''],
      );
    });
  }
});

describe('to others of its user', {
  skip: process.getuid?.() !== 0 && 'to be another user needs root',
}, () => {
  const LOOK =
    'for each in environ mem maps fd/; do cat /proc/$PID/$each >/dev/null 2>&1 && echo $each; done; true';
  const as = (script: string, more: Readonly<Record<string, string>>) =>
    runCommand('setpriv', [...AS_USER, 'sh', '-c', script], { env: { PATH, ...more }, cwd: folder });

  test('its environment and its memory are shut, where those of another program are open', async () => {
    const during = (command: string) => as(`${command} & PID=$!; sleep 2; ${LOOK}; kill $PID`, env);
    assert.match((await during('sleep 100')).stdout.toString(), /^environ\n(.*\n)*maps\n/);
    assert.deepEqual((await during(`./civault get ${REF}`)).stdout.toString(), '');
  });

  test('a command that it runs is open to them', async () => {
    const command = `sh -c 'PID=$$; ${LOOK}'`;
    const { stdout, stderr } = await as(`./civault exec URL=${REF} -- ${command}`, job.env);
    assert.match(stdout.toString(), /^environ\n(.*\n)*maps\n/, stderr);
  });

  test('it still writes to the files that are open, as its own user', async () => {
    const { stdout } = await as(
      `for each in /dev/stdout /proc/self/fd/1; do ./civault get ${REF} --output $each; done | cat`,
      job.env,
    );
    const value = String(job.guide.secrets[REF.split('#')[0] ?? '']?.['url']);
    assert.equal(stdout.toString(), value + value);
  });
});
