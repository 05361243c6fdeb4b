// Runs a program in this one's place: its environment, signals, exit status and outputs are what they would be without
// us, but for what is masked.

import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, errnoOf } from '../errors.ts';
import { ENDING_SIGNALS, type Io, orCutShort } from '../io.ts';
import { notStarted } from './not-started.ts';
import { type Outputs, openOutputs } from './outputs.ts';
import type { Program } from './program.ts';
import type { Relayed } from './relay.ts';
import { hasItFromTerminal, PASSED_ON } from './signals.ts';

const PATIENCE_MS = 2_000;

/**
 * Runs a program to its end, and relays its outputs.
 * @returns its exit status, or 128 and the number of the signal that ended it
 * @throws {AppError} COMMAND_NOT_FOUND, COMMAND_NOT_EXECUTABLE; OUTPUT where its output could not be written
 */
export async function runProgram(program: Program, io: Io): Promise<number> {
  const outputs = openOutputs(program, io.elapsed);
  if (outputs.terminals > 0) io.writeMessage('note: nothing is masked in what goes to a terminal');
  const child = start(program, outputs);
  const patience = startPatience();
  const giveBack = io.takeSignals(PASSED_ON, (name) => {
    if (!hasItFromTerminal(name)) child.kill(name);
    if (ENDING_SIGNALS.some((ending) => ending === name)) patience.isAskedToEnd();
  });
  try {
    const relays = outputs.start(child);
    const status = await orCutShort(ended(child, program), io);
    for (const { leave } of relays) leave();
    patience.programHasEnded();
    judge(await Promise.race([Promise.all(relays.map(({ done }) => done)), patience.isOver]), status, io);
    return status;
  } finally {
    giveBack();
    // Only where something went wrong here: the program is not to run on without anybody.
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
  }
}

// A reader that takes no more must not keep a run that is over, and was asked to end.
function startPatience() {
  let isAskedToEnd: () => void = () => undefined;
  let programHasEnded: () => void = () => undefined;
  const both = Promise.all([
    new Promise<void>((resolve) => {
      isAskedToEnd = resolve;
    }),
    new Promise<void>((resolve) => {
      programHasEnded = resolve;
    }),
  ]);
  const isOver: Promise<readonly Relayed[]> = both.then(() => sleep(PATIENCE_MS, []));
  return { isOver, isAskedToEnd, programHasEnded };
}

function start({ command, args, environment }: Program, { stdio }: Outputs): ChildProcess {
  try {
    return spawn(command, args, { stdio, env: environment });
  } catch (error) {
    // Some of the system's errors are thrown, others come as events.
    throw notStarted(command, error);
  }
}

function ended(child: ChildProcess, { command }: Program): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on('error', (error) => {
      // An error of another kind (a signal that could not be sent) does not end it.
      if (child.pid === undefined) reject(notStarted(command, error));
    });
    child.on('exit', (code, signal) => {
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

// What was lost must not pass for success. What the program says of itself weighs more.
function judge(relayed: readonly Relayed[], status: number, io: Io): void {
  if (relayed.some(({ isLeft }) => isLeft)) {
    io.writeMessage(
      'note: a process that the command left behind has its output open: what it writes from now on is lost',
    );
  }
  const failed = relayed.find(({ error }) => error !== undefined)?.error;
  if (failed === undefined) return;
  const message = `cannot write the command's output (${errnoOf(failed) ?? 'unknown error'})`;
  if (status === 0) throw new AppError('OUTPUT', message, undefined, failed);
  io.writeMessage(message);
}
