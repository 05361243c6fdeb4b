// An npm package's tarball, pinned by its integrity, for what cannot be a dependency: packages that are for one system and
// processor, by name.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { BuildError, say } from './say.ts';

/** A tarball of the npm registry. */
export interface Tarball {
  /** NAME@VERSION of the package. */
  readonly spec: string;
  /** Its Subresource Integrity, as in lockfiles. */
  readonly integrity: string;
  /** About how large it is. */
  readonly megabytes: number;
}

/**
 * Downloads a tarball with npm, so that the registry, proxy and CA are those that npm is set up for.
 * @param folder an empty folder to put it in
 * @returns its file
 * @throws {BuildError} when it cannot be had or is not the one that is pinned
 */
export async function fetchTarball({ spec, integrity, megabytes }: Tarball, folder: string): Promise<string> {
  say('npm', `downloading ${spec} (${megabytes} MB)`);
  const ticker = setInterval(() => say('npm', `still downloading${soFar(folder)}`), 5_000);
  try {
    // npm's own cache would keep a second copy of what is cached anyway; in a folder of ours it can be watched.
    const args = [
      'pack',
      spec,
      '--pack-destination',
      folder,
      '--cache',
      join(folder, 'npm'),
      '--ignore-scripts',
    ];
    await runQuietly('npm', args, folder);
  } finally {
    clearInterval(ticker);
  }
  const file = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  if (file === undefined) throw new BuildError(`npm pack ${spec} left no tarball`);
  const tarball = join(folder, file);
  const found = `sha512-${createHash('sha512').update(readFileSync(tarball)).digest('base64')}`;
  if (found !== integrity) {
    throw new BuildError(`${spec} is not the tarball that is pinned:\n  ${found}\n  wanted ${integrity}`);
  }
  return tarball;
}

function runQuietly(command: string, args: readonly string[], cwd: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
    let words = '';
    child.stderr.on('data', (chunk) => {
      words += chunk;
    });
    child.on('error', (error) => reject(new BuildError(`cannot run ${command}: ${error.message}`)));
    child.on('close', (status) => {
      if (status === 0) return resolve();
      const errors = words.split('\n').filter((line) => /^npm error (?! |A complete log)/.test(line));
      reject(new BuildError([`${command} ${args[0]} ${args[1]} failed:`, ...errors.slice(0, 4)].join('\n')));
    });
  });
}

function soFar(folder: string): string {
  try {
    const sizes = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => statSync(join(entry.parentPath, entry.name)).size);
    return `, ${(Math.max(0, ...sizes) / 1e6).toFixed(1)} MB so far`;
  } catch {
    // A file went away under the count: the next tick tells.
    return '';
  }
}
