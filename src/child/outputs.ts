// A child's standard output and standard error: which of them are masked, and how they get from the child to their end.

import type { ChildProcess, StdioOptions } from 'node:child_process';
import { closeSync, fstatSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { isatty } from 'node:tty';
import { isWritable } from './descriptors.ts';
import { makePipe, readPipe } from './pipe.ts';
import type { Program } from './program.ts';
import { type Relay, relay, type Source } from './relay.ts';
import { openSink } from './sink.ts';

const STDOUT = 1;
const STDERR = 2;

/** What a descriptor of the child is: this process's own of the same number, another one, or a pipe of Node's making. */
type Place = 'inherit' | 'pipe' | number;

/** How a child is to be started, and what is to be done once it is. */
export interface Outputs {
  readonly stdio: StdioOptions;
  /** How many of them are terminals, which stay what they are. */
  readonly terminals: number;
  readonly start: (child: ChildProcess) => Relay[];
}

/** Prepares the outputs of a program. */
export function openOutputs(
  { makeMasker, inherited }: Pick<Program, 'makeMasker' | 'inherited'>,
  elapsed: () => number,
): Outputs {
  const masked = [STDOUT, STDERR].filter((descriptor) => makeMasker !== undefined && !isatty(descriptor));
  const terminals = makeMasker === undefined ? 0 : 2 - masked.length;
  // Both into one pipe where both end in one place: so they stay in the order in which they were written.
  const pipes = masked.length === 2 && areSame(STDOUT, STDERR) ? [STDOUT] : masked;
  const made = pipes.map((descriptor) => ({ descriptor, pipe: makePipe() }));
  const place = (descriptor: number): Place => {
    if (!masked.includes(descriptor)) return 'inherit';
    const own = made.find((each) => each.descriptor === descriptor) ?? made[0];
    return own?.pipe?.write ?? 'pipe';
  };
  return {
    stdio: [
      'inherit',
      place(STDOUT),
      place(STDERR),
      ...beyond(inherited, (descriptor) => {
        // A copy of a masked output (`3>&1`) is masked as well.
        const original = masked.find((output) => areSame(output, descriptor));
        return original === undefined || !isWritable(descriptor) ? descriptor : place(original);
      }),
    ],
    terminals,
    start: (child) => {
      const relays: Relay[] = [];
      const start = (source: Source | undefined, descriptor: number) => {
        if (source === undefined || makeMasker === undefined) return;
        relays.push(relay(source, openSink(descriptor), makeMasker(), elapsed));
      };
      for (const { descriptor, pipe } of made) {
        if (pipe === undefined) continue;
        closeSync(pipe.write);
        start((take) => readPipe(pipe.read, take), descriptor);
      }
      start(sourceOf(child.stdout), STDOUT);
      start(sourceOf(child.stderr), STDERR);
      return relays;
    },
  };
}

// There is none where the program could not be started.
function sourceOf(stream: Readable | null | undefined): Source | undefined {
  return stream === null || stream === undefined ? undefined : (take) => stream.on('data', take);
}

/** The rest of the child's descriptors, each under its own number. */
function beyond(inherited: readonly number[], placeOf: (descriptor: number) => Place): (Place | 'ignore')[] {
  const highest = Math.max(STDERR, ...inherited);
  return Array.from({ length: highest - STDERR }, (_, index) => {
    const descriptor = STDERR + 1 + index;
    return inherited.includes(descriptor) ? placeOf(descriptor) : 'ignore';
  });
}

function areSame(a: number, b: number): boolean {
  const [first, second] = [fstatSync(a), fstatSync(b)];
  return first.dev === second.dev && first.ino === second.ino;
}
