// Proves on the binary how a download tells how far it has come: a line every tenth in a job's log, a bar that fits on a terminal,
// nothing for what is small; and nothing of it on standard output.

import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { CIVAULT } from '../harness/busybox-root.ts';
import { runCommand } from '../harness/command.ts';
import { assertDone, downloads } from '../harness/downloads.ts';
import { pseudoRandom } from '../harness/release.ts';

const LARGE = pseudoRandom(20_000_000, 5);
const at = downloads();
const release = () => at.job.release('v5.0.0', { 'large-file': LARGE, small: LARGE.subarray(0, 9_000_000) });

describe('in a job log', () => {
  test('a line every tenth, and the last is what was made of it', async () => {
    release();
    const run = await at.download('large-file');
    const lines = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((tenth) => `civault: large-file: ${tenth}0% of 20.0 MB\n`);
    assertDone(
      run,
      `${lines.join('')}civault: wrote large-file (20.0 MB), SHA-256 as in SHA256SUMS of the release\n`,
    );
    assert.deepEqual(at.read('large-file'), LARGE);
  });
  test('no line for less than ten megabytes', async () => {
    release();
    const run = await at.download('small');
    assertDone(run, 'civault: wrote small (9.0 MB), SHA-256 as in SHA256SUMS of the release\n');
  });
  test('from where an earlier run ended', async () => {
    release();
    writeFileSync(join(at.here, 'large-file.part'), LARGE.subarray(0, 13_000_000), { mode: 0o600 });
    const run = await at.download('large-file');
    assertDone(
      run,
      /going on with large-file\.part, 13\.0 MB are there\ncivault: large-file: 70% of 20\.0 MB\n.*80%/,
    );
    assert.doesNotMatch(run.stderr, / [1-6]0%/);
  });
});

const SCRIPT = '/usr/bin/script';
describe('on a terminal', {
  skip: existsSync(SCRIPT) ? false : 'there is no script (Debian: bsdutils)',
}, () => {
  for (const columns of [80, 40]) {
    test(`of ${columns} columns: a bar in one line, which is taken away`, async () => {
      release();
      const CA = join(at.here, 'ca.pem');
      writeFileSync(CA, at.job.gitlab.authority.certificatePem);
      const env = {
        ...at.job.env,
        CI_SERVER_TLS_CA_FILE: CA,
        PATH: '/usr/bin:/bin',
        TERM: 'dumb',
        C: CIVAULT,
      };
      const command = `stty cols ${columns}; "$C" download large-file`;
      const run = await runCommand(SCRIPT, ['-qec', command, '/dev/null'], {
        env,
        cwd: at.here,
        limit: 30_000,
      });
      const shown = run.stdout.toString();
      assert.equal(run.status, 0, shown);
      const drawn = shown.split('\r\u001b[K').slice(1);
      assert.ok(drawn.length > 1, JSON.stringify(shown));
      const last = drawn.pop() ?? '';
      for (const line of drawn) {
        assert.ok(line.length < columns, line);
        if (line !== '') assert.match(line, /^large-file {2}(?:\[[#.]{5,40}\] {2})?[ 0-9]{3}% {2}20\.0 MB/);
      }
      assert.equal(/\[#*\.*\]/.test(drawn.join('')), columns === 80);
      assert.equal(last, 'civault: wrote large-file (20.0 MB), SHA-256 as in SHA256SUMS of the release\r\n');
      assert.deepEqual(at.read('large-file'), LARGE);
    });
  }
});
