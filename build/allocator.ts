// Has the base's libc keep the memory that it has, and get what it needs in one go. musl's malloc takes groups of blocks from
// the kernel and gives a group back as soon as its blocks are free, until it has seen the same happen a hundred times for
// blocks of that size: a run of civault is over by then, after 540 groups that went back and forth. Now it counts as seen from
// the start. And a new group is asked for with its pages (MAP_POPULATE, mmap(2)), in place of a page fault for each.
// No check that malloc makes is touched. Gained on x64, of the time of a secret and of `--version`: 8 % and 10 % by the
// first, 2 % and 6 % by the second, which costs half a megabyte.

import type { Arch } from './arch.ts';
import { onlyPlace } from './machine-code.ts';

// In musl's free, where it asks whether a group is to be kept, as gcc compiles `bounces[…] >= 100` for x64:
//
//   cmpb  $99,0x370(%rcx,%rax)     →  cmpb  $0,…
//   jbe   (it goes back)           →  jb    …, which is never
const KEPT = Buffer.from('80bc01700300006376', 'hex');
const ALWAYS_KEPT = Buffer.from('80bc01700300000072', 'hex');
// In its malloc, where it asks the same of a group that it is to make:
//
//   cmp   $99,%dil                 →  cmp   $0,%dil
//   seta  %sil                     →  setae %sil, which is always
const WHOLE = Buffer.from('4080ff63400f97c6', 'hex');
const ALWAYS_WHOLE = Buffer.from('4080ff00400f93c6', 'hex');
// And where it makes one: the flags and the protection that it gives to mmap, then the call.
//
//   mov   $0x22,%ecx               →  mov   $0x8022,%ecx
//   mov   $3,%edx
//   mov   %r10,0x8(%rsp)
//   call  mmap
const MAPPED = Buffer.from('b922000000ba030000004c89542408e8', 'hex');
const POPULATED = Buffer.from('b922800000ba030000004c89542408e8', 'hex');

/**
 * Changes a base in memory.
 * @returns whether all three places were found; where one is not, nothing is changed and all works as it did
 */
export function keepGroups(base: Buffer, arch: Arch): boolean {
  if (arch.node !== 'x64') return false;
  const changes = [
    [onlyPlace(base, KEPT), ALWAYS_KEPT],
    [onlyPlace(base, WHOLE), ALWAYS_WHOLE],
    [onlyPlace(base, MAPPED), POPULATED],
  ] as const;
  if (changes.some(([at]) => at === undefined)) return false;
  for (const [at, code] of changes) code.copy(base, at);
  return true;
}

/** What the build and the bill of materials say of it. */
export function sayGroups(isChanged: boolean): string {
  return isChanged ? 'malloc keeps its groups' : 'malloc left as it is';
}
