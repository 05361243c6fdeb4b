// Assignments that any POSIX shell evaluates to exactly the bytes that were meant.

import { forEnvironment, type Variable } from './variable.ts';

/**
 * `export NAME='…'` lines for `eval`. Within single quotes a shell takes every byte as it stands; only the quote itself
 * must leave and come back (POSIX.1-2017, XCU 2.2.2).
 * @throws {AppError} CONFIG for a value with a NUL byte, or one too large for any command to start
 */
export function shellAssignments(variables: readonly Variable[]): string {
  return variables
    .map(({ name, value }) => `export ${name}='${forEnvironment(name, value).replaceAll("'", "'\\''")}'\n`)
    .join('');
}

/**
 * What is evaluated when civault failed. An `eval` of nothing would succeed and the job would run on without its
 * secrets; this ends a script under `set -e` with the same status.
 */
export function shellFailure(status: number): string {
  return `(exit ${status})\n`;
}
