// Proves what is sent: the login, and each segment of a path encoded by itself.

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { apiPath, loginRequest } from '../../src/vault/requests.ts';
import { idToken, jwt } from './fakes.ts';

const SETTINGS = { authPath: ['jwt'], role: 'nexus-ci', namespace: undefined };

for (const [what, settings, path, body] of [
  ['a role', SETTINGS, '/v1/auth/jwt/login', { jwt: jwt(), role: 'nexus-ci' }],
  ['no role', { ...SETTINGS, role: '' }, '/v1/auth/jwt/login', { jwt: jwt() }],
  [
    'a role with quotes',
    { ...SETTINGS, role: '","x":"' },
    '/v1/auth/jwt/login',
    { jwt: jwt(), role: '","x":"' },
  ],
  [
    'another auth path',
    { ...SETTINGS, authPath: ['gitlab', 'a b?'] },
    '/v1/auth/gitlab/a%20b%3F/login',
    { jwt: jwt(), role: 'nexus-ci' },
  ],
] as const) {
  test(`a login with ${what} sends just that, and no token`, () => {
    const request = loginRequest(settings, idToken());
    assert.deepEqual([request.method, request.path], ['POST', path]);
    assert.deepEqual(JSON.parse(request.body ?? ''), body);
    assert.deepEqual(request.headers, { 'x-vault-request': 'true' });
  });
}

for (const [segments, path] of [
  [['secret', 'data', 'a'], '/v1/secret/data/a'],
  [['a/b', '%2F', '?x#y', 'ü', ' '], '/v1/a%2Fb/%252F/%3Fx%23y/%C3%BC/%20'],
  [[';', ':', '@', '&', '=', '+', '\\'], '/v1/%3B/%3A/%40/%26/%3D/%2B/%5C'],
] as const) {
  test(`${JSON.stringify(segments)} is asked for at ${path}`, () => assert.equal(apiPath(segments), path));
}

test('no segment reaches beyond itself, whatever it holds', () => {
  const segment = fc.string({ unit: 'binary', minLength: 1 }).filter((text) => text !== '.' && text !== '..');
  fc.assert(
    fc.property(fc.array(segment, { minLength: 1 }), (segments) => {
      const { pathname, search, hash } = new URL(apiPath(segments), 'https://vault.example.com');
      assert.deepEqual(pathname.split('/').slice(2).map(decodeURIComponent), segments);
      assert.deepEqual([search, hash], ['', '']);
    }),
  );
});
