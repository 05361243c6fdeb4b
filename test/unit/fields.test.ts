// Proves that a field comes out as Vault holds it, and that one which is not there names those that are.

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { isJsonObject, type JsonObject, parseJson } from '../../src/json.ts';
import { selectField, valueAsSecret } from '../../src/vault/fields.ts';
import { type Field, parseReference } from '../../src/vault/reference.ts';
import { assertHides, assertHolds, assertPlain, assertRefused } from './failures.ts';

const TEXT = `{"password":"p'w\\n","empty":"","":"nameless","a/b":"slash","~":"tilde","__proto__":"proto",
  "port":8443,"price":1.10,"id":12345678901234567890,"on":true,"off":false,"nothing":null,
  "nested":{"list":[10,{"deep":"d"},[]],"":"e","01":"z","null":null}}`;

function fieldsOf(text: string): JsonObject {
  const value = parseJson(text);
  assert.ok(isJsonObject(value), 'the fields are no object');
  return value;
}

const FIELDS = fieldsOf(TEXT);
const fieldOf = (text: string): Field | undefined => parseReference(`secret/a${text}`).field;

for (const [field, value] of [
  ['#password', "p'w\n"],
  ['#empty', ''],
  ['#', 'nameless'],
  ['#a/b', 'slash'],
  ['#~', 'tilde'],
  ['#__proto__', 'proto'],
  ['#port', '8443'],
  ['#price', '1.10'],
  ['#id', '12345678901234567890'],
  ['#on', 'true'],
  ['#off', 'false'],
  ['#nested', '{"list":[10,{"deep":"d"},[]],"":"e","01":"z","null":null}'],
  ['#/password', "p'w\n"],
  ['#/', 'nameless'],
  ['#/a~1b', 'slash'],
  ['#/~0', 'tilde'],
  ['#/__proto__', 'proto'],
  ['#/nested/list', '[10,{"deep":"d"},[]]'],
  ['#/nested/list/0', '10'],
  ['#/nested/list/1/deep', 'd'],
  ['#/nested/list/2', '[]'],
  ['#/nested/', 'e'],
  ['#/nested/01', 'z'],
] as const) {
  test(`${field} gives ${JSON.stringify(value)}`, () => {
    assert.equal(selectField(FIELDS, fieldOf(field), 'secret/a').reveal(), value);
  });
}

for (const [field, message] of [
  ['#absent', 'secret/a has no field "absent"'],
  ['#Password', 'secret/a has no field "Password"'],
  ['#toString', 'secret/a has no field "toString"'],
  ['#nested/list', 'secret/a has no field "nested/list"'],
  ['#nothing', 'the field "nothing" of secret/a is null'],
  ['#/nothing', 'the field #/nothing of secret/a is null'],
  ['#/nested/null', 'the field #/nested/null of secret/a is null'],
  ['#/nested/absent', 'secret/a has no field #/nested/absent'],
  ['#/password/length', 'secret/a has no field #/password/length'],
  ['#/password/0', 'secret/a has no field #/password/0'],
  ['#/nested/list/3', 'secret/a has no field #/nested/list/3'],
  ['#/nested/list/00', 'secret/a has no field #/nested/list/00'],
  ['#/nested/list/-', 'secret/a has no field #/nested/list/-'],
  ['#/nested/list/length', 'secret/a has no field #/nested/list/length'],
  ['#/nested/list/1e0', 'secret/a has no field #/nested/list/1e0'],
  ['#/nothing/a', 'secret/a has no field #/nothing/a'],
  ['#/port/0', 'secret/a has no field #/port/0'],
] as const) {
  test(`${field} is not there: ${message}`, () => {
    const error = assertRefused(
      () => selectField(FIELDS, fieldOf(field), 'secret/a'),
      'FIELD_NOT_FOUND',
      message,
    );
    assert.match(error.hint ?? '', /^the fields there are: /);
    assertHolds(error.hint, '"password"');
  });
}

test('the whole secret is JSON with its numbers and keys as they are', () => {
  const json = selectField(FIELDS, undefined, 'secret/a').reveal();
  assert.deepEqual(parseJson(json), FIELDS);
  assertHolds(json, '"price":1.10,"id":12345678901234567890');
});

test('an empty secret is {}, and has no field to name', () => {
  assert.equal(selectField(new Map(), undefined, 'secret/a').reveal(), '{}');
  const error = assertRefused(
    () => selectField(new Map(), fieldOf('#a'), 'secret/a'),
    'FIELD_NOT_FOUND',
    'no field "a"',
  );
  assert.match(error.hint ?? '', /the secret is empty/);
});

test('the fields that are there stand with the likeliest first, and not more than twenty of them', () => {
  const fields = new Map(
    Array.from({ length: 30 }, (_, index) => [`f${String(index).padStart(2, '0')}`, 'x']),
  );
  fields.set('zPassWord', 'x').set('PASSWORD', 'x');
  const error = assertRefused(
    () => selectField(fields, fieldOf('#password'), 'secret/a'),
    'FIELD_NOT_FOUND',
    'password',
  );
  assert.match(
    error.hint ?? '',
    /^the fields there are: "PASSWORD", "zPassWord", "f00", .*"f17", and 12 more$/,
  );
});

test('of a pointer, the fields whose names are like its first are the likeliest', () => {
  const fields = fieldsOf('{"a":"x","Password":{}}');
  const error = assertRefused(
    () => selectField(fields, fieldOf('#/password/a'), 'secret/a'),
    'FIELD_NOT_FOUND',
    '#/password/a',
  );
  assert.equal(error.hint, 'the fields there are: "Password", "a"');
});

test('an element of a list has as many digits as it takes', () => {
  const fields = new Map([['list', Array.from({ length: 120 }, (_, index) => `item ${index}`)]]);
  for (const index of [0, 9, 10, 42, 119]) {
    assert.equal(selectField(fields, fieldOf(`#/list/${index}`), 'secret/a').reveal(), `item ${index}`);
  }
});

test('a message about any fields is plain and holds none of their values', () => {
  const fields = fc.dictionary(fc.string({ unit: 'binary' }), fc.constant('the-value'), { maxKeys: 30 });
  fc.assert(
    fc.property(fields, fc.string({ unit: 'binary' }), (members, wanted) => {
      const map = new Map(Object.entries(members));
      map.delete(wanted);
      const error = assertRefused(
        () => selectField(map, { kind: 'key', key: wanted }, 'secret/a'),
        'FIELD_NOT_FOUND',
        'has no field',
      );
      assertPlain(error);
      assertHides(error, 'the-value');
    }),
  );
});

test('every string comes out as it is, by key and by pointer', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (key, value) => {
      const fields = new Map([[key, value]]);
      assert.equal(selectField(fields, { kind: 'key', key }, 'a').reveal(), value);
      assert.equal(selectField(fields, { kind: 'pointer', tokens: [key] }, 'a').reveal(), value);
      assert.equal(valueAsSecret(value).reveal(), value);
    }),
  );
});

test('a value does not show when it is printed', () => {
  const secret = selectField(FIELDS, fieldOf('#password'), 'secret/a');
  assert.equal(`${secret} ${JSON.stringify({ secret })}`, '[secret] {"secret":"[secret]"}');
});
