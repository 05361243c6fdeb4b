// Proves that Node's last call leads to _Exit() where both are known, and that nothing is changed where they are not.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findArch } from '../../build/arch.ts';
import { dropDestructors, sayDestructors } from '../../build/straight-exit.ts';

const AMD64 = findArch('amd64');
const HANDLER = Buffer.from('803dbb311e030075084489e7e845aafdff31ffc605a8311e0300', 'hex');
const JUMP = 7;
const CALL = 13;
const EXIT = Buffer.from('4863ffb8e70000000f05ba3c0000004889d00f05ebf9', 'hex');
const GAP = Buffer.alloc(100, 0x90);

test('the call leads to _Exit, forwards and backwards', () => {
  for (const [parts, handler, exit] of [
    [[GAP, HANDLER, GAP, EXIT], 100, 200 + HANDLER.length],
    [[EXIT, GAP, HANDLER, GAP], EXIT.length + 100, 0],
  ] as const) {
    const before = Buffer.concat(parts);
    const base = Buffer.from(before);
    assert.equal(dropDestructors(base, AMD64), true);
    assert.equal(handler + CALL + 4 + base.readInt32LE(handler + CALL), exit);
    before.copy(base, handler + CALL, handler + CALL, handler + CALL + 4);
    assert.equal(base.toString('hex', handler + JUMP, handler + JUMP + 2), '9090', 'V8 is not waited for');
    before.copy(base, handler + JUMP, handler + JUMP, handler + JUMP + 2);
    assert.deepEqual(base, before, 'and nothing else is changed');
  }
});

for (const [what, parts] of [
  ['no exit handler', [GAP, EXIT]],
  ['two of them', [HANDLER, GAP, HANDLER, EXIT]],
  ['one that goes on otherwise', [HANDLER.subarray(0, CALL + 4), GAP, EXIT]],
  ['no _Exit', [HANDLER, GAP]],
  ['two of them', [HANDLER, EXIT, GAP, EXIT]],
] as const) {
  test(`a base with ${what} is left as it is`, () => {
    const before = Buffer.concat(parts);
    const base = Buffer.from(before);
    assert.equal(dropDestructors(base, AMD64), false);
    assert.deepEqual(base, before);
  });
}

test('a base for another architecture is left as it is', () => {
  const base = Buffer.concat([HANDLER, GAP, EXIT]);
  assert.equal(dropDestructors(base, findArch('arm64')), false);
});

test('the build says what became of it', () => {
  assert.notEqual(sayDestructors(true), sayDestructors(false));
});
