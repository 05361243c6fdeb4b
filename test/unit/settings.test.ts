// Proves each row of the table of settings: which source wins, what is the default, and which values are refused.

import assert from 'node:assert/strict';
import test from 'node:test';
import { originOf } from '../../src/http/address.ts';
import { parseDuration } from '../../src/setting-values.ts';
import type { SettingFlags, Settings } from '../../src/settings.ts';
import { settle } from './fakes.ts';

type Variables = Readonly<Record<string, string>>;

const ADDRESS = 'https://vault.example.com';

test('without any settings but the address, all have their defaults', () => {
  const { endpoint, session, idTokenVariable, ownToken, timeout, retries, revoke, warnings } = settle();
  assert.equal(originOf(endpoint), ADDRESS);
  assert.deepEqual(session, { authPath: ['jwt'], role: 'nexus-ci', namespace: undefined });
  assert.deepEqual(
    [idTokenVariable, ownToken, timeout, retries, revoke],
    ['VAULT_ID_TOKEN', undefined, 60_000, 5, true],
  );
  assert.deepEqual(warnings, []);
});

const show: Readonly<Record<string, (settings: Settings) => unknown>> = {
  address: ({ endpoint }) => originOf(endpoint),
  role: ({ session }) => session.role,
  auth: ({ session }) => session.authPath.join('/'),
  namespace: ({ session }) => session.namespace,
  variable: ({ idTokenVariable }) => idTokenVariable,
  token: ({ ownToken }) => ownToken?.reveal(),
  ca: ({ trust }) => trust.caFile,
  bytes: ({ trust }) => trust.caBytes,
  folder: ({ trust }) => trust.caFolder,
  system: ({ trust }) => [trust.systemFile, trust.systemFolder],
  client: ({ trust }) => [trust.clientCertificate?.value, trust.clientKey?.value],
  name: ({ trust }) => trust.serverName,
  skip: ({ trust }) => trust.skipVerify,
  timeout: ({ timeout }) => timeout,
  retries: ({ retries }) => retries,
  revoke: ({ revoke }) => revoke,
  proxy: ({ proxy }) => [proxy.always?.value, proxy.forHttps?.value, proxy.forHttp?.value, proxy.except],
};

const FOUND: readonly (readonly [what: string, variables: Variables, flags: SettingFlags, value: unknown])[] =
  [
    ['address', { VAULT_SERVER_URL: 'https://b' }, {}, ADDRESS],
    ['address', { BAO_ADDR: 'https://a', VAULT_SERVER_URL: 'https://b' }, {}, 'https://a'],
    ['address', { BAO_ADDR: '', VAULT_ADDR: '', VAULT_SERVER_URL: 'https://b' }, {}, 'https://b'],
    ['address', { BAO_ADDR: 'https://a' }, { address: 'https://c' }, 'https://c'],
    ['address', {}, { address: '' }, ADDRESS],
    ['role', { VAULT_AUTH_ROLE: 'a', VAULT_ROLE: 'b' }, {}, 'a'],
    ['role', { VAULT_ROLE: 'b' }, {}, 'b'],
    ['role', { VAULT_AUTH_ROLE: '' }, {}, ''],
    ['role', { VAULT_AUTH_ROLE: 'a' }, { role: '' }, ''],
    ['role', { VAULT_AUTH_ROLE: 'a' }, { role: '007' }, '007'],
    ['auth', { VAULT_AUTH_PATH: 'gitlab/prod' }, {}, 'gitlab/prod'],
    ['auth', { VAULT_AUTH_PATH: '' }, {}, 'jwt'],
    ['auth', { VAULT_AUTH_PATH: 'a' }, { 'auth-path': '/auth/b/' }, 'b'],
    ['namespace', { VAULT_NAMESPACE: 'team/a' }, {}, 'team/a'],
    ['namespace', { VAULT_NAMESPACE: 'a' }, { namespace: 'b' }, 'b'],
    ['namespace', { VAULT_NAMESPACE: 'a' }, { namespace: '' }, undefined],
    ['variable', {}, { 'id-token-variable': 'MY_TOKEN' }, 'MY_TOKEN'],
    ['token', { VAULT_TOKEN: 'hvs.abc-_.' }, {}, 'hvs.abc-_.'],
    ['token', { VAULT_TOKEN: '' }, {}, undefined],
    ['ca', { VAULT_CACERT: '/a' }, {}, { name: 'VAULT_CACERT', value: '/a' }],
    ['ca', { VAULT_CACERT: '/a' }, { 'ca-file': '/b' }, { name: '--ca-file', value: '/b' }],
    ['bytes', { VAULT_CACERT_BYTES: 'a\nb\n' }, {}, { name: 'VAULT_CACERT_BYTES', value: 'a\nb\n' }],
    ['folder', { VAULT_CAPATH: '/a' }, {}, { name: 'VAULT_CAPATH', value: '/a' }],
    ['system', { SSL_CERT_FILE: '/f', SSL_CERT_DIR: '/d' }, {}, ['/f', '/d']],
    ['client', { VAULT_CLIENT_CERT: '/c', VAULT_CLIENT_KEY: '/k' }, {}, ['/c', '/k']],
    ['name', { VAULT_TLS_SERVER_NAME: 'vault' }, {}, 'vault'],
    ['timeout', { VAULT_CLIENT_TIMEOUT: '5' }, {}, 5000],
    ['timeout', { VAULT_CLIENT_TIMEOUT: '5' }, { timeout: '1m30s' }, 90_000],
    ['timeout', { VAULT_CLIENT_TIMEOUT: '24h' }, {}, 86_400_000],
    ['retries', { VAULT_MAX_RETRIES: '0' }, {}, 0],
    ['retries', { VAULT_MAX_RETRIES: '7' }, { retries: '2' }, 2],
    ['revoke', {}, { revoke: false }, false],
    [
      'proxy',
      { VAULT_PROXY_ADDR: 'a', HTTPS_PROXY: 'b', HTTP_PROXY: 'c', NO_PROXY: 'd' },
      {},
      ['a', 'b', 'c', 'd'],
    ],
    ['proxy', { https_proxy: 'b', http_proxy: 'c', no_proxy: 'd' }, {}, [undefined, 'b', 'c', 'd']],
    [
      'proxy',
      { HTTPS_PROXY: 'B', https_proxy: 'b', HTTP_PROXY: '', http_proxy: 'c' },
      {},
      [undefined, 'B', 'c', ''],
    ],
    ...['1', 't', 'T', 'true', 'TRUE', 'True'].map(
      (text) => ['skip', { VAULT_SKIP_VERIFY: text }, {}, true] as const,
    ),
    ...['', '0', 'f', 'F', 'false', 'FALSE', 'False'].map(
      (text) => ['skip', { VAULT_SKIP_VERIFY: text }, {}, false] as const,
    ),
    ['skip', { NODE_TLS_REJECT_UNAUTHORIZED: '0' }, {}, false],
  ];
for (const [what, variables, flags, value] of FOUND) {
  test(`${JSON.stringify({ ...variables, ...flags })} makes ${what} ${JSON.stringify(value) ?? 'none'}`, () => {
    assert.deepEqual(show[what]?.(settle(variables, flags)), value);
  });
}

for (const [text, milliseconds] of [
  ['30', 30_000],
  ['0.5', 500],
  ['90s', 90_000],
  ['1m30s', 90_000],
  ['1h0.5m', 3_630_000],
  ['500ms', 500],
  ['1m1ms', 60_001],
  ['', undefined],
  ['s', undefined],
  ['1d', undefined],
  ['-1s', undefined],
  ['1 s', undefined],
  ['1s ', undefined],
  ['1e3', undefined],
  ['.', undefined],
  ['1s2', undefined],
  ['0x10', undefined],
  ['Infinity', undefined],
] as const) {
  test(`"${text}" lasts ${milliseconds ?? 'no'} ms`, () => assert.equal(parseDuration(text), milliseconds));
}

for (const [variables, warning] of [
  [{ VAULT_ADDR: 'http://vault.example.com' }, 'the address of vault.example.com is http'],
  [{ VAULT_ADDR: 'http://127.example.com' }, 'the address of 127.example.com is http'],
  [{ VAULT_SKIP_VERIFY: 'true' }, 'VAULT_SKIP_VERIFY is set'],
] as const) {
  test(`${JSON.stringify(variables)} warns`, () => {
    assert.equal(settle(variables).warnings.filter((text) => text.includes(warning)).length, 1);
  });
}

for (const address of [
  'http://127.0.0.1:8200',
  'http://localhost',
  'http://[::1]',
  'unix:/run/agent.sock',
  ADDRESS,
]) {
  test(`${address} warns of nothing`, () => assert.deepEqual(settle({ VAULT_ADDR: address }).warnings, []));
}
