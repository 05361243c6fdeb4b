// Proves with a thousand inputs of every kind that nothing but a failure that was foreseen comes of any: the same ones each time,
// so that a change of the code alone makes it fail. `make fuzz` takes a million others.

import { describe, test } from 'node:test';
import { isInstalled, SHELLS } from '../unit/shells.ts';
import { checkRegressions, FAMILIES, fuzz } from './runner.ts';

const INPUTS = 1000;
// Far beyond what is ever needed: the long run is the one that judges times.
const LIMIT = 20_000;

test('what once failed belongs to a target', checkRegressions);

for (const [name, command] of SHELLS.filter(([, each]) => !isInstalled(each))) {
  test(`assignments that ${name} evaluates`, { skip: `${command[0]} is not installed` }, () => undefined);
}

const seed = Number(process.env['SEED'] || 20_261_124);
for (const [family, targets] of FAMILIES) {
  describe(family, () => {
    for (const target of targets) {
      test(`${target.name} (seed ${seed})`, async () => {
        await fuzz(target, { seed, inputs: INPUTS, limit: LIMIT });
      });
    }
  });
}
