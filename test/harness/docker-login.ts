// What the tests of `civault docker-login` share: a folder for config.json, anew for each test, in a BusyBox root where
// there can be one, and a Vault that has the registries' credentials.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach } from 'node:test';
import type { CommandOptions, Outcome } from './command.ts';
import { type Job, startJob } from './job.ts';
import { markSecrets } from './leaks.ts';
import { makePlace, type Place } from './place.ts';

export const ORCHESTRATOR = 'secret/data/nexus/svc-orchestrator';
export const EXECUTOR = 'secret/data/nexus/svc-executor';
export const REGISTRY = 'nexus.shared.cwiq.io:8443';

export interface DockerLogins {
  readonly job: Job;
  /** The folder of a test, as the job sees it and as this process does. */
  readonly folder: string;
  readonly here: string;
  /** Tokens that lived before the test. */
  readonly alive: readonly string[];
  /** Runs a script. */
  readonly run: Place['run'];
  /** Runs docker-login, with the folder as DOCKER_CONFIG. */
  readonly login: (args: string, options?: CommandOptions) => Promise<Outcome>;
  /** What is in config.json. */
  // biome-ignore lint/suspicious/noExplicitAny: JSON of any kind.
  readonly config: () => any;
  /** What Docker calls `auth`, of a secret. */
  readonly auth: (path: string) => string;
  /** What is said of credentials that were written. */
  readonly wrote: (...keys: string[]) => string;
}

/** Makes all of it for the tests of a file; what it gives is there when they run. */
export function dockerLogins(): DockerLogins {
  let job: Job;
  let place: Place;
  let folder: string;
  let here: string;
  let alive: readonly string[];

  before(async () => {
    job = await startJob();
    place = makePlace();
    markSecrets([auth(ORCHESTRATOR), auth(EXECUTOR)]);
  });
  after(async () => {
    place?.remove();
    await job?.end();
  });
  beforeEach(() => {
    job.vault.requests.length = 0;
    alive = job.vault.liveTokens();
    here = mkdtempSync(join(place.root ?? tmpdir(), 'docker-'));
    folder = here.slice((place.root ?? '').length);
  });
  afterEach(() => rmSync(here, { recursive: true, force: true }));

  function auth(path: string): string {
    const { username, password } = job.guide.secrets[path] ?? {};
    return Buffer.from(`${username}:${password}`).toString('base64');
  }

  return {
    get job() {
      return job;
    },
    get folder() {
      return folder;
    },
    get here() {
      return here;
    },
    get alive() {
      return alive;
    },
    run: (script, options) => place.run(script, options),
    login: (args, options = {}) =>
      place.run(`exec civault docker-login ${args}`, {
        ...options,
        env: { ...job.env, DOCKER_CONFIG: folder, ...options.env },
      }),
    config: () => JSON.parse(readFileSync(join(here, 'config.json'), 'utf8')),
    auth,
    wrote: (...keys) =>
      keys.map((key) => `civault: wrote the credentials of ${key} to ${folder}/config.json\n`).join(''),
  };
}

/** Checks that a run succeeded, and compares what it said. */
export function assertDone({ status, stdout, stderr }: Outcome, says: string): void {
  assert.deepEqual({ status, stdout: stdout.toString(), stderr }, { status: 0, stdout: '', stderr: says });
}

/** Checks that a run ended with a status, without output, and what it said. */
export function assertRefused({ status, stdout, stderr }: Outcome, wanted: number, ...says: RegExp[]): void {
  assert.deepEqual({ status, stdout: stdout.toString() }, { status: wanted, stdout: '' }, stderr);
  for (const part of says) assert.match(stderr, part);
}
