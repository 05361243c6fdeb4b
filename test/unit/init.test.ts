// Proves that the init is placed where nothing else is, or not at all, and that its bytes are those of its source.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Arch, findArch } from '../../build/arch.ts';
import { initCode, placeInit } from '../../build/init.ts';
import { BuildError } from '../../build/say.ts';
import { BASE, ENTRY, HEADER, type Made, makeElf } from '../harness/elf.ts';

const ARCHES = [findArch('amd64'), findArch('arm64')] as const;
/** The addresses that the file starts at, and that the init goes on to. */
function pathOf(file: Buffer, { docker }: Arch, length: number): [number, number] {
  const start = Number(file.readBigUInt64LE(0x18));
  const last = start - BASE + length - 4;
  const word = file.readInt32LE(last);
  if (docker === 'amd64') return [start, BASE + last + 4 + word];
  assert.equal(word >>> 26, 0b000101, 'a branch');
  return [start, BASE + last + ((word << 6) >> 6) * 4];
}

function differences(one: Buffer, other: Buffer): number[] {
  return [...one.keys()].filter((index) => one[index] !== other[index]);
}

for (const arch of ARCHES) {
  const code = initCode(arch);

  describe(`the init for ${arch.docker}`, () => {
    test('goes into the hole between sections, and on to the program; nothing else changes', () => {
      const before = makeElf({ arch });
      const file = Buffer.from(before);
      const at = placeInit(file, arch);
      assert.equal(at, 0x310);
      assert.deepEqual(file.subarray(at, at + code.length - 4), code.subarray(0, -4));
      assert.deepEqual(pathOf(file, arch, code.length), [BASE + at, ENTRY]);
      const elsewhere = differences(before, file).filter((index) => index < at || index >= at + code.length);
      assert.deepEqual([...new Set(elsewhere.map((index) => index & ~7))], [0x18]);
    });

    test('goes behind the last section where there is no other hole, and the segment grows', () => {
      const before = makeElf({ arch, packed: true });
      const file = Buffer.from(before);
      const at = placeInit(file, arch);
      assert.equal(at, 0x1410);
      assert.deepEqual(pathOf(file, arch, code.length), [BASE + at, ENTRY]);
      for (const field of [32, 40])
        assert.equal(file.readBigUInt64LE(HEADER.code + field), BigInt(at + code.length));
      assert.deepEqual(
        file.subarray(HEADER.data, HEADER.data + 56),
        before.subarray(HEADER.data, HEADER.data + 56),
      );
      assert.deepEqual(file.subarray(at + code.length), before.subarray(at + code.length));
    });

    test('is placed alike each time', () => {
      const [one, other] = [makeElf({ arch }), makeElf({ arch })];
      placeInit(one, arch);
      placeInit(other, arch);
      assert.equal(one.equals(other), true);
    });

    const wrong: readonly (readonly [string, RegExp, Partial<Made>, (file: Buffer) => unknown])[] = [
      ['no ELF file', /no ELF program/, {}, (file) => file.write('MZ')],
      ['a 32-bit one', /no ELF program/, {}, (file) => file.writeUInt8(1, 4)],
      ['an object file', /no ELF program/, {}, (file) => file.writeUInt16LE(1, 0x10)],
      ['another machine', /no ELF program for /, {}, (file) => file.writeUInt16LE(8, 0x12)],
      ['no section headers', /headers are not whole/, {}, (file) => file.writeUInt16LE(0, 0x3c)],
      ['section headers beyond the end', /not whole/, {}, (file) => file.writeUInt32LE(0x1fff, 0x28)],
      ['program headers of another size', /not whole/, {}, (file) => file.writeUInt16LE(32, 0x36)],
      ['an entry point in data', /no entry point/, {}, (file) => file.writeUInt32LE(BASE + 0x3800, 0x18)],
      ['a segment that is not executable', /no entry point/, {}, (file) => file.writeUInt32LE(4, 64 + 4)],
      ['a hole with something in it', /not empty, at 0x305/, {}, (file) => file.writeUInt8(1, 0xfff)],
      [
        'a tail with something in it',
        /not empty, at 0x1403/,
        { packed: true },
        (file) => file.writeUInt8(1, 0x17ff),
      ],
      [
        '.bss behind the executable segment',
        /no hole of \d+ bytes/,
        { packed: true, bss: 16 },
        () => undefined,
      ],
      [
        'a tail whose memory is the next segment',
        /no hole of \d+ bytes/,
        { packed: true },
        (file) => file.writeUInt32LE(BASE + 0x1800, HEADER.data + 16),
      ],
      [
        'a program too far away',
        /too large for the jump/,
        {},
        (file) => {
          // A segment that is as large in memory as no jump is far.
          file.writeBigUInt64LE(0x1_0000_0000n, HEADER.code + 32);
          file.writeBigUInt64LE(0xc000_0000n, 0x18);
        },
      ],
    ];
    for (const [name, says, made, spoil] of wrong) {
      test(`is refused: ${name}`, () => {
        const file = makeElf({ arch, ...made });
        spoil(file);
        const before = Buffer.from(file);
        const refused = (error: unknown) => error instanceof BuildError && says.test(error.message);
        assert.throws(() => placeInit(file, arch), refused);
        assert.equal(file.equals(before), true, 'nothing was changed');
      });
    }

    test('is what its source is assembled to', (t) => {
      const tools = findTools(arch);
      if (tools === undefined) return t.skip(`there is no assembler for ${arch.machine} (Debian: binutils)`);
      const folder = mkdtempSync(join(tmpdir(), 'civault-init-'));
      try {
        const [object, binary] = [join(folder, 'init.o'), join(folder, 'init.bin')];
        const source = fileURLToPath(new URL(`../../build/init-${arch.node}.s`, import.meta.url));
        execFileSync(`${tools}as`, ['-o', object, source]);
        execFileSync(`${tools}objcopy`, ['-O', 'binary', '-j', '.text', object, binary]);
        assert.equal(code.toString('hex'), readFileSync(binary).toString('hex'));
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  });
}

/** What the names of the binutils begin with; undefined where they are not installed. */
function findTools({ node, machine }: Arch): string | undefined {
  const prefixes = [`${machine.replace('_', '-')}-linux-gnu-`, ...(node === process.arch ? [''] : [])];
  return prefixes.find((prefix) => {
    try {
      for (const tool of ['as', 'objcopy'])
        execFileSync(`${prefix}${tool}`, ['--version'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
}
