// Addresses, proxies, redirects, and headers that tell a time.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { gitlabRedirects } from '../../src/gitlab/redirect.ts';
import { authorityOf, originOf, parseAddress } from '../../src/http/address.ts';
import { foreignAnswer } from '../../src/http/foreign-answer.ts';
import { isExcepted, proxyFor } from '../../src/http/proxy.ts';
import { VAULT_REDIRECTS } from '../../src/http/redirect.ts';
import { parseHttpDate, parseRetryAfter, waitBefore } from '../../src/http/retry.ts';
import { NOW } from '../unit/fakes.ts';
import { around, bytesAround } from './mutation.ts';
import { assertTidy, taken, target } from './target.ts';

const PASSWORD = 'xKmarked-pw9';
const ADDRESSES = [
  'https://vault.example.com:8200',
  'http://127.0.0.1:8200/',
  'https://[::1]:8200/prefix',
  'unix:///run/vault.sock',
  'https://vault.example.com/v1/secret',
  'https://vault.example.com/ui/vault/secrets',
  'vault.example.com:8200',
  `https://user:${PASSWORD}@vault.example.com`,
  '"https://v"',
  'https://$VAULT_HOST:8200',
  'https://bücher.example',
];
const ADDRESS_WORDS = [
  'http://',
  'https://',
  'unix:',
  ':8200',
  ':99999',
  '[',
  ']',
  '::',
  '0x7f.1',
  '169.254.169.254',
  '%31',
  '/v1',
  '/ui',
  '\\\\',
  '//',
];
const LOCATIONS = [
  '/v1/secret/data/x?moved',
  'https://vault.example.com:8200/v1/secret/data/x',
  'https://active.example.com:8200/v1/secret/data/x',
  'https://gitlab.example.com/gl/api/v4/file',
  'https://gitlab.example.com/other/file',
  'https://storage.example.com/x?signature=abc',
  'http://vault.example.com:8200/v1/secret/data/x',
  `https://u:${PASSWORD}@vault.example.com/x`,
  'file:///etc/passwd',
  '//other.example.com/v1/secret/data/x',
  'javascript:alert(1)',
  '/users/sign_in',
];
const DATES = [
  'Fri, 02 Jan 2026 03:04:05 GMT',
  'Sun, 06 Nov 1994 08:49:37 GMT',
  '120',
  '0',
  'Thu, 30 Feb 2026 99:99:99 GMT',
];
const vault = parseAddress('https://vault.example.com:8200', 'VAULT_ADDR');
const gitlab = { ...parseAddress('https://gitlab.example.com', 'x'), basePath: '/gl/api/v4' };
const token = { 'job-token': PASSWORD, accept: '*/*' };
const path = '/v1/secret/data/x';

export const targets = [
  target(
    'an address',
    around(ADDRESSES, ADDRESS_WORDS),
    (text) => {
      const endpoint = taken(() => parseAddress(text, 'VAULT_ADDR'), {
        // Without an @ it could be a port.
        hides: text.includes('@') ? [PASSWORD] : [],
        longest: 4000,
      });
      if (endpoint === undefined) return;
      assert.ok(endpoint.host !== '' && endpoint.port >= 0 && endpoint.port < 65_536);
      assert.doesNotMatch(
        `${authorityOf(endpoint)}${endpoint.basePath}${endpoint.socketPath ?? ''}`,
        /[\u0000-\u001f\u007f]/,
      );
      if (endpoint.scheme === 'unix') return;
      const written = `${originOf(endpoint)}${endpoint.basePath}`;
      // What no server has: a host that would be taken for a variable, once it is in ASCII.
      if (!written.includes('$')) assert.deepEqual(parseAddress(written, 'VAULT_ADDR'), endpoint);
    },
    { weight: 2 },
  ),
  target(
    'proxies',
    fc.record({
      proxy: around(
        [
          'http://proxy.example.com:3128',
          `http://u%41:${PASSWORD}@10.0.0.1`,
          'proxy:3128',
          'https://[::1]',
          'socks5://x',
        ],
        ADDRESS_WORDS,
      ),
      except: around(
        [
          'localhost,.example.com,10.0.0.0/8,[::1]:8200,*.corp,vault:8200',
          '*',
          '::/0,fe80::/10',
          'bücher.example',
        ],
        [',', '/8', '/129', ':8200', '*.', '0.0.0.0/0'],
      ),
      host: fc.constantFrom(
        'https://vault.example.com:8200',
        'http://10.1.2.3',
        'https://[fe80::1]',
        'https://xn--bcher-kva.example',
      ),
    }),
    ({ proxy, except, host }) => {
      const endpoint = parseAddress(host, 'VAULT_ADDR');
      isExcepted(endpoint, except);
      const named = { name: 'HTTPS_PROXY', value: proxy };
      const found = taken(
        () => proxyFor(endpoint, { always: undefined, forHttps: named, forHttp: named, except }),
        { hides: [PASSWORD] },
      );
      if (found === undefined) return;
      assert.ok(found.host !== '' && found.port >= 0 && found.port < 65_536);
      assert.match(found.authorization ?? '', /^(?:Basic [\w+/]+=*)?$/);
    },
  ),
  target(
    "where Vault's redirects lead",
    fc.tuple(around(LOCATIONS, ADDRESS_WORDS), fc.constantFrom(300, 301, 302, 303, 307, 308)),
    ([location, status]) => {
      const hop = { endpoint: vault, path, headers: token };
      const next = taken(() => VAULT_REDIRECTS.next(hop, { status, headers: { location } }), {
        hides: [PASSWORD],
      });
      if (next === undefined) return;
      const isSame = originOf(next.endpoint) === originOf(vault);
      assert.ok(
        isSame || (next.endpoint.scheme === 'https' && status === 307 && next.path === path),
        'a token goes to another server',
      );
      assert.match(next.path, /^\/[\x21-\x7e]*$/);
    },
  ),
  target(
    "where GitLab's redirects lead",
    fc.tuple(
      around(LOCATIONS, [...ADDRESS_WORDS, '/gl/', '/gl/../']),
      fc.constantFrom(301, 302, 303, 307, 308),
    ),
    ([location, status]) => {
      const hop = { endpoint: gitlab, path, headers: token };
      const next = taken(() => gitlabRedirects(gitlab).next(hop, { status, headers: { location } }), {
        hides: [PASSWORD],
      });
      if (next === undefined) return;
      assert.equal(next.endpoint.scheme, 'https');
      assert.match(next.path, /^\/[\x21-\x7e]*$/);
      const isWithin =
        originOf(next.endpoint) === originOf(gitlab) &&
        new URL(`https://x${next.path}`).pathname.startsWith('/gl/');
      assert.equal('job-token' in next.headers, isWithin, 'the token goes where GitLab is, and nowhere else');
    },
  ),
  target('headers that tell a time', around(DATES, ['GMT', 'Mon, ', 'UTC', '1e9', '-1']), (text) => {
    const date = parseHttpDate(text);
    assert.ok(date === undefined || Number.isFinite(date));
    const wait = parseRetryAfter(text, NOW);
    assert.ok(wait >= 0 && !Number.isNaN(wait));
    const retry = { retries: 5, random: () => 0.5, now: () => NOW, tell: () => undefined };
    for (const isRefused of [true, false]) {
      assert.ok(waitBefore({ failures: 30, refusals: 30, isRefused, retryAfter: text }, retry) >= wait);
    }
  }),
  target(
    'a page in the place of an answer',
    fc.tuple(
      bytesAround(
        [
          '<!doctype html><title>Sign in</title><input name=a type="password">',
          '<html><h1>x',
          '404 page not found\n',
        ],
        ['<title>', '<input ', 'type=password', '<html', PASSWORD],
      ),
      around(['text/html; charset=x', 'application/json']),
    ),
    ([body, type]) => {
      const headers = { 'content-type': type, server: type };
      const without = (text: string) => text.replaceAll(PASSWORD, '[token]');
      const error = foreignAnswer(
        { status: 400, headers, body: Buffer.from(body, 'latin1') },
        undefined,
        without,
      );
      assertTidy(error, { hides: [PASSWORD], longest: 1500 });
    },
  ),
];
