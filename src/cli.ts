// civault as a function: arguments, environment and streams in, exit status out. The one place that prints a failure.

import type { Command } from './commands/command.ts';
import { withDocs } from './error-docs.ts';
import { AppError, printable, quoted } from './errors.ts';
import { EXIT_OK, exitStatusOf } from './exit-codes.ts';
import { type Environment, Interrupted, type Io } from './io.ts';
import { asksForHelp, asksForTiming, parseCommandLine } from './options.ts';
import { timingTable } from './timing.ts';
import { usageOf, VERSION } from './usage.ts';

/** The commands, by their names. Each is loaded when it is wanted: what `exec` needs of Node would cost `get` 10 ms. */
export const COMMANDS: ReadonlyMap<string, () => Promise<Command>> = new Map([
  ['get', async () => (await import('./commands/get.ts')).get],
  ['env', async () => (await import('./commands/env.ts')).env],
  ['exec', async () => (await import('./commands/exec.ts')).exec],
  ['inject', async () => (await import('./commands/inject.ts')).inject],
  ['docker-login', async () => (await import('./commands/docker-login.ts')).dockerLogin],
  ['token', async () => (await import('./commands/token.ts')).token],
  ['download', async () => (await import('./commands/download.ts')).download],
  ['doctor', async () => (await import('./commands/doctor.ts')).doctor],
]);

/**
 * Runs civault.
 * @param args the command line, without the program's name
 * @returns the exit status; never throws
 */
export async function run(args: readonly string[], environment: Environment, io: Io): Promise<number> {
  const status = await runUntimed(args, environment, io);
  if (asksForTiming(args)) for (const line of timingTable(io.timeline())) io.writeMessage(line);
  return status;
}

async function runUntimed(args: readonly string[], environment: Environment, io: Io): Promise<number> {
  const [name = '', ...rest] = args;
  let command: Command | undefined;
  try {
    command = await COMMANDS.get(name)?.();
    io.mark('modules');
    if (command !== undefined && !asksForHelp(rest)) {
      return await command.run(parseCommandLine(rest, command.grammar, name), { environment, io });
    }
    io.writeOutput(command === undefined ? withoutCommand(args) : usageOf(name));
    return EXIT_OK;
  } catch (error) {
    const { status, message, hint } = judge(error);
    io.writeMessage(message);
    if (hint !== undefined) io.writeMessage(`hint: ${hint}`);
    writeInstead(command?.onFailure?.(status, rest) ?? '', io);
    return status;
  }
}

/** What a command line without a command is answered with: help, the version, or what is wrong with it. */
function withoutCommand(args: readonly string[]): string {
  const [first, second] = args;
  if (first === '--version' || first === '-V' || first === 'version') return `${VERSION}\n`;
  if (first === '--help' || first === '-h') return usageOf(undefined);
  if (first === 'help' && (second === undefined || COMMANDS.has(second))) return usageOf(second);
  const hint = 'see: civault --help';
  if (first === undefined) throw new AppError('USAGE', 'there is no command', hint);
  const names = [...COMMANDS.keys()].join(', ');
  if (first === 'help')
    throw new AppError('USAGE', `there is no help on ${quoted(second ?? '')}: there are ${names}`, hint);
  if (first.startsWith('-')) throw new AppError('USAGE', `the command comes first: ${names}`, hint);
  throw new AppError('USAGE', `unknown command ${quoted(first)}: there are ${names}`, hint);
}

function writeInstead(text: string, io: Io): void {
  if (text === '') return;
  try {
    io.writeOutput(text);
  } catch {
    // Standard output is gone: the exit status is all that is left to tell.
  }
}

function judge(error: unknown): { status: number; message: string; hint: string | undefined } {
  if (error instanceof Interrupted) return { status: error.status, message: error.message, hint: undefined };
  const known = error instanceof AppError ? error : unforeseen(error);
  return { status: exitStatusOf(known.code), message: known.message, hint: withDocs(known.hint, known.code) };
}

// The message of an unforeseen error may quote what was being worked on, so only its kind and place are shown.
function unforeseen(error: unknown): AppError {
  const { name, message, stack = '' } = error instanceof Error ? error : new Error();
  const kind = /^\w{1,40}$/.test(name) ? name : 'an error';
  // Frames of the binary, of Node, and of the sources. A message of several lines could look like one of them.
  const frames = stack
    .replace(message, '')
    .matchAll(/^ {4}at (.*\b(?:civault|node:[\w/]+|[\w-]+\.ts):\d+:\d+\)?)$/gm);
  const places = [...frames].slice(0, 4).map(([, place = '']) => printable(place));
  return new AppError(
    'INTERNAL',
    `a bug in civault: ${kind} at ${places.join(', ')}`,
    'please report it with this line and the version',
  );
}
