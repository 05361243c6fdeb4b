// What a failed connection means: an error of Node, libuv or OpenSSL → AppError.

import { AppError, errnoOf, printable } from '../errors.ts';
import { authorityOf, type Endpoint } from './address.ts';

type Explanation = readonly [
  code: 'UNAVAILABLE' | 'TLS_UNTRUSTED' | 'BAD_RESPONSE',
  what: string,
  hint?: string,
];

const CHECK_ADDRESS = 'check the address, and that this runner may reach it';
const CHECK_CA = 'if its CA is your own, that is what VAULT_CACERT must name: VAULT_CACERT=/path/to/ca.pem';

const BY_CODE: ReadonlyMap<string, Explanation> = new Map(
  Object.entries<Explanation>({
    ENOTFOUND: ['UNAVAILABLE', 'there is no such host name', CHECK_ADDRESS],
    EAI_AGAIN: ['UNAVAILABLE', 'the name server gave no answer', "check the runner's DNS"],
    EAI_FAIL: ['UNAVAILABLE', 'the name server failed', "check the runner's DNS"],
    ECONNREFUSED: ['UNAVAILABLE', 'nothing listens there', CHECK_ADDRESS],
    EHOSTUNREACH: ['UNAVAILABLE', 'the host cannot be reached', CHECK_ADDRESS],
    ENETUNREACH: ['UNAVAILABLE', 'its network cannot be reached', CHECK_ADDRESS],
    ETIMEDOUT: ['UNAVAILABLE', 'the connection timed out', CHECK_ADDRESS],
    ECONNRESET: ['UNAVAILABLE', 'the connection was cut'],
    EPIPE: ['UNAVAILABLE', 'the connection was cut'],
    ENOENT: ['UNAVAILABLE', 'there is no such socket', 'check that the Vault Agent runs and listens there'],
    EACCES: ['UNAVAILABLE', 'this user may not open the socket'],
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: [
      'TLS_UNTRUSTED',
      'its certificate is from an issuer that is not trusted here',
      CHECK_CA,
    ],
    UNABLE_TO_GET_ISSUER_CERT: [
      'TLS_UNTRUSTED',
      'its certificate is from an issuer that is not trusted here',
      CHECK_CA,
    ],
    UNABLE_TO_GET_ISSUER_CERT_LOCALLY: [
      'TLS_UNTRUSTED',
      'its certificate is from an issuer that is not trusted here',
      CHECK_CA,
    ],
    SELF_SIGNED_CERT_IN_CHAIN: [
      'TLS_UNTRUSTED',
      'its certificate chain ends in a CA that is not trusted here',
      CHECK_CA,
    ],
    DEPTH_ZERO_SELF_SIGNED_CERT: [
      'TLS_UNTRUSTED',
      'its certificate is self-signed and not trusted here',
      CHECK_CA,
    ],
    CERT_HAS_EXPIRED: [
      'TLS_UNTRUSTED',
      'its certificate has expired',
      "renew it, or check this machine's clock",
    ],
    CERT_NOT_YET_VALID: ['TLS_UNTRUSTED', 'its certificate is not yet valid', "check this machine's clock"],
    CERT_REVOKED: ['TLS_UNTRUSTED', 'its certificate was revoked'],
    ERR_TLS_CERT_ALTNAME_INVALID: [
      'TLS_UNTRUSTED',
      'its certificate is for another name',
      'use the name in the certificate, or set VAULT_TLS_SERVER_NAME to it',
    ],
  }),
);

// Explanations for whole families of codes, tried in order after the table.
const BY_PATTERN: readonly (readonly [RegExp, Explanation])[] = [
  [
    /^ERR_SSL_(WRONG_VERSION_NUMBER|HTTP_REQUEST|PACKET_LENGTH_TOO_LONG)/,
    [
      'TLS_UNTRUSTED',
      'it does not speak TLS on this port',
      'if it is a plain-text port, name the TLS port of the same server',
    ],
  ],
  [
    /^ERR_SSL_|^EPROTO$/,
    [
      'TLS_UNTRUSTED',
      'the TLS handshake failed',
      'it may want a client certificate (VAULT_CLIENT_CERT) or an older TLS than 1.2',
    ],
  ],
  [
    /^ERR_TLS_|^(CERT|CRL|UNABLE_TO|INVALID|ERROR_IN|PATH_LENGTH|HOSTNAME)_|^UNSPECIFIED$/,
    ['TLS_UNTRUSTED', 'its certificate was refused', CHECK_CA],
  ],
  [/^HPE_/, ['BAD_RESPONSE', 'its answer is not HTTP', 'check that the address is the one of Vault']],
];

const UNKNOWN: Explanation = ['UNAVAILABLE', 'the connection failed', CHECK_ADDRESS];

// A TLS error that comes up while writing is an EPROTO, and only its text tells which. It is matched, never shown.
function codeOf(error: unknown): string {
  const code = errnoOf(error) ?? '';
  const text = code === 'EPROTO' && error instanceof Error ? error.message : '';
  return /wrong version number|http request|packet length too long/.test(text)
    ? 'ERR_SSL_WRONG_VERSION_NUMBER'
    : code;
}

/** Whether the peer's certificate leads to no CA that is known here: a larger store may hold it. */
export function isUnknownIssuer(error: unknown): boolean {
  const code = error instanceof AppError ? (errnoOf(error.cause) ?? '') : '';
  return /^UNABLE_TO_(VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT)|^SELF_SIGNED_CERT_IN_CHAIN$|^DEPTH_ZERO_SELF/.test(
    code,
  );
}

/** Explains why no answer came from `endpoint`. The error's own text is left out: it may quote what was sent. */
export function connectionFailure(endpoint: Endpoint, error: unknown): AppError {
  if (error instanceof AppError) return error;
  const where = printable(endpoint.socketPath ?? authorityOf(endpoint));
  const own = codeOf(error);
  const [code, what, hint] =
    BY_CODE.get(own) ?? BY_PATTERN.find(([pattern]) => pattern.test(own))?.[1] ?? UNKNOWN;
  const name = own === '' ? '' : ` (${printable(own)})`;
  return new AppError(code, `cannot get an answer from ${where}: ${what}${name}`, hint, error);
}
