// Lets the base end while its thread pool is at work. libuv's destructor (uv_library_shutdown) waits for every thread, and one
// that looks up a name in libc cannot be called off: with a name server that says nothing, the process would live on for
// libc's 5 s after the time limit, or after SIGTERM. Nothing that civault does in those threads is worth waiting for:
// it has waited for what it needs when it ends.

import type { Arch } from './arch.ts';
import { expectElf, PF_X, PT_LOAD, pointersIn, SHT_FINI_ARRAY, sectionsOf, segmentsOf } from './elf.ts';

// The instruction that ends a function, in the place of its first.
const RETURN: Readonly<Record<Arch['node'], Buffer>> = {
  x64: Buffer.from('c3', 'hex'),
  arm64: Buffer.from('c0035fd6', 'hex'),
};

/**
 * Changes a base in memory. The destructors of a static program are gcc's own, first, and then those that its libraries ask for:
 * of Node's libraries libuv alone does.
 * @returns whether that is so; where it is not, nothing is changed and all works as it did
 * @throws {BuildError} when the base is no ELF program for the architecture
 */
export function dropJoin(base: Buffer, arch: Arch): boolean {
  expectElf(base, arch);
  const arrays = sectionsOf(base).filter(({ type }) => type === SHT_FINI_ARRAY);
  const [, shutdown, ...more] = arrays.flatMap((array) => pointersIn(base, array, arch));
  if (shutdown === undefined || more.length > 0) return false;
  const code = segmentsOf(base).find(
    ({ type, flags, address, start, end }) =>
      type === PT_LOAD && (flags & PF_X) !== 0 && shutdown >= address && shutdown < address + (end - start),
  );
  if (code === undefined) return false;
  RETURN[arch.node].copy(base, code.start + shutdown - code.address);
  return true;
}

/** What the build and the bill of materials say of it. */
export function sayJoin(isDropped: boolean): string {
  return isDropped ? 'no wait for threads at the end' : 'waits for its threads at the end';
}
