// A certificate authority of the tests' own, for servers and clients.

import 'reflect-metadata';
import { createPrivateKey, randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const hour = 3_600_000;

/** A certificate and the key that belongs to it. */
export interface Identity {
  readonly certificatePem: string;
  readonly keyPem: string;
}

export interface CertificateRequest {
  /** DNS names and IP addresses; an address becomes an IP entry, as a name would not match one. */
  readonly names: readonly string[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** For a client's certificate instead of a server's. */
  readonly client?: boolean;
}

export interface Authority {
  readonly name: string;
  readonly certificatePem: string;
  /** Issues a certificate; valid from an hour ago for a day unless said. */
  issue(request: CertificateRequest): Promise<Identity>;
}

/** Makes an authority with a fresh key. */
export async function createAuthority(name: string): Promise<Authority> {
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: `CN=${name}`,
    notBefore: new Date(Date.now() - hour),
    notAfter: new Date(Date.now() + 24 * hour),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });

  const issue = async (request: CertificateRequest): Promise<Identity> => {
    const subjectKeys = await generateKeys();
    const issued = await x509.X509CertificateGenerator.create({
      ...validity(request),
      serialNumber: serialNumber(),
      subject: subject(request),
      issuer: certificate.subject,
      publicKey: subjectKeys.publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: algorithm,
      extensions: [
        ...leafExtensions(request),
        await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    return identity(issued, subjectKeys.privateKey);
  };

  return { name, certificatePem: pem(certificate), issue };
}

/** Makes a certificate that no authority vouches for. */
export async function selfSigned(request: CertificateRequest): Promise<Identity> {
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity(request),
    serialNumber: serialNumber(),
    name: subject(request),
    signingAlgorithm: algorithm,
    keys,
    extensions: leafExtensions(request),
  });
  return identity(certificate, keys.privateKey);
}

function leafExtensions(request: CertificateRequest): x509.Extension[] {
  const purpose = request.client ? x509.ExtendedKeyUsage.clientAuth : x509.ExtendedKeyUsage.serverAuth;
  return [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension([purpose]),
    new x509.SubjectAlternativeNameExtension(
      request.names.map((name) => ({ type: isIP(name) === 0 ? 'dns' : 'ip', value: name })),
    ),
  ];
}

function validity(request: CertificateRequest): { notBefore: Date; notAfter: Date } {
  return {
    notBefore: request.notBefore ?? new Date(Date.now() - hour),
    notAfter: request.notAfter ?? new Date(Date.now() + 24 * hour),
  };
}

function subject(request: CertificateRequest): string {
  return `CN=${request.names[0] ?? 'nobody'}`;
}

// The top bit is clear: a negative serial number is refused by strict readers.
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x01;
  return bytes.toString('hex');
}

async function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
}

async function identity(certificate: x509.X509Certificate, key: webcrypto.CryptoKey): Promise<Identity> {
  const der = await webcrypto.subtle.exportKey('pkcs8', key);
  const exported = createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' });
  return {
    certificatePem: pem(certificate),
    keyPem: exported.export({ format: 'pem', type: 'pkcs8' }).toString(),
  };
}

function pem(certificate: x509.X509Certificate): string {
  return `${certificate.toString('pem').trim()}\n`;
}
