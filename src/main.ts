// The one file that touches the process: it hands the real world to `run` and ends with its status.

import { readdirSync, readFileSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import { run } from './cli.ts';
import { AppError, errnoOf } from './errors.ts';
import { Interrupted, type Io } from './io.ts';

// NODE_* variables, which the bootstrap takes away before Node reads them (build/bootstrap.js). They are the job's all
// the same. From source there is no bootstrap and nothing was taken.
declare const JOB_NODE_VARIABLES: Readonly<Record<string, string>> | undefined;

const STDOUT = 1;
const STDERR = 2;
const SIGNALS = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const;

const io: Io = {
  writeOutput: (text) => {
    // No handler runs while a write waits for its reader: a signal has its own way with the process again.
    for (const name of SIGNALS) process.removeAllListeners(name);
    try {
      writeAll(STDOUT, Buffer.from(text));
    } catch (error) {
      const why = errnoOf(error) ?? 'unknown error';
      throw new AppError('OUTPUT', `cannot write the result to standard output (${why})`, undefined, error);
    }
  },
  writeMessage: (line) => {
    try {
      writeAll(STDERR, Buffer.from(`civault: ${line}\n`));
    } catch {
      // Nobody listens.
    }
  },
  readFile: (path) => readFileSync(path, 'utf8'),
  listFolder: (path) => readdirSync(path),
  useCertificateStore: (file, folder) => {
    process.env['SSL_CERT_FILE'] = file;
    process.env['SSL_CERT_DIR'] = folder;
  },
  cutShort: new Promise<never>((_, reject) => {
    process.on('uncaughtException', reject);
    for (const name of SIGNALS) {
      process.on(name, () => reject(new Interrupted(name, constants.signals[name])));
    }
  }),
  now: () => Date.now(),
  elapsed: () => performance.now(),
  random: () => Math.random(),
};

// Written synchronously: a process that exits while a stream still holds bytes would lose them. A pipe that is full and
// does not block answers EAGAIN until its reader has caught up.
function writeAll(descriptor: number, bytes: Uint8Array): void {
  let rest = bytes;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      if (errnoOf(error) !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

const taken = typeof JOB_NODE_VARIABLES === 'undefined' ? {} : JOB_NODE_VARIABLES;
const environment = Object.freeze({ ...process.env, ...taken });

// Whoever awaits it is told; a run without a command has nobody who does.
io.cutShort.catch(() => undefined);

void run(process.argv.slice(2), environment, io).then((status) => process.exit(status));
