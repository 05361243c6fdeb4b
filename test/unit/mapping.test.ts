// Proves which variables a MAPPING makes from a secret, and which it refuses to make.

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { AppError } from '../../src/errors.ts';
import { type JsonObject, parseJson } from '../../src/json.ts';
import {
  checkNames,
  formatMapping,
  type Mapping,
  nullFields,
  parseMapping,
  settleNames,
  variablesOf,
} from '../../src/mapping.ts';
import { formatReference } from '../../src/vault/reference.ts';
import { assertHolds, assertPlain, assertRefused } from './failures.ts';

const FORMS: readonly (readonly [text: string, target: string, reference: string])[] = [
  ['TOKEN=secret/a#t', 'name TOKEN', 'secret/a#t'],
  ['_t0=secret/a#t', 'name _t0', 'secret/a#t'],
  ['TOKEN=secret/a#t=u', 'name TOKEN', 'secret/a#t=u'],
  ['TOKEN=a=b/c', 'name TOKEN', 'a=b/c'],
  ['TOKEN=ci/password@secret', 'name TOKEN', 'ci/password@secret'],
  ['TRIVY_*=secret/a', 'fields TRIVY_', 'secret/a'],
  ['trivy*=secret/a', 'fields trivy', 'secret/a'],
  ['*=secret/a', 'fields ', 'secret/a'],
  ['P_*=secret/a#one', 'fields P_', 'secret/a#one'],
  ['secret/a', 'fields ', 'secret/a'],
  ['secret/a#f', 'fields ', 'secret/a#f'],
  ['secret/a#f=g', 'fields ', 'secret/a#f=g'],
  ['secret/a=b', 'fields ', 'secret/a=b'],
  ['secret/a?version=1', 'fields ', 'secret/a?version=1'],
  ['a@b/pw@secret', 'fields ', 'a@b/pw@secret'],
];
for (const [text, target, reference] of FORMS) {
  test(`${text} is ${target}, of ${reference}`, () => {
    const mapping = parseMapping(text);
    const { target: made } = mapping;
    assert.equal(made.kind === 'name' ? `name ${made.name}` : `fields ${made.prefix}`, target);
    assert.equal(formatReference(mapping.reference), reference);
  });
}

for (const [text, part] of [
  ['=secret/a', '"" is not a variable\'s name'],
  ['1A=secret/a', '"1A" is not a variable\'s name'],
  ['A-B=secret/a', '"A-B" is not a variable\'s name'],
  ['A B=secret/a', '"A B" is not a variable\'s name'],
  ['Ä=secret/a', '"Ä" is not a variable\'s name'],
  ['A\n=secret/a', '"A\\u000a" is not a variable\'s name'],
  ['A[0]=secret/a', '"A[0]" is not a variable\'s name'],
  ['$(id)=secret/a', '"$(id)" is not a variable\'s name'],
  ['export A=secret/a', "is not a variable's name"],
  ['A**=secret/a', '"A*" is not a variable\'s prefix'],
  ['1*=secret/a', '"1" is not a variable\'s prefix'],
  ['RANDOM=secret/a#b', 'the variable RANDOM is a number to some shells, which run what stands in it'],
  ['UID=secret/a#b', "the variable UID is the shell's own"],
  ['A=', 'it has no path'],
  ['', 'it has no path'],
  ['A=secret/../b', 'the segment .. is not allowed'],
] as const) {
  test(`${JSON.stringify(text)} is no mapping: ${part}`, () => {
    assertPlain(assertRefused(() => parseMapping(text), 'USAGE', part));
  });
}

// A key of GitLab's form, an equals sign in every place, a prefix or none.
const part = fc.constantFrom(
  'a',
  'B_',
  '=',
  '/',
  '#',
  '@',
  '?version=2',
  '*',
  '*=',
  'A=',
  '~1',
  '.',
  '-',
  'ß',
);
const text = fc.oneof(
  fc.array(part, { maxLength: 8 }).map((parts) => parts.join('')),
  fc.string({ unit: 'binary' }),
);

test('any text is a mapping or a USAGE error', () => {
  fc.assert(
    fc.property(text, (input) => {
      try {
        parseMapping(input);
      } catch (error) {
        assert.ok(error instanceof AppError, String(error));
        assert.equal(error.code, 'USAGE');
        assertPlain(error);
      }
    }),
    { numRuns: 2000 },
  );
});

test('a mapping that is written is read back as it was', () => {
  fc.assert(
    fc.property(text, (input) => {
      let mapping: Mapping;
      try {
        mapping = parseMapping(input);
      } catch {
        return;
      }
      assert.deepEqual(parseMapping(formatMapping(mapping)), mapping);
    }),
    { numRuns: 2000 },
  );
});

const SECRET = parseJson(
  '{"username":"ci","pass-word":"p w","port":8081,"big":12345678901234567890,"tls":true,"none":null,"nested":{"a":[1.10]},"empty":""}',
) as JsonObject;

function made(mapping: string, fields: JsonObject = SECRET): Record<string, string> {
  const variables = settleNames(variablesOf(parseMapping(mapping), fields));
  return Object.fromEntries(variables.map(({ name, value }) => [name, value.reveal()]));
}

const ALL = {
  USERNAME: 'ci',
  PASS_WORD: 'p w',
  PORT: '8081',
  BIG: '12345678901234567890',
  TLS: 'true',
  NESTED: '{"a":[1.10]}',
  EMPTY: '',
};
const prefixed = Object.fromEntries(Object.entries(ALL).map(([name, value]) => [`N_${name}`, value]));

for (const [mapping, variables] of [
  ['USER=secret/a#username', { USER: 'ci' }],
  ['USER=a/username@secret', { USER: 'ci' }],
  ['PATH=secret/a#username', { PATH: 'ci' }],
  ['N=secret/a#/nested/a/0', { N: '1.10' }],
  ['secret/a', ALL],
  ['*=secret/a', ALL],
  ['N_*=secret/a', prefixed],
  ['secret/a#pass-word', { PASS_WORD: 'p w' }],
  ['a/pass-word@secret', { PASS_WORD: 'p w' }],
  ['N_*=secret/a#/nested/a', { N_A: '[1.10]' }],
  ['N_*=secret/a#/nested/a/0', { N_0: '1.10' }],
] as const) {
  test(`${mapping} makes ${Object.keys(variables).join(', ')}`, () => {
    assert.deepEqual(made(mapping), variables);
  });
}

test('a whole secret given a name comes as JSON with every field, numbers as Vault wrote them', () => {
  const json = made('ALL=secret/a')['ALL'] ?? '';
  assert.deepEqual(parseJson(json), SECRET);
  assertHolds(json, '"big":12345678901234567890');
});

for (const [mapping, fields, code, message] of [
  ['N=secret/a#none', '{"none":null}', 'FIELD_NOT_FOUND', 'the field "none" of secret/a is null'],
  ['secret/a#absent', '{"b":1}', 'FIELD_NOT_FOUND', 'secret/a has no field "absent"'],
  ['secret/a', '{"path":"/tmp"}', 'CONFIG', 'would set PATH, which decides which programs run'],
  ['secret/a', '{"Ld-Preload":"x"}', 'CONFIG', 'would set LD_PRELOAD, which steers the dynamic linker'],
  ['LD_*=secret/a', '{"preload":"x"}', 'CONFIG', 'would set LD_PRELOAD, which steers the dynamic linker'],
  ['secret/a#path', '{"path":"/tmp"}', 'CONFIG', 'would set PATH, which decides which programs run'],
  ['secret/a', '{"0":"x"}', 'CONFIG', 'the field "0" of secret/a makes no variable name'],
  ['secret/a', '{"":"x"}', 'CONFIG', 'the field "" of secret/a makes no variable name'],
] as const) {
  test(`${mapping} of ${fields} is refused: ${message}`, () => {
    const error = assertRefused(() => made(mapping, parseJson(fields) as JsonObject), code, message);
    assertPlain(error);
  });
}

test('the hint for a field that makes no name is a REF that reads that very secret', () => {
  for (const mapping of ['a/b/path@secret', 'secret/data/a/b#path']) {
    const error = assertRefused(() => made(mapping, new Map([['path', 'x']])), 'CONFIG', 'would set PATH');
    const reference = /NAME=(.*)#FIELD$/.exec(error.hint ?? '')?.[1] ?? '';
    assert.match(reference, /^secret\//);
  }
});

test('two fields that meet in one name are an error that names it', () => {
  const variables = variablesOf(
    parseMapping('N_*=secret/a'),
    new Map([
      ['a-b', '1'],
      ['a.b', '2'],
    ]),
  );
  const error = assertRefused(
    () => settleNames(variables),
    'CONFIG',
    'the variable N_A_B would be set twice',
  );
  assert.equal(error.message, 'the variable N_A_B would be set twice: from secret/a#a-b and secret/a#a.b');
  assert.equal(error.hint, 'give one of the two fields a name of its own: NAME=REF#FIELD');
});

for (const [mappings, from] of [
  [['A=secret/a#b', 'A=secret/c'], 'A would be set twice: from secret/a#b and secret/c'],
  [
    ['A=secret/a#b', 'secret/c?version=2#a'],
    'A would be set twice: from secret/a#b and secret/c?version=2#a',
  ],
  [['a/x@team/kv', 'X=secret/a#/b/x'], 'X would be set twice: from team/kv/data/a#x and secret/a#/b/x'],
  [
    ['P_X=secret/a#b', 'Q=secret/a', 'P_*=secret/a#x'],
    'P_X would be set twice: from secret/a#b and secret/a#x',
  ],
] as const) {
  test(`${mappings.join(' ')} are refused before anything is read: ${from}`, () => {
    const error = assertRefused(
      () => checkNames(mappings.map(parseMapping)),
      'CONFIG',
      `the variable ${from}`,
    );
    assertPlain(error);
  });
}

test('a field that looks like a JSON Pointer is told by a REF that reads it', () => {
  const all = ['/x', '~x'].map((key) => [key, '1'] as const);
  const { message } = assertRefused(
    () => made('P_*=secret/a', new Map(all)),
    'CONFIG',
    'P__X would be set twice',
  );
  const [first = '', second = ''] = /from (.*) and (.*)$/.exec(message)?.slice(1) ?? [];
  assert.deepEqual(
    [first, second].map((reference) => made(`V=${reference}`, new Map(all))),
    [{ V: '1' }, { V: '1' }],
  );
});

/** What several mappings make of secrets, as a run makes it. */
function madeOf(mappings: readonly (readonly [mapping: string, fields: Record<string, string>])[]): unknown {
  const parsed = mappings.map(([mapping]) => parseMapping(mapping));
  return settleNames(
    mappings.flatMap(([mapping, fields]) =>
      variablesOf(parseMapping(mapping), new Map(Object.entries(fields)), parsed),
    ),
  );
}

test('every field that makes no variable is told, of every secret, and not only the first', () => {
  const error = assertRefused(
    () =>
      madeOf([
        ['secret/a', { path: '1', user: '2', '0': '3', 'ld-preload': '4' }],
        ['T=secret/a#user', { user: '2' }],
        ['*=b/c', { home: '5' }],
      ]),
    'CONFIG',
    '4 fields cannot become variables:',
  );
  assert.deepEqual(error.message.split('\n'), [
    '4 fields cannot become variables:',
    '    the field "0" of secret/a makes no variable name',
    '    the field "path" of secret/a would set PATH, which decides which programs run',
    '    the field "ld-preload" of secret/a would set LD_PRELOAD, which steers the dynamic linker',
    '    the field "home" of b/c would set HOME, which decides where programs keep and find their files',
  ]);
  assert.equal(error.hint, 'give each a name of its own: NAME=PATH#FIELD');
});

test('the hint names the secret where all of the fields are of one', () => {
  const { hint } = assertRefused(
    () => madeOf([['secret/a', { path: '1', home: '2' }]]),
    'CONFIG',
    '2 fields',
  );
  assert.equal(hint, 'give each a name of its own: NAME=secret/a#FIELD');
});

test('fields that are named one by one are told all together as well, before anything is read', () => {
  const mappings = ['secret/a#path', 'secret/a#ok', 'b/home@secret', 'A=secret/a#path'].map(parseMapping);
  const { message } = assertRefused(
    () => checkNames(mappings),
    'CONFIG',
    '2 fields cannot become variables:',
  );
  assert.match(
    message,
    /\n {4}the field "path" of secret\/a .*\n {4}the field "home" of secret\/data\/b would set HOME/,
  );
});

for (const [count, lines, last] of [
  [20, 21, /^ {4}the field "19/],
  [21, 22, /^ {4}and 1 more$/],
  [100, 22, /^ {4}and 80 more$/],
] as const) {
  test(`of ${count} fields that make no variable, 20 are told`, () => {
    const fields = Object.fromEntries(Array.from({ length: count }, (_, index) => [`${index}!`, 'x']));
    const { message } = assertRefused(() => madeOf([['secret/a', fields]]), 'CONFIG', `${count} fields`);
    assert.equal(message.split('\n').length, lines);
    assert.match(message.split('\n').at(-1) ?? '', last);
  });
}

test('a name that is refused is told before one that is there twice', () => {
  assertRefused(
    () => madeOf([['secret/a', { path: '1', 'x-y': '2', x_y: '3' }]]),
    'CONFIG',
    'would set PATH',
  );
});

test('a refused field is no matter where the user names it', () => {
  const variables = madeOf([
    ['secret/a', { path: '1', user: '2' }],
    ['PLACE=secret/a#path', { path: '1' }],
  ]);
  assert.deepEqual(
    (variables as { name: string }[]).map(({ name }) => name),
    ['USER', 'PLACE'],
  );
});

test('variables of different names stay in their order', () => {
  const variables = settleNames(variablesOf(parseMapping('secret/a'), SECRET));
  assert.deepEqual(
    variables.map(({ name }) => name),
    Object.keys(ALL),
  );
});

test('no field of any name or value crashes it, and no name that comes out is other than a POSIX name', () => {
  const names = fc.dictionary(fc.string({ unit: 'binary' }), fc.string(), { maxKeys: 5 });
  fc.assert(
    fc.property(names, fc.constantFrom('', 'P_'), (fields, prefix) => {
      try {
        for (const name of Object.keys(made(`${prefix}*=secret/a`, new Map(Object.entries(fields))))) {
          assert.match(name, /^[A-Za-z_][A-Za-z0-9_]*$/);
        }
      } catch (error) {
        assert.ok(error instanceof AppError, String(error));
        // Only a secret without any field makes no variable and no name.
        assert.equal(error.code, Object.keys(fields).length === 0 ? 'FIELD_NOT_FOUND' : 'CONFIG');
        assertPlain({ ...error, message: error.message.replaceAll('\n    ', ' ') });
      }
    }),
  );
});

for (const json of ['{}', '{"a":null,"b":null}']) {
  test(`a secret that is ${json} makes no variable, and that is an error`, () => {
    const fields = parseJson(json) as JsonObject;
    for (const text of ['secret/a', 'P_*=secret/a']) {
      assertRefused(
        () => variablesOf(parseMapping(text), fields),
        'FIELD_NOT_FOUND',
        'secret/a has no field to make a variable of',
      );
    }
  });
}

test('the fields that are null are named, but for those that were not asked for', () => {
  const fields = parseJson('{"a":null,"b":"1","c":null}') as JsonObject;
  assert.deepEqual(nullFields(parseMapping('secret/a'), fields), ['a', 'c']);
  assert.deepEqual(nullFields(parseMapping('P_*=secret/a'), fields), ['a', 'c']);
  assert.deepEqual(nullFields(parseMapping('secret/a#b'), fields), []);
  assert.deepEqual(nullFields(parseMapping('N=secret/a'), fields), []);
});
