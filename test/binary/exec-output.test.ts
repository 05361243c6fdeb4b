// Proves on the binary that `civault exec` changes nothing in a command's outputs but values: their bytes, their order,
// when they come, and what they can be: pipes, sockets, files, a full disk.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Writable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { CIVAULT } from '../harness/busybox-root.ts';
import { type CommandOptions, runCommand } from '../harness/command.ts';
import { type Job, startJob } from '../harness/job.ts';
import { makePlace, type Place } from '../harness/place.ts';

const MAPPING = 'A=secret/data/nexus/svc-orchestrator#username';
const VALUE = 'svc-orchestrator';
const EXEC = `civault exec ${MAPPING} --`;

let job: Job;
let place: Place;
let folder: string;
before(async () => {
  job = await startJob();
  place = makePlace();
  folder = mkdtempSync(join(tmpdir(), 'civault-exec-'));
});
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  place?.remove();
  await job?.end();
});

/** Runs a script where there is no /proc, and so nothing but what a parent hands down. */
const inRoot = (script: string, options: CommandOptions = {}) =>
  place.run(script, { limit: 30_000, ...options, env: job.env });

/** Runs a script of bash's on this machine, in a folder of its own. */
const here = (script: string, options: CommandOptions = {}) =>
  runCommand('/bin/bash', ['--norc', '-c', script], {
    limit: 30_000,
    cwd: folder,
    ...options,
    env: { ...job.env, PATH: `${dirname(CIVAULT)}:/usr/bin:/bin` },
  });

const ALTERNATING = 'i=0; while [ $i -lt 1000 ]; do echo "out $i"; echo "err $i" >&2; i=$((i+1)); done';

function thousand(line: (index: number) => string): string {
  return Array.from({ length: 1000 }, (_, index) => line(index)).join('');
}

const WAYS = [
  ['in a root without /proc', inRoot, ''],
  ['into a pipe', here, ' | cat'],
] as const;

for (const [where, run, pipe] of WAYS) {
  describe(where, () => {
    test('bytes of all kinds come out as they were', async () => {
      const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
      const bytes = Buffer.concat([all, randomBytes(4_000_000), all]);
      const { stdout, stderr } = await run(`${EXEC} cat${pipe}`, { input: (stdin) => void stdin.end(bytes) });
      assert.deepEqual([stdout.equals(bytes), stderr], [true, ''], `${stdout.length} bytes`);
    });

    test('nothing stays nothing', async () => {
      const { stdout, stderr } = await run(`${EXEC} true${pipe}`);
      assert.deepEqual([stdout.toString(), stderr], ['', '']);
    });

    for (const end of ['no line break', VALUE.slice(0, -1), `\xe9`]) {
      test(`an end that is none: ${JSON.stringify(end)}`, async () => {
        const { stdout } = await run(`${EXEC} printf '%s' '${end}'${pipe}`);
        assert.equal(stdout.toString(), end);
      });
    }

    for (const prompt of ['Password: ', 'go on? [y/N] sv', `user ${VALUE.slice(0, 7)}`]) {
      // The answer is given when the prompt is there: held back, it would never come.
      test(`the prompt "${prompt}" comes while the command waits for the answer`, async () => {
        let input: Writable | undefined;
        let soFar = '';
        const { stdout, status } = await run(
          `${EXEC} sh -c 'printf "%s" "$0"; read answer; echo "$answer"' '${prompt}'${pipe}`,
          {
            input: (stdin) => {
              input = stdin;
            },
            onOutput: (text) => {
              soFar += text;
              if (soFar === prompt) input?.end('yes\n');
            },
          },
        );
        assert.deepEqual([status, stdout.toString()], [0, `${prompt}yes\n`]);
      });
    }

    test('both outputs into one', async () => {
      const { stdout } = await run(`${EXEC} sh -c '${ALTERNATING}' 2>&1${pipe}`);
      const lines = thousand((index) => `out ${index}\nerr ${index}\n`);
      // Only with /proc can both be given one pipe. Without it, each is in order for itself.
      if (pipe !== '') assert.equal(stdout.toString(), lines);
      else assert.equal([...stdout.toString()].sort().join(''), [...lines].sort().join(''));
    });

    test('each of two outputs stays in order', async () => {
      const { stdout, stderr } = await run(`${EXEC} sh -c '${ALTERNATING}'${pipe}`);
      assert.equal(
        stdout.toString(),
        thousand((index) => `out ${index}\n`),
      );
      assert.equal(
        stderr,
        thousand((index) => `err ${index}\n`),
      );
    });

    test('a command that closes its outputs runs on, and its status counts', async () => {
      const script = `${EXEC} sh -c 'echo begun; exec >&- 2>&-; sleep 0.4; exit 5'`;
      const { stdout, stderr, milliseconds } = await run(`{ ${script}; echo "status $?"; }${pipe}`);
      assert.deepEqual([stdout.toString(), stderr], ['begun\nstatus 5\n', '']);
      assert.ok(milliseconds > 400);
    });
  });
}

describe('what the command opens again', {
  skip: existsSync('/proc/self/fd') ? false : 'there is no /proc here',
}, () => {
  for (const name of ['/dev/stdout', '/proc/self/fd/1', '/dev/fd/1']) {
    test(name, async () => {
      const { stdout } = await here(`${EXEC} sh -c 'echo "$A" | tee ${name}; echo more > ${name}' | cat`);
      assert.equal(stdout.toString(), '[MASKED]\n[MASKED]\nmore\n');
    });
  }

  test('/dev/stderr', async () => {
    const { stdout, stderr } = await here(`${EXEC} sh -c 'echo "$A" | tee /dev/stderr'`);
    assert.deepEqual([stdout.toString(), stderr], ['[MASKED]\n', '[MASKED]\n']);
  });

  for (const [what, script] of [
    ['a second name of an output', `${EXEC} sh -c 'echo kept >&3' 3>&1 | cat`],
    ['several of one pipe', `${EXEC} sh -c 'printf k >&4; echo ept >&3' 3>&1 4>&1 | cat`],
    [
      'one that leads nowhere',
      `${EXEC} sh -c 'echo lost >&3 && echo lost >&4 && echo kept' 3>/dev/null 4>&3`,
    ],
    ['one that gives nothing', `${EXEC} sh -c 'cat <&3 && echo kept' 3</dev/null`],
    ['a file after a gap', `echo kept > kept; ${EXEC} sh -c 'cat <&9' 9<kept`],
    ['a program, as bash hands it', `${EXEC} cat <(echo kept)`],
  ] as const) {
    test(`what was handed in: ${what}`, async () => {
      const { stdout, stderr, status } = await here(script);
      assert.deepEqual([status, stdout.toString(), stderr], [0, 'kept\n', '']);
    });
  }

  test('what was handed in: both ends of one pipe, as make does', async (t) => {
    if (!existsSync('/usr/bin/perl')) return t.skip('there is no perl');
    const perl = 'pipe(R, W); $^F = 9; pipe(R, W); syswrite(W, "kept\\n"); exec @ARGV, fileno(R), fileno(W)';
    const command = `sh -c 'read -r line <&"$0"; echo "$line"; echo more >&"$1"; read -r line <&"$0"; echo "$line"'`;
    const { stdout, stderr } = await here(`perl -e '${perl}' ${EXEC} ${command}`);
    assert.deepEqual([stdout.toString(), stderr], ['kept\nmore\n', '']);
  });
});

describe('where an output ends', () => {
  for (const [to, where] of [
    ['>', 'standard output'],
    ['2>&1 >', 'standard output, by a command that fails of itself'],
  ] as const) {
    test(`a full disk as ${where}`, async (t) => {
      if (!existsSync('/dev/full')) return t.skip('there is no /dev/full');
      const ends = to === '>' ? 0 : 7;
      // Where the command fails too, it is that which the run ends with.
      const hint = ends === 0 ? 'civault: hint: see docs/errors.md#output\n' : '';
      const { status, stdout, stderr } = await here(
        `${EXEC} sh -c 'echo lost; exit ${ends}' ${to} /dev/full`,
      );
      assert.equal(status, ends === 0 ? 2 : ends);
      assert.equal(`${stdout}${stderr}`, `civault: cannot write the command's output (ENOSPC)\n${hint}`);
    });
  }

  test('a file that is appended to keeps what it has', async () => {
    const log = join(folder, 'log');
    writeFileSync(log, 'before\n');
    await here(`${EXEC} sh -c 'echo "$A"; echo err >&2' >> log 2>&1`);
    assert.equal(readFileSync(log, 'utf8'), 'before\n[MASKED]\nerr\n');
    await here(`{ echo first; ${EXEC} sh -c 'echo "$A"; echo err >&2'; echo last; } > log 2>&1`);
    assert.equal(readFileSync(log, 'utf8'), 'first\n[MASKED]\nerr\nlast\n');
  });

  test('a pipe that somebody made not to block, and its reader is late', async (t) => {
    if (!existsSync('/usr/bin/perl')) return t.skip('there is no perl');
    const bytes = randomBytes(1_000_000);
    const perl = 'use Fcntl; fcntl(STDOUT, F_SETFL, fcntl(STDOUT, F_GETFL, 0) | O_NONBLOCK); exec @ARGV';
    const { stdout } = await here(`perl -e '${perl}' ${EXEC} cat | { sleep 0.5; cat; }`, {
      input: (stdin) => void stdin.end(bytes),
    });
    assert.ok(stdout.equals(bytes), `${stdout.length} bytes`);
  });

  test('a pipe stays as blocking as it was for those who share it', async () => {
    const flags = 'grep flags: /proc/self/fdinfo/9 >&2';
    const { stderr } = await here(
      `{ ${flags}; ${EXEC} sh -c 'echo; sleep 0.5' & sleep 0.4; ${flags}; wait; ${flags}; } 9>&1 | cat`,
    );
    assert.equal(new Set(stderr.trim().split('\n')).size, 1, stderr);
  });
});
