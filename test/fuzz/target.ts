// What a target of fuzzing is, and what every refusal is held to, whatever was refused.

import assert from 'node:assert/strict';
import type fc from 'fast-check';
import { AppError } from '../../src/errors.ts';
import { exitStatusOf } from '../../src/exit-codes.ts';
import { assertHides } from '../unit/failures.ts';

/** Something that takes inputs, and what must hold for each. */
export interface Target {
  readonly name: string;
  /** Of JSON values alone, so that one that failed can be kept as it was. */
  readonly inputs: fc.Arbitrary<unknown>;
  /** Throws where something does not hold. */
  readonly check: (input: unknown) => void | Promise<void>;
  /** Its share of a run beside others, 1 unless said. */
  readonly weight: number;
  /** How many inputs one of `inputs` counts for. */
  readonly size: number;
}

/** Makes a target. */
export function target<T>(
  name: string,
  inputs: fc.Arbitrary<T>,
  check: (input: T) => void | Promise<void>,
  { weight = 1, size = 1 }: { weight?: number; size?: number } = {},
): Target {
  return { name, inputs, check: (input) => check(input as T), weight, size };
}

/** What refusals are held to besides. */
export interface Rules {
  /** What neither message nor hint may hold. */
  readonly hides?: readonly string[];
  /** The most characters of message and hint together. */
  readonly longest?: number;
}

// A few texts of 200 characters, each written as six.
const LONGEST = 6000;

/** What a call gives; undefined where it refuses in the way in which everything is to be refused. */
export function taken<T>(call: () => T, rules: Rules = {}): T | undefined {
  try {
    return call();
  } catch (error) {
    assertTidy(error, rules);
    return undefined;
  }
}

/** The same of a promise. */
export async function takenLater<T>(call: () => Promise<T>, rules: Rules = {}): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    assertTidy(error, rules);
    return undefined;
  }
}

const UNPRINTABLE =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]|\p{Surrogate}/u;

/** Checks that something is a failure that was foreseen, short, on lines of its own, and without what it must not tell. */
export function assertTidy(error: unknown, { hides = [], longest = LONGEST }: Rules = {}): void {
  if (!(error instanceof AppError)) throw error;
  assert.notEqual(exitStatusOf(error.code), 1, 'a failure that nobody foresaw');
  // The line breaks of a block of YAML, or before more of a list, are civault's own.
  const text = [error.message, error.hint ?? ''].map((each) => each.replace(/\n {2}(?: {2})?/g, ''));
  for (const each of text) assert.doesNotMatch(each, UNPRINTABLE);
  assert.notEqual(error.message, '');
  assert.ok(text.join('').length <= longest, `${text.join('').length} characters`);
  assertHides(error, ...hides);
}

/** Checks that a line that is printed is one, and short. */
export function assertLine(line: string, longest = LONGEST): void {
  assert.doesNotMatch(line, UNPRINTABLE);
  assert.ok(line.length <= longest, `${line.length} characters`);
}
