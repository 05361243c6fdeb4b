// Proves with real shells that what civault writes for them is evaluated to the very bytes that were meant.

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { AppError } from '../../src/errors.ts';
import { parseMapping, settleNames, variablesOf } from '../../src/mapping.ts';
import { shellAssignments, shellFailure } from '../../src/output/shell.ts';
import { Secret } from '../../src/secret.ts';
import { assertHides, assertPlain, assertRefused } from './failures.ts';
import { environmentAfter, isInstalled, runShell, SHELLS } from './shells.ts';

const variable = (name: string, value: string) => ({ name, value: new Secret(value) });

for (const [value, written] of [
  ['', "''"],
  ['a b', "'a b'"],
  ["it's", "'it'\\''s'"],
  ["''", "''\\'''\\'''"],
  ['$HOME `id` "$(id)" \\', '\'$HOME `id` "$(id)" \\\''],
  ['a\nb\n', "'a\nb\n'"],
] as const) {
  test(`${JSON.stringify(value)} is written as ${JSON.stringify(written)}`, () => {
    assert.equal(shellAssignments([variable('A', value)]), `export A=${written}\n`);
  });
}

test('assignments stand on lines of their own, in their order', () => {
  assert.equal(shellAssignments([variable('B', '1'), variable('A', '2')]), "export B='1'\nexport A='2'\n");
  assert.equal(shellAssignments([]), '');
});

test('a NUL byte is an error that names the variable and not its value', () => {
  const error = assertRefused(
    () => shellAssignments([variable('A', 'hush\0')]),
    'CONFIG',
    'the value for A holds a NUL',
  );
  assertHides(error, 'hush');
  assertPlain(error);
});

const EVERY_CONTROL = Array.from({ length: 31 }, (_, index) => String.fromCharCode(index + 1)).join('');
// In UTF-8 their second bytes are those that ash and dash mark places in a text with.
const EVERY_LATIN_1 = Array.from({ length: 128 }, (_, index) => String.fromCharCode(index + 0x80)).join('');
const FIXED = [
  EVERY_CONTROL,
  `${EVERY_CONTROL}\u007f${EVERY_LATIN_1}`,
  '\n',
  '\n\n\n',
  "'",
  "\\'",
  "'\n'",
  '\r\n',
  '!!',
  '-n',
  '~',
  '*',
  '() { :; }; echo hit',
  '\ufeff\u2028\u{10ffff}',
  ' x ',
  'é'.repeat(50_000),
  "'".repeat(25_000),
];

const value = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: fc.constantFrom(...`'"\\$\`!#;&|<>(){}[]*?~=%^-+:,. \n\r\t`), maxLength: 40 }),
  fc.string({
    unit: fc.integer({ min: 1, max: 0x1f }).map((code) => String.fromCharCode(code)),
    maxLength: 40,
  }),
  fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => `${text}\n\n`),
);
const values = fc.array(
  value.map((text) => text.replaceAll('\0', '')),
  { minLength: 300, maxLength: 300 },
);

for (const [name, command] of SHELLS) {
  const missing = isInstalled(command) ? undefined : `${command[0]} is not installed`;

  function assertExact(texts: readonly string[], locale: string): void {
    const assignments = shellAssignments(texts.map((text, index) => variable(`V${index}`, text)));
    const { outcome, variables } = environmentAfter(command, assignments, locale);
    assert.equal(outcome.stderr, '');
    assert.equal(outcome.status, 0);
    for (const [index, text] of texts.entries()) {
      assert.equal(variables.get(`V${index}`), Buffer.from(text).toString('latin1'));
    }
  }

  for (const locale of ['C', 'C.UTF-8']) {
    test(`${name} takes every value for what it is (${locale})`, (t) => {
      if (missing !== undefined) return t.skip(missing);
      assertExact(FIXED, locale);
      fc.assert(
        fc.property(values, (texts) => assertExact(texts, locale)),
        { numRuns: 3 },
      );
    });
  }

  test(`${name} ends a script with the status of a failed civault`, (t) => {
    if (missing !== undefined) return t.skip(missing);
    for (const status of [1, 6, 143]) {
      const script = `set -e; eval "$(printf '${shellFailure(status).trim()}\\n')"; echo not reached`;
      const outcome = runShell(command, script);
      assert.deepEqual([outcome.status, outcome.stdout.toString(), outcome.stderr], [status, '', '']);
    }
  });

  // A shell evaluates what some of its own variables are given as arithmetic, and arithmetic runs $(commands).
  test(`${name} runs nothing that stands in a secret's value, whatever its field is called`, (t) => {
    if (missing !== undefined) return t.skip(missing);
    const ran = OWN_VARIABLES.filter((field) => runsCode(field));
    assert.deepEqual(ran, []);
  });

  function runsCode(field: string): boolean {
    return ['x[$(echo ran >&2)0]', 'path[$(echo ran >&2)1]'].some((text) => {
      try {
        const made = settleNames(variablesOf(parseMapping('secret/a'), new Map([[field, text]])));
        return /^ran$/m.test(runShell(command, shellAssignments(made)).stderr);
      } catch (error) {
        if (error instanceof AppError && error.code === 'CONFIG') return false;
        throw error;
      }
    });
  }
}

// Those that the manuals of bash, mksh and zsh say are numbers or have a special meaning.
const OWN_VARIABLES = [
  ...[
    'columns',
    'egid',
    'errno',
    'euid',
    'funcnest',
    'gid',
    'histcmd',
    'histsize',
    'keytimeout',
    'kshegid',
    'kshgid',
  ],
  ...[
    'kshuid',
    'lines',
    'lineno',
    'listmax',
    'logcheck',
    'mailcheck',
    'optind',
    'pgrp',
    'ppid',
    'random',
    'savehist',
  ],
  ...[
    'seconds',
    'shlvl',
    'tmout',
    'ttyidle',
    'uid',
    'user_id',
    'epochseconds',
    'srandom',
    'zle_rprompt_indent',
    'bashpid',
    'groups',
  ],
];
