// Proves what is still waited for after a signal and for how long, and that a signal which came during work that did not wait
// is heard before the next.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { AFTER_SIGNAL_MS, hearSignals, Interrupted, orCutShort, orShortly } from '../../src/io.ts';

const signal = new Interrupted('SIGTERM', 15);
const never = new Promise<never>(() => undefined);
const signalled = () => ({ cutShort: Promise.reject(signal) });
const quiet = { cutShort: never };

test('without a signal, work is waited for as long as it takes', async () => {
  assert.equal(await orShortly(sleep(AFTER_SIGNAL_MS + 100, 'done'), quiet), 'done');
  assert.equal(await orCutShort(sleep(10, 'done'), quiet), 'done');
});

test('after a signal, what is to be left undone is left at once', async () => {
  await assert.rejects(orCutShort(never, signalled()), signal);
  await assert.rejects(orCutShort('done', signalled()), signal);
});

test('and what is not to be left undone a moment later, so that the run ends within a second', async () => {
  const before = performance.now();
  assert.equal(await orShortly(never, signalled()), undefined);
  // Timers have whole milliseconds.
  assert.ok(performance.now() - before >= AFTER_SIGNAL_MS - 1);
  assert.ok(AFTER_SIGNAL_MS <= 700, 'the rest is for the start of the end, and for a machine that is busy');
  assert.equal(await orShortly(sleep(10, 'done'), signalled()), 'done');
  await assert.rejects(orShortly(Promise.reject(new Error('no')), signalled()), /^Error: no$/);
});

test('a signal that came during work which did not wait is heard', async () => {
  const cutShort = new Promise<never>((_, reject) => {
    process.once('SIGWINCH', () => reject(signal));
  });
  cutShort.catch(() => undefined);
  await hearSignals({ cutShort });
  process.kill(process.pid, 'SIGWINCH');
  await assert.rejects(hearSignals({ cutShort }), signal);
});
