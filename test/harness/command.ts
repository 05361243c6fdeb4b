// Runs a command as a job would and keeps all that came out: status, both outputs, and how long it took.

import { type SpawnOptions, spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import { holdsSecret } from './leaks.ts';

/** How a command ended. */
export interface Outcome {
  /** The exit status; 128 + n where signal n ended it, as a shell reports it. */
  readonly status: number;
  readonly stdout: Buffer;
  readonly stderr: string;
  readonly milliseconds: number;
}

/** What a command is run with. Nothing of this process's environment reaches it unless it is given here. */
export interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Ends the command after so many milliseconds: a hang is a failure of its own, not of the whole run. */
  readonly limit?: number;
  /** Called once it has started. */
  readonly started?: (pid: number) => void;
  /** Called with each piece of standard output as it comes. */
  readonly onOutput?: (text: string) => void;
  /** Called with each piece of standard error as it comes. */
  readonly onMessage?: (text: string) => void;
  /** Given on standard input, which is empty otherwise; a function feeds it as it likes. */
  readonly input?: string | ((stdin: Writable) => void);
}

const SIGNALS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGTERM: 15,
};

/** Runs a program with its arguments, without a shell. */
export function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const spawnOptions: SpawnOptions = {
      env: { ...options.env },
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    };
    const child = spawn(command, args, spawnOptions);
    const timer = setTimeout(() => child.kill('SIGKILL'), options.limit ?? 60_000);
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => {
      stdout.push(chunk);
      options.onOutput?.(chunk.toString());
    });
    if (child.stdin !== null) feed(child.stdin, options.input);
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr.push(chunk);
      options.onMessage?.(chunk.toString());
    });
    child.on('error', reject);
    child.on('spawn', () => options.started?.(child.pid ?? 0));
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const messages = Buffer.concat(stderr).toString();
      if (holdsSecret(messages)) return reject(new Error(`a secret in what ${command} said`));
      resolve({
        status: code ?? 128 + (SIGNALS[signal ?? ''] ?? 127),
        stdout: Buffer.concat(stdout),
        stderr: messages,
        milliseconds: performance.now() - started,
      });
    });
  });
}

function feed(stdin: Writable, input: CommandOptions['input']): void {
  // A command may end without reading it.
  stdin.on('error', () => undefined);
  if (typeof input === 'function') input(stdin);
  else stdin.end(input);
}
