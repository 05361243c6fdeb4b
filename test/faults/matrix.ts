// Plays every fault on one request: once, twice and for ever, many cells side by side.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeBusyboxRoot, whyNoRoot } from '../harness/busybox-root.ts';
import type { NameRecord } from '../harness/name-server.ts';
import { startNameServer } from '../harness/name-server.ts';
import { whyNotSeen } from '../harness/shut-process.ts';
import { type Cell, play, type Stage } from './cell.ts';
import { kindOf, type Times } from './expectation.ts';
import { FAULTS } from './faults.ts';
import { BENCHES, type RequestName } from './requests.ts';

const TIMES: readonly (readonly [often: string, times: Times])[] = [
  ['once', 1],
  ['twice', 2],
  ['for ever', Infinity],
];
// Most of them wait.
const AT_ONCE = 12;
/** Milliseconds by which a run may outlast its time limit. */
const MOST_LATE = 1_000;
/** The net on loopback of each request's cells: no other test has addresses there. */
const NETS: Readonly<Record<RequestName, string>> = {
  mount: '127.71.0',
  login: '127.72.0',
  read: '127.73.0',
  renew: '127.74.0',
  revoke: '127.75.0',
  release: '127.76.0',
  asset: '127.77.0',
};

/** Defines the test of one request. */
export function playFaults(name: RequestName): void {
  test(`whatever befalls the ${name}`, { concurrency: AT_ONCE }, async (t) => {
    const bench = await BENCHES[name]();
    const names: Record<string, NameRecord> = {};
    const net = NETS[name];
    const server = whyNoRoot() ?? (await startNameServer(names, `${net}.254`));
    const root = typeof server === 'string' ? undefined : makeBusyboxRoot();
    if (typeof server !== 'string') root?.put('etc/resolv.conf', server.line);
    const stage: Stage = { name, bench, root, names };
    let [played, late, memory] = [0, -Infinity, 0];
    const again: (() => Promise<void>)[] = [];
    try {
      const cells = FAULTS.flatMap((fault) => TIMES.map(([often, times]) => ({ fault, often, times })));
      await Promise.all(
        cells.map(({ fault, often, times }, index) => {
          const cell = { fault, times, host: `${net}.${index + 1}`, domain: `cell-${index}.${name}.test` };
          const skip = fault.place === 'name' && typeof server === 'string' ? server : false;
          const what = `${fault.name}, ${often}`;
          return t.test(what, { skip }, async () => {
            const measured = await play(stage, cell).catch((error: unknown) => {
              // Its time limit is of a few seconds, which a machine at work may use up before the request.
              if (kindOf(fault, name) !== 'waiting') throw error;
              t.diagnostic(`${what}: played by itself, for among others it failed: ${error}`);
              return undefined;
            });
            const playAgain = () => t.test(`${what}, by itself`, () => assertInTime(stage, cell));
            if (measured === undefined) return void again.push(playAgain);
            played += 1;
            memory = Math.max(memory, measured.memory);
            if (measured.late < MOST_LATE) late = Math.max(late, measured.late);
            else again.push(playAgain);
          });
        }),
      );
      // It may be the others that were too much for this machine.
      for (const playAgain of again) await playAgain();
      const size = `the largest had ${(memory / 1000).toFixed(1)} MB for its own`;
      t.diagnostic(
        `${played} cells of the ${name}, ${again.length} of them twice: the latest ended ${Math.round(late)} ms ` +
          `after its time, ${whyNotSeen() ?? size}`,
      );
    } finally {
      root?.remove();
      if (typeof server !== 'string') server.close();
      await bench.end();
    }
  });
}

async function assertInTime(stage: Stage, cell: Cell): Promise<void> {
  const { late } = await play(stage, cell);
  assert.ok(late < MOST_LATE, `it ended ${Math.round(late)} ms after its time`);
}
