// Proves that credentials are encoded as Docker reads them back, that those which it could not read are refused, and that
// no secret is in a message.

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { basicAuth } from '../../src/output/docker-config.ts';
import { Secret } from '../../src/secret.ts';
import { assertHides, assertHolds, assertPlain, assertRefused } from './failures.ts';

const WHERE = { user: 'secret/data/nexus/ci#username', password: 'secret/data/nexus/ci#password' };
const auth = (user: string, password: string) => basicAuth(new Secret(user), new Secret(password), WHERE);

test('auth is what RFC 7617 gives as its examples', () => {
  assert.equal(auth('Aladdin', 'open sesame').reveal(), 'QWxhZGRpbjpvcGVuIHNlc2FtZQ==');
  assert.equal(auth('test', '123\u00a3').reveal(), 'dGVzdDoxMjPCow==');
});

test('auth gives user and password back, whatever is in them', () => {
  const user = fc.string({ unit: 'binary', minLength: 1 }).filter((text) => !/[:\0\r\n]/.test(text));
  const password = fc
    .string({ unit: 'binary', minLength: 1 })
    .filter((text) => !/\0|^[\r\n]|[\r\n]$/.test(text));
  fc.assert(
    fc.property(user, password, (name, word) => {
      const [, back, rest] =
        /^([^:]*):(.*)$/s.exec(Buffer.from(auth(name, word).reveal(), 'base64').toString()) ?? [];
      assert.deepEqual([back, rest], [name, word]);
    }),
  );
});

test('line breaks within a password are its own: a key file may be one', () => {
  const key = '{\n  "type": "service_account",\n  "private_key": "x"\n}';
  assert.equal(Buffer.from(auth('_json_key', key).reveal(), 'base64').toString(), `_json_key:${key}`);
});

for (const [user, password, what, where] of [
  ['', 'gehe1m', 'the user name in', 'is empty'],
  ['gehe1m', '', 'the password in', 'is empty'],
  ['gehe1m:x', 'gehe1m', 'the user name in', 'holds a colon'],
  ['gehe1m\0', 'gehe1m', 'the user name in', 'holds a NUL byte'],
  ['gehe1m', 'gehe1m\0', 'the password in', 'holds a NUL byte'],
  ['gehe1m', 'gehe\0m', 'the password in', 'holds a NUL byte'],
  ['gehe1m\n', 'gehe1m', 'the user name in', 'holds a line break'],
  ['gehe1m\rx', 'gehe1m', 'the user name in', 'holds a line break'],
  ['gehe1m', 'gehe1m\n', 'the password in', 'begins or ends with a line break'],
  ['gehe1m', 'gehe1m\r\n', 'the password in', 'begins or ends with a line break'],
  ['gehe1m', '\ngehe1m', 'the password in', 'begins or ends with a line break'],
  ['gehe1m', '\n', 'the password in', 'begins or ends with a line break'],
] as const) {
  test(`no credentials: ${JSON.stringify([user, password])}`, () => {
    const failure = assertRefused(() => auth(user, password), 'CONFIG', what);
    assertHolds(failure.message, where);
    assertHolds(failure.message, what.includes('password') ? WHERE.password : WHERE.user);
    assertHides(failure, 'gehe1m');
    assert.notEqual(failure.hint, undefined);
  });
}

test('what a field is named by is shown without control characters', () => {
  const odd = { user: 'secret/a#\u001b[31m', password: 'secret/a#\n' };
  assertPlain(assertRefused(() => basicAuth(new Secret(''), new Secret('x'), odd), 'CONFIG', 'is empty'));
});
