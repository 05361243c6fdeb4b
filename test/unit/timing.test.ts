// Proves that --timing gives each phase what lies between its end and the one before it, and that who does not ask is not told.

import assert from 'node:assert/strict';
import test from 'node:test';
import { run } from '../../src/cli.ts';
import { eachOnce, timingTable } from '../../src/timing.ts';
import { fakeIo } from './fakes.ts';

const TIMELINE = {
  marks: [
    { phase: 'runtime', at: 15 },
    { phase: 'modules', at: 21.04 },
    { phase: 'TLS handshake', at: 1021.06 },
  ],
  now: 1022.5,
};

test('each phase has a line, then what is left, then the sum', () => {
  assert.deepEqual(timingTable(TIMELINE), [
    'timing, in milliseconds since Node.js began:',
    '  runtime           15.0',
    '  modules            6.0',
    '  TLS handshake   1000.0',
    '  the rest           1.4',
    '  in all          1022.5',
  ]);
});

for (const [args, isTold] of [
  [['get', '--timing'], true],
  [['exec', 'A=b/c#d', '--', 'x', '--timing'], false],
  [['get'], false],
] as const) {
  test(`civault ${args.join(' ')}: ${isTold ? 'told' : 'not told'}, though it fails`, async () => {
    const io = fakeIo({ timeline: () => TIMELINE });
    assert.notEqual(await run(args, {}, io), 0);
    assert.equal(io.messages.includes('  in all          1022.5'), isTold, io.messages.join('\n'));
  });
}

test('what is marked once is not marked again', () => {
  const marks: string[] = [];
  const mark = eachOnce((phase) => void marks.push(phase));
  for (const phase of ['connect', 'TLS handshake', 'connect']) mark(phase);
  assert.deepEqual(marks, ['connect', 'TLS handshake']);
});
