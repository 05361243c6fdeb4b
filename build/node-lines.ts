// Until when each release line of Node.js gets security fixes.

import { BuildError } from './say.ts';

// github.com/nodejs/Release, schedule.json: the last day of support.
const ENDS: Readonly<Record<string, string>> = {
  20: '2026-04-30',
  22: '2027-04-30',
  24: '2028-04-30',
  26: '2029-04-30',
};
/** The line that releases are built on, by pkg's name. */
export const BASE_LINE = 'node24';
const DAY = 86_400_000;

/**
 * The last day on which a version's line is supported, as YYYY-MM-DD.
 * @throws {BuildError} for a line that is not in the table
 */
export function lastDayOf(nodeVersion: string): string {
  const line = /^v?(\d+)\./.exec(nodeVersion)?.[1] ?? '';
  const day = ENDS[line];
  if (day === undefined)
    throw new BuildError(
      `until when is Node.js ${nodeVersion} supported? add its line to build/node-lines.ts`,
    );
  return day;
}

/** A version's release line, as a number. */
export function lineOf(nodeVersion: string): number {
  return Number(/^v?(\d+)\./.exec(nodeVersion)?.[1]);
}

/** Whether a version's line is supported no more at that time. */
export function isEndOfLife(nodeVersion: string, now: number = Date.now()): boolean {
  return now >= Date.parse(lastDayOf(nodeVersion)) + DAY;
}

/** What the build says of a version. */
export function supportOf(nodeVersion: string, now?: number): string {
  const day = lastDayOf(nodeVersion);
  return isEndOfLife(nodeVersion, now)
    ? `Node.js ${nodeVersion.replace('v', '')} is end-of-life: its support ended on ${day}`
    : `Node.js ${nodeVersion.replace('v', '')} is supported until ${day}`;
}
