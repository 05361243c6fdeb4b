// Whom TLS trusts: the user's own CA, else the system's store, else the roots inside Node; and with what the client
// shows itself. Nothing here reads a NODE_* variable.

import { isIP } from 'node:net';
import { type ConnectionOptions, checkServerIdentity, rootCertificates } from 'node:tls';
import { AppError, errnoOf, quoted } from '../errors.ts';
import type { Io, NamedValue } from '../io.ts';
import { checkCertificates, readCertificates, readIdentity, unreadable } from './pem.ts';

/** The settings that concern TLS, as the user gave them. */
export interface TrustSettings {
  readonly caFile: NamedValue | undefined;
  readonly caBytes: NamedValue | undefined;
  readonly caFolder: NamedValue | undefined;
  /** A CA beside the system's, where none is named that stands alone. */
  readonly besides?: NamedValue | undefined;
  readonly systemFile: string | undefined;
  readonly systemFolder: string | undefined;
  readonly clientCertificate: NamedValue | undefined;
  readonly clientKey: NamedValue | undefined;
  readonly serverName: string | undefined;
  readonly skipVerify: boolean;
}

/** The same as `tls.connect` takes it. */
export interface TlsOptions {
  readonly ca?: string[];
  /** Any certificate that the user names is trusted, also one between the root and the server, as Go and curl have it. */
  readonly allowPartialTrustChain?: boolean;
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
  readonly rejectUnauthorized: boolean;
  readonly minVersion: 'TLSv1.2';
}

/** Whom a run trusts. */
export interface Trust {
  readonly options: TlsOptions;
  /** Where what is trusted comes from, for messages: `VAULT_CACERT ("/ca.pem")`. */
  readonly source: string;
  /**
   * More certificates, for a second try where the first met an unknown issuer: images have their own CA appended to the
   * bundle beside a hashed folder that does not know it, or a folder whose links lead nowhere, or one that SSL_CERT_DIR
   * names and that has no hashed names at all (Kaniko's).
   */
  readonly bundle: () => string | undefined;
}

// The first of each that is there is used. Folders come before files: OpenSSL looks a hashed folder up by the one name
// it needs, while a bundle is parsed whole (2 ms against 28).
const SYSTEM_FOLDERS = ['/etc/ssl/certs', '/etc/pki/tls/certs', '/system/etc/security/cacerts'];
const SYSTEM_FILES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
  '/kaniko/ssl/certs/ca-certificates.crt',
];
// What OpenSSL is told to read when it shall read nothing of its own accord.
const NOWHERE = '/dev/null/none';
const nothingMore = () => undefined;

/**
 * Prepares trust for a run. OpenSSL's own store is chosen through `io` before TLS is first used, because Node adds that
 * store to any `ca` it is given: a CA that the user names must stand alone.
 * @throws {AppError} CONFIG for a file that is missing, unreadable or holds no certificate
 */
export function prepareTrust(settings: TrustSettings, io: Io): Trust {
  const { ca, source, bundle } = authorities(settings, io);
  const options: TlsOptions = {
    ...(ca === undefined ? {} : { ca, allowPartialTrustChain: true }),
    ...clientIdentity(settings, io),
    ...(settings.serverName === undefined ? {} : { servername: settings.serverName }),
    rejectUnauthorized: !settings.skipVerify,
    minVersion: 'TLSv1.2',
  };
  return { options, source, bundle };
}

/** The name that a certificate must be for, where it is not the host that is connected to. */
export function serverName(name: string | undefined): ConnectionOptions {
  if (name === undefined) return {};
  if (isIP(name) === 0) return { servername: name };
  // An IP address is no server name (RFC 6066, section 3): it is not sent, but the certificate is checked for it.
  return { servername: '', checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate) };
}

interface Authorities {
  readonly ca?: string[];
  readonly source: string;
  readonly bundle: Trust['bundle'];
}

function authorities(settings: TrustSettings, io: Io): Authorities {
  const own = ownAuthorities(settings, io);
  if (own !== undefined) {
    io.useCertificateStore(NOWHERE, NOWHERE);
    return { ...own, bundle: nothingMore };
  }
  return withBesides(systemAuthorities(settings, io), settings.besides, io);
}

function withBesides(system: Authorities, besides: NamedValue | undefined, io: Io): Authorities {
  const text = besides === undefined ? undefined : readable([besides.value], io)?.text;
  if (besides === undefined || text === undefined) return system;
  return {
    ...(system.ca === undefined ? {} : { ca: [...system.ca, text] }),
    source: `${system.source} or ${named(besides)}`,
    bundle: () => [system.bundle() ?? '', text].join('\n'),
  };
}

function systemAuthorities(settings: TrustSettings, io: Io): Authorities {
  const { systemFile, systemFolder } = settings;
  if (systemFile !== undefined || systemFolder !== undefined) {
    // OpenSSL itself would wait for a pipe and read a device for ever, as the file and as a folder too.
    const isFile = systemFile !== undefined && readable([systemFile], io) !== undefined;
    const folders = (systemFolder ?? '').split(':').filter((each) => namesIn(each, io).length > 0);
    io.useCertificateStore(isFile ? systemFile : NOWHERE, folders.join(':') || NOWHERE);
    const file = systemFile === undefined ? [] : [named({ name: 'SSL_CERT_FILE', value: systemFile })];
    const folder = systemFolder === undefined ? [] : [named({ name: 'SSL_CERT_DIR', value: systemFolder })];
    return {
      source: [...file, ...folder].join(' or '),
      bundle: () => certificatesIn((systemFolder ?? '').split(':'), io),
    };
  }
  const folder = SYSTEM_FOLDERS.find((each) =>
    namesIn(each, io).some((name) => /^[0-9a-f]{8}\.[0-9]+$/.test(name)),
  );
  if (folder !== undefined) {
    io.useCertificateStore(NOWHERE, folder);
    return { source: systems(folder), bundle: () => readable(SYSTEM_FILES, io)?.text };
  }
  const file = readable(SYSTEM_FILES, io)?.path;
  io.useCertificateStore(file ?? NOWHERE, NOWHERE);
  return file === undefined
    ? { ca: [...rootCertificates], source: 'the built-in roots', bundle: nothingMore }
    : { source: systems(file), bundle: nothingMore };
}

function systems(path: string): string {
  return `the system's certificates (${path})`;
}

function ownAuthorities(settings: TrustSettings, io: Io): Required<Omit<Authorities, 'bundle'>> | undefined {
  const { caFile, caBytes, caFolder } = settings;
  if (caFile !== undefined) return { ca: [readCertificates(caFile, io)], source: named(caFile) };
  if (caBytes !== undefined) {
    return { ca: [checkCertificates(caBytes.value, caBytes.name, 'its value')], source: caBytes.name };
  }
  if (caFolder === undefined) return undefined;
  const files = listOf(caFolder, io)
    .map((file) => ({ name: caFolder.name, value: `${caFolder.value}/${file}` }))
    .flatMap((file) => {
      // A folder holds links to links, read-me files and more: whatever is no certificate is passed over.
      try {
        return [readCertificates(file, io)];
      } catch {
        return [];
      }
    });
  if (files.length > 0) return { ca: files, source: named(caFolder) };
  throw new AppError(
    'CONFIG',
    `${caFolder.name}: there is no certificate in ${quoted(caFolder.value)}`,
    'put PEM files there',
  );
}

function named({ name, value }: NamedValue): string {
  return `${name} (${quoted(value)})`;
}

function clientIdentity(settings: TrustSettings, io: Io): { cert?: string; key?: string } {
  const { clientCertificate, clientKey } = settings;
  if (clientCertificate === undefined && clientKey === undefined) return {};
  if (clientCertificate === undefined || clientKey === undefined) {
    throw new AppError(
      'CONFIG',
      'only one of VAULT_CLIENT_CERT and VAULT_CLIENT_KEY is set',
      'a client certificate needs both, or neither',
    );
  }
  return readIdentity(clientCertificate, clientKey, io);
}

function listOf(folder: NamedValue, io: Io): string[] {
  try {
    return io.listFolder(folder.value).sort();
  } catch (error) {
    if (errnoOf(error) !== 'ENOTDIR') throw unreadable(folder, error);
    const hint = 'one file of certificates is named by VAULT_CACERT (--ca-file)';
    throw new AppError('CONFIG', `${folder.name}: ${quoted(folder.value)} is no folder`, hint, error);
  }
}

function namesIn(folder: string, io: Io): string[] {
  try {
    return io.listFolder(folder);
  } catch {
    return [];
  }
}

// As Go reads SSL_CERT_DIR: every file of every folder. OpenSSL looks hashed names up and no others.
function certificatesIn(folders: readonly string[], io: Io): string | undefined {
  const texts = folders
    .filter((folder) => folder !== '')
    .flatMap((folder) => namesIn(folder, io).map((name) => readable([`${folder}/${name}`], io)?.text ?? ''))
    .filter((text) => text.includes('-----BEGIN CERTIFICATE-----'));
  return texts.length === 0 ? undefined : texts.join('\n');
}

function readable(files: readonly string[], io: Io): { path: string; text: string } | undefined {
  for (const path of files) {
    try {
      const text = io.readFile(path);
      if (text !== '') return { path, text };
    } catch {
      // Not this one.
    }
  }
  return undefined;
}
