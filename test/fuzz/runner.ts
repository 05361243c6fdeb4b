// Runs targets: first what once failed, then as many inputs as are asked for. A failure is told with what brings it back.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { targets as answers } from './answers.ts';
import { targets as documents } from './documents.ts';
import { targets as http } from './http.ts';
import { targets as identities } from './identities.ts';
import { targets as masking } from './masking.ts';
import { targets as references } from './references.ts';
import { targets as releases } from './releases.ts';
import { targets as settings } from './settings.ts';
import { targets as shells } from './shells.ts';
import type { Target } from './target.ts';
import { targets as writers } from './writers.ts';

/** All targets, by their families. */
export const FAMILIES: ReadonlyMap<string, readonly Target[]> = new Map([
  ['references', references],
  ['documents', documents],
  ['identities', identities],
  ['answers', answers],
  ['http', http],
  ['releases', releases],
  ['settings', settings],
  ['writers', writers],
  ['shells', shells],
  ['masking', masking],
]);

/** An input that once failed, by the name of its target. */
interface Regression {
  readonly target: string;
  readonly input: unknown;
}

const REGRESSIONS = JSON.parse(
  readFileSync(new URL('regressions.json', import.meta.url), 'utf8'),
) as readonly Regression[];

/** Inputs that once failed for a target. */
export function regressionsOf({ name }: Target): readonly unknown[] {
  return REGRESSIONS.filter((each) => each.target === name).map(({ input }) => input);
}

/** Fails for a regression that no target takes. */
export function checkRegressions(): void {
  const names = [...FAMILIES.values()].flat().map(({ name }) => name);
  assert.equal(new Set(names).size, names.length, 'two targets of one name');
  for (const { target } of REGRESSIONS) assert.ok(names.includes(target), `there is no target "${target}"`);
}

export interface Run {
  readonly seed: number;
  /** How many inputs at least. */
  readonly inputs: number;
  /** Milliseconds of work that one input may take; however busy the machine is. */
  readonly limit: number;
}

/** Gives a target its inputs, and tells how many they were; throws with seed, path and input for one that fails. */
export async function fuzz({ name, inputs, check, size }: Target, run: Run): Promise<number> {
  for (const input of regressionsOf({ name } as Target)) await limited(check, input, run.limit);
  isOver = false;
  const numRuns = Math.ceil(run.inputs / size);
  const property = fc.asyncProperty(inputs, (input) => limited(check, input, run.limit));
  const result = await fc.check(property, { numRuns, seed: run.seed, markInterruptAsFailure: true });
  if (!result.failed) return numRuns * size;
  const [input] = result.counterexample ?? [];
  throw new Error(
    [
      `${name}: seed ${result.seed}, path ${result.counterexamplePath}`,
      `to keep it: ${shortened(JSON.stringify({ target: name, input }))}`,
      result.errorInstance instanceof Error ? result.errorInstance.stack : String(result.errorInstance),
    ].join('\n'),
  );
}

/** Whether an input took too long: to look for smaller ones that do would take longer still. */
let isOver = false;

async function limited(check: Target['check'], input: unknown, limit: number): Promise<void> {
  if (isOver) return;
  const before = process.cpuUsage();
  await check(input);
  const { user } = process.cpuUsage(before);
  isOver = user / 1000 > limit;
  assert.ok(!isOver, `it took ${Math.round(user / 1000)} ms`);
}

function shortened(text: string): string {
  return text.length > 4000 ? `${text.slice(0, 4000)}… (${text.length} characters)` : text;
}
