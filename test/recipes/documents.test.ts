// Proves that nothing stands in the recipes that is not run, that no case is left over, that the scripts are clean by shellcheck, and that the
// programs in the place of a job's tools do fail a job.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test, { describe } from 'node:test';
import { findProgram } from '../harness/registry.ts';
import { CASES } from './cases.ts';
import {
  type Block,
  blocksOf,
  documents,
  hasIndentedCode,
  type JobText,
  jobsOf,
  linksOf,
  pathOf,
} from './documents.ts';
import { ALPINE, whyNoImages } from './image.ts';
import { runPipeline } from './pipeline.ts';
import { interpolate } from './templates.ts';
import { tool, variableIs } from './tools.ts';

const recipes = documents().filter((file) => file.startsWith('docs/recipes/'));

/** Whether a block is run by recipes.test.ts or moving-over.test.ts, or is a file of what they run. */
function isRun({ file, language, mark, text }: Block): boolean {
  if (mark === 'before') return language === 'yaml' && file.startsWith('docs/recipes/from-');
  if (mark !== undefined)
    return mark.includes('/') && blocksOf(file).some((each) => each.text.includes(` ${mark} `));
  const jobs = language === 'yaml' ? Object.keys(jobsOf(text)) : [];
  return jobs.length > 0 && jobs.every((job) => (CASES[file]?.[job]?.images.length ?? 0) > 0);
}

for (const file of recipes) {
  for (const block of blocksOf(file)) {
    test(`${file}, block ${block.number} is run`, () => {
      assert.ok(isRun(block), `the block ${block.number} of ${file} is not run`);
    });
  }

  test(`${file} has no code but in fences`, () => assert.equal(hasIndentedCode(file), false));
}

for (const file of documents()) {
  test(`${file}: the files that it links to are there`, () => {
    const missing = linksOf(file).filter((link) => !existsSync(join(dirname(pathOf(file)), link)));
    assert.deepEqual(missing, []);
  });
}

test('each page of the recipes is in their index', () => {
  const pages = recipes
    .map((file) => file.replace('docs/recipes/', ''))
    .filter((name) => name !== 'README.md');
  const links = linksOf('docs/recipes/README.md').filter((link) => !link.includes('/'));
  assert.deepEqual(new Set(links), new Set(pages));
});

test('there is a job for each case', () => {
  const jobs = recipes.map((file): [string, string[]] => [
    file,
    blocksOf(file)
      .filter(({ language, mark }) => language === 'yaml' && mark === undefined)
      .flatMap(({ text }) => Object.keys(jobsOf(text))),
  ]);
  const cases = Object.entries(CASES).map(([file, each]): [string, string[]] => [file, Object.keys(each)]);
  assert.deepEqual(Object.fromEntries(cases), Object.fromEntries(jobs));
});

test('what could be taken for a run and is none, is told', () => {
  const block = { file: 'docs/recipes/trivy.md', number: 9, language: 'yaml', mark: undefined, text: '' };
  assert.equal(isRun({ ...block, text: 'trivy:\n  script: [a]\n' }), true);
  assert.equal(isRun({ ...block, text: 'other:\n  script: [a]\n' }), false);
  assert.equal(isRun({ ...block, text: '.hidden:\n  script: [a]\n' }), false);
  assert.equal(isRun({ ...block, mark: 'before' }), false);
  assert.equal(isRun({ ...block, language: 'sh', text: 'ls\n' }), false);
  assert.equal(isRun({ ...block, language: 'xml', mark: 'ci/other.xml', text: '<a/>\n' }), false);
});

const noShellcheck =
  findProgram('shellcheck') === undefined ? 'there is no shellcheck (Debian: shellcheck)' : false;

describe('scripts are clean by shellcheck', { skip: noShellcheck }, () => {
  const check = (job: JobText, ...options: string[]): void => {
    const lines = [...(job.before_script ?? []), ...(job.script ?? [])].filter(
      (line) => typeof line === 'string',
    );
    assert.ok(lines.length > 0);
    const input = `#!/bin/sh\nset -e\n${lines.join('\n')}\n`;
    const { status, stdout, stderr } = spawnSync('shellcheck', ['-s', 'sh', ...options, '-'], {
      input,
      encoding: 'utf8',
    });
    assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: '', stderr: '' });
  };

  for (const file of documents()) {
    for (const { number, text } of blocksOf(file).filter(
      ({ language, mark }) => language === 'yaml' && !mark,
    )) {
      for (const [name, job] of Object.entries(jobsOf(text))) {
        test(`${file}, block ${number}, ${name}`, () => check(job));
      }
    }
  }

  for (const name of ['secrets', 'download']) {
    test(`templates/${name}.yml`, () => {
      const [job] = Object.values(interpolate(name, { mapping: 'A=b', asset: 'a' }));
      // SC2086: the mapping is to be split.
      check(job as JobText, '-e', 'SC2086');
    });
  }
});

describe('a program in the place of a tool', { skip: whyNoImages() ?? false, concurrency: 2 }, () => {
  for (const [given, passes] of [
    ['right', true],
    ['wrong', false],
    ['right\n', false],
  ] as const) {
    test(`${passes ? 'passes' : 'fails'} the job that gives it ${JSON.stringify(given)}`, async () => {
      const run = await runPipeline({
        yaml: 'job:\n  image: alpine\n  script:\n    - tool\n',
        job: 'job',
        image: ALPINE,
        programs: { 'usr/local/bin/tool': tool([variableIs('SECRET', 'right')]) },
        variables: { SECRET: given },
      });
      run.remove();
      assert.equal(run.passed, passes, run.log);
      assert.deepEqual(run.calls, ['tool']);
    });
  }
});

describe('a wrong checksum', { skip: whyNoImages() ?? false, concurrency: 2 }, () => {
  const check = 'echo "$SUM  /bin/busybox" | sha256sum -c -';
  for (const [lines, what, calls] of [
    [[check, 'tool'], 'on a line of its own ends the job', []],
    [[`${check} && true`, 'tool'], 'in the middle of a list joined by && does not', ['tool']],
  ] as const) {
    test(what, async () => {
      const run = await runPipeline({
        yaml: `job:\n  image: alpine\n  script:\n${lines.map((line) => `    - ${line}\n`).join('')}`,
        job: 'job',
        image: ALPINE,
        programs: { 'usr/local/bin/tool': tool([]) },
        variables: { SUM: '0'.repeat(64) },
      });
      run.remove();
      assert.match(run.log, /FAILED/);
      assert.deepEqual(run.calls, calls);
    });
  }
});
