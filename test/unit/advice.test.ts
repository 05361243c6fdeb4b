// Proves that one system call is taken out of the base's libc where it is found as it is known, and else nothing is changed.

import assert from 'node:assert/strict';
import test from 'node:test';
import { dropAdvice, sayAdvice } from '../../build/advice.ts';
import { findArch } from '../../build/arch.ts';

const AMD64 = findArch('amd64');
// musl's madvise, with a call to what lies 0x4fa2 bytes before its end.
const MADVISE = Buffer.from('4863d250b81c0000000f054889c7e85eb0ffff5ac3', 'hex');
const around = (...codes: readonly Buffer[]) =>
  Buffer.concat([Buffer.alloc(32, 0x90), ...codes, Buffer.alloc(32, 0x90)]);

test('the advice is looked at, and the call becomes a jump to the same place', () => {
  const base = around(MADVISE);
  assert.equal(dropAdvice(base, AMD64), true);
  const code = base.subarray(32, 32 + MADVISE.length);
  assert.equal(code.toString('hex'), '83fa08740d6a1c580f054889c7e95fb0ffff31c0c3');
  // From the end of the jump (18 bytes on) as from the end of the call (19 bytes on).
  assert.equal(18 + code.readInt32LE(14), 19 + MADVISE.readInt32LE(15));
  // The branch leads behind the jump, to where 0 is given back.
  assert.equal(5 + code.readUInt8(4), 18);
  assert.deepEqual(base.subarray(0, 32), Buffer.alloc(32, 0x90));
  assert.deepEqual(base.subarray(-32), Buffer.alloc(32, 0x90));
});

for (const [what, base, arch] of [
  ['is not there', around(Buffer.from('libc')), AMD64],
  ['is there twice', around(MADVISE, MADVISE), AMD64],
  ['ends in another way', around(MADVISE.subarray(0, -1)), AMD64],
  ['is of another machine', around(MADVISE), findArch('arm64')],
] as const) {
  test(`where it ${what}, nothing is changed`, () => {
    const before = Buffer.from(base);
    assert.equal(dropAdvice(base, arch), false);
    assert.deepEqual(base, before);
  });
}

test('the build says whether it was found', () => {
  assert.equal(sayAdvice(dropAdvice(around(MADVISE), AMD64)), 'MADV_FREE dropped');
  assert.equal(sayAdvice(dropAdvice(around(MADVISE), findArch('arm64'))), 'MADV_FREE left as it is');
});
