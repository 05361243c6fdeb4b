// The long run of fuzzing, `make fuzz`: RUNS inputs over all targets, from SEED, or from one that is made up and printed.
// ONLY=REGEXP takes the targets of such names alone.

import { randomInt } from 'node:crypto';
import { checkRegressions, FAMILIES, fuzz } from './runner.ts';

// Work for an input of 100 kB that is read as often as it is long would be minutes.
const LIMIT = 3000;

const inputs = Number(process.env['RUNS'] || 1_000_000);
const seed = Number(process.env['SEED'] || randomInt(2 ** 31));
const only = new RegExp(process.env['ONLY'] || '');
checkRegressions();
const all = [...FAMILIES.values()].flat().filter(({ name }) => only.test(name));
const weights = all.reduce((sum, { weight }) => sum + weight, 0);
console.log(`${inputs} inputs over ${all.length} targets, seed ${seed}`);

let total = 0;
const began = performance.now();
for (const [family, targets] of FAMILIES) {
  for (const target of targets.filter((each) => all.includes(each))) {
    const before = performance.now();
    try {
      const count = await fuzz(target, {
        seed,
        inputs: Math.ceil((inputs * target.weight) / weights),
        limit: LIMIT,
      });
      total += count;
      const seconds = ((performance.now() - before) / 1000).toFixed(1);
      console.log(`${String(count).padStart(8)}  ${seconds.padStart(6)} s  ${family}: ${target.name}`);
    } catch (error) {
      process.exitCode = 1;
      console.log(`FAILED   ${family}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
console.log(`${total} inputs in ${Math.round((performance.now() - began) / 1000)} s`);
