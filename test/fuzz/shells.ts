// Assignments, evaluated by the shells that jobs run in: many values to a process, and what a program started then has.

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { shellAssignments } from '../../src/output/shell.ts';
import { Secret } from '../../src/secret.ts';
import { leaveNothing } from '../harness/leftovers.ts';
import { environmentAfter, isInstalled, SHELLS } from '../unit/shells.ts';
import { target } from './target.ts';
import { hostileValues } from './writers.ts';

// What a value would have run, it would have run here.
const here = mkdtempSync(join(tmpdir(), 'civault-fuzz-'));
leaveNothing(() => rmSync(here, { recursive: true, force: true }));

const SIZE = 250;
const MOST = 4000;
const batch = fc.array(
  hostileValues.map((value) => value.replaceAll('\0', '').slice(0, MOST).toWellFormed()),
  { minLength: SIZE, maxLength: SIZE, size: 'max' },
);
const latin1 = (text: string) => Buffer.from(text).toString('latin1');

/** A target for each shell that is here. */
export const targets = SHELLS.filter(([, command]) => isInstalled(command)).map(([name, command]) =>
  target(
    `assignments that ${name} evaluates`,
    batch,
    (values) => {
      const variables = values.map((value, index) => ({ name: `V${index}`, value: new Secret(value) }));
      const { outcome, variables: found } = environmentAfter(command, shellAssignments(variables), 'C', here);
      assert.deepEqual([outcome.status, outcome.stderr], [0, '']);
      for (const [index, value] of values.entries()) assert.equal(found.get(`V${index}`), latin1(value));
      assert.deepEqual(readdirSync(here), [], 'a value was run');
    },
    { size: SIZE },
  ),
);
