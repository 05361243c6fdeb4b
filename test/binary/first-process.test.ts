// Proves that civault can be the first process of a container, PID 1 (build/init.ts): its status and signals are passed
// through, and orphans that end do not stay as zombies. The init's finer points are tried with BusyBox, placed in it.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { findArch } from '../../build/arch.ts';
import { placeInit } from '../../build/init.ts';
import { BuildError } from '../../build/say.ts';
import { type BusyboxRoot, CIVAULT, makeBusyboxRoot, whyNoRoot } from '../harness/busybox-root.ts';
import { type Outcome, runCommand } from '../harness/command.ts';
import { startFaultyServer } from '../harness/faulty-server.ts';
import { type Job, startJob } from '../harness/job.ts';

const PATH = '/usr/sbin:/usr/bin:/sbin:/bin';
const REF = 'secret/data/sonarqube/svc-orchestrator#url';
const NAMESPACE = ['--pid', '--fork', '--kill-child', '--mount-proc'];
// Ends with 0 once the orphan is gone, which a zombie is not.
const ORPHAN = `pid=$(busybox sleep 0.2 >&- & echo $!); i=0
  while kill -0 $pid 2>&-; do i=$((i + 1)); [ $i -lt 50 ] || exit 1; busybox sleep 0.1; done`;

function whyNotFirst(): string | undefined {
  if (process.getuid?.() !== 0) return 'a PID namespace needs root';
  const { status, error, stderr } = spawnSync('unshare', [...NAMESPACE, 'true'], { encoding: 'utf8' });
  if (status === 0) return whyNoRoot();
  return `no PID namespace can be made here: ${error?.message ?? stderr.trim()}`;
}

interface Options {
  readonly env?: Readonly<Record<string, string>>;
  /** Called as soon as there is a first process, with its PID as seen from here. */
  readonly during?: (first: number) => Promise<void>;
}

/** Runs a program as PID 1. */
async function asFirst(command: readonly string[], { env, during }: Options = {}): Promise<Outcome> {
  let meanwhile = Promise.resolve();
  const outcome = await runCommand('unshare', [...NAMESPACE, ...command], {
    env: { PATH, ...env },
    limit: 30_000,
    started: (pid) => {
      if (during !== undefined) meanwhile = childOf(pid).then(during);
    },
  });
  await meanwhile;
  return outcome;
}

async function childOf(parent: number): Promise<number> {
  // NUMBER (NAME) STATE PARENT … (proc(5)).
  const stat = new RegExp(`\\) . ${parent} `);
  const look = () => readdirSync('/proc').find((pid) => stat.test(readIfThere(`/proc/${pid}/stat`)));
  await until(`child of ${parent}`, () => look() !== undefined);
  return Number(look());
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

async function until(what: string, isThere: () => boolean): Promise<void> {
  for (const limit = Date.now() + 10_000; !isThere(); await sleep(20))
    if (Date.now() > limit) throw new Error(`there was no ${what}`);
}

const reason = whyNotFirst();
let root: BusyboxRoot;
before(() => {
  if (reason !== undefined) return;
  root = makeBusyboxRoot();
  // Where ash runs something in the background, it opens this.
  root.put('dev/null', '');
});
after(() => root?.remove());

const places: readonly (readonly [string, () => readonly string[]])[] = [
  ['in a root with BusyBox and nothing else', () => ['chroot', root.path, 'civault']],
  ['on this machine', () => [CIVAULT]],
];
for (const [where, civault] of places) {
  describe(`civault as PID 1 ${where}`, { skip: reason ?? false }, () => {
    const first = (args: readonly string[], options: Options = {}) =>
      asFirst([...civault(), ...args], options);
    let job: Job;
    before(async () => {
      job = await startJob();
    });
    after(() => job.end());

    test('does what it does otherwise, with the same status', async () => {
      for (const args of [['--version'], ['get'], ['no-such-command']]) {
        const { status, stdout, stderr } = await first(args);
        const other = await runCommand(CIVAULT, args);
        assert.deepEqual([status, `${stdout}`, stderr], [other.status, `${other.stdout}`, other.stderr]);
      }
    });

    test('is ended by SIGTERM from outside, with 143', async () => {
      const server = await startFaultyServer();
      const env = { VAULT_ADDR: `http://127.0.0.1:${server.port}`, VAULT_TOKEN: 'unknown' };
      const end = async (pid: number) => {
        await until('connection', () => server.connections > 0);
        process.kill(pid, 'SIGTERM');
      };
      try {
        const { status } = await first(['get', REF], { env, during: end });
        assert.equal(status, 143);
      } finally {
        await server.close();
      }
    });

    test('reaps an orphan that ends while a command runs', async () => {
      const shell = ['/bin/busybox', 'ash', '-c', `${ORPHAN}; exit 7`];
      const { status, stderr } = await first(['exec', '--no-masking', `URL=${REF}`, '--', ...shell], {
        env: job.env,
      });
      assert.deepEqual({ status, stderr }, { status: 7, stderr: '' });
    });
  });
}

describe('the init, before BusyBox', { skip: reason ?? false }, () => {
  let busybox: string;
  let unfit: string | undefined;
  before(() => {
    busybox = join(root.path, 'bin/busybox-with-init');
    const file = readFileSync(join(root.path, 'bin/busybox'));
    try {
      placeInit(file, findArch());
    } catch (error) {
      if (!(error instanceof BuildError)) throw error;
      unfit = `this machine's BusyBox is not fit for it: ${error.message}`;
    }
    writeFileSync(busybox, file);
    chmodSync(busybox, 0o755);
  });
  const ash = (script: string) => [busybox, 'ash', '-c', script];
  const BLOCKED = 'while read -r a b; do [ $a != SigBlk: ] || echo $b; done </proc/self/status';
  const IGNORING = ['sh', '-c', 'trap "" CHLD; exec "$@"', 'sh'];
  // Processes are counted by user, wherever they run: this one is nobody else's, not even another test's.
  const user = 200_000 + process.pid;
  const ALONE = ['prlimit', '--nproc=1', 'setpriv', `--reuid=${user}`, `--regid=${user}`, '--clear-groups'];
  for (const [name, script, status, stdout, by = []] of [
    ['goes on as PID 2, and ends with its status', 'echo $$; exit 7', 7, '2\n'],
    ['ends with 128 + the signal that ended it', 'kill -KILL $$', 137, ''],
    ['reaps orphans', `${ORPHAN}; exit 7`, 7, ''],
    ['leaves no signal blocked', BLOCKED, 0, '0000000000000000\n'],
    ['sees the end where SIGCHLD was ignored', 'exit 7', 7, '', IGNORING],
    ['leaves the program PID 1 where no child can be made', 'echo $$; exit 7', 7, '1\n', ALONE],
  ] as const) {
    test(name, async (t) => {
      if (unfit !== undefined) return t.skip(unfit);
      const outcome = await asFirst([...by, ...ash(script)]);
      assert.deepEqual([outcome.status, `${outcome.stdout}`, outcome.stderr], [status, stdout, '']);
    });
  }

  test('does nothing where it is not PID 1', async (t) => {
    if (unfit !== undefined) return t.skip(unfit);
    const { pid, stdout } = spawnSync(busybox, ['ash', '-c', 'echo $$'], { encoding: 'utf8' });
    assert.equal(stdout, `${pid}\n`);
  });

  test('passes signals on', async (t) => {
    if (unfit !== undefined) return t.skip(unfit);
    for (const signal of ['HUP', 'INT', 'TERM', 'USR1', 'USR2', 'ALRM', 'WINCH', 'CONT']) {
      const ready = join(root.path, `ready-${signal}`);
      const script = `trap 'exit 9' ${signal}; : >${ready}; while :; do busybox sleep 0.1; done`;
      const { status } = await asFirst(ash(script), {
        during: async (pid) => {
          await until(ready, () => existsSync(ready));
          process.kill(pid, `SIG${signal}`);
        },
      });
      assert.equal(status, 9, signal);
    }
  });

  test('for arm64, in an emulator: the program begins with its arguments, and its status is passed through', async (t) => {
    const tools = ['aarch64-linux-gnu-as', 'aarch64-linux-gnu-ld', 'qemu-aarch64-static'];
    const missing = tools.find((tool) => spawnSync(tool, ['--version']).error !== undefined);
    if (missing !== undefined) return t.skip(`there is no ${missing}`);
    const [object, file] = [join(root.path, 'program.o'), join(root.path, 'program')];
    // Ends with the number of its arguments as its status. Its data makes the linker leave a hole behind its code.
    const source = '.globl _start\n_start: ldr x0, [sp]\nmov x8, #94\nsvc #0\n.data\n.quad 1\n';
    execFileSync('aarch64-linux-gnu-as', ['-o', object], { input: source });
    execFileSync('aarch64-linux-gnu-ld', ['-z', 'separate-code', '-o', file, object]);
    const program = readFileSync(file);
    placeInit(program, findArch('arm64'));
    writeFileSync(file, program);
    const { status, stderr } = await asFirst(['qemu-aarch64-static', file, 'two', 'three']);
    assert.deepEqual({ status, stderr }, { status: 3, stderr: '' });
  });
});
