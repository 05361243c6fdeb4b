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
  ['ENOTFOUND', 'UNAVAILABLE', 'knows no host "vault.example.com"', 'check VAULT_ADDR'],
  ['EAI_AGAIN', 'UNAVAILABLE', 'no name server answered', 'DNS'],
  ['EAI_FAIL', 'UNAVAILABLE', 'the name server failed', 'DNS'],
  ['EAI_MEMORY', 'UNAVAILABLE', 'looking up "vault.example.com" failed', 'DNS'],
  ['ECONNREFUSED', 'UNAVAILABLE', 'nothing listens there', 'check VAULT_ADDR'],
  ['EHOSTUNREACH', 'UNAVAILABLE', 'cannot be reached', 'check VAULT_ADDR'],
  ['ENETUNREACH', 'UNAVAILABLE', 'it cannot be reached', 'check VAULT_ADDR'],
  ['ETIMEDOUT', 'UNAVAILABLE', 'timed out', 'firewall'],
  ['ECONNRESET', 'UNAVAILABLE', 'was cut', ''],
  ['EPIPE', 'UNAVAILABLE', 'was cut', ''],
  ['ECONNABORTED', 'UNAVAILABLE', 'was cut', ''],
  ['EACCES', 'UNAVAILABLE', 'own firewall forbids it', ''],
  ['ENOENT', 'UNAVAILABLE', 'the connection failed', ''],
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
  ['CERT_CHAIN_TOO_LONG', 'TLS_UNTRUSTED', 'chain is longer than its CA allows', ''],
  ['CERT_SIGNATURE_FAILURE', 'TLS_UNTRUSTED', 'is not signed by the CA that it names', 'anew'],
  ['CERT_UNTRUSTED', 'TLS_UNTRUSTED', 'its certificate was refused', ''],
  ['CRL_HAS_EXPIRED', 'TLS_UNTRUSTED', 'its certificate was refused', ''],
  ['INVALID_CA', 'TLS_UNTRUSTED', 'signed by one that is no CA', ''],
  ['PATH_LENGTH_EXCEEDED', 'TLS_UNTRUSTED', 'chain is longer than its CA allows', ''],
  ['INVALID_PURPOSE', 'TLS_UNTRUSTED', 'is not one for a server', 'serverAuth'],
  ['ERROR_IN_CERT_NOT_AFTER_FIELD', 'TLS_UNTRUSTED', 'its certificate was refused', ''],
  // what Node calls all that it has no name for, such as a key that is too short
  ['UNSPECIFIED', 'TLS_UNTRUSTED', 'its certificate was refused', ''],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'TLS_UNTRUSTED', 'does not speak TLS', 'plain-text port'],
  ['ERR_SSL_PACKET_LENGTH_TOO_LONG', 'TLS_UNTRUSTED', 'does not speak TLS', ''],
  [
    'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
    'TLS_UNTRUSTED',
    'wants a client certificate',
    'VAULT_CLIENT_CERT',
  ],
  [
    'ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE',
    'TLS_UNTRUSTED',
    "refused the client's certificate",
    'VAULT_CLIENT_CERT',
  ],
  ['ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED', 'TLS_UNTRUSTED', "client's certificate: it has expired", ''],
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'TLS_UNTRUSTED', "client's certificate: it does not know its CA", ''],
  ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'TLS_UNTRUSTED', 'no newer TLS than 1.1', 'TLS 1.2 or 1.3'],
  ['ERR_SSL_UNSUPPORTED_PROTOCOL', 'TLS_UNTRUSTED', 'no newer TLS than 1.1', 'TLS 1.2 or 1.3'],
  ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', 'TLS_UNTRUSTED', 'the server broke it off', 'VAULT_CLIENT_CERT'],
  [
    'ERR_SSL_TLSV1_UNRECOGNIZED_NAME',
    'TLS_UNTRUSTED',
    'serves no host of the name vault.example.com',
    'VAULT_TLS',
  ],
  [
    'ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR',
    'TLS_UNTRUSTED',
    'an error of its own',
    'no certificate for the host',
  ],
  ['ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL', 'TLS_UNTRUSTED', 'does not speak HTTP/1.1', ''],
  ['ERR_SSL_DH_KEY_TOO_SMALL', 'TLS_UNTRUSTED', 'keys that it offers are too weak', 'stronger'],
  ['ERR_SSL_EE_KEY_TOO_SMALL', 'TLS_UNTRUSTED', "the client's certificate is too weak", 'VAULT_CLIENT_CERT'],
  ['ERR_SSL_CA_MD_TOO_WEAK', 'TLS_UNTRUSTED', "the client's certificate is too weak", 'VAULT_CLIENT_CERT'],
  ['ERR_SSL_SOMETHING_NEW', 'TLS_UNTRUSTED', 'the TLS handshake failed', ''],
  ['EPROTO', 'TLS_UNTRUSTED', 'handshake failed', ''],
  ['HPE_INVALID_CONSTANT', 'BAD_RESPONSE', 'not HTTP', 'check that VAULT_ADDR'],
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
    'does not speak TLS on this port (ERR_SSL_WRONG_VERSION_NUMBER)',
  ],
  ['write EPROTO 40:error:0A00009C:SSL routines::http request', 'does not speak TLS'],
  [
    'write EPROTO 40:error:0A000410:SSL routines::sslv3 alert handshake failure:../x.c',
    'the server broke it off',
  ],
  ['write EPROTO 40:error:0A000412:SSL routines::ssl/tls alert bad certificate', "the client's certificate"],
  ['write EPROTO 40:error:0A000412:SSL routines::what\u001b[31m', 'the TLS handshake failed (EPROTO)'],
  ['write EPROTO', 'the TLS handshake failed (EPROTO)'],
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
