// Proves how far two names are from each other, which comes first, and that no name of a server's costs much.

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { distanceBetween, likelyMeant, nearestFirst } from '../../src/nearest.ts';
import { workOf } from './fakes.ts';

for (const [one, other, slips] of [
  ['password', 'password', 0],
  ['password', 'PassWord', 0],
  ['password', 'passwort', 1],
  ['password', 'pasword', 1],
  ['password', 'passsword', 1],
  ['password', 'passwrod', 1],
  ['ab', 'ba', 1],
  ['ca', 'abc', 3],
  ['', 'abc', 3],
  ['kitten', 'sitting', 3],
  ['a'.repeat(65), 'a', Infinity],
  ['a', 'a'.repeat(65), Infinity],
  ['a'.repeat(64), 'a'.repeat(63), 1],
] as const) {
  test(`${one.slice(0, 9)} and ${other.slice(0, 9)} are ${slips} slips apart`, () => {
    assert.equal(distanceBetween(one, other), slips);
    assert.equal(distanceBetween(other, one), slips);
  });
}

for (const [names, wanted, order] of [
  [['url', 'user', 'token'], 'usr', ['user', 'url', 'token']],
  [['b', 'a'], 'zzzz', ['a', 'b']],
  [['user', 'password'], 'pass', ['password', 'user']],
  [['api', 'apikeyvalue', 'zzz'], 'apikey', ['api', 'apikeyvalue', 'zzz']],
  [['x'.repeat(70), 'abcdef'], 'xx', ['abcdef', 'x'.repeat(70)]],
  [['', 'a'], 'a', ['a', '']],
] as const) {
  test(`of ${names.map((name) => name.slice(0, 12)).join(', ')}, ${order[0]} is nearest to ${wanted}`, () => {
    assert.deepEqual(nearestFirst(names, wanted), order);
  });
}

for (const [names, wanted, meant] of [
  [['username', 'password'], 'passwort', 'password'],
  [['username', 'password'], 'user-name', 'username'],
  [['reportportal_key'], 'report_portal-keys', 'reportportal_key'],
  [['token'], 'tokens', 'token'],
  [['url'], 'uri', 'url'],
  [['a'], 'b', undefined],
  [['ab'], 'ba', undefined],
  [['user'], 'name', undefined],
  [['password'], 'secret', undefined],
  [[], 'x', undefined],
  [[''], 'x', undefined],
] as const) {
  test(`${wanted} is ${meant === undefined ? 'like none' : `likely ${meant}`} of ${names.join(', ')}`, () => {
    assert.equal(likelyMeant(names, wanted), meant);
  });
}

test('names beyond the first two hundred are not measured', () => {
  const many = Array.from({ length: 200 }, (_, index) => `zzzzzzzzzzzz${index}`);
  assert.equal(likelyMeant([...many.slice(1), 'password'], 'passwort'), 'password');
  assert.equal(likelyMeant([...many, 'password'], 'passwort'), undefined);
});

test('a secret of a hundred thousand long names is soon sorted', () => {
  const names = Array.from({ length: 100_000 }, (_, index) => `${'n'.repeat(50)}${index}`);
  const work = workOf(() => likelyMeant(names, 'm'.repeat(64)));
  assert.ok(work < 2000, `it took ${Math.round(work)} ms`);
});

test('all names are kept, and one slip away is never more than one', () => {
  const name = fc.string({ unit: 'binary', maxLength: 40 });
  fc.assert(
    fc.property(fc.uniqueArray(name, { maxLength: 20 }), name, (names, wanted) => {
      assert.deepEqual([...nearestFirst(names, wanted)].sort(), [...names].sort());
    }),
  );
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z]{1,20}$/), fc.nat(), (text, index) => {
      const at = index % text.length;
      assert.equal(distanceBetween(text, text.slice(0, at) + text.slice(at + 1)), 1);
    }),
  );
});
