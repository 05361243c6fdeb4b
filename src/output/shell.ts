// Assignments that any POSIX shell evaluates to exactly the bytes that were meant.

import { AppError } from '../errors.ts';
import type { Variable } from './variable.ts';

/**
 * `export NAME='…'` lines for `eval`. Within single quotes a shell takes every byte as it stands; only the quote itself
 * must leave and come back (POSIX.1-2017, XCU 2.2.2).
 * @throws {AppError} CONFIG for a value with a NUL byte, or one too large for any command to start
 */
export function shellAssignments(variables: readonly Variable[]): string {
  return variables.map(({ name, value }) => `export ${name}=${shellQuoted(name, value.reveal())}\n`).join('');
}

/**
 * What is evaluated when civault failed. An `eval` of nothing would succeed and the job would run on without its
 * secrets; this ends a script under `set -e` with the same status.
 */
export function shellFailure(status: number): string {
  return `(exit ${status})\n`;
}

// MAX_ARG_STRLEN of Linux, for `NAME=value` and the NUL behind it: execve fails with E2BIG beyond it.
const LARGEST = 131_072;

function shellQuoted(name: string, value: string): string {
  if (value.includes('\0')) {
    throw new AppError(
      'CONFIG',
      `the value for ${name} holds a NUL byte, which no environment variable can hold`,
      'write it to a file instead: civault get REF > FILE',
    );
  }
  if (Buffer.byteLength(name) + Buffer.byteLength(value) + 2 > LARGEST) {
    throw new AppError(
      'CONFIG',
      `the value for ${name} is larger than the 128 KiB that Linux allows a variable: no command would start with it`,
      'write it to a file instead: civault get REF > FILE',
    );
  }
  return `'${value.replaceAll("'", "'\\''")}'`;
}
