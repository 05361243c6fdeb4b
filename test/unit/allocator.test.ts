// Proves that musl's malloc is told to keep its groups where all three places are known, and else nothing is changed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keepGroups, sayGroups } from '../../build/allocator.ts';
import { findArch } from '../../build/arch.ts';

const AMD64 = findArch('amd64');
const KEPT = '80bc01700300006376';
const WHOLE = '4080ff63400f97c6';
const MAPPED = 'b922000000ba030000004c89542408e8';
const GAP = '9090909090909090';
const baseOf = (...parts: readonly string[]) => Buffer.from([GAP, ...parts, GAP].join(''), 'hex');

test('the comparisons always hold, and groups come with their pages', () => {
  const base = baseOf(KEPT, GAP, WHOLE, GAP, MAPPED);
  assert.equal(keepGroups(base, AMD64), true);
  const changed = baseOf(
    '80bc01700300000072',
    GAP,
    '4080ff00400f93c6',
    GAP,
    'b922800000ba030000004c89542408e8',
  );
  assert.equal(base.toString('hex'), changed.toString('hex'));
});

for (const [what, base, arch] of [
  ['has another free', baseOf(WHOLE, MAPPED), AMD64],
  ['has another malloc', baseOf(KEPT, MAPPED), AMD64],
  ['makes groups in another way', baseOf(KEPT, WHOLE), AMD64],
  ['has one place twice', baseOf(KEPT, GAP, WHOLE, GAP, MAPPED, GAP, KEPT), AMD64],
  ['is of another machine', baseOf(KEPT, WHOLE, MAPPED), findArch('arm64')],
] as const) {
  test(`a base that ${what} is left as it is`, () => {
    const before = Buffer.from(base);
    assert.equal(keepGroups(base, arch), false);
    assert.deepEqual(base, before);
  });
}

test('the build says what became of it', () => {
  assert.notEqual(sayGroups(true), sayGroups(false));
});
