// Where downloaded files go: --output FILE for one, --output DIR/ for any number, else the folder of the run.

import { mkdirSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { AppError, errnoOf, printable, quoted } from '../errors.ts';
import { writing } from '../output/file.ts';
import { assertReplaceable } from './place.ts';

/** Settles where files go. */
export interface Destination {
  /**
   * The path of a file of that name, which is asked for where it counts alone.
   * @param count how many files there are
   * @throws {AppError} USAGE for several files into one
   */
  readonly fileFor: (name: () => string, count: number) => string;
}

/**
 * Reads --output, and makes the folder that it names.
 * @throws {AppError} USAGE, OUTPUT
 */
export function readDestination(output: string | undefined): Destination {
  if (output === undefined) return { fileFor: (name) => name() };
  if (output === '') {
    throw new AppError('USAGE', '--output is empty', 'if a variable was to hold it, that is not set');
  }
  if (output === '-') {
    throw new AppError(
      'USAGE',
      'download writes no standard output: what is cut or spoilt on its way would be out already',
      'download a file, and read that: civault download ASSET && tar -xf ASSET',
    );
  }
  if (output.endsWith('/') || isFolder(output)) {
    makeFolder(output);
    return { fileFor: (name) => join(output, name()) };
  }
  // Before anything is asked for.
  assertReplaceable(output);
  return {
    fileFor: (_, count) => {
      if (count === 1) return output;
      throw new AppError(
        'USAGE',
        `${count} files cannot be written to ${quoted(output)}`,
        `name a folder, with a slash at its end: --output ${output}/`,
      );
    },
  };
}

function makeFolder(path: string): void {
  const found = statOf(path.replace(/(?<!\/)\/+$/, '') || '/');
  if (found?.isDirectory() === false) {
    throw new AppError(
      'OUTPUT',
      `cannot write to ${printable(path)}: that is no folder, and the slash at its end says so`,
      'leave the slash off to write that file, or name a folder',
    );
  }
  writing(path, () => {
    try {
      mkdirSync(path, { recursive: true });
    } catch (error) {
      // So Node says of a file system that is read-only, too.
      if (errnoOf(error) !== 'ENOENT') throw error;
      mkdirSync(path);
    }
  });
}

function isFolder(path: string): boolean {
  return statOf(path)?.isDirectory() ?? false;
}

// A part of the path may be no folder, or one that this user may not look into.
function statOf(path: string): Stats | undefined {
  return writing(path, () => statSync(path, { throwIfNoEntry: false }));
}
