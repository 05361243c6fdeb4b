// Environment variables: which names are valid, how a field's name becomes one, and what a value may be.

import { AppError } from '../errors.ts';
import type { Secret } from '../secret.ts';

/** A variable for the job. */
export interface Variable {
  readonly name: string;
  readonly value: Secret;
}

// MAX_ARG_STRLEN of Linux, for `NAME=value` and the NUL behind it: execve fails with E2BIG beyond it.
const LARGEST = 131_072;

/**
 * The value, if the environment of a process can hold it.
 * @throws {AppError} CONFIG for a NUL byte, or more than any command could be started with
 */
export function forEnvironment(name: string, secret: Secret): string {
  const value = secret.reveal();
  const hint = 'write it to a file instead: civault get REF --output FILE';
  if (value.includes('\0')) {
    throw new AppError(
      'CONFIG',
      `the value for ${name} holds a NUL byte, which no environment variable can hold`,
      hint,
    );
  }
  if (Buffer.byteLength(name) + Buffer.byteLength(value) + 2 <= LARGEST) return value;
  throw new AppError(
    'CONFIG',
    `the value for ${name} is larger than the 128 KiB that Linux allows a variable: no command would start with it`,
    hint,
  );
}

/** Whether a shell takes it as a variable's name (POSIX.1-2017, XBD 3.235). */
export function isVariableName(text: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(text);
}

/** PREFIX and the field in upper case; every character outside A-Z, 0-9 and _ becomes _. */
export function variableNameOf(prefix: string, field: string): string {
  // Only a to z are raised: toUpperCase would turn ß into SS and ı into I, and so join names that differ.
  const raised = field.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
  return prefix + raised.replace(/[^A-Z0-9_]/gu, '_');
}
