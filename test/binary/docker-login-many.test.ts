// Proves on the binary that docker-login loses nothing in Docker's config.json however many write it at once and whenever
// they are killed, and that a lock which was left behind holds nobody up for good.

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Outcome } from '../harness/command.ts';
import { assertDone as assertSaid, dockerLogins, EXECUTOR, REGISTRY } from '../harness/docker-login.ts';

const at = dockerLogins();

const WAITING =
  /^civault: waiting for .*config\.json\.lock: another run has it, or one that was killed left it\n/;

/** Also of one that was told to wait: where many write at once, or the machine is busy, that may be. */
function assertDone(run: Outcome, says: string): void {
  assertSaid({ ...run, stderr: run.stderr.replace(WAITING, '') }, says);
}

describe('many at once, and those that are killed', () => {
  const lock = () => join(at.here, 'config.json.lock');
  const makeOld = () => existsSync(lock()) && utimesSync(lock(), 1, Date.now() / 1000 - 11);

  test('twenty processes with twenty registries lose none', async () => {
    writeFileSync(join(at.here, 'config.json'), '{"auths":{"old.example":{"auth":"b2xk"}}}');
    const keys = Array.from({ length: 20 }, (_, index) => `r${index}.example`);
    const runs = await Promise.all(keys.map((key) => at.login(`${key} ${EXECUTOR}`)));
    for (const [index, run] of runs.entries()) assertDone(run, at.wrote(keys[index] ?? ''));
    assert.deepEqual(Object.keys(at.config().auths).sort(), ['old.example', ...keys].sort());
    assert.deepEqual(readdirSync(at.here), ['config.json']);
  });

  test('thirty that are killed at any moment leave the file whole, and nothing once another has run', async (t) => {
    const started = performance.now();
    await at.login(`first.example ${EXECUTOR}`);
    const usual = performance.now() - started;
    const reads = () => at.job.vault.requests.filter(({ path }) => path === `/v1/${EXECUTOR}`).length;
    const kept = new Set(['first.example']);
    const found = { killed: 0, locks: 0, leftovers: 0 };
    for (let turn = 0; turn < 30; turn += 1) {
      const before = reads();
      const run = await at.login(`r${turn}.example ${EXECUTOR}`, {
        started: async (pid) => {
          // Every other one once it has the secret: the file is written then, within milliseconds.
          if (turn % 2 === 0) await sleep(usual * Math.random());
          else await until(() => reads() > before, 1);
          await sleep(turn % 2 === 0 ? 0 : 20 * Math.random());
          kill(pid);
        },
      });
      if (run.status === 137) found.killed += 1;
      else assertDone(run, at.wrote(`r${turn}.example`));
      const { auths } = at.config();
      for (const key of kept) assert.deepEqual(auths[key], { auth: at.auth(EXECUTOR) }, `${key} is lost`);
      if (run.status === 0) assert.ok(`r${turn}.example` in auths);
      for (const key of Object.keys(auths)) kept.add(key);
      if (existsSync(lock())) found.locks += 1;
      if (readdirSync(at.here).some((name) => name.endsWith('.civault'))) found.leftovers += 1;
      makeOld();
    }
    t.diagnostic(`${found.killed} killed: ${found.locks} had the lock, ${found.leftovers} left half a file`);
    assert.ok(found.killed > 0, 'none was killed');
    assertDone(await at.login(`last.example ${EXECUTOR}`), at.wrote('last.example'));
    assert.deepEqual(Object.keys(at.config().auths).sort(), [...kept, 'last.example'].sort());
    assert.deepEqual(readdirSync(at.here), ['config.json']);
  });

  test('what a killed one leaves behind: its lock holds others up until its time is over', async () => {
    writeFileSync(lock(), '');
    writeFileSync(join(at.here, '.config.json.0123456789ab.civault'), '{"auths":');
    const run = at.login(`${REGISTRY} ${EXECUTOR}`);
    await sleep(2_000);
    assert.deepEqual(readdirSync(at.here), ['.config.json.0123456789ab.civault', 'config.json.lock']);
    makeOld();
    const { stderr } = await run;
    assert.match(stderr, WAITING);
    assertDone(await run, at.wrote(REGISTRY));
    assert.deepEqual(readdirSync(at.here), ['config.json']);
  });

  test('one that waits goes on as soon as the lock is gone', async () => {
    writeFileSync(lock(), '');
    const run = at.login(`${REGISTRY} ${EXECUTOR}`);
    await sleep(2_000);
    unlinkSync(lock());
    assertDone(await run, at.wrote(REGISTRY));
  });

  test('SIGTERM ends one that waits: status 143, the token revoked, the lock as it was', async () => {
    writeFileSync(lock(), 'of another');
    let waiting = 0;
    const run = at.login(`${REGISTRY} ${EXECUTOR}`, {
      started: (pid) => {
        waiting = pid;
      },
    });
    await until(() => at.job.vault.requests.some(({ path }) => path === `/v1/${EXECUTOR}`));
    await sleep(300);
    kill(waiting, 'SIGTERM');
    const { status, stderr } = await run;
    assert.deepEqual([status, stderr], [143, 'civault: ended by SIGTERM\n']);
    assert.deepEqual(
      [readdirSync(at.here), readFileSync(lock(), 'utf8')],
      [['config.json.lock'], 'of another'],
    );
    assert.deepEqual(at.job.vault.liveTokens(), at.alive);
  });
});

function kill(pid: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended.
  }
}

async function until(met: () => boolean, every = 20): Promise<void> {
  const started = performance.now();
  while (!met()) {
    if (performance.now() - started > 10_000) throw new Error('it did not come to that');
    await sleep(every);
  }
}
