// Proves that the help fits a terminal, and names the flags that are taken, all of them and no other.

import assert from 'node:assert/strict';
import test from 'node:test';
import { COMMANDS } from '../../src/cli.ts';
import { parseCommandLine } from '../../src/options.ts';
import { usageOf } from '../../src/usage.ts';

for (const command of [undefined, ...COMMANDS.keys()]) {
  test(`the help of ${command ?? 'civault'} is at most 80 columns wide and ends its last line`, () => {
    const text = usageOf(command);
    assert.deepEqual(
      text.split('\n').filter((line) => line.length > 80),
      [],
    );
    assert.match(text, /[^\n]\n$/);
    assert.doesNotMatch(text, /[^\n\x20-\x7e]|[ \t]\n/);
    if (command !== undefined) assert.notEqual(text, usageOf(undefined));
  });
}

for (const [name, load] of COMMANDS) {
  const { grammar } = await load();
  const flags = [...usageOf(name).matchAll(/^ {2}--([a-z0-9-]+)(?: ([A-Za-z0-9]+))?/gm)];

  test(`every flag in the help of ${name} is one that it takes`, () => {
    assert.equal(flags.length >= 9, true);
    const program = grammar.takesProgram ? ['--', 'true'] : [];
    for (const [, flag = '', value] of flags) {
      const args = value === undefined ? [`--${flag}`] : [`--${flag}`, value];
      const hasNone = ['no-revoke', 'timing'].includes(flag) || grammar.switches?.includes(flag) === true;
      assert.deepEqual(
        parseCommandLine([...(hasNone ? [`--${flag}`] : args), ...program], grammar, name).positionals,
        [],
      );
    }
  });

  test(`every flag of ${name} is in its help`, () => {
    const shown = flags.map(([, flag]) => flag);
    for (const flag of [...(grammar.values ?? []), ...(grammar.switches ?? [])]) {
      assert.equal(shown.includes(flag), true, flag);
    }
  });
}
