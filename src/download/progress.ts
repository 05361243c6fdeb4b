// How far a download has come: a bar on a terminal, a line every tenth in a job log.

import { printable } from '../errors.ts';
import type { Io } from '../io.ts';

/** Tells of one file's way. */
export interface Teller {
  readonly follow: (size: number, total: number | undefined) => void;
  /** Writes a line of a message, in the bar's place where there is one. */
  readonly tell: (line: string) => void;
  /** Takes the bar away. */
  readonly end: () => void;
}

// Who waits for less needs no lines in a log.
const WORTH_TELLING = 10_000_000;
const UNKNOWN_STEP = 100_000_000;
const REDRAW_AFTER = 100;
const LONGEST_BAR = 40;

/** A teller for a file of which so many bytes are there already. */
export function createTeller(
  name: string,
  already: number,
  { drawStatus, writeMessage, elapsed }: Pick<Io, 'drawStatus' | 'writeMessage' | 'elapsed'>,
): Teller {
  const shown = printable(name, 60);
  const began = elapsed();
  let drawn = Number.NEGATIVE_INFINITY;
  let isDrawn = false;
  let told = -1;

  function step(size: number, total: number | undefined): number {
    return total === undefined ? Math.floor(size / UNKNOWN_STEP) : Math.floor((size / total) * 10);
  }

  function log(size: number, total: number | undefined): void {
    const now = step(size, total);
    if (told < 0 || now < told) told = step(already, total);
    // The last one is told by what was made of it.
    if (now <= told || size === total || (total ?? Infinity) < WORTH_TELLING) return;
    told = now;
    writeMessage(
      total === undefined ? `${shown}: ${megabytes(size)}` : `${shown}: ${now * 10}% of ${megabytes(total)}`,
    );
  }

  return {
    follow: (size, total) => {
      const now = elapsed();
      if (now - drawn < REDRAW_AFTER && isDrawn) return;
      const rate = ((size - already) / Math.max(1, now - began)) * 1000;
      isDrawn = drawStatus((columns) => bar({ name: shown, size, total, rate }, columns));
      if (isDrawn) drawn = now;
      else log(size, total);
    },
    tell: (line) => {
      if (isDrawn) drawStatus(() => '');
      writeMessage(line);
    },
    end: () => {
      if (isDrawn) drawStatus(() => '');
      isDrawn = false;
    },
  };
}

interface State {
  readonly name: string;
  readonly size: number;
  readonly total: number | undefined;
  /** Bytes a second. */
  readonly rate: number;
}

/** A bar that fits into so many columns, the last one left free: some terminals go on to the next line behind it. */
export function bar({ name, size, total, rate }: State, columns: number): string {
  const speed = `${megabytes(rate)}/s`;
  if (total === undefined || total === 0)
    return `${name}  ${megabytes(size)}  ${speed}`.slice(0, columns - 1);
  const part = Math.min(1, size / total);
  const left = rate > 0 && size < total ? `  ${clock((total - size) / rate)}` : '';
  const facts = `${String(Math.floor(part * 100)).padStart(3)}%  ${megabytes(total)}  ${speed}${left}`;
  const room = Math.min(LONGEST_BAR, columns - 1 - name.length - facts.length - 6);
  if (room < 5) return `${name}  ${facts}`.slice(0, columns - 1);
  const filled = Math.round(part * room);
  return `${name}  [${'#'.repeat(filled)}${'.'.repeat(room - filled)}]  ${facts}`;
}

/** A number of bytes as people compare them: `52.6 MB`, `812 bytes`. */
export function megabytes(bytes: number): string {
  if (bytes >= 999_500_000) return `${(bytes / 1e9).toFixed(2)} GB`;
  if (bytes >= 999_500) return `${(bytes / 1e6).toFixed(1)} MB`;
  if (bytes >= 1000) return `${(bytes / 1e3).toFixed(1)} kB`;
  return `${Math.floor(bytes)} bytes`;
}

function clock(seconds: number): string {
  const all = Math.min(359_999, Math.ceil(seconds));
  const rest = `${String(Math.floor((all % 3600) / 60)).padStart(all >= 3600 ? 2 : 1, '0')}:${String(all % 60).padStart(2, '0')}`;
  return all >= 3600 ? `${Math.floor(all / 3600)}:${rest}` : rest;
}
