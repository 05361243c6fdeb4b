// Proves where a redirect is followed to: the same server, or a standby's active node; never elsewhere with a token.

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { AppError } from '../../src/errors.ts';
import { type Endpoint, originOf, parseAddress } from '../../src/http/address.ts';
import { redirectTarget } from '../../src/http/redirect.ts';
import { assertFailure, assertPlain, assertRefused } from './failures.ts';

const PATH = '/v1/secret/data/a%2Fb?version=2';
const at = (address: string): Endpoint => parseAddress(address, 'VAULT_ADDR');
const target = (from: string, location: string | undefined, status = 307, path = PATH) =>
  redirectTarget(at(from), path, { status, headers: location === undefined ? {} : { location } });

const HTTPS = 'https://vault.example.com';
const FOLLOWED: readonly (readonly [
  from: string,
  status: number,
  location: string,
  origin: string,
  path: string,
])[] = [
  // the same server, whatever the path
  ...[301, 302, 307, 308].map((status) => [HTTPS, status, '/v1/other', HTTPS, '/v1/other'] as const),
  [HTTPS, 302, `${HTTPS}/v1/other?x=1`, HTTPS, '/v1/other?x=1'],
  [HTTPS, 302, 'https://VAULT.example.com:443/x', HTTPS, '/x'],
  [HTTPS, 302, 'other', HTTPS, '/v1/secret/data/other'],
  [HTTPS, 302, '../x/./y', HTTPS, '/v1/secret/x/y'],
  [HTTPS, 302, '?version=3', HTTPS, '/v1/secret/data/a%2Fb?version=3'],
  [HTTPS, 302, '/x#fragment', HTTPS, '/x'],
  [HTTPS, 302, '', HTTPS, PATH],
  ['https://vault.example.com:8200', 302, '/x', 'https://vault.example.com:8200', '/x'],
  ['https://[2001:db8::1]', 302, '/x', 'https://[2001:db8::1]', '/x'],
  ['https://proxy/base', 302, '/base/x', 'https://proxy', '/base/x'],
  ['http://127.0.0.1:8200', 307, '/x', 'http://127.0.0.1:8200', '/x'],
  ['unix:/run/agent.sock', 307, '/x', 'unix:/run/agent.sock', '/x'],
  // a standby names the active node
  [HTTPS, 307, `https://node-2.example.com:8200${PATH}`, 'https://node-2.example.com:8200', PATH],
  [HTTPS, 307, `//node-2.example.com${PATH}`, 'https://node-2.example.com', PATH],
  ['https://proxy/base', 307, `https://node-2/base${PATH}`, 'https://node-2', `/base${PATH}`],
];
for (const [from, status, location, origin, path] of FOLLOWED) {
  test(`from ${from}, ${status} to "${location}" is followed`, () => {
    const next = target(from, location, status);
    assert.ok(next, 'it was not followed');
    assert.deepEqual([originOf(next.endpoint), next.endpoint.basePath, next.path], [origin, '', path]);
  });
}

for (const [what, status, location] of [
  ['a success', 200, '/x'],
  ['a 303, which would change the method', 303, '/x'],
  ['a 304', 304, '/x'],
  ['a 300', 300, '/x'],
  ['a refusal', 403, '/x'],
  ['a 307 without a Location', 307, undefined],
] as const) {
  test(`${what} is no redirect`, () => assert.equal(target(HTTPS, location, status), undefined));
}

const ELSEWHERE = 'a token is not sent to another server';
const PLAIN = 'a token is never sent from https to plain http';
const NONE = 'that is no address to follow';
const REFUSED: readonly (readonly [from: string, status: number, location: string, part: string])[] = [
  [HTTPS, 302, `https://evil.example.com${PATH}`, ELSEWHERE],
  [HTTPS, 301, `https://evil.example.com${PATH}`, ELSEWHERE],
  [HTTPS, 303, 'https://login.example.com/', ELSEWHERE],
  [HTTPS, 308, `https://node-2.example.com${PATH}`, ELSEWHERE],
  [HTTPS, 307, 'https://node-2.example.com/v1/other', ELSEWHERE],
  [HTTPS, 307, 'https://node-2.example.com/v1/secret/data/a%2Fb', ELSEWHERE],
  [HTTPS, 307, `https://node-2.example.com/x${PATH}`, ELSEWHERE],
  [HTTPS, 307, 'https://node-2.example.com/v1/secret/data/a/b?version=2', ELSEWHERE],
  [HTTPS, 302, 'https://vault.example.com:8200/x', ELSEWHERE],
  [HTTPS, 302, 'https://vault.example.com.evil.example/x', ELSEWHERE],
  [HTTPS, 302, '//evil.example.com/x', ELSEWHERE],
  [HTTPS, 302, '\\\\evil.example.com/x', ELSEWHERE],
  ['http://vault.example.com', 307, `http://node-2.example.com${PATH}`, ELSEWHERE],
  ['http://vault.example.com', 302, `https://vault.example.com${PATH}`, ELSEWHERE],
  ['unix:/run/agent.sock', 307, `https://node-2.example.com${PATH}`, ELSEWHERE],
  ['https://proxy/base', 307, `https://node-2${PATH}`, ELSEWHERE],
  [HTTPS, 307, `http://vault.example.com${PATH}`, PLAIN],
  [HTTPS, 302, 'http://127.0.0.1/x', PLAIN],
  [HTTPS, 307, `https://user:pw@vault.example.com${PATH}`, NONE],
  [HTTPS, 307, `https://user@node-2.example.com${PATH}`, NONE],
  [HTTPS, 302, 'javascript:alert(1)', NONE],
  [HTTPS, 302, 'file:///etc/passwd', NONE],
  [HTTPS, 302, 'ftp://vault.example.com/x', NONE],
  [HTTPS, 302, 'unix:/run/agent.sock', NONE],
  [HTTPS, 302, 'https://', NONE],
  [HTTPS, 302, 'https://[::1', NONE],
  [HTTPS, 302, '//', NONE],
];
for (const [from, status, location, part] of REFUSED) {
  test(`from ${from}, ${status} to "${location}" is refused: ${part}`, () => {
    const error = assertRefused(() => target(from, location, status), 'BAD_RESPONSE', part);
    assert.match(error.message, new RegExp(`redirected to .*\\(${status}\\)`));
    assertPlain(error);
  });
}

for (const [status, signIn] of [
  [301, false],
  [302, true],
  [303, true],
  [307, false],
  [308, false],
] as const) {
  test(`the hint for a ${status} to another server is what to set VAULT_ADDR to${signIn ? ', or a sign-in page' : ''}`, () => {
    const location = 'https://other.example.com:8200/x';
    const { hint } = assertRefused(() => target(HTTPS, location, status), 'BAD_RESPONSE', ELSEWHERE);
    assert.match(hint ?? '', /VAULT_ADDR=https:\/\/other\.example\.com:8200(;|$)/);
    assert.equal(/a sign-in page/.test(hint ?? ''), signIn);
  });
}

test('any Location leads to the same server, to the same path of another over TLS, or nowhere', () => {
  const piece = fc.constantFrom(
    'https:',
    'http:',
    '//',
    '/',
    'vault.example.com',
    'evil',
    '@',
    ':',
    '8200',
    PATH,
    '?',
    '#',
    '\\',
    '..',
    '\t',
    '\u001b',
  );
  const location = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(piece, { maxLength: 7 }).map((pieces) => pieces.join('')),
  );
  const from = fc.constantFrom(
    HTTPS,
    'http://vault.example.com',
    'https://vault.example.com:8200/base',
    'unix:/s',
  );
  fc.assert(
    fc.property(from, location, fc.constantFrom(301, 302, 307, 308), (address, text, status) => {
      try {
        const next = target(address, text, status);
        assert.ok(next, 'it was not followed');
        if (originOf(next.endpoint) === originOf(at(address))) return;
        assert.deepEqual([status, next.endpoint.scheme], [307, 'https']);
        assert.equal(next.path, `${at(address).basePath}${PATH}`);
      } catch (error) {
        assert.ok(error instanceof AppError, String(error));
        assertPlain(assertFailure(error, 'BAD_RESPONSE', 'redirected to'));
      }
    }),
    { numRuns: 2000 },
  );
});
