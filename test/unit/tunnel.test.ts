// Proves that what a proxy does in the server's place is told as the proxy's doing, and without its password.

import assert from 'node:assert/strict';
import test from 'node:test';
import { FinalError } from '../../src/errors.ts';
import { parseAddress } from '../../src/http/address.ts';
import { type ProxyServer, proxyFor } from '../../src/http/proxy.ts';
import { proxyAuthorization, proxyFailure, refusedByProxy } from '../../src/http/tunnel.ts';
import { assertFailure, assertHides, assertHolds, assertPlain } from './failures.ts';

function proxy(value: string): ProxyServer {
  const forHttps = { name: 'HTTPS_PROXY', value };
  const settings = { always: undefined, forHttps, forHttp: undefined, except: '' };
  const found = proxyFor(parseAddress('https://vault.example.com', 'VAULT_ADDR'), settings);
  assert.ok(found, 'there is no proxy');
  return found;
}

const PROXY = proxy('http://user:marked@proxy.example.com:3128');
const BASIC = Buffer.from('user:marked').toString('base64');

const TARGET = parseAddress('https://vault.example.com', 'VAULT_ADDR');
for (const [status, code, part, hint] of [
  [407, 'CONFIG', 'proxy.example.com:3128 asks for a user name and a password', 'HTTPS_PROXY'],
  [401, 'CONFIG', 'proxy.example.com:3128 asks for a user name and a password, or refused', 'HTTPS_PROXY'],
  [500, 'UNAVAILABLE', '(500): it cannot connect to that host', 'the address of Vault'],
  [
    403,
    'UNAVAILABLE',
    'the proxy proxy.example.com:3128 did not connect to vault.example.com:443 (403): its rules do not allow it',
    'let this runner go there; the proxy comes from HTTPS_PROXY: add the server to NO_PROXY',
  ],
  [400, 'UNAVAILABLE', '(400): it does not take CONNECT', 'HTTPS_PROXY may name a web server'],
  [405, 'UNAVAILABLE', '(405): it does not take CONNECT', 'HTTPS_PROXY may name a web server'],
  [404, 'UNAVAILABLE', '(404): it does not take CONNECT', 'HTTPS_PROXY may name a web server'],
  [501, 'UNAVAILABLE', '(501): it does not take CONNECT', 'HTTPS_PROXY may name a web server'],
  [429, 'UNAVAILABLE', '(429): it has too much to do', 'try again'],
  [
    502,
    'UNAVAILABLE',
    '(502): it cannot connect to that host, or not look its name up',
    'the address of Vault',
  ],
  [503, 'UNAVAILABLE', '(503): it cannot serve now', 'NO_PROXY'],
  [504, 'UNAVAILABLE', '(504): that host does not answer it', 'NO_PROXY'],
  [200, 'UNAVAILABLE', '(200): it sent something before the handshake', 'HTTPS_PROXY may name a web server'],
  [0, 'UNAVAILABLE', '(0): it does not say why', ''],
] as const) {
  test(`a proxy that answers ${status} is ${code}: ${part}`, () => {
    const error = assertFailure(refusedByProxy(PROXY, status, TARGET), code, part);
    assertHolds(error.hint, hint);
    assertHides(error, 'marked', BASIC);
    assertPlain(error);
  });
}

for (const [status, isFinal] of [
  ...[200, 302, 400, 403, 404, 405, 410, 451, 501, 0].map((final) => [final, true] as const),
  ...[408, 429, 500, 502, 503, 504, 599].map((passing) => [passing, false] as const),
] as const) {
  test(`${status} of a proxy is ${isFinal ? 'its decision: no other try' : 'worth another try'}`, () => {
    assert.equal(refusedByProxy(PROXY, status, TARGET) instanceof FinalError, isFinal);
  });
}

test('NO_PROXY is no advice against VAULT_PROXY_ADDR', () => {
  const { hint } = refusedByProxy({ ...PROXY, source: 'VAULT_PROXY_ADDR' }, 403, TARGET);
  assertHolds(hint, 'unset it if Vault needs none');
  assert.doesNotMatch(hint ?? '', /NO_PROXY/);
});

for (const [errno, code, part, hint] of [
  [
    'ECONNREFUSED',
    'UNAVAILABLE',
    'the proxy in HTTPS_PROXY: cannot get an answer from proxy.example.com:3128: it refuses connections',
    'the address in HTTPS_PROXY',
  ],
  ['ENOTFOUND', 'UNAVAILABLE', 'no host "proxy.example.com"', 'the address in HTTPS_PROXY'],
  ['CERT_HAS_EXPIRED', 'TLS_UNTRUSTED', 'the proxy in HTTPS_PROXY: cannot get', 'renew'],
  ['HPE_INVALID_CONSTANT', 'BAD_RESPONSE', 'is not HTTP', 'the address in HTTPS_PROXY'],
  [
    'ECONNRESET',
    'UNAVAILABLE',
    'was cut before the tunnel through it stood',
    'HTTPS_PROXY is one of a proxy',
  ],
] as const) {
  test(`a proxy that fails with ${errno} is ${code}: ${part}`, () => {
    const cause = Object.assign(new Error('marked'), { code: errno });
    const error = assertFailure(proxyFailure(PROXY, cause, { phase: 'tunnel' }), code, part);
    assertHolds(error.hint, hint);
    assertHides(error, 'marked');
  });
}

test('a proxy with a password gets it, and one without gets no header', () => {
  assert.deepEqual(proxyAuthorization(PROXY), { 'proxy-authorization': `Basic ${BASIC}` });
  assert.deepEqual(proxyAuthorization(proxy('http://proxy.example.com')), {});
});
