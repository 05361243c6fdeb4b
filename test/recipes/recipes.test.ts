// Proves that every job of the recipes does what its page says, in a root like its image, run by gitlab-ci-local as it stands in the
// document; and that it fails, and leaves its tool alone, where Vault refuses or another file lies in civault's place.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Bench, openBench, type Turn } from './bench.ts';
import { CASES, type Case, plainCalls } from './cases.ts';
import { type Block, blocksOf, documents, jobsOf } from './documents.ts';
import { type Image, whyNoImages } from './image.ts';
import type { PipelineRun } from './pipeline.ts';

// The lines that fetch civault, and the images, that were tried with another file: many recipes have the same.
const tried = new Set<string>();

const recipes = documents().filter((file) => file.startsWith('docs/recipes/'));

describe('recipes', { skip: whyNoImages() ?? false, concurrency: 2 }, () => {
  for (const file of recipes) {
    for (const block of blocksOf(file).filter(
      ({ language, mark }) => language === 'yaml' && mark === undefined,
    )) {
      for (const job of Object.keys(jobsOf(block.text))) {
        const wanted = CASES[file]?.[job];
        for (const image of wanted?.images ?? []) {
          describe(`${file}, ${job}, in ${image.named}`, { concurrency: 1 }, () =>
            playAll(block, job, wanted as Case, image),
          );
        }
      }
    }
  }
});

function playAll(block: Block, job: string, wanted: Case, image: Image): void {
  let bench: Bench;
  before(async () => {
    bench = await openBench();
  });
  after(() => bench?.end());

  const play = async (turn: Turn, check: (run: PipelineRun) => void | Promise<void>): Promise<void> => {
    bench.job.vault.requests.length = 0;
    bench.dojo.requests.length = 0;
    const run = await bench.run(block, job, wanted, image, turn);
    try {
      // What went to standard error was searched as it came.
      assert.deepEqual(run.leaked, [], 'a secret in the checkout, or in the log');
      await check(run);
      assert.deepEqual(bench.job.vault.liveTokens(), [], 'a Vault token is left');
    } catch (error) {
      console.log(run.log);
      throw error;
    } finally {
      run.remove();
    }
  };

  test('its tool gets the secret', () =>
    play('given', async (run) => {
      assert.equal(run.passed, true);
      assert.deepEqual(plainCalls(run.calls), wanted.calls);
      const logins = bench.job.vault.requests.filter(({ path }) => path.endsWith('/login'));
      assert.equal(logins.length, 1);
      await wanted.check?.(run, bench);
    }));

  test('it fails where Vault refuses, and its tool is left alone', () =>
    play('refused', (run) => {
      assert.equal(run.passed, false);
      assert.deepEqual(plainCalls(run.calls), wanted.callsBefore ?? []);
      assert.deepEqual(bench.dojo.requests, []);
      assert.match(run.log, /login refused: .* does not accept this job's audience/);
    }));

  const lines = JSON.stringify([jobsOf(block.text)[job]?.before_script, image.named]);
  if (tried.has(lines)) return;
  tried.add(lines);

  test('it fails where the file is not the one that was pinned', () =>
    play('other file', (run) => {
      assert.equal(run.passed, false);
      assert.deepEqual(run.calls, []);
      assert.deepEqual(bench.job.vault.requests, []);
      assert.match(run.log, /FAILED/);
    }));
}
