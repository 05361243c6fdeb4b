// The file descriptors beyond the standard three that this program was started with: a child is to have them too.

import { readdirSync, readlinkSync } from 'node:fs';

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
 * asked before anything is opened here; Node's own (event polls, pipes with both their ends, /dev/null) are told from
 * them by what they are. Without /proc there are none.
 */
export function inheritedDescriptors(): readonly number[] {
  try {
    const open = [...openDescriptors()];
    const isNodesOwn = ([, target]: readonly [number, string]) =>
      target.startsWith('anon_inode:') ||
      target === '/dev/null' ||
      open.filter((other) => target.startsWith('pipe:') && other[1] === target).length > 1;
    return open
      .filter((entry) => entry[0] > 2 && entry[0] <= HIGHEST && !isNodesOwn(entry))
      .map(([descriptor]) => descriptor);
  } catch {
    return [];
  }
}
