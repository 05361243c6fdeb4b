// Proves that of a base's destructors libuv's alone is taken out, found by address or by relocation, and that where the two are
// not as expected nothing is changed. That the file then ends in time: test/faults/silent-names.test.ts.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { findArch } from '../../build/arch.ts';
import { dropJoin, sayJoin } from '../../build/quick-end.ts';
import { BuildError } from '../../build/say.ts';
import { BASE, DATA, ENTRY, type Made, makeElf } from '../harness/elf.ts';

const ARCHES = [findArch('amd64'), findArch('arm64')] as const;
const RETURN = { amd64: 'c3', arm64: 'c0035fd6' };
const COMPILERS = ENTRY;
const LIBUVS = ENTRY + 0x40;

for (const arch of ARCHES) {
  describe(`a base for ${arch.docker}`, () => {
    for (const relocated of [false, true]) {
      const how = relocated ? 'relocated' : 'written down';
      test(`whose destructors are ${how}: the second returns at once`, () => {
        const before = makeElf({ arch, destructors: [COMPILERS, LIBUVS], relocated });
        const file = Buffer.from(before);
        assert.equal(dropJoin(file, arch), true);
        const code = Buffer.from(RETURN[arch.docker], 'hex');
        const expected = Buffer.from(before);
        code.copy(expected, LIBUVS - BASE);
        assert.notDeepEqual(expected, before);
        assert.deepEqual(file, expected);
      });
    }

    const others: readonly (readonly [string, Omit<Made, 'arch'>])[] = [
      ['no destructors', {}],
      ['none in their list', { destructors: [] }],
      ["the compiler's alone", { destructors: [COMPILERS] }],
      ['one of a library that is not known', { destructors: [COMPILERS, LIBUVS, LIBUVS + 0x40] }],
      ['one that is no code', { destructors: [COMPILERS, DATA] }],
      ['one that is nowhere', { destructors: [COMPILERS, 0] }],
    ];
    for (const [what, made] of others) {
      test(`with ${what} is left as it is`, () => {
        const before = makeElf({ arch, ...made });
        const file = Buffer.from(before);
        assert.equal(dropJoin(file, arch), false);
        assert.deepEqual(file, before);
      });
    }
  });
}

test('a file that is no program is refused', () => {
  assert.throws(() => dropJoin(Buffer.alloc(100), ARCHES[0]), BuildError);
});

test('the build says what became of it', () => {
  assert.notEqual(sayJoin(true), sayJoin(false));
});
