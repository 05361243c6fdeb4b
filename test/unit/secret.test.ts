// Proves that a secret gives itself away by `reveal()` and in no other way.

import assert from 'node:assert/strict';
import test from 'node:test';
import { format, inspect } from 'node:util';
import { Secret } from '../../src/secret.ts';

const MARKED = 'marked\0é\ud800';
const secret = new Secret(MARKED);

test('reveal gives back the very text', () => assert.equal(secret.reveal(), MARKED));

for (const [what, text] of [
  ['a template', `${secret}`],
  ['String', String(secret)],
  ['a concatenation', `a${''}`.concat(secret as never)],
  ['JSON', JSON.stringify({ secret, list: [secret] })],
  ['inspect', inspect(secret)],
  [
    'inspect of what holds it, hidden members too',
    inspect({ list: [secret], map: new Map([[secret, secret]]) }, { showHidden: true, depth: 9 }),
  ],
  ['inspect of an error with it as its cause', inspect(new Error('x', { cause: secret }))],
  ['format', format('%s %o %O %j', secret, secret, secret, secret)],
  ['its own keys', Reflect.ownKeys(secret).join()],
  ['a copy', inspect({ ...secret })],
] as const) {
  test(`${what} does not show it`, () => {
    assert.equal(text.includes('marked'), false, 'it shows');
  });
}

test('where it would be shown it says so', () => {
  assert.deepEqual(
    [`${secret}`, JSON.stringify(secret), inspect(secret)],
    ['[secret]', '"[secret]"', '[secret]'],
  );
});
