// What a run is given of the world around it. `main.ts` gives the real one; tests give their own.

import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import type { Timeline } from './timing.ts';

/** Streams, files, time and chance, handed in so that nothing below `main.ts` touches the process. */
export interface Io {
  /** Writes all of it to standard output, or throws. */
  readonly writeOutput: (result: string | Uint8Array) => void;
  /** Writes one line to standard error; never throws, since there is nowhere left to complain to. */
  readonly writeMessage: (line: string) => void;
  /**
   * Draws a line on the terminal at standard error, in the place of the last one that was drawn; an empty one takes it away.
   * @param draw is given the terminal's columns
   * @returns false where standard error is no terminal, and nothing was drawn
   */
  readonly drawStatus: (draw: (columns: number) => string) => boolean;
  /** Reads a small file whole, or throws the system's error. */
  readonly readFile: (path: string) => string;
  /** The names in a folder, or throws the system's error. */
  readonly listFolder: (path: string) => string[];
  /** Standard input, piece by piece. */
  readonly input: () => AsyncIterable<Uint8Array>;
  /** Names the file and the folder of certificates that OpenSSL reads when it is first used. */
  readonly useCertificateStore: (file: string, folder: string) => void;
  /** Does a write that may wait for its reader, during which no handler could run: signals end the process at once. */
  readonly whileSignalsEnd: <T>(write: () => T) => T;
  /** Rejects when something fails outside of any promise, or when a signal asks the run to end. Never resolves. */
  readonly cutShort: Promise<never>;
  /** Has signals handed to `take` instead of ending the run, until the function that it gives back is called. */
  readonly takeSignals: (names: readonly SignalName[], take: (name: SignalName) => void) => () => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Milliseconds that never go backwards. */
  readonly elapsed: () => number;
  /** At least 0 and below 1. */
  readonly random: () => number;
  /** Notes that a phase of the run has ended, for --timing. */
  readonly mark: (phase: string) => void;
  /** What was noted. */
  readonly timeline: () => Timeline;
}

/** The signals that end a program which does nothing about them, and that Node lets be taken. */
export const ENDING_SIGNALS = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
  'SIGTERM',
  'SIGXCPU',
  'SIGPWR',
] as const;

/** The signals that are taken note of. */
export type SignalName = (typeof ENDING_SIGNALS)[number] | 'SIGCONT' | 'SIGWINCH';

/** The job's environment. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A setting's value, and the variable or flag that it came from. */
export interface NamedValue {
  readonly name: string;
  readonly value: string;
}

/** A signal that asked the run to end. */
export class Interrupted extends Error {
  /** What a shell reports for it: 128 and the signal's number. */
  readonly status: number;

  constructor(name: string, number: number) {
    super(`ended by ${name}`);
    this.name = 'Interrupted';
    this.status = 128 + number;
  }
}

/** Waits for some work, or for what cuts the run short; the work itself goes on, and must not do what cannot be undone. */
export function orCutShort<T>(work: T | Promise<T>, { cutShort }: Pick<Io, 'cutShort'>): Promise<T> {
  // First, so that a run that was cut short before does not go on with what is done by then.
  return Promise.race([cutShort, work]);
}

/**
 * Hears the signals that came during work which did not wait, such as reading a large answer: `whileSignalsEnd` would lose them.
 * Twice round, as the first turn may have looked for signals before they came.
 * @throws Interrupted
 */
export async function hearSignals(io: Pick<Io, 'cutShort'>): Promise<void> {
  await turn();
  await turn();
  await orCutShort(undefined, io);
}

/** Milliseconds: a run that is asked to end does so within a second, whoever does not answer. */
export const AFTER_SIGNAL_MS = 700;

/** Waits for work that is not to be left undone, after a signal for a moment only; undefined when that was not enough. */
export function orShortly<T>(work: Promise<T>, { cutShort }: Pick<Io, 'cutShort'>): Promise<T | undefined> {
  return Promise.race([work, cutShort.catch(() => sleep(AFTER_SIGNAL_MS, undefined))]);
}
