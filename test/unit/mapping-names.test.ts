// Proves what is said of fields that make no variable, or the same one: all of them, each with a REF that mends it.

import assert from 'node:assert/strict';
import test from 'node:test';
import { type JsonObject, parseJson } from '../../src/json.ts';
import { checkNames, parseMapping, settleNames, variablesOf } from '../../src/mapping.ts';
import { assertPlain, assertRefused } from './failures.ts';

const SECRET = parseJson(
  '{"username":"ci","pass-word":"p w","port":8081,"big":12345678901234567890,"tls":true,"none":null,"nested":{"a":[1.10]},"empty":""}',
) as JsonObject;

function made(mapping: string, fields: JsonObject = SECRET): Record<string, string> {
  const variables = settleNames(variablesOf(parseMapping(mapping), fields));
  return Object.fromEntries(variables.map(({ name, value }) => [name, value.reveal()]));
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

test('a name of any length is told in few words', () => {
  const long = 'a'.repeat(100_000);
  const [one, other, reserved] = [`${long}-`, `${long}.`, `LD_${long}`];
  for (const names of [[one, other], [reserved]]) {
    const error = assertRefused(
      () => made('*=secret/a', new Map(names.map((name) => [name, 'v']))),
      'CONFIG',
      'would',
    );
    assert.ok(error.message.length < 2000, `${error.message.length} characters`);
  }
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
