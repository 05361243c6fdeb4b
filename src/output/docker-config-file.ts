// Docker's config.json on disk: where it is, and what is in it.

import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { AppError, errnoOf, printable } from '../errors.ts';
import type { Environment } from '../io.ts';
import type { JsonObject } from '../json.ts';
import { filledIn, withoutControls } from '../setting-values.ts';
import { readDockerConfig } from './docker-config.ts';

/**
 * Where Docker looks for its config.json.
 * @throws {AppError} CONFIG where the job does not say
 */
export function dockerConfigPath(environment: Environment): string {
  const folder = environment['DOCKER_CONFIG'] ?? '';
  if (folder !== '') return join(checked(folder, 'DOCKER_CONFIG'), 'config.json');
  const home = environment['HOME'] ?? '';
  if (home !== '') return join(checked(home, 'HOME'), '.docker/config.json');
  throw new AppError(
    'CONFIG',
    "there is no folder for Docker's config.json: neither DOCKER_CONFIG nor HOME is set",
    'set DOCKER_CONFIG to a folder that can be written, for what uses the credentials as well',
  );
}

function checked(value: string, name: string): string {
  return filledIn(withoutControls(value, name), name);
}

/**
 * Makes the folder, as Docker does, for its owner alone.
 * @throws {AppError} OUTPUT
 */
export function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    const code = errnoOf(error);
    if (code === undefined) throw error;
    const hint = 'set DOCKER_CONFIG to a folder that can be written';
    throw new AppError('OUTPUT', `cannot make the folder ${printable(folder)} (${code})`, hint, error);
  }
}

/**
 * Reads the file; one that is not there counts as an empty one.
 * @throws {AppError} CONFIG for one that Docker could not read either
 */
export function readConfig(path: string): JsonObject {
  return readDockerConfig(readText(path), path);
}

// As bytes: what is not UTF-8 would be written back as something else.
function readText(path: string): string {
  const refuse = (why: string, cause?: unknown) => {
    const hint = 'set DOCKER_CONFIG to another folder';
    return new AppError('CONFIG', `cannot read ${printable(path)}: ${why}`, hint, cause);
  };
  let bytes: Uint8Array;
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined) return '';
    // A pipe would be waited for.
    if (!found.isFile()) throw refuse(found.isDirectory() ? 'it is a folder' : 'it is no regular file');
    bytes = readFileSync(path);
  } catch (error) {
    const code = errnoOf(error);
    if (error instanceof AppError || code === undefined) throw error;
    throw refuse(code === 'EACCES' ? 'this user may not read it (EACCES)' : `it failed (${code})`, error);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw refuse('it is not UTF-8', error);
  }
}
