// Proves that a signal by which Node.js opens a debugger or writes a dump does neither in the binary, whatever it is waiting
// for, and that no command listens anywhere.

import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type FaultyServer, startFaultyServer } from '../harness/faulty-server.ts';
import { type Job, startJob } from '../harness/job.ts';
import { judged, REF, SECRET } from '../harness/judged-run.ts';
import { whyNotSeen } from '../harness/shut-process.ts';
import { makeTraps, type TrapFolder } from '../harness/traps.ts';

let job: Job;
let traps: TrapFolder;
let silent: FaultyServer;
let untouched: string[];

before(async () => {
  job = await startJob();
  traps = makeTraps();
  silent = await startFaultyServer();
  // docker-login makes it, and makes sure of it before it logs in.
  mkdirSync(traps.at('home/.docker'));
  untouched = traps.state();
});
after(async () => {
  traps.remove();
  await silent.close();
  await job.end();
});

/** The inodes of a process's sockets (proc(5)). */
function socketsOf(pid: number): Set<string> {
  const folder = `/proc/${pid}/fd`;
  const links = readdirSync(folder).map((fd) => {
    try {
      return readlinkSync(`${folder}/${fd}`);
    } catch {
      return '';
    }
  });
  return new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
}

/** What a process has in /proc/net/tcp and tcp6: lines of those in state LISTEN, and how many there are of any. */
function tcpOf(pid: number): { listening: string[]; count: number } {
  const own = socketsOf(pid);
  const lines = ['tcp', 'tcp6'].flatMap((kind) =>
    readFileSync(`/proc/${pid}/net/${kind}`, 'utf8').split('\n').slice(1),
  );
  const mine = lines.map((line) => line.trim().split(/\s+/)).filter((fields) => own.has(fields[9] ?? ''));
  return {
    listening: mine.filter((fields) => fields[3] === '0A').map((fields) => fields.join(' ')),
    count: mine.length,
  };
}

const COMMANDS = [
  ['get', REF],
  ['env', `A=${REF}`],
  ['exec', `A=${REF}`, '--', '/bin/true'],
  ['inject'],
  ['docker-login', 'registry.test', SECRET],
  ['token'],
  ['doctor', REF],
  ['download', 'civault', '--tag', 'v1'],
] as const;

describe('a run that waits for a server', { skip: whyNotSeen() ?? false, concurrency: 2 }, () => {
  for (const command of COMMANDS) {
    for (const [signal, number] of [
      ['SIGUSR1', 10],
      ['SIGUSR2', 12],
      ['SIGQUIT', 3],
    ] as const) {
      test(`${command[0]} is ended by ${signal}, and neither listens nor writes before`, async () => {
        const address = `http://127.0.0.1:${silent.port}`;
        const env = {
          ...job.env,
          VAULT_ADDR: address,
          CI_API_V4_URL: `${address}/api/v4`,
          CI_PROJECT_ID: '1',
          CI_JOB_TOKEN: 'glcbt-64_anyTokenOfAJob0000',
          HOME: traps.at('home'),
          TMPDIR: traps.at('tmp'),
        };
        let seen: ReturnType<typeof tcpOf> | undefined;
        const watch = async (pid: number) => {
          // Connected: it is in the middle of its request.
          for (let tries = 0; tries < 400 && (seen?.count ?? 0) === 0; tries += 1) {
            await sleep(25);
            seen = tcpOf(pid);
          }
          process.kill(pid, signal);
        };
        let watching: Promise<void> = Promise.resolve();
        const run = await judged([...command, '--timeout', '15'], {
          env,
          cwd: traps.path,
          input: `{{ civault ${REF} }}`,
          started: (pid) => {
            watching = watch(pid);
          },
        });
        await watching;
        assert.equal(run.status, 128 + number, run.stderr);
        assert.deepEqual(seen, { listening: [], count: 1 });
        assert.doesNotMatch(run.stderr, /debugger|inspector|report|snapshot/i);
        assert.deepEqual(traps.state(), untouched, 'a file was written');
      });
    }
  }
});

describe('a run that has only begun', { concurrency: 2 }, () => {
  for (let milliseconds = 0; milliseconds <= 100; milliseconds += 10) {
    test(`is ended by SIGUSR1 after ${milliseconds} ms, and opens no debugger`, async () => {
      const env = { VAULT_TOKEN: 'hvs.anyTokenOfAJob0000', VAULT_ADDR: `http://127.0.0.1:${silent.port}` };
      const started = async (pid: number) => {
        await sleep(milliseconds);
        process.kill(pid, 'SIGUSR1');
      };
      const run = await judged(['get', REF, '--timeout', '15'], { env, started });
      assert.equal(run.status, 138);
      // Before its own handlers stand the kernel ends it, without a word.
      assert.match(run.stderr, /^(civault: ended by SIGUSR1\n)?$/);
    });
  }
});
