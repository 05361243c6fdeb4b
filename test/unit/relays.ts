// A relay between a source, a masker and a sink that a test holds, and a clock that it moves.

import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { mock } from 'node:test';
import { type Relayed, relay } from '../../src/child/relay.ts';

/** A relay between fakes, and what they were told. */
export function setUp() {
  const source = new Readable({ read: () => undefined });
  const written: string[] = [];
  const pending: { resolve: () => void; reject: (error: unknown) => void }[] = [];
  const masker = {
    isHolding: false,
    held: 10,
    push: (chunk: Buffer) => [Buffer.from(chunk.toString().toUpperCase())],
    release: () => {
      masker.isHolding = false;
      return [Buffer.from('released')];
    },
    end: () => [Buffer.from('end')],
  };
  const world = { isBusy: false, failure: undefined as unknown, time: 0 };
  const sink = {
    write: (pieces: readonly Buffer[]) => {
      if (world.failure !== undefined) throw world.failure;
      written.push(pieces.join(''));
      return world.isBusy
        ? new Promise<void>((resolve, reject) => pending.push({ resolve, reject }))
        : undefined;
    },
  };
  let take: (chunk: Buffer) => void = () => assert.fail('nothing was opened');
  const { done, leave } = relay(
    (given) => {
      take = given;
      return source.resume();
    },
    sink,
    masker,
    () => world.time,
  );
  let outcome: Relayed | undefined;
  void done.then((relayed) => {
    outcome = relayed;
  });
  return {
    source,
    written,
    masker,
    world,
    done,
    leave,
    /** Whether it is over, and how. */
    outcome: async () => {
      await settle();
      return outcome;
    },
    give: (text: string) => take(Buffer.from(text)),
    /** Lets a pending write succeed, or fail. */
    finish: async (error?: unknown) => {
      const { resolve, reject } = pending.shift() ?? assert.fail('nothing is pending');
      world.isBusy = false;
      if (error === undefined) resolve();
      else reject(error);
      await settle();
    },
    pass: (milliseconds: number) => {
      world.time += milliseconds;
      mock.timers.tick(milliseconds);
    },
  };
}

export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
}

export function failure(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/** Has the test hold the clock; to be called before each. */
export function holdClock(): void {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout', 'setImmediate'] });
}
