// The requests of civault that a fault can befall: how each is brought about, and what a run that succeeds leaves.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Outcome } from '../harness/command.ts';
import { startJob } from '../harness/job.ts';
import { assertNoToken, type Env, LOGIN } from '../harness/judged-run.ts';
import { putRole, RENEW_TOKEN, REVOKE } from '../harness/leases.ts';
import { startReleaseJob } from '../harness/release.ts';
import type { Authority } from '../vault/authority.ts';
import { type GateOptions, type Received, startGate } from './gate.ts';

export type RequestName = 'mount' | 'login' | 'read' | 'renew' | 'revoke' | 'release' | 'asset';

/** What a cell is played on. */
export interface Bench {
  readonly authority: Authority;
  /** The server that the fault stands before, which request it is for, and which one is the last before that. */
  readonly gate: Pick<GateOptions, 'upstream' | 'isChosen' | 'isBefore'>;
  /** The command, up to what stands after a program's `--`. */
  readonly args: readonly string[];
  readonly program: readonly string[];
  /** The variables of the job, where the gate is at an origin; and what else has to stand for it. */
  readonly surroundings: (origin: string, host: string, caFile: string) => Promise<Surroundings>;
  /** Fails unless the result is there, whole and right. */
  readonly assertDone: (outcome: Outcome, folder: string) => void;
  /** Fails unless there is no result, and nothing half done. */
  readonly assertNothing: (outcome: Outcome, folder: string) => void;
  readonly end: () => Promise<void>;
}

export interface Surroundings {
  readonly env: Env;
  /** When somebody came first, where that was not at the gate. */
  readonly firstAt: () => number | undefined;
  readonly close: () => void;
}

/** The file that a download finds in its place. */
export const ASSET = 'civault-linux-amd64';
export const OLD = 'what was there before';

const FIELD = 'sonarqube/svc-orchestrator#token';
/** The command under which a token of this many seconds is renewed, once at least, and its own exit status. */
const TOKEN_SECONDS = 4;
const ALIVE = 'alive\n';
const SCRIPT = `sleep ${TOKEN_SECONDS + 0.7}; echo alive; exit 3`;

const at =
  (start: string) =>
  ({ path }: Received) =>
    path.startsWith(start);
const isRead = at('/v1/secret/data/');
const isLease = at('/v1/database/');

/** Prepares what one request is played on. */
export const BENCHES: Readonly<Record<RequestName, () => Promise<Bench>>> = {
  login: () => vaultBench(['get', `secret/data/${FIELD}`], at(LOGIN)),
  mount: () => vaultBench(['get', `secret/${FIELD}`], at('/v1/sys/internal/ui/mounts/'), at(LOGIN)),
  read: () => vaultBench(['get', `secret/data/${FIELD}`], isRead, at(LOGIN)),
  revoke: () => vaultBench(['get', `secret/data/${FIELD}`], at(REVOKE), isRead),
  renew: () =>
    vaultBench(['exec', 'A=database/creds/ci-readonly#username'], at(RENEW_TOKEN), isLease, [
      '--',
      'sh',
      '-c',
      SCRIPT,
    ]),
  release: () => releaseBench('release'),
  asset: () => releaseBench('asset'),
};

async function vaultBench(
  args: readonly string[],
  isChosen: GateOptions['isChosen'],
  isBefore?: GateOptions['isBefore'],
  program: readonly string[] = [],
): Promise<Bench> {
  const job = await startJob();
  const { vault, guide, env } = job;
  const flags = program.length === 0 ? [] : await putRole(job, { token_ttl: `${TOKEN_SECONDS}s` });
  const value = guide.secrets['secret/data/sonarqube/svc-orchestrator']?.['token'];
  const [status, result] = program.length === 0 ? [0, value] : [3, ALIVE];
  return {
    authority: vault.authority,
    gate: { upstream: vault.address, isChosen, isBefore },
    args: [...args, ...flags],
    program,
    surroundings: async (origin) => ({
      env: { ...env, VAULT_ADDR: origin, PATH: '/usr/bin:/bin' },
      firstAt: () => undefined,
      close: () => undefined,
    }),
    assertDone: (outcome) => {
      assert.deepEqual([outcome.status, outcome.stdout.toString()], [status, result], outcome.stderr);
      assertNoToken(outcome, env);
    },
    assertNothing: (outcome) => {
      assert.equal(outcome.stdout.toString(), '', 'something on standard output');
      assertNoToken(outcome, env);
    },
    end: job.end,
  };
}

async function releaseBench(name: 'release' | 'asset'): Promise<Bench> {
  const { gitlab, project, files, env } = await startReleaseJob();
  const { authority } = gitlab;
  const bytes = files.get(ASSET) ?? assert.fail();
  const isOf = (file: string) => {
    const digest = createHash('sha256')
      .update(files.get(file) ?? '')
      .digest('hex');
    return ({ path }: Received) => path.includes(digest);
  };
  const isRelease = (tag: string) => at(`/api/v4/projects/${project.id}/releases/${tag}`);
  const envOf = (origin: string, caFile: string) => ({
    ...env,
    CI_API_V4_URL: `${origin}/api/v4`,
    CI_SERVER_TLS_CA_FILE: caFile,
  });
  const common = { authority, args: ['download', ASSET], program: [], end: gitlab.close };
  const judge = {
    assertDone: ({ status, stdout, stderr }: Outcome, folder: string) => {
      assert.deepEqual([status, stdout.toString()], [0, ''], stderr);
      assert.match(stderr, /wrote civault-linux-amd64 .* SHA-256 as in SHA256SUMS of the release\n$/);
      assert.deepEqual(readdirSync(folder), [ASSET]);
      assert.ok(readFileSync(join(folder, ASSET)).equals(bytes), 'the file is another');
    },
    assertNothing: ({ stdout }: Outcome, folder: string) => {
      assert.equal(stdout.toString(), '', 'something on standard output');
      assert.equal(readFileSync(join(folder, ASSET), 'utf8'), OLD);
      // What another run can go on with may stay.
      const others = readdirSync(folder).filter((each) => each !== ASSET);
      assert.ok(
        others.every((each) => each === `${ASSET}.part`),
        `${others}`,
      );
    },
  };
  if (name === 'release') {
    return {
      ...common,
      ...judge,
      // By its tag, to which GitLab leads who asks for the latest.
      gate: {
        upstream: gitlab.origin,
        isChosen: isRelease('v1.2.3'),
        isBefore: isRelease('permalink/latest'),
      },
      surroundings: async (origin, _, caFile) => ({
        env: envOf(origin, caFile),
        firstAt: () => undefined,
        close: () => undefined,
      }),
    };
  }
  return {
    ...common,
    ...judge,
    gate: { upstream: gitlab.storageOrigin, isChosen: isOf(ASSET), isBefore: isOf('SHA256SUMS') },
    // GitLab signs addresses of the storage: they are to lead to the gate.
    surroundings: async (origin, host, caFile) => {
      const replaced = () => [[gitlab.storageOrigin, origin] as const];
      const nothing = { times: 0, isChosen: () => false };
      const gate = await startGate({
        authority,
        upstream: gitlab.origin,
        host,
        name: host,
        replaced,
        ...nothing,
      });
      return { env: envOf(gate.origin, caFile), firstAt: gate.firstAt, close: gate.close };
    },
  };
}
