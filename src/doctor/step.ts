// One step of the doctor's: what was looked at, how it was found, and what to do where that was not well.

import { AppError, type ErrorCode, printable } from '../errors.ts';
import { JsonNumber, type JsonValue } from '../json.ts';

/** What is looked at, in this order; of secrets there may be several. */
export type StepName =
  | 'address'
  | 'settings'
  | 'name'
  | 'connection'
  | 'certificate'
  | 'health'
  | 'ID token'
  | 'clock'
  | 'login'
  | 'secret'
  | 'revocation';

/** A finding. */
export interface Step {
  readonly name: StepName;
  readonly result: 'ok' | 'FAIL' | 'skip';
  /** What is so, what failed, or why it was left out. Fit to be shown. */
  readonly says: string;
  readonly code?: ErrorCode;
  readonly hint?: string | undefined;
  /** The same for machines. */
  readonly facts: ReadonlyMap<string, JsonValue>;
  /** Facts that people are shown too, below the line: name and text. */
  readonly lines: readonly (readonly [label: string, text: string])[];
}

// Machines are told of more than people, and not of megabytes.
const MOST_NAMED = 100;

/** Names as a fact: the first of them, fit to be shown. */
export function namesFact(names: readonly string[]): readonly string[] {
  return names.slice(0, MOST_NAMED).map((name) => printable(name));
}

/** A number as a fact. */
export function numberFact(number: number): JsonNumber {
  return new JsonNumber(String(number));
}

/** Whom each step is told to, as soon as it is done. */
export type Tell = (step: Step) => void;

interface Details {
  readonly facts?: Readonly<Record<string, JsonValue | undefined>>;
  readonly lines?: Step['lines'];
}

/** A step that went well. */
export function ok(name: StepName, says: string, { facts = {}, lines = [] }: Details = {}): Step {
  const known = Object.entries(facts).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, value] as const],
  );
  return { name, result: 'ok', says, facts: new Map(known), lines };
}

/** A step that was left out. */
export function skip(name: StepName, why: string): Step {
  return { name, result: 'skip', says: why, facts: new Map(), lines: [] };
}

/**
 * A step that failed.
 * @throws what is no failure that civault foresaw
 */
export function fail(name: StepName, error: unknown, details: Details = {}): Step {
  if (!(error instanceof AppError)) throw error;
  const { code, message, hint } = error;
  return { ...ok(name, message, details), result: 'FAIL', code, hint };
}

/** What some work gives, or what it fails with. */
export type Outcome<T> = { readonly value: T } | { readonly error: unknown };

/** What some work gave; undefined where it failed. */
export function given<T>(outcome: Outcome<T>): T | undefined {
  return 'value' in outcome ? outcome.value : undefined;
}

/** Does some work, and takes its failure for a result. */
export function attempt<T>(work: () => T): Outcome<T> {
  try {
    return { value: work() };
  } catch (error) {
    return { error };
  }
}

/** The same for work that takes its time. */
export async function attemptLater<T>(work: Promise<T>): Promise<Outcome<T>> {
  return work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
}
