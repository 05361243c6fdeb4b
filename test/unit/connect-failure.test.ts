// Proves what is told of a connection that did not come about or was cut: which name, which address, at which step, and
// whose setting is to be changed.

import assert from 'node:assert/strict';
import test from 'node:test';
import type { ErrorCode } from '../../src/errors.ts';
import { parseAddress } from '../../src/http/address.ts';
import type { Circumstances } from '../../src/http/explanation.ts';
import { connectionFailure } from '../../src/http/failure.ts';
import { assertFailure, assertHides, assertHolds, assertPlain } from './failures.ts';

const VAULT = parseAddress('https://vault.example.com:8200', 'VAULT_ADDR');
const PLAIN = parseAddress('http://vault.example.com:8200', 'VAULT_ADDR');
const AGENT = parseAddress('unix:/run/agent.sock', 'VAULT_ADDR');
const LOOPBACK = parseAddress('https://127.0.0.1:9', 'VAULT_ADDR');
const SIX = parseAddress('https://[::1]:9', 'VAULT_ADDR');

const failed = (code: string, more: object = {}) => Object.assign(new Error('marked'), { code, ...more });
const refused = (address: string, port = 8200) => failed('ECONNREFUSED', { address, port });
const noWay = (address: string, port = 8200) => failed('ENETUNREACH', { address, port });
const all = (...errors: readonly Error[]) =>
  Object.assign(new AggregateError(errors, 'marked'), { code: 'ECONNREFUSED' });
const many = (count: number) => Array.from({ length: count }, (_, index) => refused(`10.0.0.${index}`));
const packet = (bytes: string) => failed('HPE_INVALID_CONSTANT', { rawPacket: Buffer.from(bytes, 'latin1') });

type Row = readonly [
  error: Error,
  circumstances: Circumstances,
  message: string,
  hint: string,
  endpoint?: typeof VAULT,
  code?: ErrorCode,
];
const FROM_VAULT = 'cannot get an answer from vault.example.com:8200: ';
const TABLE: readonly Row[] = [
  [
    failed('ENOTFOUND', { hostname: 'vault.example.com' }),
    { phase: 'name' },
    `${FROM_VAULT}the name server knows no host "vault.example.com", or no address of it (ENOTFOUND)`,
    'check VAULT_ADDR for typing errors; a name of a private network',
  ],
  [
    failed('ENOTFOUND', { hostname: 'proxy.example.com' }),
    { proxy: 'HTTPS_PROXY' },
    'no host "proxy.example.com"',
    'check the address in HTTPS_PROXY for typing errors',
  ],
  [
    failed('EAI_AGAIN'),
    {},
    'no name server answered when asked for "vault.example.com" (EAI_AGAIN)',
    "runner's DNS",
  ],
  [
    refused('127.0.0.1', 9),
    {},
    'from 127.0.0.1:9: it refuses connections: nothing listens there (ECONNREFUSED)',
    '',
    LOOPBACK,
  ],
  [
    refused('::1', 9),
    {},
    'from [::1]:9: it refuses connections: nothing listens there (ECONNREFUSED)',
    '',
    SIX,
  ],
  [
    refused('10.0.0.1'),
    { phase: 'connect' },
    `${FROM_VAULT}10.0.0.1:8200 refuses connections: nothing listens there (ECONNREFUSED)`,
    'check VAULT_ADDR and its port, and that the server runs',
  ],
  [refused('10.0.0.1'), { proxy: 'HTTP_PROXY' }, '', 'check the address in HTTP_PROXY and its port'],
  [
    failed('EHOSTUNREACH', { address: '10.0.0.1', port: 8200 }),
    {},
    '10.0.0.1:8200 cannot be reached: the network does not reach that host (EHOSTUNREACH)',
    'this runner may reach it',
  ],
  [
    failed('ETIMEDOUT', { address: '10.0.0.1', port: 8200 }),
    {},
    '10.0.0.1:8200 gave no answer: the connection timed out (ETIMEDOUT)',
    'firewall',
  ],
  [
    all(refused('10.0.0.1'), refused('10.0.0.2')),
    {},
    `${FROM_VAULT}10.0.0.1:8200 and 10.0.0.2:8200 refuse connections: nothing listens there (ECONNREFUSED)`,
    'its port',
  ],
  [
    all(refused('10.0.0.1'), noWay('2001:db8::1')),
    {},
    `${FROM_VAULT}10.0.0.1:8200 refuses connections: nothing listens there (ECONNREFUSED); [2001:db8::1]:8200 cannot be reached: this runner has no way to that network (ENETUNREACH)`,
    'check VAULT_ADDR, and that this runner may reach it',
  ],
  [
    all(...many(7)),
    {},
    '10.0.0.0:8200, 10.0.0.1:8200, 10.0.0.2:8200, 10.0.0.3:8200 and 3 more refuse connections',
    '',
  ],
  [all(), {}, 'the connection failed (ECONNREFUSED)', ''],
  [all(failed('EMFILE'), failed('EMFILE')), {}, 'the connection failed', ''],
  [failed('ENOENT'), {}, 'from /run/agent.sock: there is no such socket (ENOENT)', 'Vault Agent', AGENT],
  [failed('ENOTDIR'), {}, 'there is no such socket (ENOTDIR)', 'no folder', AGENT],
  [failed('EACCES'), {}, 'this user may not open the socket (EACCES)', 'right', AGENT],
  [failed('ECONNREFUSED'), {}, 'nobody serves the socket (ECONNREFUSED)', 'Vault Agent runs', AGENT],
  [
    failed('ECONNRESET'),
    { phase: 'tls' },
    'was cut during the TLS handshake (ECONNRESET)',
    'no TLS is spoken',
  ],
  [
    failed('ECONNRESET'),
    { phase: 'tls', through: 'HTTPS_PROXY' },
    '',
    'proxy in HTTPS_PROXY does not let it pass',
  ],
  [
    failed('ECONNRESET'),
    { phase: 'answer' },
    'was cut before an answer came (ECONNRESET)',
    'the log of Vault',
  ],
  [failed('ECONNRESET'), { phase: 'answer' }, 'before an answer came', 'write https:// in VAULT_ADDR', PLAIN],
  [
    failed('ECONNRESET'),
    { phase: 'answer', showsCertificate: true },
    '',
    'not accept the certificate in VAULT_CLIENT_CERT',
  ],
  [failed('EPIPE'), { phase: 'answer' }, 'was cut before an answer came (EPIPE)', ''],
  [failed('ECONNRESET'), { phase: 'body' }, 'was cut in the middle of the answer', ''],
  [
    failed('ECONNRESET'),
    { phase: 'tunnel', proxy: 'HTTPS_PROXY' },
    'was cut before the tunnel through it stood',
    'check that the address in HTTPS_PROXY is one of a proxy',
  ],
  [failed('ECONNRESET'), {}, 'the connection was cut (ECONNRESET)', ''],
  [
    failed('ERR_SSL_TLSV1_UNRECOGNIZED_NAME'),
    { serverName: 'other.test' },
    'it serves no host of the name other.test',
    'check VAULT_TLS_SERVER_NAME',
    VAULT,
    'TLS_UNTRUSTED',
  ],
  [
    packet('\u0015\u0003\u0003\u0000\u0002\u0002\u0046'),
    { phase: 'answer' },
    'it speaks TLS on this port, and the address says http',
    'write https:// in VAULT_ADDR',
    PLAIN,
    'BAD_RESPONSE',
  ],
  [
    packet('\u0015\u0003'),
    { proxy: 'HTTP_PROXY' },
    '',
    'https:// in the address in HTTP_PROXY',
    PLAIN,
    'BAD_RESPONSE',
  ],
  [packet('SSH-2.0-OpenSSH_9.6\r\n'), {}, 'greets as an SSH server', 'the port', PLAIN, 'BAD_RESPONSE'],
  [packet('220 mail marked'), {}, 'its answer is not HTTP (HPE', 'one of Vault', PLAIN, 'BAD_RESPONSE'],
  [
    packet(''),
    { proxy: 'HTTP_PROXY' },
    'its answer is not HTTP',
    'HTTP_PROXY is the one of the proxy',
    PLAIN,
    'BAD_RESPONSE',
  ],
];
for (const [error, circumstances, message, hint, endpoint = VAULT, code = 'UNAVAILABLE'] of TABLE) {
  const what = `${String((error as Error & { code?: unknown }).code)} ${JSON.stringify(circumstances)}`;
  test(`${what} is told as: ${message === '' ? hint : message.replace(FROM_VAULT, '')}`, () => {
    const told = assertFailure(connectionFailure(endpoint, error, circumstances), code, message);
    assertHolds(told.hint ?? '', hint);
    assertHides(told, 'marked');
    assertPlain(told);
    assert.ok(told.message.length < 400, `${told.message.length} characters`);
  });
}

test('an address that is no address makes no message that is not plain', () => {
  assertPlain(connectionFailure(VAULT, refused('10.0.0.1\u001b[31m\n')));
});
