// Uploads a release from dist/ to GitLab's registry of generic packages, in the pipeline of a tag:
// node --import tsx build/publish.ts [--dist dist] [--provenance civault-metadata.json]

import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import minimist from 'minimist';
import { ASSETS, PROVENANCE, SIGNATURES, SUMS } from './assets.ts';
import { type Registry, uploadOnce } from './generic-packages.ts';
import { expectProvenance } from './provenance.ts';
import { BuildError, runBuild, say } from './say.ts';
import { readSums, sha256Of } from './sums.ts';
import { expectTag, packageVersion } from './version.ts';

const { dist: DIST, provenance: METADATA } = minimist<{ dist: string; provenance: string }>(
  process.argv.slice(2),
  {
    string: ['dist', 'provenance'],
    // The runner names its statement after the job's artifacts (artifacts:name).
    default: { dist: 'dist', provenance: 'civault-metadata.json' },
  },
);

await runBuild(async () => {
  const registry: Registry = {
    api: needed('CI_API_V4_URL'),
    project: needed('CI_PROJECT_ID'),
    token: needed('CI_JOB_TOKEN'),
  };
  const version = packageVersion();
  expectTag(version, needed('CI_COMMIT_TAG'));
  const names = await expectWhole();
  for (const name of names) {
    const path = join(DIST, name);
    const isNew = await uploadOnce(registry, version, { name, path, sha256: await sha256Of(path) });
    say('publish', `${name} ${isNew ? 'uploaded, and read back' : 'is there already, with these bytes'}`);
  }
});

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
  expectProvenance(readFileSync(METADATA, 'utf8'), sums);
  copyFileSync(METADATA, join(DIST, PROVENANCE));
  const signed = SIGNATURES.filter((name) => existsSync(join(DIST, name)));
  return [...ASSETS.filter((name) => name !== SUMS), PROVENANCE, ...signed, SUMS];
}
