// The static file of one architecture, written to dist/ in one step.

import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { adaptBase } from './adapt.ts';
import type { Arch } from './arch.ts';
import type { Base } from './base.ts';
import { type Bundle, bundle } from './bundle.ts';
import { BuildError, say } from './say.ts';

interface Producer {
  default(order: {
    backpack: { entrypoint: string; stripes: never[]; prelude: string };
    bakes: string[];
    slash: string;
    target: { binaryPath: string; output: string };
    symLinks: object;
    doCompress: number;
    nativeBuild: boolean;
  }): Promise<void>;
}

const produce: Producer = createRequire(import.meta.url)('@yao-pkg/pkg/lib-es5/producer.js');
/** The folder of all that is built. */
export const DIST = fileURLToPath(new URL('../dist', import.meta.url));

/** Node.js options that are baked in; no job can change them. */
export const OPTIONS = [
  // The image's openssl.cnf is none of ours: one for FIPS would end Node before any of our code runs.
  '--openssl-config=/dev/null',
  // For speed: Node would parse all its 140 roots whenever a CA is given.
  '--use-openssl-ca',
  // For speed: Node compiles some large expressions to machine code to use them once (net.isIP's for IPv6 above all).
  '--regexp-interpret-all',
  '--no-regexp-optimization',
  '--no-regexp-peephole-optimization',
];

/** What was built. */
export interface Binary {
  readonly arch: Arch;
  /** Its name in dist/. */
  readonly name: string;
  readonly bundle: Bundle;
  /** What became of the base's machine code, for people. */
  readonly codeChanges: string;
}

/** The name of an architecture's file, in dist/ and in a release. */
export function binaryName(arch: Arch): string {
  return `civault-linux-${arch.docker}`;
}

/** Builds the file for the base's architecture; for this machine's also as dist/civault. */
export async function makeBinary(base: Base): Promise<Binary> {
  const script = await bundle(base.nodeVersion);
  say('bundle', `src/main.ts, ${(script.text.length / 1000).toFixed(0)} kB`);
  const { bytes, codeChanges } = adaptBase(base);
  await writeBinary(bytes, script.text, base.arch);
  return { arch: base.arch, name: binaryName(base.arch), bundle: script, codeChanges };
}

async function writeBinary(base: Buffer, script: string, arch: Arch): Promise<void> {
  mkdirSync(DIST, { recursive: true });
  // Within dist/, so that the finished file is renamed into its place and never half there.
  const folder = mkdtempSync(join(DIST, '.build-'));
  try {
    const basePath = join(folder, 'base');
    const output = join(folder, 'civault');
    writeFileSync(basePath, base);
    await produce.default({
      backpack: { entrypoint: '/', stripes: [], prelude: preludeWith(script) },
      bakes: OPTIONS,
      slash: '/',
      target: { binaryPath: basePath, output },
      symLinks: {},
      doCompress: 0,
      nativeBuild: false,
    });
    chmodSync(output, 0o755);
    publish(output, arch, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function publish(output: string, arch: Arch, folder: string): void {
  const isForThisMachine = arch.node === process.arch && process.platform === 'linux';
  const bytes = readFileSync(output);
  const name = binaryName(arch);
  renameSync(output, join(DIST, name));
  if (isForThisMachine) {
    const link = join(folder, 'link');
    try {
      linkSync(join(DIST, name), link);
    } catch {
      // Some file systems have no hard links.
      copyFileSync(join(DIST, name), link);
    }
    renameSync(link, join(DIST, 'civault'));
  }
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  say('done', `dist/${name}${isForThisMachine ? ' (also as dist/civault)' : ''}`);
  say('done', `${(bytes.length / 1e6).toFixed(1)} MB, SHA-256 ${sha256}`);
}

function preludeWith(script: string): string {
  const prelude = readFileSync(new URL('./prelude.js', import.meta.url), 'utf8');
  const [before, after, ...more] = prelude.split('// %BUNDLE%');
  if (before === undefined || after === undefined || more.length > 0)
    throw new BuildError('build/prelude.js has no place for the bundle');
  return `${before}${script}${after}`;
}
