// What the build reads of an ELF-64 file's headers (elf(5)): its segments, its sections, and the addresses of functions.

import type { Arch } from './arch.ts';
import { BuildError } from './say.ts';

export const PT_LOAD = 1;
export const PF_X = 1;
export const SHT_NOBITS = 8;
export const SHT_FINI_ARRAY = 15;
const SHT_RELA = 4;
const MACHINES: Readonly<Record<Arch['node'], { readonly number: number; readonly relative: number }>> = {
  // e_machine, and the relocation by which a word becomes an address: R_X86_64_RELATIVE, R_AARCH64_RELATIVE.
  x64: { number: 62, relative: 8 },
  arm64: { number: 183, relative: 1027 },
};
/** Where the address of the entry point stands. */
export const ENTRY = 0x18;
const HEADER_SIZE = 64;
const SEGMENT_SIZE = 56;
const SECTION_SIZE = 64;
const RELA_SIZE = 24;
const WORD = 8;

/** Offsets in the file; the end is not within. */
export interface Range {
  readonly start: number;
  readonly end: number;
}
export interface Segment extends Range {
  /** Where its header stands. */
  readonly header: number;
  readonly type: number;
  readonly flags: number;
  readonly address: number;
  readonly memorySize: number;
  readonly alignment: number;
}
export interface Section extends Range {
  readonly type: number;
  readonly address: number;
}

/** @throws {BuildError} unless the file is a program for the architecture, static or static-pie, with all its headers */
export function expectElf(file: Buffer, arch: Arch): void {
  const isProgram =
    file.length >= HEADER_SIZE &&
    file.readUInt32BE(0) === 0x7f454c46 &&
    file.readUInt16BE(4) === 0x0201 &&
    [2, 3].includes(file.readUInt16LE(0x10)) &&
    file.readUInt16LE(0x12) === MACHINES[arch.node].number;
  if (!isProgram) throw new BuildError(`the base is no ELF program for ${arch.machine}`);
  const [segments, sections] = [segmentTable(file), sectionTable(file)];
  const sizes = [file.readUInt16LE(0x36), file.readUInt16LE(0x3a)];
  // Without section headers nobody can say which zeros are a hole.
  const isWhole = sizes[0] === SEGMENT_SIZE && sizes[1] === SECTION_SIZE && sections.end > sections.start;
  if (!isWhole || Math.max(segments.end, sections.end) > file.length)
    throw new BuildError("the base's ELF headers are not whole");
}

/** What the headers themselves take. */
export function headerRanges(file: Buffer): Range[] {
  return [{ start: 0, end: HEADER_SIZE }, segmentTable(file), sectionTable(file)];
}

export function segmentsOf(file: Buffer): Segment[] {
  return stepsIn(segmentTable(file), SEGMENT_SIZE).map((header) => {
    const start = wordAt(file, header + 8);
    return {
      header,
      type: file.readUInt32LE(header),
      flags: file.readUInt32LE(header + 4),
      start,
      address: wordAt(file, header + 16),
      end: start + wordAt(file, header + 32),
      memorySize: wordAt(file, header + 40),
      alignment: wordAt(file, header + 48),
    };
  });
}

export function sectionsOf(file: Buffer): Section[] {
  return stepsIn(sectionTable(file), SECTION_SIZE).map((header) => {
    const start = wordAt(file, header + 24);
    return {
      type: file.readUInt32LE(header + 4),
      address: wordAt(file, header + 16),
      start,
      end: start + wordAt(file, header + 32),
    };
  });
}

/** The addresses in a section of pointers, such as .fini_array: as its relocations will set them, where it has any. */
export function pointersIn(file: Buffer, section: Section, arch: Arch): number[] {
  const relocated = new Map<number, number>();
  for (const table of sectionsOf(file).filter(({ type }) => type === SHT_RELA)) {
    for (const at of stepsIn(table, RELA_SIZE)) {
      // Elf64_Rela: where, what kind, and the number that it is made of.
      if (file.readUInt32LE(at + WORD) === MACHINES[arch.node].relative)
        relocated.set(wordAt(file, at), wordAt(file, at + 2 * WORD));
    }
  }
  return stepsIn(section, WORD).map((at) => {
    const address = section.address + at - section.start;
    return relocated.get(address) ?? wordAt(file, at);
  });
}

function segmentTable(file: Buffer): Range {
  const start = wordAt(file, 0x20);
  return { start, end: start + file.readUInt16LE(0x38) * SEGMENT_SIZE };
}

function sectionTable(file: Buffer): Range {
  const start = wordAt(file, 0x28);
  return { start, end: start + file.readUInt16LE(0x3c) * SECTION_SIZE };
}

function stepsIn({ start, end }: Range, size: number): number[] {
  return Array.from({ length: Math.floor((end - start) / size) }, (_, index) => start + index * size);
}

function wordAt(file: Buffer, at: number): number {
  return Number(file.readBigUInt64LE(at));
}
