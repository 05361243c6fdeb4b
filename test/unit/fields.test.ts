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
  ['#nothing', 'the field "nothing" of secret/a is null'],
  ['#/nothing', 'the field #/nothing of secret/a is null'],
  ['#/nested/null', 'the field #/nested/null of secret/a is null'],
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

// A pointer that ends in the middle, as far as it leads.
for (const [field, there, hint] of [
  ['#/nested/absent', '/nested is there, and has no "absent"', 'it has: "list", "", "01", "null"'],
  ['#/nested/lits', '/nested is there, and has no "lits"', 'it has: "list", '],
  ['#/password/length', '/password is there, and has no "length"', 'it is a single value'],
  ['#/password/0', '/password is there, and has no "0"', 'it is a single value: end the pointer there'],
  ['#/nested/list/3', '/nested/list is there, and has no "3"', 'it is a list: its elements are 0 to 2'],
  ['#/nested/list/00', 'and has no "00"', 'its elements are 0 to 2'],
  ['#/nested/list/-', 'and has no "-"', 'its elements are 0 to 2'],
  ['#/nested/list/length', 'and has no "length"', 'its elements are 0 to 2'],
  ['#/nested/list/1e0', 'and has no "1e0"', 'its elements are 0 to 2'],
  ['#/nested/list/2/0', '/nested/list/2 is there, and has no "0"', 'it is an empty list'],
  ['#/nested/list/1/x/y', '/nested/list/1 is there, and has no "x"', 'it has: "deep"'],
  ['#/nothing/a', '/nothing is there, and has no "a"', 'it is null'],
  ['#/port/0', '/port is there, and has no "0"', 'it is a single value'],
  ['#/a~1b/c', '/a~1b is there, and has no "c"', 'it is a single value'],
] as const) {
  test(`${field} leads as far as: ${there}`, () => {
    const error = assertRefused(
      () => selectField(FIELDS, fieldOf(field), 'secret/a'),
      'FIELD_NOT_FOUND',
      `secret/a has no field ${field}`,
    );
    assertHolds(error.hint, there);
    assertHolds(error.hint, hint);
    assertPlain(error);
  });
}

test('a slip within a pointer is told with the whole pointer', () => {
  const error = assertRefused(
    () => selectField(FIELDS, fieldOf('#/nested/lits'), 'secret/a'),
    'FIELD_NOT_FOUND',
    'no field',
  );
  assert.equal(error.message, 'secret/a has no field #/nested/lits: did you mean "/nested/list"?');
});

for (const [field, hint] of [
  ['#nested/list', 'for the nested value, write #/nested/list; the fields there are: '],
  ['#nested.list', 'for the nested value, write #/nested/list; the fields there are: '],
  ['#nested.list.1.deep', 'for the nested value, write #/nested/list/1/deep; '],
  ['#nested.', 'for the nested value, write #/nested/; '],
] as const) {
  test(`${field} is a name, and how the nested value is written is told`, () => {
    const error = assertRefused(
      () => selectField(FIELDS, fieldOf(field), 'secret/a'),
      'FIELD_NOT_FOUND',
      'has no',
    );
    assertHolds(error.hint, hint);
  });
}

for (const field of ['#nested.absent', '#nested.null', '#a.b', `#${'nested.'.repeat(100)}`]) {
  test(`${field.slice(0, 20)} names nothing nested`, () => {
    const error = assertRefused(
      () => selectField(FIELDS, fieldOf(field), 'secret/a'),
      'FIELD_NOT_FOUND',
      'has no',
    );
    assert.match(error.hint ?? '', /^the fields there are: /);
  });
}

for (const [field, meant] of [
  ['#passwort', '"password"'],
  ['#Password', '"password"'],
  ['#pasword', '"password"'],
  ['#passwrod', '"password"'],
  ['#/passwort', '"/password"'],
  ['#a/', undefined],
  ['#user', undefined],
  ['#x', undefined],
] as const) {
  test(`${field} is ${meant === undefined ? 'like no field' : `taken for a slip of ${meant}`}`, () => {
    const fields = fieldsOf('{"password":"x","other":"y","b":"z"}');
    const { message } = assertRefused(
      () => selectField(fields, fieldOf(field), 'secret/a'),
      'FIELD_NOT_FOUND',
      'has no',
    );
    if (meant === undefined) assert.doesNotMatch(message, /did you mean/);
    else assert.ok(message.endsWith(`: did you mean ${meant}?`), message);
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
  assert.equal(error.message, 'secret/a has no field #/password/a: did you mean "/Password"?');
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
