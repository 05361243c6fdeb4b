// Proves that SIGKILL at any moment loses nothing: 200 runs are killed while they read and write, and each file is the old one or
// the new one whole. What a killed run may leave beside it, under another name, the next run puts away.

import assert from 'node:assert/strict';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { CIVAULT } from '../harness/busybox-root.ts';
import { type Outcome, runCommand } from '../harness/command.ts';
import { type Job, startJob } from '../harness/job.ts';
import { type ReleaseJob, startReleaseJob } from '../harness/release.ts';

const EACH = 40;
const SECRET = 'secret/data/nexus/svc-executor';
const TEMPLATE = `user={{ civault ${SECRET}#username }}\npassword={{ civault ${SECRET}#password }}\n${'#'.repeat(200_000)}\n`;

let job: Job;
let release: ReleaseJob;
let folder: string;
before(async () => {
  [job, release] = await Promise.all([startJob(), startReleaseJob()]);
  folder = mkdtempSync(join(tmpdir(), 'civault-killed-'));
  writeFileSync(join(folder, 'ca.pem'), release.gitlab.authority.certificatePem);
});
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await Promise.all([job.end(), release.gitlab.close()]);
});

interface Writer {
  readonly args: readonly string[];
  /** The name of the file that is written, and what stands there before. */
  readonly file: string;
  readonly old: string;
  /** What lies there besides. */
  readonly others?: Readonly<Record<string, string>>;
  /** What a killed run may leave: its name, and whether it is half a file of the result. */
  readonly leaves: RegExp;
}

const OLD_CONFIG = '{"auths":{"kept.example":{"auth":"b2xk"}},"credsStore":"kept"}';
const WRITERS: Readonly<Record<string, Writer>> = {
  get: {
    args: ['get', SECRET, '--output', 'out'],
    file: 'out',
    old: 'old',
    leaves: /^\.out\.[0-9a-f]{12}\.civault$/,
  },
  env: {
    args: ['env', `P_*=${SECRET}`, '--output', 'out'],
    file: 'out',
    old: 'old',
    leaves: /^\.out\.[0-9a-f]{12}\.civault$/,
  },
  inject: {
    args: ['inject', 'template', '--output', 'out'],
    file: 'out',
    old: 'old',
    others: { template: TEMPLATE },
    leaves: /^\.out\.[0-9a-f]{12}\.civault$/,
  },
  'docker-login': {
    args: ['docker-login', 'new.example', SECRET],
    file: 'config.json',
    old: OLD_CONFIG,
    leaves: /^(config\.json\.lock(\..*)?|\.config\.json\.[0-9a-f]{12}\.civault)$/,
  },
  download: {
    args: ['download', 'civault-linux-amd64'],
    file: 'civault-linux-amd64',
    old: 'old',
    leaves: /^civault-linux-amd64\.part$|^\.civault-linux-amd64\.[0-9a-f]{12}\.civault$/,
  },
};

function run({ args }: Writer, cwd: string, started?: (pid: number) => void): Promise<Outcome> {
  const env = {
    ...job.env,
    ...release.env,
    CI_SERVER_TLS_CA_FILE: join(folder, 'ca.pem'),
    DOCKER_CONFIG: cwd,
  };
  return runCommand(CIVAULT, args, { cwd, env, ...(started === undefined ? {} : { started }) });
}

describe('a run that is killed', { concurrency: 2 }, () => {
  for (const [what, writer] of Object.entries(WRITERS)) {
    test(`${EACH} times by SIGKILL: ${what}`, async (t) => {
      const cwd = join(folder, what);
      const target = join(cwd, writer.file);
      mkdirSync(cwd);
      const put = () => {
        for (const [name, text] of Object.entries(writer.others ?? {})) writeFileSync(join(cwd, name), text);
        writeFileSync(target, writer.old);
      };
      put();
      const begun = performance.now();
      const whole = await run(writer, cwd);
      assert.equal(whole.status, 0, whole.stderr);
      let usual = performance.now() - begun;
      const written = readFileSync(target);
      const kept = [writer.file, ...Object.keys(writer.others ?? {})];
      let [killed, old, left] = [0, 0, 0];
      for (let turn = 0; turn < EACH; turn += 1) {
        put();
        // The latter half of a run is when it writes.
        const moment = usual * (turn % 2 === 0 ? Math.random() : 0.5 + 0.6 * Math.random());
        const { status, stdout, milliseconds } = await run(writer, cwd, async (pid) => {
          await sleep(moment);
          kill(pid);
        });
        const found = readFileSync(target);
        const isOld = found.equals(Buffer.from(writer.old));
        assert.ok(isOld || found.equals(written), `half a file after ${moment} ms`);
        assert.equal(stdout.length, 0);
        if (status === 137) killed += 1;
        else {
          assert.deepEqual([status, isOld], [0, false]);
          usual = Math.min(usual, milliseconds);
        }
        if (isOld) old += 1;
        const others = readdirSync(cwd).filter((name) => !kept.includes(name));
        for (const name of others) {
          assert.match(name, writer.leaves);
          if (what !== 'download') {
            assert.equal(lstatSync(join(cwd, name)).mode & 0o077, 0, `others may read ${name}`);
          }
          makeOld(join(cwd, name));
          left += 1;
        }
      }
      t.diagnostic(
        `${killed} of ${EACH} were killed in ${usual.toFixed(0)} ms; the old file was left ${old} times, another beside it ${left} times`,
      );
      assert.ok(killed > 0 && old > 0, 'none was killed before it had written');
      put();
      assert.equal((await run(writer, cwd)).status, 0);
      assert.ok(readFileSync(target).equals(written));
      assert.deepEqual(readdirSync(cwd).sort(), kept.sort());
    });
  }
});

// As if it had been left long ago: what is young may be another run's, which still writes.
function makeOld(path: string): void {
  const then = Date.now() / 1000 - 100;
  if (existsSync(path)) utimesSync(path, then, then);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
