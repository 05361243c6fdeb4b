// Which signals a child is handed, and which it has already.

import { readFileSync } from 'node:fs';
import { isatty } from 'node:tty';
import { ENDING_SIGNALS, type SignalName } from '../io.ts';

/** The signals that are passed on to a child: those that would end this program, and two that tell of something. */
export const PASSED_ON: readonly SignalName[] = [...ENDING_SIGNALS, 'SIGCONT', 'SIGWINCH'];

// A terminal sends these to all that runs in its foreground.
const FROM_TERMINAL: readonly SignalName[] = ['SIGINT', 'SIGQUIT', 'SIGWINCH'];
const STANDARD_STREAMS = [0, 1, 2];

/**
 * Whether a child in this program's process group may be taken to have a signal as well, since the terminal sent it to
 * both: twice means "at once" to many programs. Who sent a signal, Node does not tell.
 */
export function hasItFromTerminal(name: SignalName): boolean {
  return (
    FROM_TERMINAL.includes(name) &&
    STANDARD_STREAMS.some((descriptor) => isatty(descriptor)) &&
    isInForeground()
  );
}

/** Whether this process group is the one that its terminal's keys are for (proc(5), stat: pgrp and tpgid). */
function isInForeground(): boolean {
  try {
    const [, , group, , , foreground] = readFileSync('/proc/self/stat', 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ');
    return group === foreground;
  } catch {
    // Without /proc, as is likely at a terminal.
    return true;
  }
}
