// One output of a child on its way to where it belongs: read, masked, written; in order, promptly, and no faster than its
// reader takes it.

import type { Readable } from 'node:stream';
import { errnoOf } from '../errors.ts';
import type { Masker } from '../output/masker.ts';
import type { Sink } from './sink.ts';

// What could become a value is waited for no longer: a prompt has no line break, and its reader no patience.
const HOLD_MS = 50;
// A process that the child left behind may keep the output open for ever. What the child itself wrote is in the pipe.
const QUIET_MS = 200;
const LEAVE_MS = 2_000;
const MOST_IN_PIPE = 1024 * 1024;

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
  let leaving: { readonly since: number; bytes: number } | undefined;
  let isPaused = false;
  let finish: (relayed: Relayed) => void = () => undefined;
  const done = new Promise<Relayed>((resolve) => {
    finish = resolve;
  });

  const source = open((chunk) => {
    if (isOver) return;
    if (leaving !== undefined) leaving.bytes += chunk.length;
    write(masker.push(chunk));
  });
  source.on('end', () => end(false));
  source.on('error', () => end(false));

  function write(pieces: readonly Buffer[]): void {
    clearTimeout(timer);
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
    if (isPaused) {
      isPaused = false;
      source.resume();
    }
    if (masker.isHolding) timer = setTimeout(() => write(masker.release()), HOLD_MS);
    else if (leaving !== undefined) timer = setTimeout(end, isOutstayed(leaving) ? 0 : QUIET_MS, true);
  }

  function isOutstayed({ bytes, since }: NonNullable<typeof leaving>): boolean {
    return bytes > MOST_IN_PIPE && elapsed() - since > LEAVE_MS;
  }

  function end(isLeft: boolean): void {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
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
    clearTimeout(timer);
    source.destroy();
    finish({ error: errnoOf(error) === 'EPIPE' ? undefined : error, isLeft: false });
  }

  return {
    done,
    leave: () => {
      if (leaving !== undefined || isOver) return;
      leaving = { since: elapsed(), bytes: 0 };
      if (!isPaused && !masker.isHolding) listen();
    },
  };
}
