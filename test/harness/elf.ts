// Small ELF files in the place of a base, for the tests of what the build changes in one.

import type { Arch } from '../../build/arch.ts';

const MACHINE = { amd64: 62, arm64: 183 };
// Where things stand: code, a hole, read-only data, a tail, then data.
export const BASE = 0x400000;
export const ENTRY = BASE + 0x140;
/** The address of the data. */
export const DATA = BASE + 0x3800;
const HOLE = { start: 0x305, end: 0x1000 };
const TAIL = { start: 0x1403, end: 0x1800 };
const FINI_ARRAY = 15;
const RELA = 4;
const RELATIVE = { amd64: 8, arm64: 1027 };
const SECTIONS = 0x1c00;
export const HEADER = { code: 64, data: 64 + 56 };

/** What is special about a file. */
export interface Made {
  readonly arch: Arch;
  /** The read-only data begins right behind the code: there is no hole but the tail. */
  readonly packed?: boolean;
  /** How many bytes the executable segment has in memory alone. */
  readonly bss?: number;
  /** What .fini_array holds; it is there only where this is given. */
  readonly destructors?: readonly number[];
  /** By relocations, as in a static-pie; the section itself then holds zeros. */
  readonly relocated?: boolean;
}

/** Makes a file: an executable segment with two sections, and a data segment. */
export function makeElf({ arch, packed = false, bss = 0, destructors, relocated = false }: Made): Buffer {
  const file = Buffer.alloc(0x2000);
  file.write('\x7fELF\x02\x01\x01', 'latin1');
  file.writeUInt16LE(2, 0x10);
  file.writeUInt16LE(MACHINE[arch.docker], 0x12);
  file.writeBigUInt64LE(BigInt(ENTRY), 0x18);
  file.writeBigUInt64LE(64n, 0x20);
  file.writeBigUInt64LE(BigInt(SECTIONS), 0x28);
  file.writeUInt16LE(56, 0x36);
  file.writeUInt16LE(2, 0x38);
  file.writeUInt16LE(64, 0x3a);
  file.writeUInt16LE(destructors === undefined ? 4 : 6, 0x3c);

  const segment = (header: number, flags: number, numbers: readonly number[]) => {
    file.writeUInt32LE(1, header);
    file.writeUInt32LE(flags, header + 4);
    for (const [index, value] of numbers.entries())
      file.writeBigUInt64LE(BigInt(value), header + 8 + index * 8);
  };
  segment(HEADER.code, 5, [0, BASE, BASE, TAIL.start, TAIL.start + bss, 0x1000]);
  segment(HEADER.data, 6, [TAIL.end, DATA, DATA, 0x100, 0x200, 0x1000]);

  const section = (index: number, type: number, start: number, end: number) => {
    const header = SECTIONS + index * 64;
    file.writeUInt32LE(type, header + 4);
    file.writeBigUInt64LE(BigInt(start), header + 24);
    file.writeBigUInt64LE(BigInt(end - start), header + 32);
    if (type === 1) file.fill(0xaa, start, end);
  };
  section(1, 1, 64 + 2 * 56, HOLE.start);
  section(2, 1, packed ? HOLE.start : HOLE.end, TAIL.start);
  // .bss, which has no bytes in the file: it takes no hole away.
  section(3, 8, HOLE.start, HOLE.end);
  file.fill(0xbb, TAIL.end, TAIL.end + 0x100);
  if (destructors === undefined) return file;

  section(4, FINI_ARRAY, TAIL.end, TAIL.end + destructors.length * 8);
  file.writeBigUInt64LE(BigInt(DATA), SECTIONS + 4 * 64 + 16);
  section(5, RELA, HOLE.end, HOLE.end + (relocated ? destructors.length * 24 : 0));
  for (const [index, address] of destructors.entries()) {
    file.writeBigUInt64LE(relocated ? 0n : BigInt(address), TAIL.end + index * 8);
    if (!relocated) continue;
    const numbers = [DATA + index * 8, RELATIVE[arch.docker], address];
    for (const [word, value] of numbers.entries())
      file.writeBigUInt64LE(BigInt(value), HOLE.end + index * 24 + word * 8);
  }
  return file;
}
