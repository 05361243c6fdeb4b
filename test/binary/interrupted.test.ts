// Proves that SIGTERM and SIGINT end a run within a second in whatever phase it is, with 128 + n, and that no token lives on:
// not one that was got, and not one that Vault grants in that very moment. Signals while a command runs: exec-signals.test.ts.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { CIVAULT } from '../harness/busybox-root.ts';
import { runCommand } from '../harness/command.ts';
import { type FaultyServer, startFaultyServer } from '../harness/faulty-server.ts';
import { type Job, startJob } from '../harness/job.ts';
import { LOGIN, READ, REF } from '../harness/judged-run.ts';
import { markSecrets } from '../harness/leaks.ts';
import { type ReleaseJob, startReleaseJob } from '../harness/release.ts';

const SIGNALS = [
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const;
const MOUNTS = '/v1/sys/internal/ui/mounts/secret/sonarqube/svc-orchestrator';
const REVOKE = '/v1/auth/token/revoke-self';
const PLAIN_REF = 'secret/sonarqube/svc-orchestrator#url';
// Within a second is the promise; a busy machine has its own time besides.
const PROMISED = 1000;
const BUSY = 1500;

let job: Job;
let release: ReleaseJob;
let silent: FaultyServer;
let folder: string;
before(async () => {
  [job, release, silent] = await Promise.all([startJob(), startReleaseJob(), startFaultyServer()]);
  markSecrets([job.env['VAULT_ID_TOKEN'] ?? '']);
  folder = mkdtempSync(join(tmpdir(), 'civault-interrupted-'));
  writeFileSync(join(folder, 'ca.pem'), release.gitlab.authority.certificatePem);
});
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await Promise.all([job.end(), release.gitlab.close(), silent.close()]);
});

interface Phase {
  readonly args?: readonly string[];
  readonly env?: () => Readonly<Record<string, string>>;
  /** The request in whose midst the signal comes; without one, it comes when a connection has been made to a silent server. */
  readonly path?: string;
  /** What becomes of that request: it is never answered, answered so many milliseconds later, or refused for now. */
  readonly answer?: 'never' | number | 'busy';
  /** The milliseconds after which a revocation is answered. */
  readonly revocation?: number;
}

const toSilent = (scheme: string) => () => ({
  ...job.env,
  VAULT_ADDR: `${scheme}://127.0.0.1:${silent.port}`,
});
const PHASES: Readonly<Record<string, Phase>> = {
  'a TLS handshake': { env: toSilent('https') },
  'a tunnel through a proxy': {
    env: () => ({ ...job.env, VAULT_PROXY_ADDR: `http://127.0.0.1:${silent.port}` }),
  },
  'a login that is never answered': { path: LOGIN, answer: 'never' },
  'a login that is answered a little later': { path: LOGIN, answer: 250 },
  'the wait before another login': { path: LOGIN, answer: 'busy' },
  'a lookup of a mount': { args: ['get', PLAIN_REF], path: MOUNTS, answer: 'never' },
  'a read that is never answered': { path: READ, answer: 'never' },
  'a read that is answered a little later': { path: READ, answer: 250 },
  'the wait before another read': { path: READ, answer: 'busy' },
  'the read of env': { args: ['env', `A=${REF}`], path: READ, answer: 'never' },
  'the read of exec': { args: ['exec', `A=${REF}`, '--', 'touch', 'ran'], path: READ, answer: 'never' },
  'the read of docker-login': {
    args: ['docker-login', 'r.example', 'secret/data/nexus/svc-executor'],
    path: '/v1/secret/data/nexus/svc-executor',
    answer: 'never',
  },
  'the read of doctor': { args: ['doctor', REF], path: READ, answer: 'never' },
  'the login of doctor, answered a little later': { args: ['doctor', REF], path: LOGIN, answer: 250 },
  'the revocation of a token': { args: ['get', REF, '--output', 'written'], path: REVOKE, answer: 250 },
};

const LATE: Readonly<Record<string, Phase>> = {
  'answer comes too late': { answer: 1000 },
  'token cannot be revoked in time': { answer: 300, revocation: 1000 },
};

/** Sends the signal in the phase, and gives what came of the run, and how long it took from then. */
async function interrupted(
  { args = ['get', REF], env = () => job.env, path, answer, revocation = 0 }: Phase,
  signal: NodeJS.Signals,
) {
  let [pid, signalledAt] = [0, 0];
  const end = () => {
    if (signalledAt !== 0) return;
    signalledAt = performance.now();
    process.kill(pid, signal);
  };
  const before = silent.connections;
  const leave = job.vault.intercept((request, response, next) => {
    if (request.path !== path) {
      if (request.path === REVOKE && revocation > 0) setTimeout(next, revocation);
      else next();
      return;
    }
    if (answer === 'busy') {
      response.writeHead(503, { 'Retry-After': '5' }).end('{"errors":["busy"]}');
      setTimeout(end, 200);
      return;
    }
    end();
    if (typeof answer === 'number') setTimeout(next, answer);
  });
  const watch = setInterval(() => {
    if (path === undefined && silent.connections > before) end();
  }, 20);
  try {
    const run = await runCommand(CIVAULT, args, {
      env: { PATH: '/usr/bin:/bin', DOCKER_CONFIG: folder, ...env() },
      cwd: folder,
      started: (started) => {
        pid = started;
      },
    });
    return { ...run, took: performance.now() - signalledAt };
  } finally {
    clearInterval(watch);
    leave();
  }
}

// Those that could not be ended, and were told of.
const lost = new Set<string>();

for (const [signal, status] of SIGNALS) {
  describe(signal, () => {
    for (const [what, phase] of Object.entries(PHASES)) {
      test(`in ${what}`, async () => {
        const run = await interrupted(phase, signal);
        assert.equal(run.status, status, run.stderr);
        assert.match(run.stderr, new RegExp(`(^|\\n)civault: ended by ${signal}\\n$`));
        // No token can have been granted but for a login that was sent and not answered.
        const isOpen = phase.path === LOGIN && typeof phase.answer !== 'number';
        assert.equal(run.stderr.includes('whether Vault granted a token'), isOpen, run.stderr);
        if (phase.args?.[0] !== 'doctor') {
          assert.equal(run.stdout.toString(), phase.args?.[0] === 'env' ? `(exit ${status})\n` : '');
        }
        assert.ok(run.took < PROMISED + BUSY, `it took ${run.took} ms`);
        // The answer to a login that came too late would leave one.
        await sleep(300);
        assert.deepEqual(
          job.vault.liveTokens().filter((token) => !lost.has(token)),
          [],
        );
        assert.equal(existsSync(join(folder, 'ran')), false, 'the command of exec ran');
      });
    }

    for (const [what, phase] of Object.entries(LATE)) {
      test(`in a login whose ${what}: a token may live on, and that is told`, async () => {
        for (const args of [
          ['get', REF],
          ['doctor', REF],
        ]) {
          const run = await interrupted({ ...phase, path: LOGIN, args }, signal);
          const warning =
            'civault: warning: there was no time left to hear whether Vault granted a token, and to revoke it: it would live until its time is up\n';
          assert.deepEqual([run.status, run.stderr], [status, `${warning}civault: ended by ${signal}\n`]);
          assert.ok(run.took < PROMISED + BUSY, `it took ${run.took} ms`);
          // The answers that are on their way come to nobody.
          await sleep(1200);
          for (const token of job.vault.liveTokens()) lost.add(token);
        }
      });
    }

    test('in a revocation that is never answered: the token may live on, and that is told', async () => {
      const run = await interrupted({ path: REVOKE, answer: 'never' }, signal);
      assert.equal(run.status, status);
      assert.match(
        run.stderr,
        /^civault: warning: the Vault token could not be revoked, it lives until its time is up: there was no time left for it\n/,
      );
      assert.ok(run.took < PROMISED + BUSY, `it took ${run.took} ms`);
      for (const token of job.vault.liveTokens()) lost.add(token);
    });

    test('in the revocation of doctor, that is never answered: the same is told, and not that all is well', async () => {
      const run = await interrupted({ args: ['doctor', REF], path: REVOKE, answer: 'never' }, signal);
      assert.deepEqual([run.status, run.stderr], [status, `civault: ended by ${signal}\n`]);
      const report = run.stdout.toString().replaceAll(/\n {10,}/g, ' ');
      assert.match(
        report,
        /^skip {2}revocation .*no time left for it: the token lives until its time is up\n$/m,
      );
      assert.doesNotMatch(report, /all is well/);
      assert.ok(run.took < PROMISED + BUSY, `it took ${run.took} ms`);
      for (const token of job.vault.liveTokens()) lost.add(token);
    });

    test('while the result waits for its reader: at once, and the token lives on', async () => {
      execFileSync('mkfifo', [join(folder, signal)]);
      let [pid, signalledAt] = [0, 0];
      const leave = job.vault.intercept(({ path }, response, next) => {
        if (path !== READ) return next();
        response.end(
          JSON.stringify({ data: { data: { url: 'x'.repeat(200_000) }, metadata: { version: 1 } } }),
        );
        setTimeout(() => {
          signalledAt = performance.now();
          process.kill(pid, signal);
        }, 1000);
      });
      // Open at both ends, and nobody reads.
      const script = `exec 3<>${signal}; exec "${CIVAULT}" get "${REF}" > ${signal}`;
      const env = { PATH: '/usr/bin:/bin', ...job.env };
      const started = (started: number) => {
        pid = started;
      };
      const run = await runCommand('/bin/sh', ['-c', script], { env, cwd: folder, started });
      leave();
      assert.deepEqual([run.status, run.stderr], [status, '']);
      const took = performance.now() - signalledAt;
      assert.ok(took < PROMISED + BUSY, `it took ${took} ms`);
      for (const token of job.vault.liveTokens()) lost.add(token);
    });

    for (const [what, part] of [
      ['the release is asked for', '/releases/'],
      ['an asset comes', '/packages/generic/'],
    ] as const) {
      test(`while ${what}: the old file stays`, async () => {
        let [pid, signalledAt] = [0, 0];
        const place = mkdtempSync(join(folder, 'download-'));
        writeFileSync(join(place, 'notes.txt'), 'old');
        release.gitlab.intercept = (request, _response, next) => {
          if (!request.url?.includes(part)) return next();
          signalledAt = performance.now();
          process.kill(pid, signal);
        };
        const run = await runCommand(CIVAULT, ['download', 'notes.txt'], {
          env: { ...release.env, CI_SERVER_TLS_CA_FILE: join(folder, 'ca.pem') },
          cwd: place,
          started: (started) => {
            pid = started;
          },
        });
        release.gitlab.intercept = undefined;
        const took = performance.now() - signalledAt;
        assert.deepEqual([run.status, run.stdout.toString()], [status, ''], run.stderr);
        assert.ok(took < PROMISED + BUSY, `it took ${took} ms`);
        assert.deepEqual(readdirSync(place), ['notes.txt']);
      });
    }
  });
}
