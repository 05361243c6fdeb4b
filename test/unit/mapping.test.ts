// Proves which variables a MAPPING makes from a secret, and which it refuses to make.

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { AppError } from '../../src/errors.ts';
import { type JsonObject, parseJson } from '../../src/json.ts';
import {
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

test('a path that looks like what another tool writes is read back as it was', () => {
  for (const input of ['*=/A=/a', '/vault:a/b', '/A=/b"/', 'X=/--mount=a b/c#d', '/"a"/b/k@m"/'] as const) {
    const mapping = parseMapping(input);
    assert.deepEqual(parseMapping(formatMapping(mapping)), mapping, input);
  }
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
