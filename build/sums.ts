// SHA256SUMS: the SHA-256 of each file, as `sha256sum -c` reads it.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { BuildError } from './say.ts';

/** A file's SHA-256 in hexadecimal. */
export async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/** The text for files in a folder. */
export async function sumsOf(folder: string, names: readonly string[]): Promise<string> {
  const lines: string[] = [];
  for (const name of names) lines.push(`${await sha256Of(join(folder, name))}  ${name}\n`);
  return lines.join('');
}

/**
 * Reads such a text.
 * @returns SHA-256 by name
 * @throws {BuildError} for a line that is none
 */
export function readSums(text: string): Map<string, string> {
  return new Map(
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const [, sha256, name] = /^([0-9a-f]{64}) [ *]([\w.-]+)$/.exec(line) ?? [];
        if (sha256 === undefined || name === undefined)
          throw new BuildError(`SHA256SUMS has a line that is none: ${line}`);
        return [name, sha256];
      }),
  );
}
