// Places the init into a base: machine code (init-x64.s, init-arm64.s) that becomes the file's entry point.
//
// First it shuts the process to others (PR_SET_DUMPABLE, prctl(2)): the kernel writes no core file of it, whatever ends it, and
// gives its memory and its environment, which hold tokens, to no other program of the same user. A program that it runs is
// open again, as any is. Node has no call for that.
//
// Then it does nothing unless civault is PID 1, as a container's ENTRYPOINT is. There it makes a child, which goes on as
// civault; the first process passes signals on to it, reaps the orphans that the kernel gives to PID 1, and ends with its
// status. Node could not: libuv waits for its own children alone, and PID 1 is not ended by a signal without a handler.
//
// The code goes where the linker left a hole in the executable segment: bytes that are zero and that belong to no
// section. Nothing in the file moves.

import { readFileSync } from 'node:fs';
import type { Arch } from './arch.ts';
import { BuildError } from './say.ts';

interface Machine {
  /** e_machine, elf(5). */
  readonly number: number;
  /** The instruction that ends the code, without the distance that it jumps. */
  readonly jump: Buffer;
  /** Its last four bytes with a distance, which is counted from its first byte, as a signed number. */
  readonly encode: (distance: number) => number;
  /** How far it can jump. */
  readonly reach: number;
}

const MACHINES: Readonly<Record<Arch['node'], Machine>> = {
  // JMP: E9 and 32 bits, counted from the end of the five bytes.
  x64: {
    number: 62,
    jump: Buffer.from([0xe9, 0, 0, 0, 0]),
    encode: (distance) => distance - 5,
    reach: 2 ** 31,
  },
  // B: 26 bits, counted in instructions.
  arm64: {
    number: 183,
    jump: Buffer.from([0, 0, 0, 0x14]),
    encode: (distance) => 0x14000000 | ((distance >> 2) & 0x3ffffff),
    reach: 2 ** 27,
  },
};

// elf(5): the fields of ELF-64 headers that are read here.
const PT_LOAD = 1;
const PF_X = 1;
const SHT_NOBITS = 8;
const HEADER_SIZE = 64;
const SEGMENT_SIZE = 56;
const SECTION_SIZE = 64;
const PAGE = 4096;
const ALIGN = 16;

interface Range {
  /** Offsets in the file; the end is not within. */
  readonly start: number;
  readonly end: number;
}
interface Segment extends Range {
  /** Where its header stands. */
  readonly header: number;
  readonly type: number;
  readonly flags: number;
  readonly address: number;
  readonly memorySize: number;
  readonly alignment: number;
}

/** The code for an architecture; its last instruction jumps nowhere yet. */
export function initCode(arch: Arch): Buffer {
  const text = readFileSync(new URL(`./init-${arch.node}.hex`, import.meta.url), 'latin1');
  const code = Buffer.from(text.replaceAll(/\s/g, ''), 'hex');
  const { jump } = MACHINES[arch.node];
  if (!code.subarray(-jump.length).equals(jump))
    throw new BuildError(`build/init-${arch.node}.hex does not end with the jump to the program`);
  return code;
}

/**
 * Places the init into an ELF file in memory and makes it the entry point.
 * @returns where it stands in the file
 * @throws {BuildError} when the file is not built as expected, or has no room
 */
export function placeInit(file: Buffer, arch: Arch): number {
  const machine = MACHINES[arch.node];
  expectElf(file, machine.number, arch);
  const code = initCode(arch);
  const entry = Number(file.readBigUInt64LE(0x18));
  const segments = segmentsOf(file);
  const host = segments.find(
    ({ type, flags, address, start, end }) =>
      type === PT_LOAD && (flags & PF_X) !== 0 && entry >= address && entry < address + (end - start),
  );
  if (host === undefined) throw new BuildError('the base has no entry point in an executable segment');

  const hole = holesIn(file, host, segments).find(({ start, end }) => alignUp(start) + code.length <= end);
  if (hole === undefined)
    throw new BuildError(`the base has no hole of ${code.length} bytes for build/init-${arch.node}.s`);
  if (file.subarray(hole.start, hole.end).some((byte) => byte !== 0))
    throw new BuildError(`what should be a hole in the base is not empty, at 0x${hole.start.toString(16)}`);

  const at = alignUp(hole.start);
  const address = host.address + (at - host.start);
  const jump = at + code.length - machine.jump.length;
  const distance = entry - (address + jump - at);
  if (Math.abs(distance) + machine.jump.length >= machine.reach)
    throw new BuildError('the base is too large for the jump from the init to the program');
  code.copy(file, at);
  file.writeInt32LE(machine.encode(distance), at + code.length - 4);
  file.writeBigUInt64LE(BigInt(address), 0x18);
  const size = Math.max(at + code.length, host.end) - host.start;
  if (size > host.end - host.start)
    for (const field of [32, 40]) file.writeBigUInt64LE(BigInt(size), host.header + field);
  return at;
}

function expectElf(file: Buffer, machine: number, arch: Arch): void {
  // ELF-64, little-endian; ET_EXEC or ET_DYN (static, or static-pie).
  const isProgram =
    file.length >= HEADER_SIZE &&
    file.readUInt32BE(0) === 0x7f454c46 &&
    file.readUInt16BE(4) === 0x0201 &&
    [2, 3].includes(file.readUInt16LE(0x10)) &&
    file.readUInt16LE(0x12) === machine;
  if (!isProgram) throw new BuildError(`the base is no ELF program for ${arch.machine}`);
  const [segments, sections] = [segmentTable(file), sectionTable(file)];
  const sizes = [file.readUInt16LE(0x36), file.readUInt16LE(0x3a)];
  // Without section headers nobody can say which zeros are a hole.
  const isWhole = sizes[0] === SEGMENT_SIZE && sizes[1] === SECTION_SIZE && sections.end > sections.start;
  if (!isWhole || Math.max(segments.end, sections.end) > file.length)
    throw new BuildError("the base's ELF headers are not whole");
}

function segmentTable(file: Buffer): Range {
  const start = Number(file.readBigUInt64LE(0x20));
  return { start, end: start + file.readUInt16LE(0x38) * SEGMENT_SIZE };
}

function sectionTable(file: Buffer): Range {
  const start = Number(file.readBigUInt64LE(0x28));
  return { start, end: start + file.readUInt16LE(0x3c) * SECTION_SIZE };
}

function headersIn({ start, end }: Range, size: number): number[] {
  return Array.from({ length: (end - start) / size }, (_, index) => start + index * size);
}

function segmentsOf(file: Buffer): Segment[] {
  return headersIn(segmentTable(file), SEGMENT_SIZE).map((header) => {
    const start = Number(file.readBigUInt64LE(header + 8));
    return {
      header,
      type: file.readUInt32LE(header),
      flags: file.readUInt32LE(header + 4),
      start,
      address: Number(file.readBigUInt64LE(header + 16)),
      end: start + Number(file.readBigUInt64LE(header + 32)),
      memorySize: Number(file.readBigUInt64LE(header + 40)),
      alignment: Number(file.readBigUInt64LE(header + 48)),
    };
  });
}

// What lies between sections, and behind the last one.
function holesIn(file: Buffer, host: Segment, segments: readonly Segment[]): Range[] {
  const sections = headersIn(sectionTable(file), SECTION_SIZE)
    .filter((header) => file.readUInt32LE(header + 4) !== SHT_NOBITS)
    .map((header) => {
      const start = Number(file.readBigUInt64LE(header + 24));
      return { start, end: start + Number(file.readBigUInt64LE(header + 32)) };
    });
  const taken = [
    { start: 0, end: HEADER_SIZE },
    segmentTable(file),
    sectionTable(file),
    ...segments.filter((segment) => segment !== host),
    ...sections,
  ].sort((one, other) => one.start - other.start);

  const holes: Range[] = [];
  const limit = Math.min(mostOf(host, segments), file.length);
  let free = host.start;
  for (const { start, end } of [...taken, { start: limit, end: limit }]) {
    if (start > free) holes.push({ start: free, end: Math.min(start, limit) });
    free = Math.max(free, end);
  }
  return holes;
}

// Up to where in the file the host may be grown: its memory must not reach the first page of the segment after it.
function mostOf({ start, end, address, memorySize }: Segment, segments: readonly Segment[]): number {
  // Memory beyond the file's bytes (.bss) is the program's.
  if (memorySize !== end - start) return end;
  const pages = segments
    .filter((segment) => segment.type === PT_LOAD && segment.address > address)
    .map((segment) => segment.address - (segment.address % Math.max(segment.alignment, PAGE)));
  return Math.max(end, start + Math.min(...pages) - address);
}

function alignUp(offset: number): number {
  return Math.ceil(offset / ALIGN) * ALIGN;
}
