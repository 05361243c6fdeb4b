// Proves, in a time that is only counted, what the waits at a rate limit come to where many jobs are refused at once: all are
// served, hardly later than the limit alone makes them wait, and their retries come spread out. What is played here with chance
// of a seed, test/real-vault/herd.test.ts plays with a real Vault.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitBefore } from '../../src/http/retry.ts';

const JOBS = 1000;
const A_SECOND = 20;

for (const [what, arrivesBy, retryAfter] of [
  ['at one moment', 0, undefined],
  ['at one moment, and are all told to come again in a second', 0, '1'],
  ['within five seconds', 5000, undefined],
] as const) {
  for (let seed = 1; seed <= 5; seed += 1) {
    test(`a thousand jobs that come ${what}, twenty of them let in each second: chance ${seed}`, () => {
      const { servedBy, retries } = play(seed, arrivesBy, retryAfter);
      assert.ok(servedBy < 57_000, `the last after ${servedBy} ms`);
      const mean = retries.reduce((sum, each) => sum + each, 0) / retries.length;
      assert.ok(Math.max(...retries) <= 2 * mean, `${retries.join(' ')}: more than twice ${mean}`);
    });
  }
}

function play(seed: number, arrivesBy: number, retryAfter: string | undefined) {
  const random = chanceOf(seed);
  const settings = { random, now: () => 0 };
  const jobs = Array.from({ length: JOBS }, () => ({ at: random() * arrivesBy, refusals: 0 }));
  const letIn = new Map<number, number>();
  const retries: number[] = [];
  let servedBy = 0;
  while (jobs.length > 0) {
    const job = jobs.reduce((first, each) => (each.at < first.at ? each : first));
    const second = Math.floor(job.at / 1000);
    if (job.refusals > 0) retries[second] = (retries[second] ?? 0) + 1;
    const before = letIn.get(second) ?? 0;
    if (before < A_SECOND) {
      letIn.set(second, before + 1);
      servedBy = job.at;
      jobs.splice(jobs.indexOf(job), 1);
    } else {
      job.at +=
        1 + waitBefore({ failures: 0, refusals: job.refusals, isRefused: true, retryAfter }, settings);
      job.refusals += 1;
    }
  }
  return { servedBy, retries: Array.from(retries, (count) => count ?? 0) };
}

// Numbers from 0 to 1 that are the same each time (mulberry32).
function chanceOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
