// Why a program did not start: the system's error → AppError, with the status that a shell gives it.

import { existsSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import { AppError, type ErrorCode, errnoOf, quoted } from '../errors.ts';

type Explanation = readonly [code: ErrorCode, what: string, hint?: string];

const BY_CODE: Readonly<Record<string, Explanation>> = {
  ENOTDIR: ['COMMAND_NOT_FOUND', 'a part of its path is no folder'],
  EACCES: [
    'COMMAND_NOT_EXECUTABLE',
    'this user may not',
    'it is not marked executable (chmod +x), not readable, or on a file system mounted noexec',
  ],
  EPERM: ['COMMAND_NOT_EXECUTABLE', 'this user may not'],
  ENOEXEC: [
    'COMMAND_NOT_EXECUTABLE',
    'it is no program of this machine',
    'a script begins with #! and its interpreter; a program must be of this architecture',
  ],
  EAGAIN: [
    'COMMAND_NOT_EXECUTABLE',
    'no more processes may be started here',
    "the container's or the user's limit of processes is reached",
  ],
  EMFILE: ['COMMAND_NOT_EXECUTABLE', 'no more files may be open here', 'raise the limit: ulimit -n'],
  E2BIG: [
    'COMMAND_NOT_EXECUTABLE',
    'its arguments and its environment are larger than Linux allows together',
    'give it fewer secrets, or those that are large in files',
  ],
};

// What only a shell can do, as people write it behind --.
const OF_THE_SHELL = [
  '.',
  'alias',
  'cd',
  'eval',
  'exec',
  'export',
  'set',
  'source',
  'trap',
  'ulimit',
  'umask',
  'unset',
];

/** Explains an error of execve(2), or of what goes before it. */
export function notStarted(command: string, error: unknown): AppError {
  const errno = nameOf(error);
  if (errno === 'ENOENT') return notFound(command, error);
  if (errno === 'EACCES' && statSync(command, { throwIfNoEntry: false })?.isDirectory()) {
    return new AppError(
      'COMMAND_NOT_EXECUTABLE',
      `cannot run ${quoted(command)}: it is a folder`,
      undefined,
      error,
    );
  }
  const [code, what, hint] = BY_CODE[errno] ?? ['COMMAND_NOT_EXECUTABLE', 'it failed'];
  return new AppError(
    code,
    `cannot run ${quoted(command)}: ${what} (${errno || 'unknown error'})`,
    hint,
    error,
  );
}

function notFound(command: string, cause: unknown): AppError {
  const explain = (what: string, hint?: string) => new AppError('COMMAND_NOT_FOUND', what, hint, cause);
  const name = quoted(command);
  if (command.includes('/')) {
    if (!existsSync(command)) return explain(`cannot run ${name}: there is no such file`);
    return explain(
      `cannot run ${name}: what it needs to start is not there`,
      "a script's first line names its interpreter (and has no carriage return); a program has a loader",
    );
  }
  const missing = `there is no command ${name} on PATH`;
  if (/[\s|&;<>$`'"(){}=]/.test(command)) {
    return explain(missing, "what a shell should read is given to one: -- sh -c '…'");
  }
  if (OF_THE_SHELL.includes(command)) {
    return explain(missing, `it is a part of the shell: -- sh -c '${command} … && COMMAND'`);
  }
  return explain(missing);
}

// libuv has no name for ENOEXEC.
function nameOf(error: unknown): string {
  const isNoProgram = error instanceof Error && 'errno' in error && error.errno === -constants.errno.ENOEXEC;
  return isNoProgram ? 'ENOEXEC' : (errnoOf(error) ?? '');
}
