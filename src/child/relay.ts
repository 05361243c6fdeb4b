// One output of a child on its way to where it belongs: read, masked, written; in order, promptly, and no faster than its
// reader takes it.

import type { Readable } from 'node:stream';
import { errnoOf } from '../errors.ts';
import type { Masker } from '../output/masker.ts';
import type { Sink } from './sink.ts';

// What could become a value is waited for no longer: a prompt has no line break, and its reader no patience.
const HOLD_MS = 50;
// A process that the child left behind may keep the output open for ever, silent or not. What the child itself wrote was
// in the pipe by then: it is read, and a little of what comes after it.
const QUIET_MS = 1_000;
const LEAVE_MS = 5_000;
const MOST_IN_PIPE = 1024 * 1024;

/** The most that a source gives at once. One that gives less had no more at that moment. */
export const LARGEST_CHUNK = 65_536;

/** Opens what a child writes, and hands each chunk to `take`, which is done with it when it returns. */
export type Source = (take: (chunk: Buffer) => void) => Readable;

/** What became of an output. */
export interface Relayed {
  /** Why it could not be written to its end; a reader that went away is no failure. */
  readonly error: unknown;
  /** Whether somebody still held it open when it was left. */
  readonly isLeft: boolean;
}

/** An output under way. */
export interface Relay {
  /** Resolves when all is written, or nothing more can be. */
  readonly done: Promise<Relayed>;
  /** Told when the child has ended: from then on, whoever else has the output open is not waited for. */
  readonly leave: () => void;
}

/** Carries what comes from a source to a sink, by way of a masker. */
export function relay(open: Source, sink: Sink, masker: Masker, elapsed: () => number): Relay {
  let isOver = false;
  let timer: NodeJS.Timeout | undefined;
  let lastLook: NodeJS.Immediate | undefined;
  let leaving: { readonly since: number; bytes: number; isEmptied: boolean } | undefined;
  let isPaused = false;
  let hasEnded = false;
  let finish: (relayed: Relayed) => void = () => undefined;
  const done = new Promise<Relayed>((resolve) => {
    finish = resolve;
  });

  const source = open((chunk) => {
    if (isOver) return;
    // Node sets a child's streams going itself once the child has ended.
    if (isPaused) {
      source.pause();
      source.unshift(chunk);
      return;
    }
    if (leaving !== undefined) {
      leaving.bytes += chunk.length;
      leaving.isEmptied ||= chunk.length < LARGEST_CHUNK;
    }
    const pieces = masker.push(chunk);
    write(isLineEndHeld(chunk, masker) ? [...pieces, ...masker.release()] : pieces);
  });
  source.on('end', endInTurn);
  source.on('error', endInTurn);

  function endInTurn(): void {
    hasEnded = true;
    if (!isPaused) end(false);
  }

  function write(pieces: readonly Buffer[]): void {
    stopWaiting();
    try {
      const pending = sink.write(pieces);
      if (pending === undefined) {
        listen();
      } else {
        source.pause();
        isPaused = true;
        pending.then(listen, stop);
      }
    } catch (error) {
      stop(error);
    }
  }

  // Nothing more is read before what was read is written, which is how a slow reader slows the child.
  function listen(): void {
    if (isOver) return;
    const wasPaused = isPaused;
    isPaused = false;
    if (hasEnded || (leaving !== undefined && isOutstayed(leaving))) {
      end(!hasEnded);
      return;
    }
    if (wasPaused) source.resume();
    if (masker.isHolding) timer = setTimeout(() => write(masker.release()), HOLD_MS);
    else if (leaving !== undefined) timer = setTimeout(lookOnce, QUIET_MS);
  }

  // Timers come before what can be read: who was held up himself for that long must look before he goes.
  function lookOnce(): void {
    lastLook = setImmediate(end, true);
  }

  function isOutstayed({ bytes, isEmptied, since }: NonNullable<typeof leaving>): boolean {
    return (isEmptied || bytes > MOST_IN_PIPE) && elapsed() - since > LEAVE_MS;
  }

  function stopWaiting(): void {
    clearTimeout(timer);
    clearImmediate(lastLook);
  }

  function end(isLeft: boolean): void {
    if (isOver) return;
    isOver = true;
    stopWaiting();
    source.destroy();
    const over = () => finish({ error: undefined, isLeft });
    try {
      const pending = sink.write(masker.end());
      if (pending === undefined) over();
      else pending.then(over, stop);
    } catch (error) {
      stop(error);
    }
  }

  // The child finds its output closed, as it would have without us.
  function stop(error: unknown): void {
    isOver = true;
    stopWaiting();
    source.destroy();
    finish({ error: errnoOf(error) === 'EPIPE' ? undefined : error, isLeft: false });
  }

  return {
    done,
    leave: () => {
      if (leaving !== undefined || isOver) return;
      leaving = { since: elapsed(), bytes: 0, isEmptied: false };
      if (!isPaused && !masker.isHolding) listen();
    },
  };
}

// A form that wraps could go on in the next line, be it but a character: each line's end would be late, and others' lines
// come between. Of so little no value can be told.
const LITTLE = 5;
const LF = 0x0a;

function isLineEndHeld(chunk: Buffer, { isHolding, held }: Masker): boolean {
  return isHolding && held <= LITTLE && chunk.at(-1) === LF;
}
