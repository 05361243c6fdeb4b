// Why a program did not start: the system's error → AppError, with the status that a shell gives it.

import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { AppError, errnoOf, quoted } from '../errors.ts';

/** Explains an error of execve(2), or of what goes before it. */
export function notStarted(command: string, error: unknown): AppError {
  const code = nameOf(error);
  const name = quoted(command);
  switch (code) {
    case 'ENOENT':
      return new AppError(
        'COMMAND_NOT_FOUND',
        command.includes('/')
          ? `cannot run ${name}: ${existsSync(command) ? 'what it needs to start is not there' : 'there is no such file'}`
          : `there is no command ${name} on PATH`,
        'if the file is there, the interpreter in its first line, its loader or the working directory is not',
        error,
      );
    case 'ENOTDIR':
      return new AppError(
        'COMMAND_NOT_FOUND',
        `cannot run ${name}: a part of its path is no folder`,
        undefined,
        error,
      );
    case 'EACCES':
    case 'EPERM':
      return new AppError(
        'COMMAND_NOT_EXECUTABLE',
        `cannot run ${name}: this user may not (${code})`,
        'is it a folder, not marked executable (chmod +x), or on a file system mounted noexec?',
        error,
      );
    case 'ENOEXEC':
      return new AppError(
        'COMMAND_NOT_EXECUTABLE',
        `cannot run ${name}: it is no program of this machine (ENOEXEC)`,
        'a script begins with #! and its interpreter; a program must be of this architecture',
        error,
      );
    case 'EAGAIN':
      return new AppError(
        'COMMAND_NOT_EXECUTABLE',
        `cannot run ${name}: no more processes may be started here (EAGAIN)`,
        "the container's or the user's limit of processes is reached",
        error,
      );
    case 'E2BIG':
      return new AppError(
        'COMMAND_NOT_EXECUTABLE',
        `cannot run ${name}: its arguments and its environment are larger than Linux allows together (E2BIG)`,
        'give it fewer secrets, or those that are large in files',
        error,
      );
    default:
      return new AppError(
        'COMMAND_NOT_EXECUTABLE',
        `cannot run ${name} (${code || 'unknown error'})`,
        undefined,
        error,
      );
  }
}

// libuv has no name for ENOEXEC.
function nameOf(error: unknown): string {
  const isNoProgram = error instanceof Error && 'errno' in error && error.errno === -constants.errno.ENOEXEC;
  return isNoProgram ? 'ENOEXEC' : (errnoOf(error) ?? '');
}
