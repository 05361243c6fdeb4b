// Node's own modules that nearly every run loads, compiled whole. The base has a code cache of each of its modules, but of
// nothing in it than the outermost function: every other is parsed and compiled when it is first called, which was a fifth of
// the time of a secret. So the build has the base compile those modules with every function (build/built-ins.js), and puts
// these caches where those of modules stand that no run of civault compiles. Gained on x64: 14 % of the time of a secret.
//
// A base whose sources, caches or instructions are not as they are known, or that cannot be run here, keeps what it has, and is
// slower and as right as before.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Arch } from './arch.ts';
import { ALIKE, type CodeCache, codeCachesIn } from './code-cache.ts';
import { runOnce } from './run-once.ts';

/** What is compiled whole: of each, some third of the functions is called by a run. */
export const COMPILED: readonly string[] = [
  '_http_agent',
  '_http_client',
  '_http_common',
  '_http_incoming',
  '_http_outgoing',
  '_tls_common',
  '_tls_wrap',
  'child_process',
  'diagnostics_channel',
  'http',
  'https',
  'internal/child_process',
  'internal/freelist',
  'internal/stream_base_commons',
  'internal/streams/destroy',
  'internal/streams/duplex',
  'internal/streams/legacy',
  'internal/streams/readable',
  'internal/streams/state',
  'internal/streams/writable',
  'internal/tls/secure-context',
  'net',
  'timers/promises',
  'tls',
  'vm',
];
/**
 * Whose place is taken. The first two civault never loads; the others stand in Node's own start-up snapshot, so that their
 * caches are of use to worker threads alone.
 */
export const GIVEN_UP: readonly string[] = [
  'internal/deps/acorn/acorn/dist/acorn',
  'internal/http2/core',
  'buffer',
  'events',
  'fs',
  'internal/buffer',
  'internal/errors',
  'internal/event_target',
  'internal/modules/cjs/loader',
  'internal/url',
  'internal/util',
  'internal/util/inspect',
];

/** What a base made of its own modules. */
export interface Compiled {
  readonly caches: ReadonlyMap<string, Buffer>;
  /** The length of every module's source, in characters. */
  readonly lengths: ReadonlyMap<string, number>;
}

/**
 * Has a base compile its modules.
 * @param binary a binary whose prelude is build/built-ins.js
 * @param folder for what it writes
 * @returns undefined where this machine cannot run it, or its code could not be changed
 * @throws {BuildError} when it fails
 */
export async function compileBuiltIns(
  binary: string,
  arch: Arch,
  folder: string,
): Promise<Compiled | undefined> {
  if (!isKnown(arch)) return undefined;
  const output = join(folder, 'built-ins.json');
  const env = { BUILT_INS: JSON.stringify({ modules: COMPILED, output }) };
  if (!(await runOnce(binary, arch, { cwd: folder, env }))) return undefined;
  const {
    caches,
    lengths,
  }: Record<'caches', Record<string, string>> & Record<'lengths', Record<string, number>> = JSON.parse(
    readFileSync(output, 'utf8'),
  );
  return {
    caches: new Map(Object.entries(caches).map(([id, cache]) => [id, Buffer.from(cache, 'base64')])),
    lengths: new Map(Object.entries(lengths)),
  };
}

// How gcc writes a cache's address and size into Node's table of them for x64:
//
//   lea   (the cache, counted from the end of this instruction)(%rip),%rax
//   …     up to four instructions
//   movq  $(its size),-…(%rbp)
const LEA = Buffer.from('488d05', 'hex');
const LEA_SIZE = 7;
const MOVQ = Buffer.from('48c785', 'hex');
const SIZE_WITHIN = 64;

function isKnown(arch: Arch): boolean {
  return arch.node === 'x64';
}

interface Known extends CodeCache {
  /** Where the distance to it stands, and its size. */
  readonly distanceAt: number;
  readonly sizeAt: number;
}

/**
 * Puts the caches into a base in memory.
 * @param line Node's release line
 * @returns the modules whose caches were placed: all, or none where anything is not as it is known
 */
export function placeBuiltIns(base: Buffer, compiled: Compiled, arch: Arch, line: number): readonly string[] {
  const [like] = compiled.caches.values();
  if (!isKnown(arch) || like === undefined) return [];
  const known = knownCaches(base, codeCachesIn(base, like, line));
  // By its length alone a cache is known to be this module's, and V8 does not look at more (build/rehearsal.ts): a length that two
  // modules have is no proof.
  const cacheOf = (id: string) => {
    const length = compiled.lengths.get(id);
    const isOnly = [...compiled.lengths.values()].filter((other) => other === length).length === 1;
    return isOnly ? known.get(length ?? -1) : undefined;
  };
  const gaps: Gap[] = [];
  for (const id of GIVEN_UP) {
    const cache = cacheOf(id);
    if (cache === undefined) return [];
    gaps.push({ start: aligned(cache.at + ALIKE), end: cache.at + cache.size, from: cache });
  }
  const moves = [];
  const bySize = [...compiled.caches].sort(([, one], [, other]) => other.length - one.length);
  for (const [id, bytes] of bySize) {
    const cache = cacheOf(id);
    const gap = smallestFor(bytes, gaps);
    if (cache === undefined || gap === undefined) return [];
    moves.push({ cache, bytes, to: gap.start });
    gap.start = aligned(gap.start + bytes.length);
  }
  // What has no header is no cache: V8 compiles such a module from its source.
  for (const { from } of gaps) base.fill(0, from.at, from.at + from.size);
  for (const { cache, bytes, to } of moves) {
    bytes.copy(base, to);
    base.writeInt32LE(to - (cache.distanceAt + 4), cache.distanceAt);
    base.writeUInt32LE(bytes.length, cache.sizeAt);
  }
  return bySize.map(([id]) => id);
}

interface Gap {
  start: number;
  readonly end: number;
  readonly from: CodeCache;
}

function smallestFor(bytes: Buffer, gaps: readonly Gap[]): Gap | undefined {
  const [best] = gaps
    .filter(({ start, end }) => end - start >= bytes.length)
    .sort((one, other) => one.end - one.start - (other.end - other.start));
  return best;
}

/** Those of the caches that one place alone of the code names, with their size near by: by the length of their source. */
function knownCaches(base: Buffer, caches: readonly CodeCache[]): ReadonlyMap<number, Known> {
  const byPlace = new Map(caches.map((cache) => [cache.at, cache]));
  const found = new Map<CodeCache, Known[]>();
  for (let at = base.indexOf(LEA); at >= 0; at = base.indexOf(LEA, at + 1)) {
    const distanceAt = at + LEA.length;
    if (distanceAt + SIZE_WITHIN > base.length) break;
    // The segment of code and constants is mapped as it stands in the file.
    const cache = byPlace.get(at + LEA_SIZE + base.readInt32LE(distanceAt));
    if (cache === undefined) continue;
    const sizeAt = sizeBehind(base, distanceAt, cache.size);
    if (sizeAt !== undefined)
      found.set(cache, [...(found.get(cache) ?? []), { ...cache, distanceAt, sizeAt }]);
  }
  const once = [...found.values()].filter((places) => places.length === 1).flat();
  return new Map(once.map((cache) => [cache.sourceLength, cache]));
}

function sizeBehind(base: Buffer, from: number, size: number): number | undefined {
  for (
    let at = base.indexOf(MOVQ, from);
    at >= 0 && at < from + SIZE_WITHIN;
    at = base.indexOf(MOVQ, at + 1)
  ) {
    const sizeAt = at + MOVQ.length + 4;
    if (base.readUInt32LE(sizeAt) === size) return sizeAt;
  }
  return undefined;
}

// V8 copies a cache that does not begin at a word's boundary before it reads it.
function aligned(at: number): number {
  return Math.ceil(at / 8) * 8;
}

/** What the build and the bill of materials say of it. */
export function sayBuiltIns(placed: readonly string[]): string {
  return placed.length === 0
    ? "Node's modules compiled as they came"
    : `${placed.length} of Node's modules compiled whole`;
}
