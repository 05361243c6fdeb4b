// Two commands timed in turns. On a shared machine, times drift by a third from one minute to the next: only what ran
// side by side can be compared, and only as a ratio.

import { type CommandOptions, type Outcome, runCommand } from '../harness/command.ts';

/** A command to be timed. */
export interface Timed {
  readonly command: string;
  readonly args: readonly string[];
  readonly options: CommandOptions;
}

/** The medians of two commands in milliseconds, and the median of the ratios of their pairs. */
export interface Comparison {
  readonly first: number;
  readonly second: number;
  readonly ratio: number;
}

/** Runs two commands in turns, the one that begins changing every time. Throws when one of them fails. */
export async function compare(first: Timed, second: Timed, rounds: number): Promise<Comparison> {
  const pairs: [number, number][] = [];
  await time(first);
  await time(second);
  for (let round = 0; round < rounds; round += 1) {
    if (round % 2 === 0) {
      const one = await time(first);
      pairs.push([one, await time(second)]);
    } else {
      const two = await time(second);
      pairs.push([await time(first), two]);
    }
  }
  return {
    first: median(pairs.map(([one]) => one)),
    second: median(pairs.map(([, two]) => two)),
    ratio: median(pairs.map(([one, two]) => one / two)),
  };
}

/** The middle of some numbers. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

async function time({ command, args, options }: Timed): Promise<number> {
  const outcome: Outcome = await runCommand(command, args, options);
  if (outcome.status !== 0) throw new Error(`${command} ended with ${outcome.status}: ${outcome.stderr}`);
  return outcome.milliseconds;
}
