// Errors of the system, told by what they mean for a task: the error → AppError, by a table of the task's own.

import { AppError, type ErrorCode, errnoOf } from './errors.ts';

/** What an error means for a task, by the system's short names, and what to do next. */
export type Reasons = Readonly<Record<string, readonly [what: string, hint?: string]>>;

/** Explains an error of the system: `TASK: what it means (ECODE)`. Any other error is given back as it is. */
export function explained(error: unknown, code: ErrorCode, task: string, reasons: Reasons): unknown {
  const name = errnoOf(error);
  if (error instanceof AppError || name === undefined) return error;
  const [what, hint] = reasons[name] ?? ['it failed'];
  return new AppError(code, `${task}: ${what} (${name})`, hint, error);
}

/** An error such as the system would give. */
export function systemError(name: string): Error {
  return Object.assign(new Error(name), { code: name });
}
