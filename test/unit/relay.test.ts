// Proves how one output is carried: when it pauses, when it waits no longer, and when it is left.

import assert from 'node:assert/strict';
import { closeSync, writeSync } from 'node:fs';
import { Readable } from 'node:stream';
import { beforeEach, describe, mock, test } from 'node:test';
import { makePipe, readPipe } from '../../src/child/pipe.ts';
import { LARGEST_CHUNK, type Relayed, relay } from '../../src/child/relay.ts';
import { createMasker } from '../../src/output/masker.ts';

const HOLD = 50;
const QUIET = 1_000;
const LEAVE = 5_000;

/** A relay between fakes, and what they were told. */
function setUp() {
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

async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
}

function failure(code: string): Error {
  return Object.assign(new Error(code), { code });
}

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout', 'setImmediate'] });
});

describe('carrying', () => {
  test('each chunk is masked and written, then what the masker has left', async () => {
    const { source, written, give, outcome } = setUp();
    give('one');
    give('two');
    source.emit('end');
    assert.deepEqual(written, ['ONE', 'TWO', 'end']);
    assert.deepEqual(await outcome(), { error: undefined, isLeft: false });
  });

  test('nothing is read while the sink is busy', async () => {
    const { source, world, give, finish } = setUp();
    world.isBusy = true;
    give('one');
    assert.equal(source.isPaused(), true);
    await finish();
    assert.equal(source.isPaused(), false);
  });

  test('nor where Node sets the source going by itself, as it does when a child has ended', async () => {
    mock.timers.reset();
    const source = new Readable({ read: () => undefined });
    const written: string[] = [];
    let finish: () => void = () => undefined;
    const write = (pieces: readonly Buffer[]) => {
      written.push(pieces.join(''));
      return new Promise<void>((resolve) => {
        finish = resolve;
      });
    };
    const { done } = relay(
      (take) => source.on('data', take),
      { write },
      createMasker([]),
      () => 0,
    );
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    for (const text of ['one', 'two', null]) source.push(text);
    for (const expected of [['one'], ['one', 'two'], ['one', 'two', '']]) {
      for (let times = 0; times < 3; times += 1) {
        await turn();
        source.resume();
      }
      await turn();
      assert.deepEqual(written, expected);
      finish();
    }
    assert.deepEqual(await done, { error: undefined, isLeft: false });
  });

  test('it is over only when the last is written', async () => {
    const { source, world, outcome, finish } = setUp();
    world.isBusy = true;
    source.emit('end');
    assert.equal(await outcome(), undefined);
    await finish();
    assert.deepEqual(await outcome(), { error: undefined, isLeft: false });
  });

  test('a source that fails has ended', async () => {
    const { source, written, outcome } = setUp();
    source.emit('error', failure('EIO'));
    assert.deepEqual([written, (await outcome())?.error], [['end'], undefined]);
  });
});

describe('what the masker holds', () => {
  test('is released when nothing comes for a moment', () => {
    const { written, masker, give, pass } = setUp();
    masker.isHolding = true;
    give('pass');
    pass(HOLD - 1);
    assert.deepEqual(written, ['PASS']);
    pass(1);
    assert.deepEqual(written, ['PASS', 'released']);
  });

  test('is waited for anew after each chunk', () => {
    const { written, masker, give, pass } = setUp();
    masker.isHolding = true;
    give('a');
    pass(HOLD - 1);
    give('b');
    pass(HOLD - 1);
    assert.deepEqual(written, ['A', 'B']);
    masker.isHolding = false;
    give('c');
    pass(HOLD);
    assert.deepEqual(written, ['A', 'B', 'C']);
  });

  test('waits for the sink first', async () => {
    const { written, masker, world, give, pass, finish } = setUp();
    masker.isHolding = true;
    world.isBusy = true;
    give('a');
    pass(10 * HOLD);
    assert.deepEqual(written, ['A']);
    await finish();
    pass(HOLD);
    assert.deepEqual(written, ['A', 'released']);
  });
});

describe('a sink that fails', () => {
  for (const [code, expected] of [
    ['EPIPE', undefined],
    ['ENOSPC', 'ENOSPC'],
  ] as const) {
    test(`${code}, at once: the child finds its output closed`, async () => {
      const { source, world, give, outcome } = setUp();
      world.failure = failure(code);
      give('one');
      const relayed = await outcome();
      assert.deepEqual([source.destroyed, relayed?.isLeft], [true, false]);
      assert.equal((relayed?.error as { code?: string } | undefined)?.code, expected);
    });

    test(`${code}, later`, async () => {
      const { source, world, give, outcome, finish, written } = setUp();
      world.isBusy = true;
      give('one');
      await finish(failure(code));
      const relayed = await outcome();
      assert.equal(source.destroyed, true);
      assert.equal((relayed?.error as { code?: string } | undefined)?.code, expected);
      give('two');
      assert.deepEqual(written, ['ONE']);
    });

    test(`${code}, at the very end`, async () => {
      const { source, world, outcome } = setUp();
      world.failure = failure(code);
      source.emit('end');
      assert.equal(((await outcome())?.error as { code?: string } | undefined)?.code, expected);
    });
  }
});

describe('an output that somebody else has open', () => {
  test('is left when it is quiet', async () => {
    const { source, written, leave, pass, outcome } = setUp();
    leave();
    pass(QUIET - 1);
    assert.equal(await outcome(), undefined);
    pass(1);
    assert.deepEqual(await outcome(), { error: undefined, isLeft: true });
    assert.deepEqual([written, source.destroyed], [['end'], true]);
  });

  test('is not left before it ends, where it ends', async () => {
    const { source, leave, pass, outcome } = setUp();
    leave();
    pass(QUIET - 1);
    source.emit('end');
    assert.deepEqual(await outcome(), { error: undefined, isLeft: false });
  });

  test('what could be read by then is read, however long this program was held up', async (t) => {
    mock.timers.reset();
    const pipe = makePipe();
    if (pipe === undefined) return t.skip('there is no /proc here');
    let text = '';
    const write = (pieces: readonly Buffer[]) => {
      text += pieces.join('');
      return undefined;
    };
    const { done, leave } = relay(
      (take) => readPipe(pipe.read, take),
      { write },
      createMasker([]),
      () => performance.now(),
    );
    leave();
    writeSync(pipe.write, 'late');
    setTimeout(() => {
      writeSync(pipe.write, ', more');
      closeSync(pipe.write);
    }, QUIET + 100);
    const begun = performance.now();
    while (performance.now() - begun < QUIET + 50);
    assert.deepEqual([await done, text], [{ error: undefined, isLeft: false }, 'late, more']);
  });

  test('is read for a while where it is written to now and then, no longer', async () => {
    const { leave, give, pass, outcome } = setUp();
    leave();
    for (let time = 0; time <= LEAVE; time += 100) {
      assert.equal(await outcome(), undefined, `after ${time} ms`);
      pass(100);
      give('tick');
    }
    assert.deepEqual(await outcome(), { error: undefined, isLeft: true });
  });

  test('is read until all that a pipe can hold has come, where it never was empty', async () => {
    const { leave, give, world, outcome } = setUp();
    leave();
    world.time += 10 * LEAVE;
    for (let bytes = 0; bytes < 1024 * 1024; bytes += LARGEST_CHUNK) give('x'.repeat(LARGEST_CHUNK));
    assert.equal(await outcome(), undefined);
    give('x'.repeat(LARGEST_CHUNK));
    assert.deepEqual(await outcome(), { error: undefined, isLeft: true });
  });

  test('is left also while the masker holds something', async () => {
    const { written, masker, leave, give, world, outcome } = setUp();
    leave();
    masker.isHolding = true;
    world.time += LEAVE + 1;
    give('a');
    assert.deepEqual(await outcome(), { error: undefined, isLeft: true });
    assert.deepEqual(written, ['A', 'end']);
  });

  test('is not left while its own reader has not taken what was written', async () => {
    const { world, leave, give, pass, finish, outcome } = setUp();
    world.isBusy = true;
    give('one');
    leave();
    pass(10 * LEAVE);
    assert.equal(await outcome(), undefined);
    await finish();
    assert.equal(await outcome(), undefined);
    pass(QUIET);
    assert.deepEqual(await outcome(), { error: undefined, isLeft: true });
  });

  test('what the masker holds is released before', async () => {
    const { written, masker, leave, give, pass, outcome } = setUp();
    masker.isHolding = true;
    give('a');
    leave();
    pass(HOLD);
    pass(QUIET);
    assert.deepEqual([written, (await outcome())?.isLeft], [['A', 'released', 'end'], true]);
  });

  test('being told twice, or after the end, changes nothing', async () => {
    const { source, written, leave, pass, outcome } = setUp();
    source.emit('end');
    leave();
    leave();
    pass(QUIET);
    assert.deepEqual([written, await outcome()], [['end'], { error: undefined, isLeft: false }]);
  });
});
