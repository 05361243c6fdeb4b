// Proves that what a proxy does in the server's place is told as the proxy's doing, and without its password.

import assert from 'node:assert/strict';
import test from 'node:test';
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

for (const [status, code, part, hint] of [
  [407, 'CONFIG', 'proxy.example.com:3128 asks for a user name and a password', 'HTTPS_PROXY'],
  [403, 'UNAVAILABLE', 'proxy.example.com:3128 refused to connect (403)', 'NO_PROXY'],
  [502, 'UNAVAILABLE', 'refused to connect (502)', 'NO_PROXY'],
  [0, 'UNAVAILABLE', 'refused to connect (0)', ''],
] as const) {
  test(`a proxy that answers ${status} is ${code}: ${part}`, () => {
    const error = assertFailure(refusedByProxy(PROXY, status, 'vault.example.com:443'), code, part);
    assertHolds(error.hint, hint);
    assertHides(error, 'marked', BASIC);
    assertPlain(error);
  });
}

for (const [errno, code, part] of [
  [
    'ECONNREFUSED',
    'UNAVAILABLE',
    'the proxy in HTTPS_PROXY: cannot get an answer from proxy.example.com:3128: nothing listens',
  ],
  ['ENOTFOUND', 'UNAVAILABLE', 'no such host name'],
  ['CERT_HAS_EXPIRED', 'TLS_UNTRUSTED', 'its certificate has expired'],
  ['HPE_INVALID_CONSTANT', 'BAD_RESPONSE', 'is not HTTP'],
] as const) {
  test(`a proxy that fails with ${errno} is ${code}: ${part}`, () => {
    const cause = Object.assign(new Error('marked'), { code: errno });
    const error = assertFailure(proxyFailure(PROXY, cause), code, part);
    assertHolds(error.hint, 'check HTTPS_PROXY');
    assertHides(error, 'marked');
  });
}

test('a proxy with a password gets it, and one without gets no header', () => {
  assert.deepEqual(proxyAuthorization(PROXY), { 'proxy-authorization': `Basic ${BASIC}` });
  assert.deepEqual(proxyAuthorization(proxy('http://proxy.example.com')), {});
});
