// Proves which settings are refused before anything is sent, and that no message about one shows a token.

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { AppError } from '../../src/errors.ts';
import { prepareTrust } from '../../src/http/trust.ts';
import type { SettingFlags } from '../../src/settings.ts';
import { assertHides, assertPlain, assertRefused } from './failures.ts';
import { fakeIo, settle } from './fakes.ts';

type Variables = Readonly<Record<string, string>>;

const REFUSED: readonly (readonly [variables: Variables, flags: SettingFlags, part: string])[] = [
  [{ VAULT_ADDR: '' }, {}, 'there is no address of Vault: VAULT_ADDR is empty'],
  [{ VAULT_ADDR: 'vault' }, {}, 'VAULT_ADDR is "vault": it has no scheme'],
  [{ BAO_ADDR: 'vault' }, {}, 'BAO_ADDR is "vault"'],
  [{ VAULT_CLIENT_TIMEOUT: 'soon' }, {}, 'VAULT_CLIENT_TIMEOUT is "soon": not a time'],
  [{ VAULT_CLIENT_TIMEOUT: '0' }, {}, 'not a time'],
  [{ VAULT_CLIENT_TIMEOUT: '25h' }, {}, 'not a time'],
  [{}, { timeout: '' }, '--timeout is "": not a time'],
  [{}, { timeout: '-1' }, '--timeout is "-1"'],
  [{ VAULT_MAX_RETRIES: '-1' }, {}, 'VAULT_MAX_RETRIES is "-1": not a number of tries'],
  [{ VAULT_MAX_RETRIES: '1.5' }, {}, 'not a number of tries'],
  [{}, { retries: '1000' }, '--retries is "1000"'],
  [{}, { retries: '' }, '--retries is ""'],
  [{ VAULT_SKIP_VERIFY: 'yes' }, {}, 'VAULT_SKIP_VERIFY is "yes"'],
  [{ VAULT_TOKEN: 'hvs abc' }, {}, 'VAULT_TOKEN holds a space'],
  [{ VAULT_TOKEN: 'hvs.ä' }, {}, 'VAULT_TOKEN holds a space or another character'],
  [{ VAULT_TOKEN: 'eyJhbGciOiJ.eyJpc3Mi.c2ln' }, {}, 'VAULT_TOKEN holds a JWT, such as an ID token'],
  [{}, { 'auth-path': 'hvs.CAESIJabcdefgh' }, 'the auth path (--auth-path) holds a token'],
  [{ VAULT_NAMESPACE: 'eyJhbGciOiJSUzI1NiJ9.e30.c2ln' }, {}, 'the namespace (VAULT_NAMESPACE) holds a token'],
  [{ VAULT_AUTH_ROLE: 'eyJhbGciOiJSUzI1NiJ9.e30.c2ln' }, {}, 'the role (VAULT_AUTH_ROLE) holds a token'],
  [{}, { 'auth-path': '' }, 'is not the path of an auth method'],
  [{}, { 'auth-path': 'a//b' }, '--auth-path is "a//b": that is not the path'],
  [{ VAULT_AUTH_PATH: '../sys' }, {}, 'VAULT_AUTH_PATH is "../sys": that is not the path'],
  [{ VAULT_AUTH_PATH: 'auth//jwt' }, {}, 'is not the path'],
  [{}, { 'auth-path': 'jwt\ud800' }, 'the path of an auth method'],
  [{ VAULT_NAMESPACE: 'é' }, {}, 'the namespace (VAULT_NAMESPACE) is "é": it can only be ASCII'],
  [{ VAULT_TOKEN: '$MY_TOKEN' }, {}, 'VAULT_TOKEN is "$MY_TOKEN": a variable that was never filled in'],
  [{}, { 'id-token-variable': '$MY_TOKEN' }, '--id-token-variable is "$MY_TOKEN"'],
  [{}, { 'id-token-variable': 'eyJhbGciOiJSUzI1NiJ9.e30.c2ln' }, '--id-token-variable holds a token'],
  [{ VAULT_ROLE: '$X' }, {}, 'the role (VAULT_ROLE) is "$X": a variable in it was never filled in'],
  [{ VAULT_NAMESPACE: 'a/$X' }, {}, 'the namespace (VAULT_NAMESPACE) is "a/$X": a variable in it'],
  [{}, { 'auth-path': '$X' }, 'the auth path (--auth-path) is "$X": a variable in it'],
  [{ VAULT_TOKEN: '"hvs.x"' }, {}, 'VAULT_TOKEN has quotes around it'],
  [{ VAULT_AUTH_ROLE: '"ci"' }, {}, 'the role (VAULT_AUTH_ROLE) is ""ci"": it has quotes around it'],
  [{ VAULT_AUTH_ROLE: ' ci' }, {}, 'the role (VAULT_AUTH_ROLE) is " ci": there is a space at an end of it'],
  [{}, { 'auth-path': 'gitlab/jwt/login' }, '--auth-path is "gitlab/jwt/login": leave /login off'],
  [{ VAULT_CACERT: '$MY_CA' }, {}, 'VAULT_CACERT is "$MY_CA": a variable in it was never filled in'],
  [{}, { 'ca-file': '$MY_CA' }, '--ca-file is "$MY_CA": a variable in it was never filled in'],
  [{ VAULT_CACERT_BYTES: '$MY_CA' }, {}, 'VAULT_CACERT_BYTES is "$MY_CA": a variable in it'],
  [{ VAULT_CACERT_BYTES: '/tmp/ca.pem' }, {}, 'VAULT_CACERT_BYTES is "/tmp/ca.pem": that is a path'],
  [{ HTTPS_PROXY: '$MY_PROXY' }, {}, 'HTTPS_PROXY is "$MY_PROXY": a variable in it was never filled in'],
  [{ VAULT_ADDR: 'https://$vault_host:8200' }, {}, 'a variable in it was never filled in'],
  [{ VAULT_AUTH_ROLE: 'ci\r\n' }, {}, 'holds a control character: a line break at its end'],
];
for (const [variables, flags, part] of REFUSED) {
  test(`${JSON.stringify({ ...variables, ...flags })} is refused: ${part}`, () => {
    assertPlain(assertRefused(() => settle(variables, flags), 'CONFIG', part));
  });
}

const CONTROLLED: readonly string[] = [
  ...[
    'VAULT_ADDR',
    'BAO_ADDR',
    'VAULT_AUTH_ROLE',
    'VAULT_AUTH_PATH',
    'VAULT_NAMESPACE',
    'VAULT_TOKEN',
    'VAULT_CACERT',
  ],
  ...[
    'VAULT_CAPATH',
    'SSL_CERT_FILE',
    'SSL_CERT_DIR',
    'VAULT_CLIENT_CERT',
    'VAULT_CLIENT_KEY',
    'VAULT_TLS_SERVER_NAME',
  ],
  ...[
    'VAULT_SKIP_VERIFY',
    'VAULT_CLIENT_TIMEOUT',
    'VAULT_MAX_RETRIES',
    'VAULT_PROXY_ADDR',
    'HTTPS_PROXY',
    'no_proxy',
  ],
];
for (const name of CONTROLLED) {
  for (const control of ['\n', '\r', '\t', '\0', '\u001b', '\u007f']) {
    test(`${name} with ${JSON.stringify(control)} in it is refused`, () => {
      const error = assertRefused(
        () => settle({ [name]: `https://a${control}` }),
        'CONFIG',
        'holds a control character',
      );
      assertPlain(error);
    });
  }
}

for (const [flag, part] of [
  ['address', '--address is "1\\u001b[31m": it holds a control character'],
  ['role', 'the role (--role) holds a control character: \\u001b in its middle'],
  ['auth-path', 'the auth path (--auth-path) holds a control character: \\u001b in its middle'],
  ['namespace', 'the namespace (--namespace) holds a control character: \\u001b in its middle'],
  ['timeout', '--timeout is "1\\u001b[31m"'],
  ['retries', '--retries is "1\\u001b[31m"'],
  ['id-token-variable', '--id-token-variable'],
] as const) {
  test(`--${flag} with a control character in it is refused`, () => {
    assertPlain(assertRefused(() => settle({}, { [flag]: '1\u001b[31m' }), 'CONFIG', part));
  });
}

test('an empty name for the variable of the ID token is refused', () => {
  assertRefused(() => settle({}, { 'id-token-variable': '' }), 'CONFIG', '--id-token-variable');
});

for (const name of ['VAULT_CLIENT_CERT', 'VAULT_CLIENT_KEY']) {
  test(`${name} alone is refused`, () => {
    const { trust } = settle({ [name]: '/a' });
    assertRefused(
      () => prepareTrust(trust, fakeIo()),
      'CONFIG',
      'only one of VAULT_CLIENT_CERT and VAULT_CLIENT_KEY',
    );
  });
}

test('no message about a token that is refused holds any of it', () => {
  const token = fc.tuple(fc.constantFrom(' ', '\n', 'é', '\0'), fc.nat(8)).map(([bad, at]) => {
    const text = 'hvs.marked-token';
    return text.slice(0, at) + bad + text.slice(at);
  });
  fc.assert(
    fc.property(token, (text) => {
      const error = assertRefused(() => settle({ VAULT_TOKEN: text }), 'CONFIG', 'VAULT_TOKEN holds');
      assertHides(error, 'hvs', 'marked');
    }),
  );
});

test('any values of any variables are settings or a CONFIG error', () => {
  const variables = fc.dictionary(fc.constantFrom(...CONTROLLED), fc.string({ unit: 'binary' }));
  fc.assert(
    fc.property(variables, (values) => {
      try {
        settle(values);
      } catch (error) {
        assert.ok(error instanceof AppError, String(error));
        assert.equal(error.code, 'CONFIG');
        assertPlain(error);
      }
    }),
  );
});
