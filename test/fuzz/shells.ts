// Assignments, evaluated by the shells that jobs run in: many values to a process, and what a program started then has.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import fc from 'fast-check';
import { shellAssignments } from '../../src/output/shell.ts';
import { Secret } from '../../src/secret.ts';
import { environmentAfter, isInstalled, SHELLS } from '../unit/shells.ts';
import { target } from './target.ts';
import { hostileValues } from './writers.ts';

const SIZE = 250;
const MOST = 4000;
const batch = fc.array(
  hostileValues.map((value) => value.replaceAll('\0', '').slice(0, MOST).toWellFormed()),
  { minLength: SIZE, maxLength: SIZE, size: 'max' },
);
const latin1 = (text: string) => Buffer.from(text).toString('latin1');

/** A target for each shell that is here. What a value would have run leaves a file `X`. */
export const targets = SHELLS.filter(([, command]) => isInstalled(command)).map(([name, command]) =>
  target(
    `assignments that ${name} evaluates`,
    batch,
    (values) => {
      const variables = values.map((value, index) => ({ name: `V${index}`, value: new Secret(value) }));
      const { outcome, variables: found } = environmentAfter(command, shellAssignments(variables), 'C');
      assert.deepEqual([outcome.status, outcome.stderr], [0, '']);
      for (const [index, value] of values.entries()) assert.equal(found.get(`V${index}`), latin1(value));
      assert.equal(existsSync('X'), false, 'a value was run');
    },
    { size: SIZE },
  ),
);
