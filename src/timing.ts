// What --timing tells: which phase of a run took how long.

/** The end of a phase. What lies between it and the end before it was spent on that phase. */
export interface Mark {
  readonly phase: string;
  /** Milliseconds since the process began to be Node.js. */
  readonly at: number;
}

/** The phases of a run. */
export interface Timeline {
  readonly marks: readonly Mark[];
  /** When the last of them ends. */
  readonly now: number;
}

/** A run as a table: a line for each phase, in the order in which they ended. */
export function timingTable({ marks, now }: Timeline): string[] {
  const lines: string[] = [];
  let since = 0;
  for (const { phase, at } of [...marks, { phase: 'the rest', at: now }]) {
    lines.push(row(phase, at - since));
    since = at;
  }
  return ['timing, in milliseconds since Node.js began:', ...lines, row('in all', now)];
}

function row(phase: string, milliseconds: number): string {
  return `  ${phase.padEnd(14)}${milliseconds.toFixed(1).padStart(8)}`;
}

/** Passes each phase on once: what comes after it under the same name is of something else. */
export function eachOnce(mark: (phase: string) => void): (phase: string) => void {
  const told = new Set<string>();
  return (phase) => {
    if (told.has(phase)) return;
    told.add(phase);
    mark(phase);
  };
}
