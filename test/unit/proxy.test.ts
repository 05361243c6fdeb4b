// Proves that the proxy variables mean what they mean to Vault's own client (Go's golang.org/x/net/http/httpproxy).

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { parseAddress } from '../../src/http/address.ts';
import { isExcepted, type ProxySettings, proxyFor } from '../../src/http/proxy.ts';
import type { NamedValue } from '../../src/io.ts';
import { assertFailure, assertHides, assertRefused } from './failures.ts';

const at = (address: string) => parseAddress(address, 'VAULT_ADDR');
const named = (name: string, value: string): NamedValue => ({ name, value });
const NONE: ProxySettings = { always: undefined, forHttps: undefined, forHttp: undefined, except: '' };
const ALL: ProxySettings = {
  always: undefined,
  forHttps: named('HTTPS_PROXY', 'http://secure:3128'),
  forHttp: named('http_proxy', 'http://plain:3128'),
  except: '',
};

const EXCEPTIONS: readonly (readonly [noProxy: string, address: string, excepted: boolean])[] = [
  ['', 'https://vault.example.com', false],
  [' , ,', 'https://vault.example.com', false],
  ['*', 'https://vault.example.com', true],
  ['other, *', 'https://vault.example.com', true],
  ['*:443', 'https://vault.example.com', false],
  // names, which hold what is below them
  ['vault.example.com', 'https://vault.example.com', true],
  ['example.com', 'https://vault.example.com', true],
  ['example.com', 'https://example.com', true],
  ['example.com', 'https://badexample.com', false],
  ['com', 'https://vault.example.com', true],
  ['vault', 'https://vault.example.com', false],
  ['vault.example.com', 'https://example.com', false],
  [' Other , VAULT.Example.COM ', 'https://vault.example.com', true],
  ['bücher.example', 'https://bücher.example', true],
  // suffixes, which do not hold the name itself
  ['.example.com', 'https://vault.example.com', true],
  ['.example.com', 'https://example.com', false],
  ['*.example.com', 'https://a.vault.example.com', true],
  ['*.example.com', 'https://example.com', false],
  ['*example.com', 'https://badexample.com', false],
  // ports
  ['vault.example.com:443', 'https://vault.example.com', true],
  ['vault.example.com:8200', 'https://vault.example.com', false],
  ['vault.example.com:8200', 'https://vault.example.com:8200', true],
  ['.example.com:8200', 'https://vault.example.com:8200', true],
  ['*.example.com:8200', 'https://vault.example.com:8201', false],
  ['vault.example.com:https', 'https://vault.example.com', false],
  [':443', 'https://vault.example.com', false],
  // addresses
  ['10.0.0.1', 'https://10.0.0.1:8200', true],
  ['10.0.0.1:8200', 'https://10.0.0.1:8200', true],
  ['10.0.0.1:8201', 'https://10.0.0.1:8200', false],
  ['10.0.0.1', 'https://10.0.0.10', false],
  ['10.0.0', 'https://10.0.0.1', false],
  ['10.', 'https://10.0.0.1', false],
  ['2001:db8::1', 'https://[2001:db8::1]:8200', true],
  ['2001:0db8:0::1', 'https://[2001:db8::1]', true],
  ['[2001:db8::1]:8200', 'https://[2001:db8::1]:8200', true],
  ['[2001:db8::1]:8201', 'https://[2001:db8::1]:8200', false],
  ['2001:db8::1', 'https://[2001:db8::2]', false],
  // blocks
  ['10.0.0.0/8', 'https://10.200.3.4', true],
  ['10.1.2.3/8', 'https://10.200.3.4', true],
  ['10.0.0.0/8', 'https://11.0.0.1', false],
  ['0.0.0.0/0', 'https://8.8.8.8', true],
  ['0.0.0.0/0', 'https://[2001:db8::1]', false],
  ['10.0.0.1/32', 'https://10.0.0.1', true],
  ['2001:db8::/32', 'https://[2001:db8:1::5]', true],
  ['2001:db8::/33', 'https://[2001:db8:8000::5]', false],
  ['10.0.0.0/33', 'https://10.0.0.1', false],
  ['10.0.0.0/', 'https://10.0.0.1', false],
  ['10.0.0.0/-1', 'https://10.0.0.1', false],
  ['10.0.0.0/8', 'https://vault.example.com', false],
  ['example.com/8', 'https://example.com', false],
];
for (const [noProxy, address, excepted] of EXCEPTIONS) {
  test(`NO_PROXY="${noProxy}" ${excepted ? 'excepts' : 'does not except'} ${address}`, () => {
    assert.equal(isExcepted(at(address), noProxy), excepted);
  });
}

test('any NO_PROXY is read without a failure', () => {
  const piece = fc.constantFrom(
    '*',
    '.',
    ':',
    '/',
    '[',
    ']',
    ',',
    '10.0.0.0',
    '::1',
    '8',
    '443',
    'vault',
    '%eth0',
  );
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join('')),
  );
  const address = fc.constantFrom('https://vault', 'https://10.0.0.0', 'https://[::2]');
  fc.assert(
    fc.property(text, address, (noProxy, server) => {
      assert.equal(typeof isExcepted(at(server), noProxy), 'boolean');
    }),
    { numRuns: 1000 },
  );
});

for (const [address, settings, source] of [
  ['https://vault', NONE, undefined],
  ['https://vault', ALL, 'HTTPS_PROXY'],
  ['http://vault', ALL, 'http_proxy'],
  ['https://vault', { ...ALL, forHttps: undefined }, undefined],
  ['https://vault', { ...ALL, except: 'vault' }, undefined],
  ['https://localhost', ALL, undefined],
  ['https://127.0.0.1:8200', ALL, undefined],
  ['https://[::1]', ALL, undefined],
  ['https://127.example.com', ALL, 'HTTPS_PROXY'],
  ['unix:/run/agent.sock', { ...ALL, always: named('VAULT_PROXY_ADDR', 'http://p') }, undefined],
  ['https://vault', { ...ALL, always: named('VAULT_PROXY_ADDR', 'http://p') }, 'VAULT_PROXY_ADDR'],
  ['http://vault', { ...ALL, always: named('VAULT_PROXY_ADDR', 'http://p') }, 'VAULT_PROXY_ADDR'],
  [
    'https://vault',
    { ...ALL, always: named('VAULT_PROXY_ADDR', 'http://p'), except: '*' },
    'VAULT_PROXY_ADDR',
  ],
  ['https://127.0.0.1', { ...NONE, always: named('VAULT_PROXY_ADDR', 'http://p') }, 'VAULT_PROXY_ADDR'],
] as const) {
  const variables = [settings.always?.name, settings.forHttps?.name, settings.forHttp?.name].join(' ').trim();
  test(`${address} goes through ${source ?? 'no proxy'}, of "${variables}", but for "${settings.except}"`, () => {
    assert.equal(proxyFor(at(address), settings)?.source, source);
  });
}

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
for (const [value, scheme, host, port, authorization] of [
  ['http://proxy:3128', 'http', 'proxy', 3128, undefined],
  ['proxy:3128', 'http', 'proxy', 3128, undefined],
  ['proxy', 'http', 'proxy', 80, undefined],
  ['https://proxy', 'https', 'proxy', 443, undefined],
  ['HTTP://Proxy.Example.com/', 'http', 'proxy.example.com', 80, undefined],
  ['http://[2001:db8::1]:3128', 'http', '2001:db8::1', 3128, undefined],
  ['http://user:p%40ss@proxy', 'http', 'proxy', 80, basic('user:p@ss')],
  ['user:pass@proxy:3128', 'http', 'proxy', 3128, basic('user:pass')],
  ['http://user@proxy', 'http', 'proxy', 80, basic('user:')],
  ['http://:pass@proxy', 'http', 'proxy', 80, basic(':pass')],
  ['http://u:%C3%BC@proxy', 'http', 'proxy', 80, basic('u:ü')],
  ['http://u:100%@proxy', 'http', 'proxy', 80, basic('u:100%')],
  ['http://u:100%%40@proxy', 'http', 'proxy', 80, basic('u:100%@')],
  ['http://u:%FF@proxy', 'http', 'proxy', 80, basic('u:%FF')],
] as const) {
  test(`${value} is read as a proxy`, () => {
    const proxy = proxyFor(at('https://vault'), { ...NONE, forHttps: named('HTTPS_PROXY', value) });
    assert.deepEqual(proxy, { scheme, host, port, authorization, source: 'HTTPS_PROXY' });
  });
}

for (const value of [
  'socks5://proxy',
  'http://',
  'http://:3128',
  'ftp://proxy',
  '://',
  'http://user:marked@',
  'pr oxy',
]) {
  test(`${value} is no proxy, and is not shown`, () => {
    const settings = { ...NONE, always: named('VAULT_PROXY_ADDR', value) };
    const error = assertRefused(
      () => proxyFor(at('https://vault'), settings),
      'CONFIG',
      'VAULT_PROXY_ADDR is not the address',
    );
    assertHides(error, 'marked');
  });
}

test('no message about a proxy holds its password', () => {
  const text = fc
    .tuple(fc.string(), fc.string())
    .map(([before, after]) => `${before}:marked-password@${after}`);
  fc.assert(
    fc.property(text, (value) => {
      try {
        proxyFor(at('https://vault'), { ...NONE, forHttps: named('HTTPS_PROXY', value) });
      } catch (error) {
        const refused = assertFailure(error, 'CONFIG', 'HTTPS_PROXY is not the address');
        assertHides(refused, 'marked');
      }
    }),
  );
});
