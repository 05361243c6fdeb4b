// Proves where a JSON Pointer leads, as RFC 6901 has it, and how far one leads that does not end anywhere.

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { parseJson } from '../../src/json.ts';
import { followPointer, formatPointer, pointerTokens } from '../../src/json-pointer.ts';

// Section 5 of the RFC.
const DOCUMENT = parseJson(
  '{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\\\j":5,"k\\"l":6," ":7,"m~n":8,"no":null}',
);

for (const [text, value] of [
  ['', DOCUMENT],
  ['/foo/0', 'bar'],
  ['/', parseJson('0')],
  ['/a~1b', parseJson('1')],
  ['/i\\j', parseJson('5')],
  ['/ ', parseJson('7')],
  ['/m~0n', parseJson('8')],
  ['/no', null],
] as const) {
  test(`"${text}" leads there`, () => {
    const tokens = pointerTokens(text);
    assert.ok(tokens, 'it is no pointer');
    assert.deepEqual(followPointer(DOCUMENT, tokens), { value, depth: tokens.length, last: value });
  });
}

for (const [text, depth] of [
  ['/none', 0],
  ['/foo/2', 1],
  ['/foo/01', 1],
  ['/foo/-', 1],
  ['/foo/length', 1],
  ['/foo/0/length', 2],
  ['/no/x', 1],
  ['/__proto__', 0],
] as const) {
  test(`"${text}" leads ${depth} deep`, () => {
    const found = followPointer(DOCUMENT, pointerTokens(text) ?? []);
    assert.deepEqual([found.value, found.depth], [undefined, depth]);
  });
}

for (const text of ['a', '/~', '/~2', '/a~']) {
  test(`"${text}" is no pointer`, () => assert.equal(pointerTokens(text), undefined));
}

test('tokens that are written are read back', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), (tokens) => {
      assert.deepEqual(pointerTokens(formatPointer(tokens)), tokens);
    }),
  );
});
