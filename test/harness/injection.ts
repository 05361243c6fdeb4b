// What the tests of `civault inject` share: a folder with a template in it, anew for each test, in a BusyBox root where
// there can be one, and a Vault to fill it from.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach } from 'node:test';
import type { CommandOptions, Outcome } from './command.ts';
import { type Job, startJob } from './job.ts';
import { assertNoToken } from './judged-run.ts';
import { makePlace, type Place } from './place.ts';

export const URL_OF = 'secret/data/sonarqube/svc-orchestrator#url';
export const URL = 'https://sonarqube.shared.cwiq.io';
export const TEMPLATE = `url={{ civault ${URL_OF} }}\nuser={{ civault secret/data/nexus/svc-orchestrator#username }}\n`;
export const RESULT = `url=${URL}\nuser=svc-orchestrator\n`;

export interface Injection {
  readonly job: Job;
  /** The folder that scripts run in, by its name on this machine. The file `template` is in it. */
  readonly folder: string;
  readonly put: (name: string, text: string | Buffer) => void;
  readonly see: (name: string) => string;
  /** What Vault was asked so far. */
  readonly sent: () => string[];
  /** Runs a script; a token in what came out fails the test. */
  readonly run: (script: string, options?: CommandOptions) => Promise<Outcome>;
  /** Runs a script that succeeds, and compares both outputs. */
  readonly gives: (script: string, stdout: string, stderr?: string) => Promise<void>;
}

/** Makes all of it for the tests of a suite; what it gives is there when they run. */
export function injections(): Injection {
  let job: Job;
  let place: Place;
  let folder = '';
  let inside = '';

  before(async () => {
    job = await startJob();
    place = makePlace();
    inside = place.root === undefined ? mkdtempSync(join(tmpdir(), 'civault-inject-')) : '/work';
    folder = join(place.root ?? '', inside);
    if (place.root === undefined) return;
    // What a background command has for its input.
    mkdirSync(join(place.root, 'dev'), { recursive: true });
    writeFileSync(join(place.root, 'dev/null'), '');
  });
  after(async () => {
    rmSync(folder, { recursive: true, force: true });
    place?.remove();
    await job?.end();
  });
  beforeEach(() => {
    job.vault.requests.length = 0;
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    put('template', TEMPLATE);
  });

  const put: Injection['put'] = (name, text) => writeFileSync(join(folder, name), text);
  const run: Injection['run'] = async (script, options = {}) => {
    const { env = job.env } = options;
    const outcome = await place.run(`cd ${inside}\n${script}`, { limit: 20_000, ...options, env });
    assertNoToken(outcome, env);
    return outcome;
  };
  return {
    get job() {
      return job;
    },
    get folder() {
      return folder;
    },
    put,
    see: (name) => readFileSync(join(folder, name), 'utf8'),
    sent: () => job.vault.requests.map(({ method, path }) => `${method} ${path}`),
    run,
    gives: async (script, stdout, stderr = '') => {
      const outcome = await run(script);
      assert.deepEqual(
        { status: outcome.status, stdout: outcome.stdout.toString(), stderr: outcome.stderr },
        { status: 0, stdout, stderr },
      );
    },
  };
}
