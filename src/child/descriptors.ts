// The file descriptors beyond the standard three that this program was started with: a child is to have them too.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** What a file descriptor of this process stands for, as /proc shows it (`pipe:[1234]`, `/a/file`), by its number. */
export function openDescriptors(): ReadonlyMap<number, string> {
  const found = new Map<number, string>();
  for (const name of readdirSync('/proc/self/fd')) {
    try {
      found.set(Number(name), readlinkSync(`/proc/self/fd/${name}`));
    } catch {
      // The one that the folder itself was read by is gone.
    }
  }
  return found;
}

// Far more than scripts number theirs; a child is given a table as long as the highest.
const HIGHEST = 255;

/**
 * Descriptors that were handed in: `3>&1`, make's job server, a passphrase on 4. Node closes them to its children. To be
 * asked before anything is opened here; Node's own are told from them by where and what they are. Without /proc there are
 * none.
 */
export function inheritedDescriptors(): readonly number[] {
  try {
    const open = [...openDescriptors()];
    // The first that Node opens is an event poll, and the system gives the lowest number that is free.
    const firstPoll = Math.min(
      ...open.filter(([, what]) => what === 'anon_inode:[eventpoll]').map(([fd]) => fd),
    );
    const isNodesOwn = ([descriptor, target]: readonly [number, string]) => {
      if (descriptor < firstPoll) return false;
      if (target.startsWith('anon_inode:')) return true;
      if (target === '/dev/null') return accessOf(descriptor) === READ_ONLY;
      // Both ends of a pipe of its own; several write ends (`3>&1 4>&1`) are handed in.
      const same = open.filter((other) => other[0] >= firstPoll && other[1] === target).map(([fd]) => fd);
      return target.startsWith('pipe:') && new Set(same.map(accessOf)).size > 1;
    };
    return open
      .filter((entry) => entry[0] > 2 && entry[0] <= HIGHEST && !isNodesOwn(entry))
      .map(([descriptor]) => descriptor);
  } catch {
    return [];
  }
}

/** Whether a descriptor is open for writing. */
export function isWritable(descriptor: number): boolean {
  return accessOf(descriptor) !== READ_ONLY;
}

const READ_ONLY = 0;

/** Whether a descriptor is for reading, for writing (1) or for both (2): proc(5), the last octal digit of `flags`. */
function accessOf(descriptor: number): number {
  const flags = /^flags:\s+([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8'))?.[1];
  return Number.parseInt(flags ?? '', 8) & 3;
}
