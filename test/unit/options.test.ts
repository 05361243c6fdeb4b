// Proves that the command line is taken for what it says: nothing made a number, nothing unknown, nothing lost.

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { AppError } from '../../src/errors.ts';
import { asksForHelp, type CommandLine, parseCommandLine } from '../../src/options.ts';
import { assertPlain, assertRefused } from './failures.ts';

const GRAMMAR = { values: ['format'] };
const parse = (...args: string[]): CommandLine => parseCommandLine(args, GRAMMAR, 'env');

const TAKEN: readonly (readonly [args: string[], flags: object, positionals: string[], own?: object])[] = [
  [[], {}, []],
  [['secret/a'], {}, ['secret/a']],
  [['--role', '007'], { role: '007' }, []],
  [['--role=007'], { role: '007' }, []],
  [['--role', '1e3', '--retries', '0x10'], { role: '1e3', retries: '0x10' }, []],
  [['--role', 'true', 'a'], { role: 'true' }, ['a']],
  [['--role='], { role: '' }, []],
  [['--role', ''], { role: '' }, []],
  [['--role=a=b'], { role: 'a=b' }, []],
  [['--role=-x'], { role: '-x' }, []],
  [['--role=--help'], { role: '--help' }, []],
  [['--role', '-'], { role: '-' }, []],
  [['--role=a\nb'], { role: 'a\nb' }, []],
  [['007', '0x10', '1e3', '1.0', 'true', ''], {}, ['007', '0x10', '1e3', '1.0', 'true', '']],
  [['A=secret/a#b', '--role', 'r', 'B=secret/c'], { role: 'r' }, ['A=secret/a#b', 'B=secret/c']],
  [['--no-revoke', 'a'], { revoke: false }, ['a']],
  [['--no-revoke', 'false'], { revoke: false }, ['false']],
  [['-'], {}, ['-']],
  [['--', '--role', '-x', '--'], {}, ['--role', '-x', '--']],
  [['a', '--', '--no-revoke', '007'], {}, ['a', '--no-revoke', '007']],
  [['--format', 'sh', 'a'], {}, ['a'], { format: 'sh' }],
  [
    ['--id-token-variable', 'V', '--auth-path', 'p', '--ca-file', 'f'],
    { 'id-token-variable': 'V', 'auth-path': 'p', 'ca-file': 'f' },
    [],
  ],
];
for (const [args, flags, positionals, own = {}] of TAKEN) {
  test(`${JSON.stringify(args)} is taken as it stands`, () => {
    assert.deepEqual(parse(...args), {
      positionals,
      flags: { revoke: true, ...flags },
      own,
      switches: new Set(),
      program: [],
    });
  });
}

const REFUSED: readonly (readonly [args: string[], part: string])[] = [
  [['--bogus'], 'unknown flag "--bogus"'],
  [['--bogus=1'], 'unknown flag "--bogus"'],
  [['--rol=x'], 'unknown flag "--rol"'],
  [['--Role=x'], 'unknown flag "--Role"'],
  [['--no-role'], 'unknown flag "--no-role"'],
  [['--no-no-revoke'], 'unknown flag "--no-no-revoke"'],
  [['--no-revoke=false'], 'unknown flag "--no-revoke"'],
  [['--revoke=false'], 'unknown flag "--revoke"'],
  [['--__proto__=1'], 'unknown flag "--__proto__"'],
  [['--__proto__.x=1'], 'unknown flag "--__proto__.x"'],
  [['--constructor.prototype.x=1'], 'unknown flag "--constructor.prototype.x"'],
  [['--toString', 'x'], 'unknown flag "--toString"'],
  [['--_=x'], 'unknown flag "--_"'],
  [['--_', 'x'], 'unknown flag "--_"'],
  [['--role.x=1'], 'unknown flag "--role.x"'],
  [['---role=x'], 'unknown flag'],
  [['--=x'], 'unknown flag'],
  [['-x'], 'unknown flag "-x"'],
  [['-x=1'], 'unknown flag "-x"'],
  [['-role', 'x'], 'unknown flag'],
  [['-5'], 'unknown flag "-5"'],
  [['-n5'], 'unknown flag'],
  [['-\n'], 'unknown flag'],
  [['--\nrole=x'], 'unknown flag'],
  [['--ro\u001b[31mle'], 'unknown flag "--ro\\u001b[31mle"'],
  [['--role'], '--role needs a value'],
  [['--role', '--retries', '3'], '--role needs a value'],
  [['--role', '-x'], '--role needs a value'],
  [['--role', '-\nx'], '--role needs a value'],
  [['--role', '--'], '--role needs a value'],
  [['--format'], '--format needs a value'],
  [['--role', 'a', '--role', 'b'], '--role is given twice'],
  [['--role=a', '--role=a'], '--role is given twice'],
];
for (const [args, part] of REFUSED) {
  test(`${JSON.stringify(args)} is refused: ${part}`, () => {
    const error = assertRefused(() => parse(...args), 'USAGE', part);
    assertPlain(error);
    assert.match(error.hint ?? '', /civault env --help|--[a-z-]+=VALUE$/);
    assert.equal('x' in {}, false);
  });
}

test("another command's own flag is unknown", () => {
  assertRefused(
    () => parseCommandLine(['--format=sh'], { values: [] }, 'get'),
    'USAGE',
    'unknown flag "--format"',
  );
});

const WITH_SWITCH = { values: ['output'], switches: ['base64-decode', 'other'] };

test('a switch takes no value, and is told only where it was given', () => {
  for (const args of [
    ['--base64-decode', 'a'],
    ['a', '--base64-decode'],
    ['--base64-decode', 'a', '--base64-decode'],
  ]) {
    const { switches, positionals } = parseCommandLine(args, WITH_SWITCH, 'get');
    assert.deepEqual([switches, positionals], [new Set(['base64-decode']), ['a']]);
  }
  assert.deepEqual(parseCommandLine(['a', '--', '--other'], WITH_SWITCH, 'get').switches, new Set());
});

for (const [args, part] of [
  [['--base64-decode=yes'], 'unknown flag "--base64-decode"'],
  [['--no-base64-decode'], 'unknown flag "--no-base64-decode"'],
  [['--output', '--base64-decode'], '--output needs a value'],
  [['--bogus'], 'unknown flag "--bogus"'],
] as const) {
  test(`${args.join(' ')} of a command with a switch is refused: ${part}`, () => {
    assertPlain(assertRefused(() => parseCommandLine(args, WITH_SWITCH, 'get'), 'USAGE', part));
  });
}

const WITH_PROGRAM = { values: ['format'], takesProgram: true } as const;

for (const [args, positionals, program] of [
  [['a', '--', 'b', '--role', '-x', '--', ''], ['a'], ['b', '--role', '-x', '--', '']],
  [['--', '--'], [], ['--']],
  [['a', '--'], ['a'], []],
  [['--format', 'x', '--', '--format', 'y'], [], ['--format', 'y']],
] as const) {
  test(`of ${JSON.stringify(args)} the program is ${JSON.stringify(program)}`, () => {
    const line = parseCommandLine(args, WITH_PROGRAM, 'exec');
    assert.deepEqual([line.positionals, line.program], [positionals, program]);
  });
}

test('a program without -- before it is told how it is written', () => {
  const failure = assertRefused(
    () => parseCommandLine(['A=b', 'sh', '-c', 'x'], WITH_PROGRAM, 'exec'),
    'USAGE',
    'behind --',
  );
  assert.match(failure.hint ?? '', /^put -- before it: civault exec /);
});

test('a flag before the program cannot take its value from behind the --', () => {
  assertRefused(
    () => parseCommandLine(['--role', '--', 'x'], WITH_PROGRAM, 'exec'),
    'USAGE',
    '--role needs a value',
  );
});

test('the arguments given are not changed', () => {
  const args = Object.freeze(['--role', 'a', 'b']);
  assert.deepEqual(parseCommandLine(args, GRAMMAR, 'env').positionals, ['b']);
});

for (const [args, asked] of [
  [['--help'], true],
  [['a', '-h'], true],
  [['--bogus', '--help'], true],
  [['--', '--help'], false],
  [['a', '--', '-h'], false],
  [['--helpful'], false],
  [['--role=--help'], false],
  [[], false],
] as const) {
  test(`${JSON.stringify(args)} ${asked ? 'asks' : 'does not ask'} for help`, () => {
    assert.equal(asksForHelp(args), asked);
  });
}

test('whatever stands behind -- is an argument, as it stands and in its place', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), (args) => {
      assert.deepEqual(parse('a', '--', ...args).positionals, ['a', ...args]);
    }),
  );
});

test('an argument that does not begin with a dash is never changed nor lost', () => {
  const argument = fc.string({ unit: 'binary' }).filter((text) => !text.startsWith('-'));
  fc.assert(fc.property(fc.array(argument), (args) => assert.deepEqual(parse(...args).positionals, args)));
});

test('any line is taken whole or is a USAGE error', () => {
  const piece = fc.constantFrom(
    '-',
    '--',
    'role',
    'no-',
    'revoke',
    'format',
    '=',
    'a',
    '1',
    '\n',
    '.',
    '__proto__',
    'x',
  );
  const argument = fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(fc.array(argument, { maxLength: 5 }), (args) => {
      let line: CommandLine;
      try {
        line = parse(...args);
      } catch (error) {
        assert.ok(error instanceof AppError, String(error));
        assert.equal(error.code, 'USAGE');
        assertPlain(error);
        return;
      }
      const taken = [...line.positionals, ...Object.values(line.flags), ...Object.values(line.own)];
      const plain = args.filter((arg) => !arg.startsWith('-'));
      assert.deepEqual(
        plain.filter((arg) => !taken.includes(arg)),
        [],
      );
    }),
    { numRuns: 2000 },
  );
});
