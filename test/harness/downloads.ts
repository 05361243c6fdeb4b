// What the tests of `civault download` share: a release on a stand-in for GitLab, a folder for its files, anew for each test,
// and what holds of every run: no token in a file, in an output, or at the object storage.

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach } from 'node:test';
import type { Interceptor, Seen } from '../gitlab/server.ts';
import { CIVAULT, whyNoRoot } from './busybox-root.ts';
import { type CommandOptions, type Outcome, runCommand } from './command.ts';
import { holdsSecret } from './leaks.ts';
import { makePlace, type Place, type PlaceOptions } from './place.ts';
import { type ReleaseJob, startReleaseJob } from './release.ts';

export interface Downloads {
  readonly job: ReleaseJob;
  /** The job's variables, with GitLab's CA by CI_SERVER_TLS_CA_FILE. */
  readonly env: Readonly<Record<string, string>>;
  /** The folder of a test, as the job sees it and as this process does. */
  readonly folder: string;
  readonly here: string;
  /** Whether there is a root folder for the place. */
  readonly hasRoot: boolean;
  /** Runs a script in the folder, in a BusyBox root where there can be one. */
  readonly run: (script: string, options?: PlaceOptions) => Promise<Outcome>;
  /** Runs civault download in the folder, in the same place. */
  readonly download: (args: string, options?: PlaceOptions) => Promise<Outcome>;
  /** Runs it on this machine, without a shell: for a signal, or a file system of its own. */
  readonly start: (args: readonly string[], options?: CommandOptions) => Promise<Outcome>;
  readonly read: (name: string) => Buffer;
  readonly list: () => string[];
  /** The octal mode of a file. */
  readonly modeOf: (name: string) => string;
  /** Stands before a path of either server, for this test. */
  readonly befall: (interceptor: Interceptor) => void;
  /** `SERVER PATH` of what was asked, without queries. */
  readonly asked: () => string[];
  /** Requests of either server for files. */
  readonly fetched: (server: Seen['server']) => Seen[];
}

const TOKENS = ['job-token', 'private-token', 'deploy-token', 'authorization', 'cookie'];

/**
 * Makes all of it for the tests of a file; what it gives is there when they run.
 * @param prepare adds to the job what all of them need
 */
export function downloads(prepare: (job: ReleaseJob) => void = () => undefined): Downloads {
  let job: ReleaseJob;
  let place: Place;
  let here: string;
  let folder: string;

  before(async () => {
    job = await startReleaseJob();
    prepare(job);
    place = makePlace();
  });
  after(async () => {
    rmSync(`${place?.root ?? ''}${caFile()}`, { force: true });
    place?.remove();
    await job?.gitlab.close();
  });
  beforeEach(() => {
    const { gitlab, project } = job;
    gitlab.requests.length = 0;
    gitlab.intercept = undefined;
    Object.assign(gitlab.storage, { ahead: 0, cutAfter: undefined });
    project.storage = 'object';
    for (const tag of project.releases.keys()) if (tag !== 'v1.2.3') project.releases.delete(tag);
    job.job.isRunning = true;
    here = mkdtempSync(join(place.root ?? tmpdir(), 'download-'));
    folder = here.slice((place.root ?? '').length);
    writeFileSync(`${place.root ?? ''}${caFile()}`, gitlab.authority.certificatePem);
  });
  afterEach(() => {
    const files = readdirSync(here, { recursive: true, encoding: 'utf8' }).map((name) => join(here, name));
    const leaks = files.filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile() === true);
    for (const file of leaks)
      assert.ok(!holdsSecret(readFileSync(file, 'latin1')), `the token is in ${file}`);
    rmSync(here, { recursive: true, force: true });
    for (const { headers, path } of job.gitlab.requests.filter(({ server }) => server === 'storage')) {
      for (const name of TOKENS) assert.equal(headers[name], undefined, `the storage was given ${name}`);
      assert.ok(!holdsSecret(path), 'the storage was given the token in its path');
    }
  });

  const caFile = () =>
    place.root === undefined ? join(tmpdir(), `civault-ca-${process.pid}.pem`) : '/ca.pem';
  const env = () => ({ ...job.env, CI_SERVER_TLS_CA_FILE: caFile() });
  const judge = (outcome: Outcome) => {
    assert.equal(outcome.stdout.toString(), '', 'something on standard output');
    return outcome;
  };
  const run: Downloads['run'] = (script, options = {}) =>
    place.run(`cd ${folder} && ${script}`, { limit: 30_000, ...options, env: { ...env(), ...options.env } });
  return {
    get job() {
      return job;
    },
    get env() {
      return env();
    },
    hasRoot: whyNoRoot() === undefined,
    get folder() {
      return folder;
    },
    get here() {
      return here;
    },
    run,
    download: async (args, options) => judge(await run(`exec civault download ${args}`, options)),
    start: async (args, options = {}) => {
      const CI_SERVER_TLS_CA_FILE = `${place.root ?? ''}${caFile()}`;
      const variables = { ...job.env, CI_SERVER_TLS_CA_FILE, ...options.env };
      const given = { cwd: here, limit: 30_000, ...options, env: variables };
      return judge(await runCommand(CIVAULT, ['download', ...args], given));
    },
    read: (name) => readFileSync(join(here, name)),
    list: () => readdirSync(here, { recursive: true, encoding: 'utf8' }).sort(),
    modeOf: (name) => (statSync(join(here, name)).mode & 0o777).toString(8),
    befall: (interceptor) => {
      job.gitlab.intercept = interceptor;
    },
    asked: () => job.gitlab.requests.map(({ server, path }) => `${server} ${path.replace(/\?.*$/, '')}`),
    fetched: (server) =>
      job.gitlab.requests.filter((each) => each.server === server && /packages\//.test(each.path)),
  };
}

/** Checks that a run succeeded, and compares what it said. */
export function assertDone({ status, stderr }: Outcome, says: string | RegExp = /^/): void {
  assert.equal(status, 0, stderr);
  if (typeof says === 'string') assert.equal(stderr, says);
  else assert.match(stderr, says);
}

/** Checks that a run ended with a status, and what it said. */
export function assertEnded({ status, stderr }: Outcome, wanted: number, ...says: readonly RegExp[]): void {
  assert.equal(status, wanted, stderr);
  for (const part of says) assert.match(stderr, part);
  assert.doesNotMatch(stderr, /a bug in civault|Warning:/);
}
