// Proves what a failed connection is told as: whether it is worth a retry, and whether someone cannot be trusted.

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { AppError, type ErrorCode } from '../../src/errors.ts';
import { parseAddress } from '../../src/http/address.ts';
import { connectionFailure, isUnknownIssuer } from '../../src/http/failure.ts';
import { assertFailure, assertHides, assertPlain } from './failures.ts';

const VAULT = parseAddress('https://vault.example.com:8200', 'VAULT_ADDR');
const SECRET = 'hvs.marked-token';
const failed = (code: unknown) => Object.assign(new Error(`connect to ${SECRET}`), { code });

const TABLE: readonly (readonly [code: string, meant: ErrorCode, part: string, hint: string])[] = [
  ['ENOTFOUND', 'UNAVAILABLE', 'no such host name', 'check the address'],
  ['EAI_AGAIN', 'UNAVAILABLE', 'the name server gave no answer', 'DNS'],
  ['ECONNREFUSED', 'UNAVAILABLE', 'nothing listens there', 'check the address'],
  ['EHOSTUNREACH', 'UNAVAILABLE', 'cannot be reached', 'check the address'],
  ['ENETUNREACH', 'UNAVAILABLE', 'network cannot be reached', ''],
  ['ETIMEDOUT', 'UNAVAILABLE', 'timed out', ''],
  ['ECONNRESET', 'UNAVAILABLE', 'was cut', ''],
  ['EPIPE', 'UNAVAILABLE', 'was cut', ''],
  ['ENOENT', 'UNAVAILABLE', 'no such socket', 'Vault Agent'],
  ['EACCES', 'UNAVAILABLE', 'may not open the socket', ''],
  ['ECONNABORTED', 'UNAVAILABLE', 'the connection failed', ''],
  ['EMFILE', 'UNAVAILABLE', 'the connection failed', ''],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'TLS_UNTRUSTED', 'not trusted here', 'VAULT_CACERT'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'TLS_UNTRUSTED', 'not trusted here', 'VAULT_CACERT'],
  ['UNABLE_TO_GET_ISSUER_CERT', 'TLS_UNTRUSTED', 'not trusted here', 'VAULT_CACERT'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'TLS_UNTRUSTED', 'a CA that is not trusted', 'VAULT_CACERT'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'TLS_UNTRUSTED', 'self-signed', 'VAULT_CACERT'],
  ['CERT_HAS_EXPIRED', 'TLS_UNTRUSTED', 'has expired', 'clock'],
  ['CERT_NOT_YET_VALID', 'TLS_UNTRUSTED', 'not yet valid', 'clock'],
  ['CERT_REVOKED', 'TLS_UNTRUSTED', 'was revoked', ''],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'TLS_UNTRUSTED', 'for another name', 'VAULT_TLS_SERVER_NAME'],
  ['CERT_CHAIN_TOO_LONG', 'TLS_UNTRUSTED', 'its certificate was refused', ''],
  ['CERT_SIGNATURE_FAILURE', 'TLS_UNTRUSTED', 'its certificate was refused', ''],
  ['CERT_UNTRUSTED', 'TLS_UNTRUSTED', 'its certificate was refused', ''],
  ['CRL_HAS_EXPIRED', 'TLS_UNTRUSTED', 'its certificate was refused', ''],
  ['INVALID_CA', 'TLS_UNTRUSTED', 'its certificate was refused', ''],
  ['PATH_LENGTH_EXCEEDED', 'TLS_UNTRUSTED', 'its certificate was refused', ''],
  ['INVALID_PURPOSE', 'TLS_UNTRUSTED', 'its certificate was refused', ''],
  ['ERROR_IN_CERT_NOT_AFTER_FIELD', 'TLS_UNTRUSTED', 'its certificate was refused', ''],
  // what Node calls all that it has no name for, such as a key that is too short
  ['UNSPECIFIED', 'TLS_UNTRUSTED', 'its certificate was refused', ''],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'TLS_UNTRUSTED', 'does not speak TLS', 'plain-text port'],
  ['ERR_SSL_PACKET_LENGTH_TOO_LONG', 'TLS_UNTRUSTED', 'does not speak TLS', ''],
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'TLS_UNTRUSTED', 'handshake failed', 'VAULT_CLIENT_CERT'],
  ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'TLS_UNTRUSTED', 'handshake failed', 'older TLS'],
  ['EPROTO', 'TLS_UNTRUSTED', 'handshake failed', ''],
  ['HPE_INVALID_CONSTANT', 'BAD_RESPONSE', 'not HTTP', 'check that the address'],
  ['HPE_HEADER_OVERFLOW', 'BAD_RESPONSE', 'not HTTP', ''],
];
for (const [code, meant, part, hint] of TABLE) {
  test(`${code} is told as ${meant}: ${part}`, () => {
    const cause = failed(code);
    const error = connectionFailure(VAULT, cause);
    assertFailure(error, meant, `cannot get an answer from vault.example.com:8200: `);
    assertFailure(error, meant, part);
    assertFailure(error, meant, `(${code})`);
    assert.equal((error.hint ?? '').includes(hint), true, error.hint ?? 'there is no hint');
    assertHides(error, SECRET);
    assert.equal(error.cause, cause);
  });
}

test('a failure that civault has explained already stays as it is', () => {
  const error = new AppError('CONFIG', 'the proxy asks for a password');
  assert.equal(connectionFailure(VAULT, error), error);
});

test('a socket is named by its path', () => {
  const agent = parseAddress('unix:/run/agent.sock', 'VAULT_ADDR');
  assertFailure(connectionFailure(agent, failed('ENOENT')), 'UNAVAILABLE', 'from /run/agent.sock: ');
});

for (const [what, thrown] of [
  ['an error without a code', new Error(SECRET)],
  ['an error whose code is a number', failed(42)],
  ['a text', SECRET],
  ['nothing', undefined],
  ['null', null],
  ['an object', { code: 'ECONNRESET', message: SECRET }],
] as const) {
  test(`${what} is a connection that failed`, () => {
    const error = assertFailure(connectionFailure(VAULT, thrown), 'UNAVAILABLE', 'the connection failed');
    assertHides(error, SECRET);
  });
}

for (const code of ['constructor', '__proto__', 'toString', 'valueOf']) {
  test(`the code ${code} is one like any other`, () => {
    assertFailure(connectionFailure(VAULT, failed(code)), 'UNAVAILABLE', 'the connection failed');
  });
}

test('no code makes a message that is not plain', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (code) => {
      const error = connectionFailure(VAULT, failed(`X${code}`));
      assertPlain(assertFailure(error, 'UNAVAILABLE', 'the connection failed'));
      assertHides(error, SECRET);
    }),
  );
});

for (const [text, part] of [
  [
    'write EPROTO 40:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../x.c:355:',
    'does not speak TLS',
  ],
  ['write EPROTO 40:error:0A00009C:SSL routines::http request', 'does not speak TLS'],
  ['write EPROTO 40:error:0A000410:SSL routines::sslv3 alert handshake failure', 'the TLS handshake failed'],
] as const) {
  test(`an EPROTO of "${text.slice(-30)}" is told as: ${part}`, () => {
    const error = connectionFailure(VAULT, Object.assign(new Error(text), { code: 'EPROTO' }));
    assertHides(assertFailure(error, 'TLS_UNTRUSTED', part), 'routines');
  });
}

for (const [code, unknown] of [
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', true],
  ['UNABLE_TO_GET_ISSUER_CERT', true],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', true],
  ['SELF_SIGNED_CERT_IN_CHAIN', true],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', true],
  ['CERT_HAS_EXPIRED', false],
  ['ERR_TLS_CERT_ALTNAME_INVALID', false],
  ['CERT_REVOKED', false],
  ['UNABLE_TO_GET_CRL', false],
  ['ECONNREFUSED', false],
] as const) {
  test(`${code} is ${unknown ? '' : 'not '}an issuer that a larger store may know`, () => {
    assert.equal(isUnknownIssuer(connectionFailure(VAULT, failed(code))), unknown);
    assert.equal(isUnknownIssuer(failed(code)), false);
  });
}
