// Proves on the binary what `civault exec` makes of readers that are slow, stall or go away, and of processes that a
// command leaves behind: nothing is lost, nothing grows, nothing hangs.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { CIVAULT } from '../harness/busybox-root.ts';
import { type CommandOptions, type Outcome, runCommand } from '../harness/command.ts';
import { type Job, startJob } from '../harness/job.ts';
import { makePlace, type Place } from '../harness/place.ts';

const EXEC = 'civault exec A=secret/data/nexus/svc-orchestrator#username --';
const LEFT =
  'civault: note: a process that the command left behind has its output open: what it writes from now on is lost\n';
const MB = 1024 * 1024;

let job: Job;
let place: Place;
let folder: string;
before(async () => {
  job = await startJob();
  place = makePlace();
});
after(async () => {
  place?.remove();
  await job?.end();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'civault-flow-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a script of bash's in a folder of its own. */
const here = (script: string, options: CommandOptions = {}) =>
  runCommand('/bin/bash', ['--norc', '-c', script], {
    limit: 40_000,
    cwd: folder,
    ...options,
    env: { ...job.env, PATH: `${dirname(CIVAULT)}:/usr/bin:/bin` },
  });

/** The same; how much private memory civault had when the command began, and at its most, in bytes. */
async function watched(command: string, reader: string): Promise<Outcome & { first: number; most: number }> {
  const pidFile = join(folder, 'pid');
  let first = 0;
  let most = 0;
  const timer = setInterval(() => {
    const now = privateMemory(pidFile);
    if (first === 0 && existsSync(join(folder, 'begun'))) first = now;
    most = Math.max(most, now);
  }, 20);
  try {
    const run = `sh -c 'echo $$ > pid; exec ${EXEC} "$@"' x sh -c 'touch begun; exec "$@"' x ${command}`;
    const outcome = await here(`${run} | ${reader}; exit \${PIPESTATUS[0]}`);
    return { ...outcome, first, most };
  } finally {
    clearInterval(timer);
  }
}

function privateMemory(pidFile: string): number {
  try {
    const status = readFileSync(`/proc/${readFileSync(pidFile, 'utf8').trim()}/status`, 'utf8');
    return Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    // It has not begun, or is over.
    return 0;
  }
}

function assertFlat({ first, most }: { first: number; most: number }): void {
  assert.ok(first > 0, 'it was never seen');
  assert.ok(most - first < 40 * MB, `from ${(first / MB).toFixed(1)} to ${(most / MB).toFixed(1)} MB`);
}

describe('memory', { skip: existsSync('/proc/self/status') ? false : 'there is no /proc here' }, () => {
  test('a gigabyte passes, whole and without being kept', async () => {
    const line =
      '2026-03-01T12:00:07.123Z INFO [main] an order was stored in 42 ms, see https://ci.example.com';
    const outcome = await watched(`sh -c 'yes "${line}" | head -c 1073741824'`, 'sha256sum');
    const hash = createHash('sha256');
    const block = Buffer.from(`${line}\n`.repeat(1024));
    let left = 1024 * MB;
    for (; left > block.length; left -= block.length) hash.update(block);
    hash.update(block.subarray(0, left));
    assert.equal(outcome.stdout.toString(), `${hash.digest('hex')}  -\n`);
    assertFlat(outcome);
  });

  for (const [what, reader] of [
    ['takes a megabyte a second', 'for i in $(seq 25); do head -c 100000 > /dev/null; sleep 0.1; done'],
    ['takes nothing for 2 seconds', '{ head -c 1000000 > /dev/null; sleep 2; head -c 9000000 > /dev/null; }'],
  ] as const) {
    test(`a command without an end does not outrun a reader that ${what}`, async () => {
      const outcome = await watched('yes', reader);
      assert.equal(outcome.status, 141);
      assertFlat(outcome);
    });
  }
});

describe('readers', () => {
  test('one that takes a line, and the command ends as it would have', async () => {
    const { stdout, stderr, status } = await here(`${EXEC} yes | head -n 1; exit \${PIPESTATUS[0]}`);
    assert.deepEqual([status, stdout.toString(), stderr], [141, 'y\n', '']);
  });

  test('the same without /proc', async () => {
    const script = `{ ${EXEC} yes; echo "status $?" >&2; } | head -n 1`;
    const { stdout, stderr } = await place.run(script, { env: job.env, limit: 20_000 });
    assert.deepEqual([stdout.toString(), stderr], ['y\n', 'status 141\n']);
  });

  test('one goes away, the other output goes on', async () => {
    const loop =
      'trap "" PIPE; for i in 1 2 3 4 5; do echo "out $i" 2> /dev/null; echo "err $i" >&2; sleep 0.1; done; exit 6';
    const { stdout, stderr, status } = await here(
      `${EXEC} sh -c '${loop}' | head -n 1; exit \${PIPESTATUS[0]}`,
    );
    assert.deepEqual([status, stdout.toString()], [6, 'out 1\n']);
    assert.equal(stderr, 'err 1\nerr 2\nerr 3\nerr 4\nerr 5\n');
  });

  for (const [stalled, other] of [
    ['2', '1'],
    ['1', '2'],
  ] as const) {
    test(`one stalls on ${stalled}, and what goes to ${other} is not held up`, async () => {
      const go = join(folder, 'go');
      // The reader that stalls begins when the other one has had its line.
      const late = 'while [ ! -e go ]; do sleep 0.05; done; wc -c > counted';
      const flood = `yes | head -c 1000000 >&${stalled} & sleep 0.3; echo "not held up" >&${other}; wait; echo over`;
      const ends = stalled === '2' ? `2> >(${late})` : `2>&1 > >(${late})`;
      const { stdout } = await here(
        `${EXEC} sh -c '${flood}' ${ends} | { read -r line; echo "$line"; touch go; cat; }; sleep 0.2; cat counted`,
        {
          onOutput: () => writeFileSync(go, ''),
        },
      );
      const counted = stalled === '2' ? '1000000' : '1000005';
      assert.equal(stdout.toString(), `not held up\n${stalled === '2' ? 'over\n' : ''}${counted}\n`);
    });
  }
});

describe('a process that the command leaves behind', () => {
  const full = `i=0; while [ $i -lt 6000 ]; do echo "own $i"; i=$((i+1)); done`;
  const own = Array.from({ length: 6000 }, (_, index) => `own ${index}\n`).join('');

  for (const [what, left] of [
    ['is silent', 'sleep 30'],
    ['writes now and then', '(while :; do echo left; sleep 0.1; done)'],
  ] as const) {
    test(`one that ${what}, and it lives on`, async () => {
      const script = `${EXEC} sh -c '${left} & echo $! > pid; ${full}; exit 3' | cat; echo "status \${PIPESTATUS[0]}"; kill $(cat pid) && echo alive`;
      const { stdout, stderr, milliseconds } = await here(script);
      // What it writes into an output that nobody has open any more is its own affair: a silent one finds out never.
      const alive = left.startsWith('sleep') ? 'alive\n' : '';
      assert.equal(
        stdout
          .toString()
          .replaceAll('left\n', '')
          .replace(/alive\n$/, ''),
        `${own}status 3\n`,
      );
      assert.ok(stdout.toString().endsWith(alive));
      assert.equal(stderr.replace(/^.*kill.*\n/m, ''), LEFT);
      assert.ok(milliseconds < 15_000, `${milliseconds} ms`);
    });
  }

  test('one that writes for ever, as fast as it can', async () => {
    const script = `${EXEC} sh -c '${full}; echo last; yes & exit 3' | { grep -c own; }; echo "status \${PIPESTATUS[0]}"`;
    const { stdout, stderr, milliseconds } = await here(script);
    assert.deepEqual([stdout.toString(), stderr], ['6000\nstatus 3\n', LEFT]);
    assert.ok(milliseconds < 15_000, `${milliseconds} ms`);
  });

  test('what it had to say soon after is still read', async () => {
    const { stdout, stderr } = await here(
      `${EXEC} bash -c 'exec > >(sleep 0.1; sed s/^/log:\\ /); echo out' | cat`,
    );
    assert.deepEqual([stdout.toString(), stderr], ['log: out\n', '']);
  });

  test('a reader that comes late has all that the command wrote', async () => {
    const late = `{ sleep 3; cat; }`;
    const { stdout, stderr } = await here(
      `${EXEC} sh -c 'sleep 30 & echo $! > pid; ${full}' | ${late}; kill $(cat pid)`,
    );
    assert.deepEqual([stdout.toString(), stderr], [own, LEFT]);
  });

  test('the same without /proc', async () => {
    if (place.root !== undefined) {
      // What a background command has for its input.
      mkdirSync(join(place.root, 'dev'), { recursive: true });
      writeFileSync(join(place.root, 'dev/null'), '');
    }
    const script = `{ ${EXEC} sh -c 'sleep 30 & echo $!; ${full}; exit 3'; echo "status $?"; } | { read -r pid; cat; kill $pid; }`;
    const { stdout, stderr } = await place.run(script, { env: job.env, limit: 25_000 });
    assert.deepEqual([stdout.toString(), stderr], [`${own}status 3\n`, LEFT]);
  });
});
