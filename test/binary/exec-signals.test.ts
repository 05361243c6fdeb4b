// Proves on the binary that `civault exec` hands signals on, and that a terminal stays one.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { CIVAULT } from '../harness/busybox-root.ts';
import { runCommand } from '../harness/command.ts';
import { type Job, startJob } from '../harness/job.ts';

const REF = 'A=secret/data/nexus/svc-orchestrator#username';
const LEASED = 'A=database/creds/ci-readonly#username';

let job: Job;
before(async () => {
  job = await startJob();
});
after(() => job?.end());

const env = () => ({ ...job.env, PATH: '/usr/bin:/bin', C: CIVAULT });

/** Runs a shell's script by exec, and sends signals once it says that it is ready. */
async function signalled(script: string, signals: readonly NodeJS.Signals[], ref = REF) {
  let pid = 0;
  let isSent = false;
  return runCommand(
    CIVAULT,
    ['exec', ref, '--', 'sh', '-c', `${script}; echo ready; while :; do sleep 0.05; done`],
    {
      env: env(),
      limit: 30_000,
      started: (started) => {
        pid = started;
      },
      onOutput: async (text) => {
        if (isSent || !text.includes('ready')) return;
        isSent = true;
        for (const signal of signals) {
          process.kill(pid, signal);
          await sleep(200);
        }
      },
    },
  );
}

describe('signals', () => {
  for (const [signal, number] of [
    ['SIGHUP', 1],
    ['SIGINT', 2],
    ['SIGQUIT', 3],
    ['SIGUSR1', 10],
    ['SIGUSR2', 12],
    ['SIGTERM', 15],
  ] as const) {
    test(`${signal} reaches the command, once, and what it makes of it counts`, async () => {
      const name = signal.slice(3);
      const { status, stdout } = await signalled(
        `trap 'echo got' ${name}; trap 'exit 9' ${name === 'TERM' ? 'HUP' : 'TERM'}`,
        [signal, signal === 'SIGTERM' ? 'SIGHUP' : 'SIGTERM'],
      );
      assert.deepEqual([status, stdout.toString()], [9, 'ready\ngot\n']);
    });

    test(`a command that ${signal} ends gives ${128 + number}`, async () => {
      const { status } = await signalled('ulimit -c 0', [signal]);
      assert.equal(status, 128 + number);
    });
  }

  test('after a signal the token of a lease is ended', async () => {
    const { status, stderr } = await signalled('true', ['SIGTERM'], LEASED);
    assert.deepEqual([status, stderr], [143, '']);
    assert.deepEqual([job.vault.liveTokens(), job.vault.liveLeases()], [[], []]);
  });

  test('a signal before the command has begun ends the run, and the token', async () => {
    let pid = 0;
    const leave = job.vault.intercept(({ path }, _response, next) => {
      if (path.includes('/data/')) process.kill(pid, 'SIGTERM');
      setTimeout(next, 100);
    });
    const { status, stdout, stderr } = await runCommand(CIVAULT, ['exec', REF, '--', 'echo', 'ran'], {
      env: env(),
      started: (started) => {
        pid = started;
      },
    });
    leave();
    assert.deepEqual([status, stdout.toString(), stderr], [143, '', 'civault: ended by SIGTERM\n']);
    assert.deepEqual(job.vault.liveTokens(), []);
  });

  test('a signal while the token is ended ends the run as well, and the token', async () => {
    let pid = 0;
    const leave = job.vault.intercept(({ path }, _response, next) => {
      if (!path.endsWith('/revoke-self')) return next();
      process.kill(pid, 'SIGTERM');
      setTimeout(next, 300);
    });
    const { status, stdout } = await runCommand(CIVAULT, ['exec', REF, '--', 'echo', 'ran'], {
      env: env(),
      started: (started) => {
        pid = started;
      },
    });
    leave();
    assert.deepEqual([status, stdout.toString(), job.vault.liveTokens()], [143, '', []]);
  });

  for (const [signal, number] of [
    ['SIGALRM', 14],
    ['SIGUSR1', 10],
    ['SIGQUIT', 3],
  ] as const) {
    test(`${signal} ends a run that has no command yet, and its token`, async () => {
      let pid = 0;
      const leave = job.vault.intercept(({ path }, _response, next) => {
        if (path.includes('/data/')) process.kill(pid, signal);
        setTimeout(next, 50);
      });
      const { status } = await runCommand(CIVAULT, ['get', REF.slice(2)], {
        env: env(),
        started: (started) => {
          pid = started;
        },
      });
      leave();
      assert.deepEqual([status, job.vault.liveTokens()], [128 + number, []]);
    });
  }

  test('a window that changes its size, and a signal to go on, are told to the command', async () => {
    const { stdout } = await signalled("trap 'echo winch' WINCH; trap 'echo cont' CONT", [
      'SIGWINCH',
      'SIGCONT',
      'SIGTERM',
    ]);
    assert.equal(stdout.toString(), 'ready\nwinch\ncont\n');
  });

  test('a run that was asked to end does not wait for a reader that takes no more', async () => {
    const script = `( "$C" exec "$REF" -- yes & echo $! >&3; wait $!; echo $? >&3 ) | sleep 8`;
    const started = Date.now();
    const { stdout } = await runCommand(
      '/bin/bash',
      ['-c', `{ ${script}; } 3>&1 | { read pid; sleep 1; kill $pid; read status; echo $status; }`],
      {
        env: { ...env(), REF },
        limit: 30_000,
      },
    );
    assert.equal(stdout.toString(), '143\n');
    assert.ok(Date.now() - started < 15_000);
  });
});

const SCRIPT = '/usr/bin/script';
describe('at a terminal', {
  skip: existsSync(SCRIPT) ? false : 'there is no script (Debian: bsdutils)',
}, () => {
  /** Runs a command at a terminal of its own, and types into it. */
  const atTerminal = (command: string, type: (keyboard: Writable) => Promise<void>) =>
    runCommand(SCRIPT, ['-qec', command, '/dev/null'], {
      env: { ...env(), REF, TERM: 'dumb' },
      limit: 30_000,
      input: (stdin) =>
        void type(stdin)
          .then(() => sleep(500))
          .then(() => stdin.end()),
    });

  test('the command has it, nothing is masked, and that is said once', async () => {
    const { status, stdout } = await atTerminal(
      `"$C" exec "$REF" -- sh -c 'test -t 0 && test -t 1 && test -t 2 && echo "$A"; exit 3'`,
      () => sleep(700),
    );
    assert.equal(status, 3);
    assert.equal(
      stdout.toString(),
      'civault: note: nothing is masked in what goes to a terminal\r\nsvc-orchestrator\r\n',
    );
  });

  test('what goes elsewhere is masked all the same', async () => {
    const { stdout } = await atTerminal(`"$C" exec "$REF" -- sh -c 'echo "$A"; echo "$A" >&2' | cat`, () =>
      sleep(700),
    );
    assert.equal(
      stdout.toString().replace(/^.*note.*\r\n/, ''),
      ['[MASKED]\r\nsvc-orchestrator\r\n', 'svc-orchestrator\r\n[MASKED]\r\n'].find((text) =>
        stdout.toString().endsWith(text),
      ),
    );
  });

  test('an interrupt from the keyboard reaches the command once', async () => {
    const { stdout } = await atTerminal(
      `"$C" exec "$REF" -- bash -c 'trap "echo int" INT; until read line; do :; done; echo "line $line"'`,
      async (keyboard) => {
        await sleep(800);
        keyboard.write('\x03');
        await sleep(400);
        keyboard.write('typed\n');
        await sleep(300);
      },
    );
    assert.equal(stdout.toString().match(/int\r\n/g)?.length, 1, stdout.toString());
    assert.match(stdout.toString(), /line typed/);
  });

  test('it is stopped and continued like any other job', async () => {
    const { stdout } = await atTerminal('bash --norc -i', async (keyboard) => {
      for (const [keys, wait] of [
        [`PS1=; "$C" exec "$REF" -- cat\n`, 900],
        ['one\n', 300],
        ['\x1a', 500],
        ['jobs; fg\n', 500],
        ['two\n', 300],
        ['\x04', 400],
        ['echo "st""atus $?"; exit\n', 300],
      ] as const) {
        keyboard.write(keys);
        await sleep(wait);
      }
    });
    const text = stdout.toString();
    assert.match(text, /Stopped/);
    assert.match(text, /two\r\ntwo\r\n/);
    assert.match(text, /status 0/);
  });
});
