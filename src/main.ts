// The one file that touches the process: it hands the real world to `run` and ends with its status.

import { readdirSync } from 'node:fs';
import { constants } from 'node:os';
import { run } from './cli.ts';
import { AppError, errnoOf } from './errors.ts';
import { ENDING_SIGNALS, Interrupted, type Io } from './io.ts';
import { writeAll } from './output/write-all.ts';
import { readSmallFile } from './small-file.ts';
import type { Mark } from './timing.ts';

// NODE_* variables, which the bootstrap takes away before Node reads them (build/bootstrap.js). They are the job's all
// the same. From source there is no bootstrap and nothing was taken.
declare const JOB_NODE_VARIABLES: Readonly<Record<string, string>> | undefined;

const STDOUT = 1;
const STDERR = 2;

let cutShort: (reason: unknown) => void = () => undefined;
const endBySignal = (name: NodeJS.Signals) => cutShort(new Interrupted(name, constants.signals[name]));

function whileSignalsEnd<T>(write: () => T): T {
  for (const name of ENDING_SIGNALS) process.removeAllListeners(name);
  try {
    return write();
  } finally {
    for (const name of ENDING_SIGNALS) process.on(name, endBySignal);
  }
}

// Written synchronously: a process that exits while a stream still holds bytes would lose them.
function writeResult(result: string | Uint8Array): void {
  try {
    whileSignalsEnd(() => writeAll(STDOUT, typeof result === 'string' ? Buffer.from(result) : result));
  } catch (error) {
    const why = errnoOf(error) ?? 'unknown error';
    throw new AppError('OUTPUT', `cannot write the result to standard output (${why})`, undefined, error);
  }
}

const marks: Mark[] = [];

function elapsed(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}

const io: Io = {
  writeOutput: writeResult,
  writeMessage: (line) => {
    try {
      writeAll(STDERR, Buffer.from(`civault: ${line}\n`));
    } catch {
      // Nobody listens.
    }
  },
  drawStatus: (draw) => {
    const { isTTY, columns } = process.stderr;
    if (!isTTY) return false;
    try {
      // Back to the line's start, and what stood there is erased (ECMA-48, EL).
      writeAll(STDERR, Buffer.from(`\r\u001b[K${draw(columns > 0 ? columns : 80)}`));
    } catch {
      // Nobody looks.
    }
    return true;
  },
  readFile: readSmallFile,
  listFolder: (path) => readdirSync(path),
  input: () => process.stdin,
  useCertificateStore: (file, folder) => {
    process.env['SSL_CERT_FILE'] = file;
    process.env['SSL_CERT_DIR'] = folder;
  },
  whileSignalsEnd,
  cutShort: new Promise<never>((_, reject) => {
    cutShort = reject;
    process.on('uncaughtException', reject);
    for (const name of ENDING_SIGNALS) process.on(name, endBySignal);
  }),
  takeSignals: (names, take) => {
    // New handlers first: a signal in between must not find none.
    for (const name of names) process.on(name, take);
    for (const name of names) process.removeListener(name, endBySignal);
    return () => {
      for (const name of ENDING_SIGNALS) if (names.includes(name)) process.on(name, endBySignal);
      for (const name of names) process.removeListener(name, take);
    };
  },
  now: () => Date.now(),
  elapsed,
  random: () => Math.random(),
  mark: (phase) => marks.push({ phase, at: elapsed() }),
  timeline: () => {
    // Node loads what `performance` is made of when it is first named, which takes a millisecond: for --timing alone.
    const begun = elapsed() - performance.now();
    const { bootstrapComplete } = performance.nodeTiming;
    const since = marks.map(({ phase, at }) => ({ phase, at: at - begun }));
    return { marks: [{ phase: 'runtime', at: bootstrapComplete }, ...since], now: elapsed() - begun };
  },
};

const taken = typeof JOB_NODE_VARIABLES === 'undefined' ? {} : JOB_NODE_VARIABLES;
const environment = Object.freeze({ ...process.env, ...taken });

// Whoever awaits it is told; a run without a command has nobody who does.
io.cutShort.catch(() => undefined);

void run(process.argv.slice(2), environment, io).then((status) => process.exit(status));
