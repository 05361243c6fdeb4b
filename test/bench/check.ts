// make bench-check: fails where a run takes over a tenth more instructions than is written down in instructions.json, which
// `make bench-check WRITE=yes` writes anew.

import { readFileSync, writeFileSync } from 'node:fs';
import { countInstructions } from './instructions.ts';

const FILE = new URL('./instructions.json', import.meta.url);
const MOST = 1.1;

const counts = await countInstructions();
if (process.env['WRITE'] === 'yes') {
  const rounded = Object.entries(counts).map(([name, count]) => [name, Math.round(count * 10) / 10]);
  writeFileSync(FILE, `${JSON.stringify(Object.fromEntries(rounded), undefined, 2)}\n`);
}
const known: Readonly<Record<string, number>> = JSON.parse(readFileSync(FILE, 'utf8'));
let isWorse = false;
for (const [name, count] of Object.entries(counts)) {
  const before = known[name];
  if (before === undefined) throw new Error(`instructions.json has no "${name}"`);
  const change = `${((count / before - 1) * 100).toFixed(1)} %`;
  const verdict = count > before * MOST ? 'MORE THAN A TENTH WORSE' : 'ok';
  isWorse ||= verdict !== 'ok';
  console.log(
    `${name.padEnd(12)} ${count.toFixed(1)} million instructions, written down ${before.toFixed(1)} (${change}): ${verdict}`,
  );
}
process.exitCode = isWorse ? 1 : 0;
