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
import {
  ENTRY,
  expectElf,
  headerRanges,
  PF_X,
  PT_LOAD,
  type Range,
  type Segment,
  SHT_NOBITS,
  sectionsOf,
  segmentsOf,
} from './elf.ts';
import { BuildError } from './say.ts';

interface Machine {
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
    jump: Buffer.from([0xe9, 0, 0, 0, 0]),
    encode: (distance) => distance - 5,
    reach: 2 ** 31,
  },
  // B: 26 bits, counted in instructions.
  arm64: {
    jump: Buffer.from([0, 0, 0, 0x14]),
    encode: (distance) => 0x14000000 | ((distance >> 2) & 0x3ffffff),
    reach: 2 ** 27,
  },
};

const PAGE = 4096;
const ALIGN = 16;

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
  expectElf(file, arch);
  const code = initCode(arch);
  const entry = Number(file.readBigUInt64LE(ENTRY));
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
  file.writeBigUInt64LE(BigInt(address), ENTRY);
  const size = Math.max(at + code.length, host.end) - host.start;
  if (size > host.end - host.start)
    for (const field of [32, 40]) file.writeBigUInt64LE(BigInt(size), host.header + field);
  return at;
}

// What lies between sections, and behind the last one.
function holesIn(file: Buffer, host: Segment, segments: readonly Segment[]): Range[] {
  const taken = [
    ...headerRanges(file),
    ...segments.filter((segment) => segment !== host),
    ...sectionsOf(file).filter(({ type }) => type !== SHT_NOBITS),
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
