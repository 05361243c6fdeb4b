// Proves which addresses are taken, where each leads, and what the user is told of any other.

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { AppError } from '../../src/errors.ts';
import { authorityOf, type Endpoint, isLoopback, originOf, parseAddress } from '../../src/http/address.ts';
import { assertHides, assertHolds, assertPlain, assertRefused } from './failures.ts';

const endpoint = (
  scheme: Endpoint['scheme'],
  host: string,
  port: number,
  basePath = '',
  socketPath?: string,
): Endpoint => ({ scheme, host, port, basePath, socketPath, source: 'VAULT_ADDR', service: 'Vault' });

for (const [text, meant] of [
  ['https://vault.example.com', endpoint('https', 'vault.example.com', 443)],
  [' https://vault.example.com/ ', endpoint('https', 'vault.example.com', 443)],
  ['HTTPS://Vault.Example.com:443', endpoint('https', 'vault.example.com', 443)],
  ['https://vault:8200//', endpoint('https', 'vault', 8200)],
  ['http://vault', endpoint('http', 'vault', 80)],
  ['http://vault:443', endpoint('http', 'vault', 443)],
  ['https://proxy.example.com/some/vault/', endpoint('https', 'proxy.example.com', 443, '/some/vault')],
  ['https://[2001:DB8::1]:8200', endpoint('https', '2001:db8::1', 8200)],
  ['https://bücher.example', endpoint('https', 'xn--bcher-kva.example', 443)],
  ['https://vault/v1x', endpoint('https', 'vault', 443, '/v1x')],
  ['https://gate/api/v1/vault', endpoint('https', 'gate', 443, '/api/v1/vault')],
  ['https://my_vault.example.com', endpoint('https', 'my_vault.example.com', 443)],
  ['unix:/run/vault/agent.sock', endpoint('unix', 'localhost', 0, '', '/run/vault/agent.sock')],
  ['unix:///run/vault/agent.sock', endpoint('unix', 'localhost', 0, '', '/run/vault/agent.sock')],
] as const) {
  test(`${text} leads there`, () => assert.deepEqual(parseAddress(text, 'VAULT_ADDR'), meant));
}

const unfilled = (name: string) => `$\{${name}}`;

for (const [text, part, hint] of [
  ['', 'it is empty', 'VAULT_ADDR=https://'],
  ['  ', 'VAULT_ADDR is "  ": it holds only spaces', 'Settings → CI/CD → Variables of the group'],
  ['vault.example.com', 'it has no scheme', 'write VAULT_ADDR=https://vault.example.com'],
  ['vault.example.com:8200', 'it has no scheme', 'VAULT_ADDR=https://vault.example.com:8200'],
  ['VAULT_ADDR=https://vault:8200', 'it has no scheme', 'write VAULT_ADDR=https://vault:8200 in'],
  ['<https://vault.example.com>', 'it has no scheme', 'write VAULT_ADDR=https://vault.example.com in'],
  ['[MASKED]', 'it has no scheme', 'write VAULT_ADDR=https://vault.example.com in'],
  ['null', 'it has no scheme', 'write VAULT_ADDR=https://vault.example.com in'],
  ['/v1', 'it has no scheme', 'write VAULT_ADDR=https://vault.example.com in'],
  ['https://::1:8200', 'an IPv6 address stands in brackets', 'VAULT_ADDR=https://[::1'],
  ['https://<vault-host>:8200', 'its host is not a name', ''],
  ['https://$vault_host:8200', 'a variable in it was never filled in', 'vault_host'],
  ['//vault.example.com', 'it has no scheme', 'VAULT_ADDR=https://vault.example.com in Settings'],
  ['https//vault', 'it has no scheme', 'VAULT_ADDR=https://vault in'],
  ['ftp://vault.example.com', 'only https, http and unix', ''],
  ['unix:relative.sock', 'a socket is named by its whole path', 'VAULT_ADDR=unix:///PATH'],
  ['unix://', 'a socket is named by its whole path', 'VAULT_ADDR=unix:///PATH'],
  ['unix:/', 'a socket is named by its whole path', 'VAULT_ADDR=unix:///PATH'],
  ['https://', 'there is no host in it', 'that one is empty'],
  ['https:///', 'there is no host in it', ''],
  ['https:///v1/auth/jwt/login', 'there is no host in it', 'that one is empty'],
  ['https://:8200', 'there is no host in it', 'that one is empty'],
  ['https:/vault', 'there is no host in it', 'write VAULT_ADDR=https://vault in'],
  ['https:///vault.example.com', 'there is no host in it', ''],
  ['https:vault.example.com', 'there is no host in it', 'write VAULT_ADDR=https://vault.example.com in'],
  ['https://ho st', '"https://ho st": there is a space in it', 'write VAULT_ADDR=https://'],
  ['https://https://vault', 'it has the scheme twice', 'VAULT_ADDR=https://vault in'],
  ['https://%zz', 'its host is not a name', ''],
  ['https://[::1', 'its host is not a name or an IP address', ''],
  ['https://vault:port', 'its port is not a number', ''],
  ['https://vault:0', 'nothing listens at port 0', ''],
  ['https://[fe80::1%eth0]:8200', 'an IPv6 address with a zone is not known here', ''],
  ['https://vault:99999', 'VAULT_ADDR is "https://vault:99999": its port', ''],
  ['https://vault?x=1', 'no ? and no #', 'VAULT_ADDR=https://vault in'],
  ['https://vault/base#x', 'no ? and no #', 'VAULT_ADDR=https://vault/base in'],
  ['https://vault/#/vault/secrets', 'no ? and no #', 'VAULT_ADDR=https://vault in'],
  ['https://vault.example.com/v1', 'leave /v1 off', 'write VAULT_ADDR=https://vault.example.com in'],
  ['https://vault.example.com/v1/', 'leave /v1 off', 'write VAULT_ADDR=https://vault.example.com in'],
  ['https://vault.example.com/ui/', 'leave /ui off', 'write VAULT_ADDR=https://vault.example.com in'],
  ['https://vault:8200/v1/secret/data/x', 'leave /v1/secret/data/x off', 'VAULT_ADDR=https://vault:8200 in'],
  [
    'https://vault/ui/vault/auth?with=jwt',
    'leave /ui/vault/auth?with=jwt off',
    'VAULT_ADDR=https://vault in',
  ],
  ['https://vault/ui/#x', 'leave /ui#x off', 'VAULT_ADDR=https://vault in'],
  ['https://gate/base/ui/vault/auth', 'leave /ui/vault/auth off', 'VAULT_ADDR=https://gate/base in'],
  ['https://gate/base/v1', 'leave /v1 off', 'VAULT_ADDR=https://gate/base in'],
  [
    '"https://vault.example.com"',
    'it has quotes around it',
    'without them: write VAULT_ADDR=https://vault.example.com in',
  ],
  ["https://vault'", 'it has quotes around it', 'without them: write VAULT_ADDR=https://vault in'],
  ['“https://vault”', 'it has quotes around it', 'VAULT_ADDR=https://vault in'],
  [
    'https://vault\n',
    '"https://vault\\u000a": it holds a control character, a line break at its end',
    'after | in YAML',
  ],
  ['\thttps://vault', 'a tab at its beginning', 'in one line'],
  ['$$VAULT_URL', 'never filled in', 'write $VAULT_URL with one $'],
  ['$VAULT_ADDR', 'never filled in', 'leave VAULT_ADDR: $VAULT_ADDR out of variables:'],
  [
    '$VAULT_URL',
    'never filled in',
    'VAULT_URL is not defined in this job: set it in Settings → CI/CD → Variables of the group',
  ],
  [unfilled('VAULT_URL'), 'never filled in', ''],
  [`https://${unfilled('VAULT_HOST')}:8200`, 'never filled in', ''],
  ['https://$VAULT_HOST', 'never filled in', ''],
  ['https://vault\u001b[31m', 'VAULT_ADDR is', ''],
  ['https://user:pass@vault.example.com', 'holds a user name or a password', 'without credentials'],
  ['https://user@vault.example.com', 'holds a user name or a password', ''],
] as const) {
  test(`${JSON.stringify(text)} is no address: ${part}`, () => {
    const error = assertRefused(() => parseAddress(text, 'VAULT_ADDR'), 'CONFIG', part);
    assertHolds(error.hint, hint);
    assertPlain(error);
  });
}

test('a flag is not set in the group', () => {
  const error = assertRefused(() => parseAddress('vault', '--address'), 'CONFIG', '--address is "vault"');
  assert.equal(error.hint, 'write --address=https://vault');
});

for (const text of [
  'https://user:marked-pw@vault.example.com',
  'https://user:marked-pw@',
  'https://user:marked-pw@vault:99999',
  'ftp://user:marked-pw@vault.example.com',
  'user:marked-pw@vault.example.com',
  'https:/user:marked-pw@vault.example.com',
  'https:///user:marked-pw@vault.example.com',
  'https://user:marked-pw/x@vault.example.com',
  '/user:marked-pw@vault.example.com',
  'https://user:marked-pw$HOME_@vault.example.com',
]) {
  test(`what is said of ${text} does not show the password`, () => {
    const error = assertRefused(() => parseAddress(text, 'VAULT_ADDR'), 'CONFIG', 'VAULT_ADDR');
    assertHides(error, 'marked-pw');
  });
}

for (const [address, origin, authority] of [
  ['https://vault.example.com/base', 'https://vault.example.com', 'vault.example.com'],
  ['https://vault:8200', 'https://vault:8200', 'vault:8200'],
  ['https://vault:80', 'https://vault:80', 'vault:80'],
  ['http://vault:80', 'http://vault', 'vault'],
  ['https://[::1]', 'https://[::1]', '[::1]'],
  ['https://[::1]:8200', 'https://[::1]:8200', '[::1]:8200'],
  ['unix:/a.sock', 'unix:/a.sock', 'localhost'],
] as const) {
  test(`${address} has the origin ${origin} and the Host ${authority}`, () => {
    const parsed = parseAddress(address, 'VAULT_ADDR');
    assert.deepEqual([originOf(parsed), authorityOf(parsed)], [origin, authority]);
  });
}

for (const [host, loopback] of [
  ['localhost', true],
  ['api.localhost', true],
  ['127.0.0.1', true],
  ['127.255.0.9', true],
  ['::1', true],
  ['127.example.com', false],
  ['127.0.0.1.example.com', false],
  ['mylocalhost', false],
  ['localhost.example.com', false],
  ['128.0.0.1', false],
  ['0.0.0.0', false],
  ['::2', false],
  ['', false],
] as const) {
  test(`${host} is ${loopback ? 'this machine' : 'another machine'}`, () =>
    assert.equal(isLoopback(host), loopback));
}

test('any text is an address or a CONFIG error', () => {
  const piece = fc.constantFrom(
    'http',
    'https',
    ':',
    '//',
    '/',
    'unix',
    '@',
    '[',
    ']',
    '::1',
    'a',
    '.',
    '8200',
    '$A',
    '?',
    '#',
    '%',
    '\\',
    '\n',
  );
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(piece, { maxLength: 9 }).map((pieces) => pieces.join('')),
  );
  fc.assert(
    fc.property(text, (input) => {
      try {
        const { host, port, socketPath } = parseAddress(input, 'VAULT_ADDR');
        assert.notEqual(host, '');
        assert.equal(socketPath !== undefined || (port >= 0 && port < 65_536), true);
      } catch (error) {
        assert.ok(error instanceof AppError, String(error));
        assert.equal(error.code, 'CONFIG');
        assertPlain(error);
      }
    }),
    { numRuns: 2000 },
  );
});
