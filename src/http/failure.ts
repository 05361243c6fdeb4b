// What a failed connection means: an error of Node, libuv or OpenSSL → AppError. What comes before a connection stands
// is explained in `connect-failure.ts`, TLS in `tls-failure.ts`.

import { AppError, errnoOf, printable } from '../errors.ts';
import { addressName, authorityOf, type Endpoint, serviceName } from './address.ts';
import { UNKNOWN_ISSUER, WORTH_A_LOOK } from './certificate-failure.ts';
import { explainConnecting } from './connect-failure.ts';
import {
  type CertificateDetails,
  type Circumstances,
  checkAddress,
  type Explanation,
  type Failure,
} from './explanation.ts';
import type { Look } from './peer-certificate.ts';
import type { Phase } from './progress.ts';
import { explainTls, tlsCodeOf } from './tls-failure.ts';

/** Explains why no answer came from `endpoint`. The error's own text is left out: it may quote what was sent. */
export function connectionFailure(
  endpoint: Endpoint,
  error: unknown,
  circumstances: Circumstances = {},
): AppError {
  if (error instanceof AppError) return error;
  const { proxy } = circumstances;
  const address = proxy === undefined ? addressName(endpoint) : `the address in ${proxy}`;
  const own = tlsCodeOf(error) ?? errnoOf(error) ?? '';
  const failure = { ...circumstances, endpoint, error, own, address };
  const [code, what, hint] = explain(failure);
  const name = own === '' || what.includes(`(${own})`) ? '' : ` (${printable(own)})`;
  const where = printable(endpoint.socketPath ?? authorityOf(endpoint));
  return new AppError(code, `cannot get an answer from ${where}: ${what}${name}`, hint, error);
}

function explain(failure: Failure): Explanation {
  return (
    explainConnecting(failure) ??
    explainCut(failure) ??
    explainTls(failure) ??
    explainHttp(failure) ?? ['UNAVAILABLE', 'the connection failed', checkAddress(failure)]
  );
}

const CUTS: Readonly<Record<Phase, string>> = {
  turn: '',
  name: '',
  connect: '',
  tunnel: ' before the tunnel through it stood',
  tls: ' during the TLS handshake',
  answer: ' before an answer came',
  body: ' in the middle of the answer',
};

function explainCut(failure: Failure): Explanation | undefined {
  if (!/^(ECONNRESET|EPIPE|ECONNABORTED|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)$/.test(failure.own))
    return undefined;
  const { phase = 'connect' } = failure;
  return ['UNAVAILABLE', `the connection was cut${CUTS[phase]}`, hintOfCut(phase, failure)];
}

function hintOfCut(phase: Phase, { endpoint, address, through, showsCertificate }: Failure): string {
  const between = through === undefined ? '' : `, or the proxy in ${through} does not let it pass`;
  if (phase === 'tls') return `perhaps no TLS is spoken on this port, or a firewall cuts it${between}`;
  if (phase === 'tunnel') return `check that ${address} is one of a proxy`;
  if (phase === 'answer' && endpoint.scheme === 'http') {
    return `if the server speaks TLS on this port, write https:// in ${address}`;
  }
  const log = `the log of ${serviceName(endpoint)}, or of what stands before it, may say why`;
  // Some servers send no alert.
  const isRefused = phase === 'answer' && showsCertificate === true;
  return isRefused ? `${log}; it may not accept the certificate in VAULT_CLIENT_CERT` : log;
}

// What whoever does not speak HTTP begins with.
const GREETINGS: readonly (readonly [start: RegExp, what: string, hint: string])[] = [
  // An alert of TLS (RFC 8446, section 5.1): type 21, and a version of 3.
  [
    /^\u0015\u0003/,
    'it speaks TLS on this port, and the address says http',
    'write https:// in ADDRESS, or name a plain-text port',
  ],
  [/^SSH-/, 'its answer is not HTTP: it greets as an SSH server', 'check the port in ADDRESS'],
  [/^/, 'its answer is not HTTP', 'check that ADDRESS is the one of SERVICE, and its port'],
];

function explainHttp({ own, error, endpoint, address, proxy }: Failure): Explanation | undefined {
  if (!/^HPE_/.test(own)) return undefined;
  const packet = error instanceof Error && 'rawPacket' in error ? error.rawPacket : undefined;
  const start = Buffer.isBuffer(packet) ? packet.toString('latin1', 0, 8) : '';
  const [, what = '', hint = ''] = GREETINGS.find(([pattern]) => pattern.test(start)) ?? [];
  const service = proxy === undefined ? serviceName(endpoint) : 'the proxy';
  return ['BAD_RESPONSE', what, hint.replace('SERVICE', () => service).replace('ADDRESS', () => address)];
}

/** What tells a failure, with what else may have become known of the server's certificate. */
export type Tell = (certificates?: CertificateDetails) => AppError;

/** A TLS failure, of which more can be told once somebody has looked at what the server shows. */
export class Untrusted extends AppError {
  /** Tells it in detail. The look is another connection: it is for a failure that nothing more is tried after. */
  readonly inDetail: (known: Omit<CertificateDetails, 'chain'>, milliseconds: number) => Promise<AppError>;

  constructor(tell: Tell, look: Look) {
    const { code, message, hint, cause } = tell();
    super(code, message, hint, cause);
    this.inDetail = async (known, milliseconds) => {
      const isToBeSeen = milliseconds > 0 && WORTH_A_LOOK.test(errnoOf(cause) ?? '');
      const chain = isToBeSeen ? await look(milliseconds).catch(() => []) : [];
      return tell({ ...known, chain });
    };
  }
}

/** Tells a failure, in a way that more can be told of later if it is about TLS. */
export function toldOnce(tell: Tell, look: Look): AppError {
  const error = tell();
  return error.code === 'TLS_UNTRUSTED' ? new Untrusted(tell, look) : error;
}

/** Whether the peer's certificate leads to no CA that is known here: a larger store may hold it. */
export function isUnknownIssuer(error: unknown): boolean {
  return error instanceof AppError && UNKNOWN_ISSUER.test(errnoOf(error.cause) ?? '');
}
