// Proves how the doctor's steps look: at 80 columns, with and without colour, and as JSON.

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { showsColour } from '../../src/commands/doctor.ts';
import { reportJson, stepText, summaryText, wrapped } from '../../src/doctor/report.ts';
import { fail, ok, type Step, skip } from '../../src/doctor/step.ts';
import { AppError } from '../../src/errors.ts';

const refused = fail(
  'login',
  new AppError(
    'LOGIN_DENIED',
    'login refused: the role "ci" does not accept this job\'s audience',
    'set it:\n    id_tokens:\n      A:',
  ),
);

test('a step is a line: its result, its name, and what is so', () => {
  assert.equal(stepText(ok('health', 'Vault 1.21.4'), false), 'ok    health       Vault 1.21.4\n');
  assert.equal(stepText(skip('login', 'not without it'), false), 'skip  login        not without it\n');
});

test('what is long goes on below, aligned', () => {
  const words = 'word '.repeat(20).trim();
  assert.equal(
    stepText(ok('certificate', words), false),
    `ok    certificate  ${'word '.repeat(12).trim()}\n${' '.repeat(19)}${'word '.repeat(8).trim()}\n`,
  );
});

test('a failure shows its hint, lines to be copied as they are, and ends in the address of its code', () => {
  assert.equal(
    stepText(refused, false),
    [
      'FAIL  login        login refused: the role "ci" does not accept this job\'s',
      '                   audience',
      '                   hint: set it:',
      '    id_tokens:',
      '      A:',
      '                   see docs/errors.md#login_denied',
      '',
    ].join('\n'),
  );
});

test('lines below a step are aligned among themselves', () => {
  const step = ok('ID token', 'one', {
    lines: [
      ['aud', '"a"'],
      ['project_path', '"g/p"'],
    ],
  });
  assert.equal(
    stepText(step, false),
    'ok    ID token     one\n                   aud           "a"\n                   project_path  "g/p"\n',
  );
});

for (const [result, step, colour] of [
  ['ok', ok('health', 'x'), 32],
  ['FAIL', refused, 31],
  ['skip', skip('health', 'x'), 33],
] as const) {
  test(`the colour of ${result} is ${colour}, and all else is as it is without`, () => {
    const coloured = stepText(step, true);
    assert.equal(coloured.startsWith(`\u001b[${colour}m${result}`), true);
    assert.equal(coloured.replace(/\u001b\[\d+m/g, ''), stepText(step, false));
  });
}

for (const [environment, terminal, shows] of [
  [{}, true, true],
  [{}, false, false],
  [{ TERM: 'dumb' }, true, false],
  [{ GITLAB_CI: 'true' }, false, true],
  [{ GITLAB_CI: 'true', NO_COLOR: '1' }, false, false],
  [{ NO_COLOR: '1' }, true, false],
  [{ NO_COLOR: '' }, true, true],
] as const) {
  test(`${JSON.stringify(environment)}, ${terminal ? 'a' : 'no'} terminal: ${shows ? 'colours' : 'no colour'}`, () => {
    assert.equal(showsColour(environment, terminal), shows);
  });
}

for (const [steps, line] of [
  [[ok('health', 'x'), skip('login', 'y')], 'all is well\n'],
  [[ok('health', 'x'), refused], '1 step failed: exit status 4 (LOGIN_DENIED)\n'],
  [[fail('address', new AppError('CONFIG', 'x')), refused], '2 steps failed: exit status 2 (CONFIG)\n'],
] as const) {
  test(`the last line of ${steps.length} steps is ${JSON.stringify(line)}`, () => {
    assert.equal(summaryText(steps as readonly Step[]), line);
  });
}

test('as JSON each step has its name, result, message and facts, and a failure its code and its hint', () => {
  const steps = [ok('ID token', 'one', { facts: { expires: 'soon', none: undefined } }), refused];
  assert.deepEqual(JSON.parse(reportJson(steps, 4)), {
    ok: false,
    status: 4,
    steps: [
      { step: 'id_token', result: 'ok', message: 'one', expires: 'soon' },
      {
        step: 'login',
        result: 'fail',
        message: 'login refused: the role "ci" does not accept this job\'s audience',
        code: 'LOGIN_DENIED',
        hint: 'set it:\n    id_tokens:\n      A:\n  see docs/errors.md#login_denied',
      },
    ],
  });
});

test('JSON holds nothing that a terminal would act on', () => {
  const text = reportJson([ok('health', 'a\u009b31m\u202eb', { facts: { x: '\u200b' } })], 0);
  assert.doesNotMatch(text, /[\u0000-\u0009\u007f-\u009f\u200b\u202e]/);
  assert.equal(JSON.parse(text).steps[0].message, 'a\u009b31m\u202eb');
});

test('a bug is no finding', () => {
  assert.throws(() => fail('login', new TypeError('x')), TypeError);
});

test('any text is broken without loss, into lines that are as long as allowed at most', () => {
  fc.assert(
    fc.property(
      fc.array(fc.stringMatching(/^[a-z:/,=]{1,90}$/), { maxLength: 12 }),
      fc.integer({ min: 10, max: 61 }),
      (words, width) => {
        const lines = wrapped(words.join(' '), width);
        assert.equal(lines.join('').replaceAll(' ', ''), words.join(''));
        for (const line of lines) assert.equal(line.length <= width, true, line);
      },
    ),
  );
});

test('a long word is broken where it has its parts', () => {
  assert.deepEqual(wrapped('"project_path:group/project:ref_type:branch:ref:main"', 30), [
    '"project_path:group/project:',
    'ref_type:branch:ref:main"',
  ]);
});
