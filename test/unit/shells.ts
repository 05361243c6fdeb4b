// The shells that jobs run in, and what they make of a text that they evaluate.

import { spawnSync } from 'node:child_process';

/** Their names, and how each is started. */
export const SHELLS: readonly (readonly [name: string, command: readonly [string, ...string[]]])[] = [
  ['busybox ash', ['busybox', 'ash']],
  ['dash', ['dash']],
  // Given its input by a socket, bash would take itself for a remote login and read the user's own files.
  ['bash', ['bash', '--norc']],
  ['bash --posix', ['bash', '--norc', '--posix']],
  ['mksh', ['mksh']],
  ['zsh', ['zsh', '-f']],
];

/** Whether a shell is there to be run. */
export function isInstalled([program, ...args]: readonly [string, ...string[]]): boolean {
  return spawnSync(program, [...args, '-c', 'exit 0']).status === 0;
}

/** What came of a script. */
export interface Outcome {
  readonly status: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs a script, in an environment that holds little else than a PATH. */
export function runShell(
  [program, ...args]: readonly [string, ...string[]],
  script: string,
  { input = '', locale = 'C', cwd = '.' }: { input?: string; locale?: string; cwd?: string } = {},
): Outcome {
  const { error, status, stdout, stderr } = spawnSync(program, [...args, '-c', script], {
    input,
    cwd,
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: locale },
    maxBuffer: 64 * 1024 * 1024,
  });
  if (error !== undefined) throw error;
  return { status, stdout, stderr: stderr.toString() };
}

/**
 * Evaluates assignments as a job does and gives the environment that a program started afterwards has, byte for byte:
 * the kernel's own record of it, its values as Latin-1.
 */
export function environmentAfter(
  command: readonly [string, ...string[]],
  assignments: string,
  locale: string,
  cwd = '.',
): { outcome: Outcome; variables: ReadonlyMap<string, string> } {
  const script = 'set -e; eval "$(cat)"; exec /bin/cat /proc/self/environ';
  const outcome = runShell(command, script, { input: assignments, locale, cwd });
  const entries = outcome.stdout.toString('latin1').split('\0');
  return {
    outcome,
    variables: new Map(
      entries.map((entry) => {
        const equals = entry.indexOf('=');
        return [entry.slice(0, equals), entry.slice(equals + 1)];
      }),
    ),
  };
}
