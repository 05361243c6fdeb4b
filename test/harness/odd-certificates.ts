// Certificates that the stand-in's authority does not issue: a chain of three, sound or broken in one place.

import 'reflect-metadata';
import { createPrivateKey, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';
import type { Identity } from '../vault/authority.ts';

export interface ChainOptions {
  readonly names: readonly string[];
  /** False: what signed the server's certificate is no authority. */
  readonly authorised?: boolean;
  /** What the server's certificate is signed with. */
  readonly hash?: 'SHA-256' | 'SHA-1';
}

export interface Chain {
  readonly rootPem: string;
  readonly intermediatePem: string;
  /** The server's own, without the rest of the chain. */
  readonly identity: Identity;
}

const curve = { name: 'ECDSA', namedCurve: 'P-256' };
const day = 86_400_000;

/** Makes a root, an authority below it, and a server's certificate of that one. */
export async function createChain({
  names,
  authorised = true,
  hash = 'SHA-256',
}: ChainOptions): Promise<Chain> {
  const [rootKeys, middleKeys, leafKeys] = await Promise.all([makeKeys(), makeKeys(), makeKeys()]);
  const validity = { notBefore: new Date(Date.now() - day), notAfter: new Date(Date.now() + day) };
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity,
    name: 'CN=Chain Root',
    keys: rootKeys,
    signingAlgorithm: { ...curve, hash: 'SHA-256' },
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  });
  const middle = await x509.X509CertificateGenerator.create({
    ...validity,
    subject: 'CN=Chain Intermediate',
    issuer: root.subject,
    publicKey: middleKeys.publicKey,
    signingKey: rootKeys.privateKey,
    signingAlgorithm: { ...curve, hash: 'SHA-256' },
    extensions: [new x509.BasicConstraintsExtension(authorised, undefined, true)],
  });
  const leaf = await x509.X509CertificateGenerator.create({
    ...validity,
    subject: 'CN=Chain Server',
    issuer: middle.subject,
    publicKey: leafKeys.publicKey,
    signingKey: middleKeys.privateKey,
    signingAlgorithm: { ...curve, hash },
    extensions: [
      new x509.SubjectAlternativeNameExtension(
        names.map((name) => ({ type: isIP(name) === 0 ? 'dns' : 'ip', value: name })),
      ),
    ],
  });
  return {
    rootPem: pem(root),
    intermediatePem: pem(middle),
    identity: { certificatePem: pem(leaf), keyPem: await privatePem(leafKeys) },
  };
}

/** Makes a certificate whose RSA key has 512 bits. */
export async function weakIdentity(name: string): Promise<Identity> {
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const rsa = { ...algorithm, modulusLength: 512, publicExponent: new Uint8Array([1, 0, 1]) };
  const keys = (await webcrypto.subtle.generateKey(rsa, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    notBefore: new Date(Date.now() - day),
    notAfter: new Date(Date.now() + day),
    signingAlgorithm: algorithm,
    keys,
  });
  return { certificatePem: pem(certificate), keyPem: await privatePem(keys) };
}

async function privatePem({ privateKey }: webcrypto.CryptoKeyPair): Promise<string> {
  const der = await webcrypto.subtle.exportKey('pkcs8', privateKey);
  const key = createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' });
  return key.export({ format: 'pem', type: 'pkcs8' }).toString();
}

async function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return (await webcrypto.subtle.generateKey(curve, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
}

function pem(certificate: x509.X509Certificate): string {
  return `${certificate.toString('pem').trim()}\n`;
}
