// The compressed forms of a file, the same on every machine: they name no file, no time and no number of processors.

import { spawn } from 'node:child_process';
import { createReadStream, createWriteStream, renameSync, rmSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { COMPRESSED } from './assets.ts';
import { BuildError } from './say.ts';

// BusyBox's unxz knows neither xz's filters for machine code nor, in small builds, CRC64. One thread: how many there are
// would show in the result.
const PROGRAMS: Readonly<Record<(typeof COMPRESSED)[number], readonly [string, string, readonly string[]]>> =
  {
    '.gz': ['gzip', 'gzip', ['-9', '-n', '-c']],
    '.xz': ['xz', 'xz-utils', ['-9e', '--check=crc32', '-T1', '-c']],
  };

/**
 * Writes FILE.gz and FILE.xz beside a file.
 * @returns their paths
 * @throws {BuildError} when a program is missing or fails
 */
export async function compress(file: string): Promise<string[]> {
  return Promise.all(COMPRESSED.map((ending) => compressTo(file, ending)));
}

async function compressTo(file: string, ending: (typeof COMPRESSED)[number]): Promise<string> {
  const [program, packageName, args] = PROGRAMS[ending];
  const target = file + ending;
  const beside = `${target}.part`;
  // XZ_OPT, XZ_DEFAULTS and GZIP would change the result.
  const child = spawn(program, args, {
    env: { PATH: process.env['PATH'] ?? '' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', (error) =>
      reject(new BuildError(`cannot run ${program} (Debian: ${packageName}): ${error.message}`)),
    );
    child.on('close', resolve);
  });
  try {
    const [status] = await Promise.all([
      ended,
      pipeline(createReadStream(file), child.stdin),
      pipeline(child.stdout, createWriteStream(beside)),
    ]);
    if (status !== 0) throw new BuildError(`${program} ${args.join(' ')} ended with ${status}`);
    renameSync(beside, target);
    return target;
  } finally {
    rmSync(beside, { force: true });
  }
}
