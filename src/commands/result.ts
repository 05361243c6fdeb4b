// Where a command's result goes: to standard output, or with --output to a file.

import type { Io } from '../io.ts';
import type { CommandLine } from '../options.ts';
import { assertWritable, writeFile } from '../output/file.ts';

/** Takes a whole result. */
export type WriteResult = (result: string | Uint8Array) => void;

/**
 * Settles where the result goes, before anything is read for it.
 * @throws {AppError} OUTPUT for a file that cannot be written
 */
export function resultWriter({ own }: Pick<CommandLine, 'own'>, io: Io): WriteResult {
  const file = own['output'];
  if (file === undefined || file === '-') return io.writeOutput;
  assertWritable(file);
  return (result) => writeFile(file, result, io);
}
