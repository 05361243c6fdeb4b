// Proves that code caches of Node's modules are exchanged where all is as it is known, and else nothing is changed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findArch } from '../../build/arch.ts';
import {
  COMPILED,
  type Compiled,
  compileBuiltIns,
  GIVEN_UP,
  placeBuiltIns,
  sayBuiltIns,
} from '../../build/built-ins.ts';
import { codeCachesIn } from '../../build/code-cache.ts';

const AMD64 = findArch('amd64');
const ALIKE = 'cc05dec00bc2e400';
const HEADER = 24;
const LEA = Buffer.from('488d05', 'hex');
const MOVQ = Buffer.from('48c785', 'hex');
const MODULES = [...COMPILED, ...GIVEN_UP];
const LENGTHS = new Map(MODULES.map((id, index) => [id, 1000 + index]));

/** A code cache with a header like V8's, for a source of some length. */
function cacheOf(sourceLength: number, payload: number): Buffer {
  const cache = Buffer.alloc(HEADER + payload, sourceLength & 0xff);
  cache.write(ALIKE, 0, 'hex');
  cache.writeUInt32LE(sourceLength, 8);
  cache.writeUInt32LE(payload, 16);
  return cache;
}

/** The code that names a cache: its distance, something between, its size. */
function naming(at: number, target: number, size: number): Buffer {
  const code = Buffer.concat([LEA, Buffer.alloc(4), Buffer.from('660fefc9', 'hex'), MOVQ, Buffer.alloc(8)]);
  code.writeInt32LE(target - (at + 7), 3);
  code.writeUInt32LE(size, code.length - 4);
  return code;
}

interface Laid {
  readonly base: Buffer;
  /** Where the code that names a module's cache stands. */
  readonly code: ReadonlyMap<string, number>;
}

/** A base with a table of caches: small ones for what is compiled, large ones for what is given up. */
function lay(modules = MODULES, sizeGivenUp = 4096): Laid {
  const caches = modules.map((id) => cacheOf(LENGTHS.get(id) ?? 0, GIVEN_UP.includes(id) ? sizeGivenUp : 40));
  const codeSize = 32;
  const code = new Map<string, number>();
  const parts: Buffer[] = [];
  let target = modules.length * codeSize;
  for (const [index, id] of modules.entries()) {
    const cache = caches[index] ?? Buffer.alloc(0);
    code.set(id, index * codeSize);
    const one = naming(index * codeSize, target, cache.length);
    parts.push(one, Buffer.alloc(codeSize - one.length, 0x90));
    target += cache.length;
  }
  return { base: Buffer.concat([...parts, ...caches]), code };
}

const compiled = (payload = 200): Compiled => ({
  caches: new Map(COMPILED.map((id) => [id, cacheOf(LENGTHS.get(id) ?? 0, payload)])),
  lengths: LENGTHS,
});

test('each compiled module is named by the code in the place of the one that it had', () => {
  const { base, code } = lay();
  const whole = compiled();
  assert.deepEqual([...placeBuiltIns(base, whole, AMD64, 20)].sort(), [...COMPILED].sort());
  for (const [id, cache] of whole.caches) {
    const at = code.get(id) ?? -1;
    const target = at + 7 + base.readInt32LE(at + 3);
    assert.deepEqual(base.subarray(target, target + cache.length), cache, id);
    assert.equal(target % 8, 0, 'V8 would copy it');
    assert.equal(base.readUInt32LE(at + naming(0, 0, 0).length - 4), cache.length);
  }
});

test('what is given up has no header any more, and no cache lies in another', () => {
  const { base, code } = lay();
  placeBuiltIns(base, compiled(), AMD64, 20);
  for (const id of GIVEN_UP) {
    const at = code.get(id) ?? -1;
    assert.equal(base.readBigUInt64LE(at + 7 + base.readInt32LE(at + 3)), 0n, id);
  }
  const places = COMPILED.map((id) => {
    const at = code.get(id) ?? -1;
    return [at + 7 + base.readInt32LE(at + 3), base.readUInt32LE(at + naming(0, 0, 0).length - 4)] as const;
  }).sort(([one], [other]) => one - other);
  for (const [index, [start, size]] of places.entries()) {
    assert.ok(start + size <= (places[index + 1]?.[0] ?? Infinity));
  }
});

const lengthsBut = (change: (lengths: Map<string, number>) => void): Compiled => {
  const lengths = new Map(LENGTHS);
  change(lengths);
  return { ...compiled(), lengths };
};

for (const [what, laid, whole, arch] of [
  ['has too little room', lay(MODULES, 300), compiled(4000), AMD64],
  ['lacks a module to compile', lay(MODULES.slice(1)), compiled(), AMD64],
  ['lacks a module to give up', lay(MODULES.slice(0, -1)), compiled(), AMD64],
  [
    'has two modules of one length',
    lay(),
    lengthsBut((lengths) => lengths.set('internal/other', LENGTHS.get('net') ?? 0)),
    AMD64,
  ],
  ['has a module of another length', lay(), lengthsBut((lengths) => lengths.set('net', 5)), AMD64],
  ['is of another machine', lay(), compiled(), findArch('arm64')],
  ['was not asked', lay(), { caches: new Map(), lengths: LENGTHS }, AMD64],
] as const) {
  test(`a base that ${what} is left as it is`, () => {
    const before = Buffer.from(laid.base);
    assert.deepEqual(placeBuiltIns(laid.base, whole, arch, 20), []);
    assert.deepEqual(laid.base, before);
  });
}

test('a cache that two places of the code name is left alone', () => {
  const { base, code } = lay();
  const at = code.get('net') ?? -1;
  const again = naming(base.length, at + 7 + base.readInt32LE(at + 3), HEADER + 40);
  const twice = Buffer.concat([base, again, Buffer.alloc(64)]);
  const before = Buffer.from(twice);
  assert.deepEqual(placeBuiltIns(twice, compiled(), AMD64, 20), []);
  assert.deepEqual(twice, before);
});

test('caches are read by their headers, as either release line has them', () => {
  const [one] = codeCachesIn(cacheOf(1234, 100), Buffer.from(ALIKE, 'hex'), 20);
  assert.deepEqual(one, { at: 0, size: 124, sourceLength: 1234 });
  const later = Buffer.alloc(200);
  later.write(ALIKE, 8, 'hex');
  later.writeUInt32LE(0x80000005, 16);
  later.writeUInt32LE(77, 28);
  assert.deepEqual(codeCachesIn(later, Buffer.from(ALIKE, 'hex'), 24), [
    { at: 8, size: 109, sourceLength: 5 },
  ]);
});

test('nothing is run for a base whose instructions are not known', async () => {
  assert.equal(await compileBuiltIns('/not/there', findArch('arm64'), '/not/there'), undefined);
});

test('the build says what became of it', () => {
  assert.notEqual(sayBuiltIns([]), sayBuiltIns(['net']));
});
