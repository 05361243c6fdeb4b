// What a command is, and what it is given to work with.

import type { Environment, Io } from '../io.ts';
import type { CommandLine, Grammar } from '../options.ts';

/** One command of civault. */
export interface Command {
  readonly grammar: Grammar;
  /**
   * Runs it. The result goes to standard output, and only when it is whole.
   * @returns the exit status: 0, or that of a program which the command ran
   */
  readonly run: (line: CommandLine, context: Context) => Promise<number>;
  /** What standard output gets instead of a result when the run ends with `status`. */
  readonly onFailure?: (status: number, args: readonly string[]) => string;
}

/** The surroundings of a run. */
export interface Context {
  readonly environment: Environment;
  readonly io: Io;
}
