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
import { compileBuiltIns, placeBuiltIns, sayBuiltIns } from './built-ins.ts';
import { type Bundle, bundle } from './bundle.ts';
import { lineOf } from './node-lines.ts';
import { REHEARSAL_OPTIONS, rehearse } from './rehearsal.ts';
import { EMULATORS } from './run-once.ts';
import { BuildError, say } from './say.ts';

interface Stripe {
  readonly snap: string;
  readonly store: number;
  readonly buffer: Buffer;
}

interface Producer {
  default(order: {
    backpack: { entrypoint: string; stripes: readonly Stripe[]; prelude: string };
    bakes: readonly string[];
    slash: string;
    target: { binaryPath: string; output: string };
    symLinks: object;
    doCompress: number;
    nativeBuild: boolean;
  }): Promise<void>;
}

const produce: Producer = createRequire(import.meta.url)('@yao-pkg/pkg/lib-es5/producer.js');
// pkg's word for a file that it puts in as it is.
const STORE_CONTENT = 1;
const NO_CACHE = Buffer.alloc(0);
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
  // For speed: no tier between interpreter and optimizer, which a run of some 40 ms compiles for and never gains by (-4 %).
  '--no-sparkplug',
  // For speed: one thread for V8's work beside the main one, in place of four that nobody needs (-2 %).
  '--v8-pool-size=1',
  // For speed: a run ends before so much is to be swept, in place of two collections (-4 %).
  '--min-semi-space-size=2',
];

/** What was built. */
export interface Binary {
  readonly arch: Arch;
  /** Its name in dist/. */
  readonly name: string;
  readonly bundle: Bundle;
  /** What became of the base's machine code, for people. */
  readonly codeChanges: string;
  /** Whether it has a code cache. */
  readonly isRehearsed: boolean;
}

/** The name of an architecture's file, in dist/ and in a release. */
export function binaryName(arch: Arch): string {
  return `civault-linux-${arch.docker}`;
}

/** Builds the file for the base's architecture; for this machine's also as dist/civault. */
export async function makeBinary(base: Base): Promise<Binary> {
  const { arch } = base;
  const script = await bundle(base.nodeVersion);
  say('bundle', `src/main.ts, ${(script.text.length / 1000).toFixed(0)} kB`);
  const { bytes, codeChanges } = adaptBase(base);
  mkdirSync(DIST, { recursive: true });
  // Within dist/, so that the finished file is renamed into its place and never half there.
  const folder = mkdtempSync(join(DIST, '.build-'));
  try {
    const basePath = join(folder, 'base');
    const output = join(folder, 'civault');
    writeFileSync(basePath, bytes);
    const builtIns = sayBuiltIns(await exchangeBuiltIns(base, bytes, basePath, folder));
    say('base', builtIns);
    const prelude = preludeWith(script.text);
    await assemble({ basePath, prelude, cache: NO_CACHE, options: OPTIONS }, output);
    const cache = await codeCache(basePath, readFileSync(output).subarray(bytes.length), arch, folder);
    if (cache !== undefined) await assemble({ basePath, prelude, cache, options: OPTIONS }, output);
    publish(output, arch, folder);
    const isRehearsed = cache !== undefined;
    return {
      arch,
      name: binaryName(arch),
      bundle: script,
      codeChanges: `${codeChanges}, ${builtIns}`,
      isRehearsed,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Parts {
  readonly basePath: string;
  /** As text: pkg's producer wraps it. */
  readonly prelude: string;
  /** Stands before the prelude. */
  readonly cache: Buffer;
  readonly options: readonly string[];
}

async function assemble({ basePath, prelude, cache, options }: Parts, output: string): Promise<void> {
  const stripes = cache.length === 0 ? [] : [{ snap: '/cache', store: STORE_CONTENT, buffer: cache }];
  await produce.default({
    backpack: { entrypoint: '/', stripes, prelude },
    bakes: options,
    slash: '/',
    target: { binaryPath: basePath, output },
    symLinks: {},
    doCompress: 0,
    nativeBuild: false,
  });
  chmodSync(output, 0o755);
}

/** Changes the base, in memory and in its file. */
async function exchangeBuiltIns(
  { arch, nodeVersion }: Base,
  bytes: Buffer,
  basePath: string,
  folder: string,
): Promise<readonly string[]> {
  const binary = await onceOnly('built-ins', basePath, folder);
  const compiled = await compileBuiltIns(binary, arch, folder).catch((error: unknown) => {
    if (!(error instanceof BuildError)) throw error;
    say('base', error.message);
    return undefined;
  });
  if (compiled === undefined) return [];
  const placed = placeBuiltIns(bytes, compiled, arch, lineOf(nodeVersion));
  writeFileSync(basePath, bytes);
  return placed;
}

async function codeCache(
  basePath: string,
  text: Buffer,
  arch: Arch,
  folder: string,
): Promise<Buffer | undefined> {
  const cache = await rehearse(await onceOnly('rehearsal', basePath, folder), text, arch);
  say(
    'cache',
    cache === undefined
      ? `none, so that it starts more slowly: this machine runs no program for ${arch.docker} (${EMULATORS[arch.node]} would)`
      : `${(cache.length / 1000).toFixed(0)} kB of compiled code`,
  );
  return cache;
}

/** A binary that is built only to be run once: its prelude has the name, and a `.js`. */
async function onceOnly(name: string, basePath: string, folder: string): Promise<string> {
  const binary = join(folder, name);
  const prelude = readFileSync(new URL(`./${name}.js`, import.meta.url), 'utf8');
  const options = [...OPTIONS, ...REHEARSAL_OPTIONS];
  await assemble({ basePath, prelude, cache: NO_CACHE, options }, binary);
  return binary;
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
