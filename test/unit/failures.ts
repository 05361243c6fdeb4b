// How a test says which failure it expects: always by its code and by a part of what it says.

import assert from 'node:assert/strict';
import { AppError, type ErrorCode } from '../../src/errors.ts';

/** Checks that something is the failure meant, and gives it back for more. */
export function assertFailure(error: unknown, code: ErrorCode, part: string): AppError {
  if (!(error instanceof AppError)) throw error;
  assert.equal(error.code, code, error.message);
  assertHolds(error.message, part);
  return error;
}

/** Checks that a call fails so. */
export function assertRefused(call: () => unknown, code: ErrorCode, part: string): AppError {
  return assertFailure(failureOf(call), code, part);
}

/** Checks that a promise fails so. */
export async function assertRejected(
  promise: Promise<unknown>,
  code: ErrorCode,
  part: string,
): Promise<AppError> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  assert.ok('error' in outcome, 'it did not fail');
  return assertFailure(outcome.error, code, part);
}

/** What a call throws. */
export function failureOf(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  assert.fail('it did not fail');
}

/** Checks that a text holds a part. */
export function assertHolds(text: string | undefined, part: string): void {
  assert.ok(text?.includes(part), `${JSON.stringify(text)} does not hold ${JSON.stringify(part)}`);
}

/** Checks that a failure tells something, in its message or in its hint. */
export function assertTells(error: AppError, part: string): void {
  assertHolds(textOf(error), part);
}

/** Checks that nothing that a failure shows holds any of these. */
export function assertHides(error: AppError, ...parts: readonly string[]): void {
  for (const part of parts)
    assert.ok(!textOf(error).includes(part), `${JSON.stringify(textOf(error))} holds it`);
}

function textOf({ message, hint }: AppError): string {
  return hint === undefined ? message : `${message}\n${hint}`;
}

/** Checks that nothing a failure shows could move a cursor, hide text or begin a line that looks like another's. */
export function assertPlain({ message, hint = '' }: AppError): void {
  const unprintable = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;
  assert.doesNotMatch(message, unprintable);
  // The line breaks of a block of YAML, or before more of a hint, are civault's own.
  assert.doesNotMatch(hint.replace(/\n {2}(?: {2})?/g, ''), unprintable);
}
