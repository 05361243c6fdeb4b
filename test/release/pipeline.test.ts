// Holds .gitlab-ci.yml to what the build makes: names, links, images, scripts, and who waits for whom.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { ASSETS, PROVENANCE, SIGNATURES } from '../../build/assets.ts';
import { addressOf } from '../../build/generic-packages.ts';
import { BASE_LINE } from '../../build/node-lines.ts';
import { runCommand } from '../harness/command.ts';
import { findProgram } from '../harness/registry.ts';

interface Link {
  readonly name: string;
  readonly url: string;
  readonly filepath?: string;
  readonly link_type?: string;
}
interface Job {
  readonly stage?: string;
  readonly image?: string;
  readonly extends?: string | readonly string[];
  readonly needs?: readonly (string | { readonly job: string; readonly optional?: boolean })[];
  readonly rules?: readonly { readonly if?: string; readonly when?: string }[];
  readonly script?: readonly string[];
  readonly before_script?: readonly string[];
  readonly after_script?: readonly string[];
  readonly variables?: Readonly<Record<string, string>>;
  readonly artifacts?: { readonly name?: string; readonly paths?: readonly string[] };
  readonly id_tokens?: unknown;
  readonly resource_group?: string;
  readonly release?: {
    readonly tag_name: string;
    readonly description: string;
    readonly assets: { readonly links: readonly Link[] };
  };
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const text = readFileSync(join(ROOT, '.gitlab-ci.yml'), 'utf8');
const { stages, workflow, ...all } = parse(text, { strict: true, uniqueKeys: true }) as {
  stages: readonly string[];
  workflow: object;
} & Record<string, Job>;
const jobs = Object.entries(all as Record<string, Job>).filter(([name]) => !name.startsWith('.'));
const PUBLISHED = [...ASSETS, PROVENANCE];

/** A job with what it extends, as GitLab merges: hashes deeply, lists not at all. */
function jobOf(name: string): Job {
  const own = (all as Record<string, Job>)[name];
  assert.ok(own !== undefined, `there is no job ${name}`);
  const bases = [own.extends ?? []].flat().map(jobOf);
  return [...bases, own].reduce((one, other) => merged(one, other), {}) as Job;
}

function merged(one: object, other: object): object {
  const result: Record<string, unknown> = { ...one };
  for (const [key, value] of Object.entries(other)) {
    const before = result[key];
    result[key] = isHash(before) && isHash(value) ? merged(before, value) : value;
  }
  return result;
}

function isHash(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const needsOf = (name: string): string[] =>
  (jobOf(name).needs ?? []).map((need) => (typeof need === 'string' ? need : need.job));

describe('the links of a release', () => {
  const linksOf = (name: string) => jobOf(name).release?.assets.links ?? [];

  for (const [name, files] of [
    ['release', PUBLISHED],
    ['signed-release', [...PUBLISHED, ...SIGNATURES]],
  ] as const) {
    test(`of the job ${name} are what is published, each by a path of its own`, () => {
      const links = linksOf(name);
      assert.deepEqual(links.map((link) => link.name).sort(), [...files].sort());
      for (const link of links) {
        assert.equal(link.url, `$FILES/${link.name}`);
        assert.equal(link.filepath, `/${link.name}`);
        assert.equal(link.link_type, link.name.startsWith('civault-linux-') ? 'package' : 'other');
      }
      const { release } = jobOf(name);
      assert.equal(release?.tag_name, '$CI_COMMIT_TAG');
    });
  }

  test('have their address and description from the job that uploads', async () => {
    const { script = [], artifacts } = jobOf('publish');
    const lines = script.join('\n');
    const [, address = ''] = /^echo "FILES=(.*)" >files\.env$/m.exec(lines) ?? [];
    const registry = { api: 'https://gitlab.example.com/api/v4', project: '42', token: '' };
    const values = { CI_API_V4_URL: registry.api, CI_PROJECT_ID: '42', CI_COMMIT_TAG: 'v1.2.3' };
    const shell = await runCommand('sh', ['-c', `printf %s "${address}/x"`], { env: values });
    assert.equal(shell.stdout.toString(), addressOf(registry, '1.2.3', 'x').href);
    assert.match(lines, /^node --import tsx build\/notes\.ts >release-notes\.md$/m);
    assert.ok(lines.indexOf('notes.ts') < lines.indexOf('publish.ts'), 'no upload without notes');
    assert.deepEqual(artifacts?.paths, [jobOf('release').release?.description]);
    for (const name of ['release', 'signed-release']) assert.ok(needsOf(name).includes('publish'));
  });

  test('with signatures are made where the job that signs runs, and the others where it does not', () => {
    const [signed] = jobOf('sign').rules ?? [];
    assert.deepEqual(jobOf('signed-release').rules, jobOf('sign').rules);
    const condition = /^\$CI_COMMIT_TAG && \((.*)\)$/.exec(signed?.if ?? '')?.[1];
    assert.deepEqual(jobOf('release').rules, [{ if: condition, when: 'never' }, { if: '$CI_COMMIT_TAG' }]);
  });
});

describe('the jobs', () => {
  for (const [name] of jobs) {
    const job = jobOf(name);

    test(`${name} has a stage, a script and an image by its version`, () => {
      assert.ok(stages.includes(job.stage ?? ''), job.stage);
      assert.ok((job.script ?? []).length > 0);
      // Three numbers, or as many as its owner gives.
      assert.match(job.image ?? '', /^[\w./-]+:v?\d+\.\d+\.\d+(-[\w.]+)?(@sha256:[0-9a-f]{64})?$/);
    });

    test(`${name} has scripts that a shell can read, and that shellcheck finds nothing in`, async (t) => {
      const lines = [job.before_script, job.script, job.after_script].flatMap((part) => part ?? []);
      const script = ['#!/bin/sh', 'set -e', ...lines, ''].join('\n');
      assert.ok(
        lines.every((line) => typeof line === 'string'),
        'every line is a text, not a hash',
      );
      const read = await runCommand('sh', ['-n'], { input: script });
      assert.deepEqual([read.status, read.stderr], [0, '']);
      const shellcheck = findProgram('shellcheck');
      if (shellcheck === undefined)
        return t.skip('there is no shellcheck (Debian: shellcheck); sh -n found nothing');
      const { status, stdout } = await runCommand(shellcheck, ['-s', 'sh', '-'], { input: script });
      assert.equal(status, 0, stdout.toString());
    });

    test(`${name} waits for jobs that are there, of its stage or one before`, () => {
      for (const need of needsOf(name)) {
        const place = stages.indexOf(jobOf(need).stage ?? '');
        assert.ok(place >= 0 && place <= stages.indexOf(job.stage ?? ''), `${name} needs ${need}`);
      }
    });
  }

  test('that publish run for tags alone, behind every test', () => {
    const tests = jobs.map(([name]) => name).filter((name) => jobOf(name).stage === 'test');
    assert.ok(tests.length >= 6);
    for (const name of tests) {
      for (const job of ['publish', 'image'])
        assert.ok(needsOf(job).includes(name), `${job} does not wait for ${name}`);
    }
    // needs: of a job that may not be there has to say so, or there is no pipeline.
    for (const [name] of jobs) {
      for (const need of jobOf(name).needs ?? []) {
        const { job, optional } = typeof need === 'string' ? { job: need } : need;
        if (job === 'test-assets-arm64') assert.equal(optional, true, name);
      }
    }
    for (const [name] of jobs) {
      if (!['publish', 'release'].includes(jobOf(name).stage ?? '')) continue;
      const rules = (jobOf(name).rules ?? []).filter(({ when }) => when !== 'never');
      assert.ok(rules.length > 0 && rules.every((rule) => rule.if?.includes('$CI_COMMIT_TAG')), name);
    }
  });

  test('push the image once publish has taken the release, one after the other, and sign its digest', () => {
    assert.ok(needsOf('image').includes('publish'));
    assert.equal(jobOf('image').resource_group, 'image');
    const [, file = ''] = /push-image\.sh .* (\S+)$/m.exec(jobOf('image').script?.join('\n') ?? '') ?? [];
    assert.deepEqual(jobOf('image').artifacts?.paths, [file]);
    assert.deepEqual(jobOf('sign-image').script, [`sh build/sign.sh ${file}`]);
    assert.deepEqual(needsOf('sign-image'), ['image']);
    assert.deepEqual(jobOf('sign-image').id_tokens, jobOf('sign').id_tokens);
    const both = [jobOf('image'), jobOf('sign')].flatMap(({ rules = [] }) =>
      rules.map((rule) => rule.if?.replace('$CI_COMMIT_TAG && ', '')),
    );
    assert.deepEqual(jobOf('sign-image').rules, [{ if: ['$CI_COMMIT_TAG', ...both].join(' && ') }]);
    for (const name of ['release', 'signed-release'])
      for (const need of ['image', 'sign-image']) assert.ok(needsOf(name).includes(need));
  });

  test('make all of a release, and refuse where something is missing', () => {
    const { script, artifacts, variables } = jobOf('assets');
    assert.deepEqual(script, ['make release ALL=yes']);
    for (const name of ASSETS) {
      const isTaken = artifacts?.paths?.some((path) => matches(path, `dist/${name}`));
      assert.ok(isTaken, name);
    }
    // The runner's name of its statement, which publish.ts and sign.sh look for.
    assert.equal(variables?.['RUNNER_GENERATE_ARTIFACTS_METADATA'], 'true');
    const metadata = `${artifacts?.name}-metadata.json`;
    assert.ok(readFileSync(join(ROOT, 'build/publish.ts'), 'utf8').includes(metadata));
    assert.match(jobOf('reproducible').script?.join('\n') ?? '', /AGAINST=dist\/SHA256SUMS/);
  });

  test('build on the line of Node.js that releases have, and test on the one before as well', () => {
    assert.match(jobOf('assets').image ?? '', new RegExp(`^node:${BASE_LINE.replace('node', '')}\\.`));
    assert.match(jobOf('test').image ?? '', /^node:20\./);
  });

  test('sign with an ID token for Sigstore', () => {
    assert.deepEqual(jobOf('sign').id_tokens, { SIGSTORE_ID_TOKEN: { aud: 'sigstore' } });
    assert.deepEqual(jobOf('sign').artifacts?.paths, ['dist/*.sigstore.json']);
  });

  test('run for a commit once: as a merge request’s, a branch’s or a tag’s', () => {
    assert.ok(workflow !== undefined);
    assert.equal(text.includes('\t'), false);
  });
});

describe('the scripts of the build', () => {
  for (const name of readdirSync(join(ROOT, 'build')).filter((file) => file.endsWith('.sh'))) {
    test(`build/${name} is clean to shellcheck`, async (t) => {
      const shellcheck = findProgram('shellcheck');
      if (shellcheck === undefined) return t.skip('there is no shellcheck (Debian: shellcheck)');
      const { status, stdout } = await runCommand(shellcheck, ['-s', 'sh', join(ROOT, 'build', name)]);
      assert.equal(status, 0, stdout.toString());
    });
  }
});

/** Whether a pattern of artifacts:paths, with `*` for what is within a folder, takes a path. */
function matches(pattern: string, path: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('[^/]*')}$`).test(path);
}
