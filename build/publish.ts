// Uploads a release from dist/ to GitLab's registry of generic packages, in the pipeline of a tag:
// node --import tsx build/publish.ts [--dist dist] [--provenance civault-metadata.json] [--check]
// With --check it finds the release whole or not, and uploads nothing: that is for before it is signed.

import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import minimist from 'minimist';
import { ASSETS, PROVENANCE, SIGNATURES, SUMS } from './assets.ts';
import { type Registry, uploadOnce } from './generic-packages.ts';
import { expectProvenance } from './provenance.ts';
import { BuildError, runBuild, say } from './say.ts';
import { readSums, sha256Of } from './sums.ts';
import { expectTag, packageVersion } from './version.ts';

interface Flags {
  readonly dist: string;
  readonly provenance: string;
  readonly check: boolean;
}
const {
  dist: DIST,
  provenance: METADATA,
  check,
} = minimist<Flags>(process.argv.slice(2), {
  string: ['dist', 'provenance'],
  boolean: ['check'],
  // The runner names its statement after the job's artifacts (artifacts:name).
  default: { dist: 'dist', provenance: 'civault-metadata.json' },
});

await runBuild(async () => {
  const version = packageVersion();
  expectTag(version, needed('CI_COMMIT_TAG'));
  const registry = check ? undefined : registryHere();
  const names = await expectWhole();
  if (registry === undefined)
    return say('check', `all of ${version} is there, and the runner's provenance is of it`);
  for (const name of names) {
    const path = join(DIST, name);
    const isNew = await uploadOnce(registry, version, { name, path, sha256: await sha256Of(path) });
    say('publish', `${name} ${isNew ? 'uploaded, and read back' : 'is there already, with these bytes'}`);
  }
});

function registryHere(): Registry {
  return {
    api: needed('CI_API_V4_URL'),
    project: needed('CI_PROJECT_ID'),
    token: needed('CI_JOB_TOKEN'),
  };
}

function needed(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '')
    throw new BuildError(`${name} is not set: this is for a tag's pipeline`);
  return value;
}

/** The names of all that is to be uploaded, SHA256SUMS and what stands for it last. */
async function expectWhole(): Promise<string[]> {
  const missing = ASSETS.filter((name) => !existsSync(join(DIST, name)));
  if (missing.length > 0) throw new BuildError(`not in ${DIST}/: ${missing.join(', ')}`);
  const sums = readSums(readFileSync(join(DIST, SUMS), 'utf8'));
  for (const name of ASSETS.filter((one) => one !== SUMS)) {
    if (sums.get(name) !== (await sha256Of(join(DIST, name))))
      throw new BuildError(`${name} is not the file that ${SUMS} names`);
  }
  if (!existsSync(METADATA))
    throw new BuildError(
      `the runner wrote no provenance, ${METADATA}: RUNNER_GENERATE_ARTIFACTS_METADATA wants GitLab Runner 15.1`,
    );
  const origin = { project: needed('CI_PROJECT_URL'), commit: needed('CI_COMMIT_SHA') };
  expectProvenance(readFileSync(METADATA, 'utf8'), sums, origin);
  copyFileSync(METADATA, join(DIST, PROVENANCE));
  const signed = SIGNATURES.filter((name) => existsSync(join(DIST, name)));
  return [...ASSETS.filter((name) => name !== SUMS), PROVENANCE, ...signed, SUMS];
}
