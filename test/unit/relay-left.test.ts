// Proves when an output is left that somebody else has open once the command has ended.

import assert from 'node:assert/strict';
import { closeSync, writeSync } from 'node:fs';
import { beforeEach, describe, mock, test } from 'node:test';
import { makePipe, readPipe } from '../../src/child/pipe.ts';
import { LARGEST_CHUNK, relay } from '../../src/child/relay.ts';
import { createMasker } from '../../src/output/masker.ts';
import { holdClock, setUp } from './relays.ts';

const HOLD = 50;
const QUIET = 1_000;
const LEAVE = 5_000;

beforeEach(holdClock);

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
