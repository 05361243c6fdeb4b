// Proves that the help fits a terminal and names no flag that is not taken.

import assert from 'node:assert/strict';
import test from 'node:test';
import { parseCommandLine } from '../../src/options.ts';
import { usageOf } from '../../src/usage.ts';

for (const command of [undefined, 'get', 'env']) {
  test(`the help of ${command ?? 'civault'} is at most 80 columns wide and ends its last line`, () => {
    const text = usageOf(command);
    assert.deepEqual(
      text.split('\n').filter((line) => line.length > 80),
      [],
    );
    assert.match(text, /[^\n]\n$/);
    assert.doesNotMatch(text, /[^\n\x20-\x7e]|[ \t]\n/);
  });
}

for (const command of ['get', 'env']) {
  test(`every flag in the help of ${command} is one that it takes`, () => {
    const flags = [...usageOf(command).matchAll(/^ {2}(--[a-z-]+)(?= ([A-Za-z]))?/gm)];
    assert.equal(flags.length >= 9, true);
    for (const [, flag = '', value] of flags) {
      const args = flag === '--no-revoke' ? [flag] : [flag, value ?? ''];
      assert.deepEqual(
        parseCommandLine(args, { values: command === 'env' ? ['format'] : [] }, command).positionals,
        [],
      );
    }
  });
}
