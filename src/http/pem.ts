// Certificates and keys in PEM (RFC 7468), read and checked before TLS would fail on them with a riddle.

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { AppError, errnoOf, quoted } from '../errors.ts';
import type { Io, NamedValue } from '../io.ts';

// OpenSSL sees them where they are lines of their own, and nowhere else.
const CERTIFICATES =
  /(?<![^\n])-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----.*?-----END (?:TRUSTED |X509 )?CERTIFICATE-----(?=[ \t\r]*(?:\n|$))/gs;

/**
 * Reads a file of certificates.
 * @throws {AppError} CONFIG, naming the file, when it cannot be read or one of its certificates is broken
 */
export function readCertificates(file: NamedValue, io: Io): string {
  return checkCertificates(read(file, io), file.name, quoted(file.value));
}

/**
 * Checks certificates that are at hand.
 * @param name the setting they came from
 * @param where what the message calls them
 * @throws {AppError} CONFIG
 */
export function checkCertificates(text: string, name: string, where: string): string {
  const blocks = text.match(CERTIFICATES) ?? [];
  for (const [index, block] of blocks.entries()) {
    if (orNone(() => new X509Certificate(block)) === undefined) {
      throw broken(name, where, blocks.length === 1 ? '' : `, number ${index + 1} of ${blocks.length}`);
    }
  }
  if (blocks.length > 0) return text;
  const [what, hint] = notCertificate(text);
  throw new AppError('CONFIG', `${name}: ${where} ${what}`, hint);
}

function broken(name: string, where: string, which = ''): AppError {
  return new AppError(
    'CONFIG',
    `${name}: ${where} holds a broken certificate${which}`,
    'check that it was copied whole, line breaks included',
  );
}

function notCertificate(text: string): readonly [what: string, hint: string] {
  if (/-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/.test(text))
    return ['holds a certificate without its end', 'check that it was copied whole, line breaks included'];
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text))
    return ['holds a private key, and no certificate', 'name the certificate that it belongs to'];
  // A certificate in DER is a sequence (ITU-T X.690) of more than 127 bytes.
  if (/^0[\u0080-\u0084\ufffd]/.test(text))
    return [
      'holds no PEM: it may be DER',
      'turn it into PEM: openssl x509 -inform DER -in FILE -out FILE.pem',
    ];
  return ['holds no certificate', 'it is PEM, and begins with -----BEGIN CERTIFICATE-----'];
}

/**
 * Reads a client certificate and its private key.
 * @throws {AppError} CONFIG, naming the file; nothing of the key is in it
 */
export function readIdentity(
  certificate: NamedValue,
  key: NamedValue,
  io: Io,
): { cert: string; key: string } {
  const cert = readCertificates(certificate, io);
  const text = read(key, io);
  const parsed = orNone(() => createPrivateKey(text));
  if (parsed === undefined) {
    const why = /ENCRYPTED/.test(text)
      ? 'is encrypted, and there is nobody to ask for its password'
      : 'holds no private key';
    throw new AppError(
      'CONFIG',
      `${key.name}: ${quoted(key.value)} ${why}`,
      'it is PEM, and begins with -----BEGIN PRIVATE KEY-----',
    );
  }
  // What stands before the first may spoil it.
  const own = orNone(() => new X509Certificate(cert));
  if (own === undefined) throw broken(certificate.name, quoted(certificate.value));
  if (!own.checkPrivateKey(parsed)) {
    throw new AppError(
      'CONFIG',
      `${key.name}: ${quoted(key.value)} is not the key of the certificate in ${quoted(certificate.value)}`,
      'they must be made for each other',
    );
  }
  return { cert, key: text };
}

const REASONS: ReadonlyMap<string, readonly [why: string, hint: string]> = new Map([
  [
    'ENOENT',
    [': it is not there', 'a file is there only in the image or the job that has it: check the path'],
  ],
  ['ENOTDIR', [': it is not there', 'check the path: what stands before the name is no folder']],
  ['EISDIR', [': it is a folder', 'name a file in it']],
  ['EACCES', [': this user may not', 'give this user the right to read it']],
  ['ENOTSUP', [': it is a pipe or a device', 'write what comes from it to a file, and name that']],
  ['EFBIG', [': it is larger than 4 MiB', 'name a file of certificates in PEM']],
]);

/** A CONFIG error for a file or folder that cannot be read. */
export function unreadable({ name, value }: NamedValue, error: unknown): AppError {
  const code = errnoOf(error) ?? 'unknown error';
  const [why, hint] = REASONS.get(code) ?? ['', 'name one that can be read'];
  return new AppError('CONFIG', `${name}: cannot read ${quoted(value)}${why} (${code})`, hint, error);
}

function read(file: NamedValue, io: Io): string {
  try {
    return io.readFile(file.value);
  } catch (error) {
    throw unreadable(file, error);
  }
}

// OpenSSL's own words are left out: they name places in its source, and may quote what they could not read.
function orNone<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}
