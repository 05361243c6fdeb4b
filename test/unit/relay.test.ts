// Proves how one output is carried: when it pauses, when it waits no longer.

import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { beforeEach, describe, mock, test } from 'node:test';
import { relay } from '../../src/child/relay.ts';
import { createMasker } from '../../src/output/masker.ts';
import { failure, holdClock, setUp } from './relays.ts';

const HOLD = 50;

beforeEach(holdClock);

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
