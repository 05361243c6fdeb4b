// What it means that a server's certificate was refused: OpenSSL's code → whose it is, until when it is good, what is
// trusted instead, and what to do.

import type { X509Certificate } from 'node:crypto';
import { printable } from '../errors.ts';
import { duration, moment } from '../times.ts';
import { issuerOf, issuingChain, namesIn, subjectOf } from './certificate.ts';
import { caSetting, type Failure, isVaults, listed } from './explanation.ts';

type Told = readonly [what: string, hint?: string];
type Telling = (failure: Failure) => Told;

/** Explains why a certificate was refused; undefined for a code that is about something else. */
export function explainCertificate(failure: Failure): Told | undefined {
  const told = BY_CODE.get(failure.own)?.(failure);
  if (told !== undefined) return told;
  return /^ERR_TLS_|^(CERT|CRL|UNABLE_TO|INVALID|ERROR_IN|PATH_LENGTH|HOSTNAME)_|^UNSPECIFIED$/.test(
    failure.own,
  )
    ? ['its certificate was refused', checkCa('its CA', failure)]
    : undefined;
}

/** The codes of which a look at the certificates tells more. */
export const WORTH_A_LOOK =
  /^UNABLE_TO_(VERIFY|GET_ISSUER)|^SELF_SIGNED|^DEPTH_ZERO|^CERT_(HAS_EXPIRED|NOT_YET_VALID)$|^INVALID_(PURPOSE|CA)$/;

/** The codes of a certificate that leads to no CA that is known here: a larger store may hold it. */
export const UNKNOWN_ISSUER =
  /^UNABLE_TO_(VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT)|^SELF_SIGNED_CERT_IN_CHAIN$|^DEPTH_ZERO_SELF/;

function checkCa(whose: string, failure: Failure): string {
  const { name, given } = caSetting(failure);
  return `if ${whose} is your own, that is what ${name} must name: ${given}/path/to/ca.pem`;
}

const BY_CODE: ReadonlyMap<string, Telling> = new Map(
  Object.entries<Telling>({
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownIssuer,
    UNABLE_TO_GET_ISSUER_CERT: unknownIssuer,
    UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownIssuer,
    SELF_SIGNED_CERT_IN_CHAIN: (failure) => [
      `its certificate chain ends in a CA that is not trusted here${missing(failure, subjectOf)}`,
      checkCa('that CA', failure),
    ],
    DEPTH_ZERO_SELF_SIGNED_CERT: selfSigned,
    CERT_HAS_EXPIRED: expired,
    CERT_NOT_YET_VALID: notYetValid,
    CERT_REVOKED: () => ['its certificate was revoked', 'whoever runs the server must get it a new one'],
    ERR_TLS_CERT_ALTNAME_INVALID: otherName,
    INVALID_PURPOSE: wrongPurpose,
    INVALID_CA: wrongPurpose,
    CERT_SIGNATURE_FAILURE: ({ certificates }) => [
      'its certificate is not signed by the CA that it names',
      `a CA of that name is trusted${certificates === undefined ? '' : ` by ${certificates.trusted}`}, perhaps an older one: get its certificate anew`,
    ],
    PATH_LENGTH_EXCEEDED: tooLong,
    CERT_CHAIN_TOO_LONG: tooLong,
    UNSPECIFIED: unspecified,
  }),
);

// OpenSSL says either of a certificate that is not for servers, and of one that may not sign others.
function wrongPurpose({ own, certificates }: Failure): Told {
  const [, ...signers] = certificates?.chain ?? [];
  const signer = signers.find(({ ca }) => !ca);
  if (signer !== undefined || own === 'INVALID_CA') {
    return [
      `its certificate is signed by ${signer === undefined ? 'one that' : `${subjectOf(signer)}, which`} is no CA`,
      'whoever runs the server must get it one that a CA issued',
    ];
  }
  return [
    'its certificate is not one for a server',
    "whoever runs the server must get it one whose extended key usage is serverAuth: this may be a client's",
  ];
}

function tooLong(): Told {
  return [
    'its certificate chain is longer than its CA allows',
    'whoever runs the server must get it a certificate from a CA that may issue one',
  ];
}

// What Node has no code for is told apart by OpenSSL's words, which are its own and quote nothing. They are matched,
// never shown.
function unspecified(failure: Failure): Told {
  const { error } = failure;
  const text = error instanceof Error ? error.message : '';
  const renew = 'whoever runs the server must get it a new one';
  if (/digest algorithm too weak/.test(text))
    return ['its certificate was refused: it is signed with a digest that is too weak, such as SHA-1', renew];
  if (/CA certificate key too weak/.test(text))
    return ['its certificate was refused: the key of its CA is too short', renew];
  if (/certificate key too weak/.test(text))
    return ['its certificate was refused: its key is too short', renew];
  if (/subtree/.test(text)) return ['its certificate was refused: its CA may not issue for that name', renew];
  return ['its certificate was refused', checkCa('its CA', failure)];
}

function unknownIssuer(failure: Failure): Told {
  const { chain = [] } = failure.certificates ?? {};
  const what = `its certificate is from an issuer that is not trusted here${missing(failure, issuerOf)}`;
  if (chain.length === 0 || issuingChain(chain).length > 1) return [what, checkCa('its CA', failure)];
  const others =
    chain.length === 1 ? 'no other certificate than its own' : 'no certificate of that issuer, but others';
  // A server that sends its certificate alone may have left out what leads to a CA that is trusted.
  return [
    `${what}, and the server sends ${others}`,
    `${checkCa('its CA', failure)}; if that CA is an intermediate one, let the server send its certificate too`,
  ];
}

/** What is missing, and where it was looked for: the issuer of the last certificate that the server showed, or that itself. */
function missing({ certificates }: Failure, nameOf: (certificate: X509Certificate) => string): string {
  if (certificates === undefined) return '';
  const last = issuingChain(certificates.chain).at(-1);
  const what = last === undefined ? 'it' : nameOf(last);
  return `: ${what} is not in ${certificates.trusted}`;
}

function selfSigned(failure: Failure): Told {
  const { certificates } = failure;
  const [own] = certificates?.chain ?? [];
  const names = own === undefined ? [] : namesIn(own.subjectAltName);
  const whose =
    own === undefined
      ? ''
      : `: it is for ${names.length === 0 ? subjectOf(own) : listed(names, SHOWN_NAMES)}`;
  return [
    `its certificate is self-signed and not trusted here${whose}`,
    `if it is the right server, save that very certificate and name it: ${caSetting(failure).given}/path/to/certificate.pem`,
  ];
}

function expired({ certificates }: Failure): Told {
  if (certificates === undefined)
    return ['its certificate has expired', "renew it, or check this machine's clock"];
  const { chain, now } = certificates;
  const hint = `whoever runs the server must renew it, unless this machine's clock is wrong: it says ${moment(now)}`;
  const old = chain.find(({ validTo }) => Date.parse(validTo) < now);
  if (old === undefined) {
    return [
      chain.length === 0
        ? 'its certificate has expired'
        : 'a certificate on the way to its CA has expired, and none that it shows: a CA that is trusted here, or that of another server behind the same address',
      hint,
    ];
  }
  const end = Date.parse(old.validTo);
  return [`${whichOf(chain, old)} expired on ${moment(end)}, ${duration(now - end)} ago`, hint];
}

function notYetValid({ certificates }: Failure): Told {
  if (certificates === undefined) return ['its certificate is not yet valid', "check this machine's clock"];
  const { chain, now } = certificates;
  const young = chain.find(({ validFrom }) => Date.parse(validFrom) > now);
  const hint = `check this machine's clock: it says ${moment(now)}`;
  if (young === undefined) return ['its certificate is not yet valid', hint];
  const start = Date.parse(young.validFrom);
  return [
    `${whichOf(chain, young)} is not yet valid: it is from ${moment(start)} on, in ${duration(start - now)}`,
    hint,
  ];
}

function whichOf([own]: readonly X509Certificate[], found: X509Certificate): string {
  return found === own ? 'its certificate' : `the certificate of ${subjectOf(found)}, which vouches for it,`;
}

// Node hands the certificate over with this one: there is no need to look again.
function otherName(failure: Failure): Told {
  const { error, endpoint, proxy, address } = failure;
  const cert = error instanceof Error && 'cert' in error ? error.cert : undefined;
  const alternatives = (cert as { subjectaltname?: unknown } | undefined)?.subjectaltname;
  const names = namesIn(typeof alternatives === 'string' ? alternatives : undefined);
  const asked = error instanceof Error && 'host' in error ? String(error.host) : endpoint.host;
  if (names.length === 0 && cert !== undefined) {
    return [
      'its certificate is for another name: it holds no name at all (subjectAltName)',
      'whoever runs the server must get it one with a subjectAltName: the common name counts no more',
    ];
  }
  const which =
    names.length === 0 ? '' : `: it is for ${listed(names, SHOWN_NAMES)}, not for ${printable(asked)}`;
  const hint =
    proxy === undefined
      ? `use one of its names in ${address}${isVaults(failure) ? ', or set VAULT_TLS_SERVER_NAME to one' : ''}`
      : `write one of its names into ${proxy}`;
  return [`its certificate is for another name${which}`, hint];
}

const SHOWN_NAMES = 10;
