// What a TLS handshake that failed means: OpenSSL's reason or the peer's alert → what is wrong, and what to do.

import { errnoOf, printable } from '../errors.ts';
import { explainCertificate } from './certificate-failure.ts';
import { type Explanation, type Failure, isVaults } from './explanation.ts';

type Telling = (failure: Failure) => readonly [what: string, hint: string];

// The names differ between OpenSSL's versions in what stands before the alert: SSLV3_, TLSV1_, TLSV13_ or SSL/TLS_.
const HANDSHAKE: readonly (readonly [code: RegExp, telling: Telling])[] = [
  [
    /^ERR_SSL_(WRONG_VERSION_NUMBER|HTTP_REQUEST|PACKET_LENGTH_TOO_LONG|UNEXPECTED_MESSAGE|RECORD_LAYER_FAILURE|BAD_RECORD_TYPE)$/,
    ({ address }) => [
      'it does not speak TLS on this port',
      `check the port in ${address}: if it is a plain-text port, name the TLS port of the same server, or write http:// for one that has none`,
    ],
  ],
  [
    /ALERT_CERTIFICATE_REQUIRED$/,
    (failure) => [
      'the TLS handshake failed: it wants a client certificate',
      isVaults(failure)
        ? 'set VAULT_CLIENT_CERT and VAULT_CLIENT_KEY to one that the server accepts'
        : 'civault shows one to Vault alone',
    ],
  ],
  [
    /ALERT_(BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_REVOKED|CERTIFICATE_EXPIRED|CERTIFICATE_UNKNOWN|UNKNOWN_CA|DECRYPT_ERROR|ACCESS_DENIED)$/,
    ({ own }) => [
      `the TLS handshake failed: it refused the client's certificate${reasonOf(own)}`,
      'check VAULT_CLIENT_CERT: it must be one that the server accepts, be for clients, and not have expired',
    ],
  ],
  [
    /ALERT_PROTOCOL_VERSION$|^ERR_SSL_(UNSUPPORTED_PROTOCOL|UNKNOWN_PROTOCOL|VERSION_TOO_LOW|NO_PROTOCOLS_AVAILABLE)$/,
    () => [
      'the TLS handshake failed: it speaks no newer TLS than 1.1',
      'whoever runs the server must turn TLS 1.2 or 1.3 on: nothing older is spoken here',
    ],
  ],
  [
    /_UNRECOGNIZED_NAME$/,
    (failure) => {
      const { endpoint, address, serverName, proxy } = failure;
      const isSettable = proxy === undefined && isVaults(failure);
      return [
        `the TLS handshake failed: it serves no host of the name ${printable(serverName ?? endpoint.host)}`,
        serverName === undefined
          ? `check the host in ${address}${isSettable ? ', or set VAULT_TLS_SERVER_NAME' : ''}`
          : 'check VAULT_TLS_SERVER_NAME',
      ];
    },
  ],
  [
    /ALERT_INTERNAL_ERROR$/,
    ({ address }) => [
      'the TLS handshake failed: the server broke it off with an error of its own',
      `it may have no certificate for the host in ${address}: look at its log`,
    ],
  ],
  [
    /ALERT_NO_APPLICATION_PROTOCOL$/,
    () => [
      'the TLS handshake failed: it does not speak HTTP/1.1',
      'let the server, or what stands before it, speak HTTP/1.1',
    ],
  ],
  [
    /^ERR_SSL_DH_KEY_TOO_SMALL$|^ERR_TLS_DH_PARAM_SIZE$/,
    () => [
      'the TLS handshake failed: the keys that it offers are too weak',
      'whoever runs the server must give it stronger ones',
    ],
  ],
  [
    // OpenSSL says so of what it is to show, before anything is sent.
    /^ERR_SSL_(EE_KEY_TOO_SMALL|CA_KEY_TOO_SMALL|CA_MD_TOO_WEAK)$/,
    () => [
      "the client's certificate is too weak for TLS",
      'VAULT_CLIENT_CERT must hold an RSA key of 2048 bits or more, or one on a curve, and be signed with SHA-256',
    ],
  ],
  [
    /ALERT_(HANDSHAKE_FAILURE|INSUFFICIENT_SECURITY)$|HANDSHAKE_FAILURE_ON_CLIENT_HELLO$|^ERR_SSL_NO_(SHARED_CIPHER|CIPHERS_AVAILABLE)$/,
    (failure) => [
      'the TLS handshake failed: the server broke it off',
      `it may want a client certificate${variable(failure)}, or ciphers that are too old to be offered here`,
    ],
  ],
  [
    /^ERR_SSL_|^EPROTO$/,
    (failure) => [
      'the TLS handshake failed',
      `it may want a client certificate${variable(failure)} or an older TLS than 1.2`,
    ],
  ],
];

function variable(failure: Failure): string {
  return isVaults(failure) ? ' (VAULT_CLIENT_CERT)' : '';
}

/** Explains a failure of TLS; undefined for any other. */
export function explainTls(failure: Failure): Explanation | undefined {
  const told =
    HANDSHAKE.find(([code]) => code.test(failure.own))?.[1](failure) ?? explainCertificate(failure);
  return told === undefined ? undefined : ['TLS_UNTRUSTED', ...told];
}

/**
 * Node's code of an error of OpenSSL; undefined for any other. One that comes up while writing is an EPROTO, and only
 * its text tells which. It is taken only where it is made of OpenSSL's words.
 */
export function tlsCodeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || errnoOf(error) !== 'EPROTO') return undefined;
  const reason = /SSL routines:[^:]{0,60}:([a-z0-9 /-]{1,60})(?=:|$)/i.exec(error.message)?.[1];
  return reason === undefined ? undefined : `ERR_SSL_${reason.toUpperCase().replaceAll(/[ -]/g, '_')}`;
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ['CERTIFICATE_EXPIRED', ': it has expired'],
  ['CERTIFICATE_REVOKED', ': it was revoked'],
  ['UNKNOWN_CA', ': it does not know its CA'],
  ['UNSUPPORTED_CERTIFICATE', ': it is not of the right kind'],
]);

function reasonOf(code: string): string {
  return REASONS.get(/ALERT_(.*)$/.exec(code)?.[1] ?? '') ?? '';
}
