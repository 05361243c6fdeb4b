// How much memory a process has for its own while it runs.

import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const EVERY = 40;

export interface Watch {
  /** The most so far, in kB. */
  readonly most: () => number;
  readonly end: () => void;
}

/**
 * Looks again and again at the pages that are in no file, or no longer as they are in one (proc(5), smaps_rollup). Pages of
 * the binary as it is are left out: the system keeps one copy for all who run it and can drop that at any time, yet counts
 * some 20 MB of it as private to a process that runs it alone.
 */
export function watchMemory(pid: number): Watch {
  let most = 0;
  let isOver = false;
  const look = async () => {
    while (!isOver) {
      // There is none before the program is loaded, nor after its end.
      const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
      const [, anonymous] = /^Anonymous: +([0-9]+) kB$/m.exec(text) ?? [];
      const [, dirty] = /^Private_Dirty: +([0-9]+) kB$/m.exec(text) ?? [];
      most = Math.max(most, Number(anonymous ?? 0), Number(dirty ?? 0));
      await sleep(EVERY);
    }
  };
  void look();
  return {
    most: () => most,
    end: () => {
      isOver = true;
    },
  };
}
