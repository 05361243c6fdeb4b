// A server's address as the user wrote it, judged before any request: where to connect, and under which path.

import { isIPv4 } from 'node:net';
import { AppError, printable, quoted } from '../errors.ts';

/** Where requests go. */
export interface Endpoint {
  readonly scheme: 'https' | 'http' | 'unix';
  /** The host without the brackets of an IPv6 address; `localhost` for a unix socket. */
  readonly host: string;
  readonly port: number;
  /** What stands before `/v1`: empty, or `/prefix` for a Vault behind a path. */
  readonly basePath: string;
  /** The socket's path, for `unix:` addresses only. */
  readonly socketPath: string | undefined;
}

const EXAMPLE = 'https://vault.example.com';

/**
 * Reads an address.
 * @param name the variable or flag that it came from, for the message
 * @throws {AppError} CONFIG, with what to change
 */
export function parseAddress(text: string, name: string): Endpoint {
  const bad = (why: string, hint = `${name} looks like ${EXAMPLE}`) =>
    new AppError('CONFIG', `${name} is ${quoted(text)}: ${why}`, hint);

  const trimmed = text.trim();
  if (trimmed.includes('@')) {
    // Not shown: what stands before the @ may be a password.
    throw new AppError(
      'CONFIG',
      `${name} holds a user name or a password: there is an @ in it`,
      `${name} looks like ${EXAMPLE}, without credentials`,
    );
  }
  if (/^\$\{?[A-Za-z_]/.test(trimmed) || /\$\{?[A-Z_]{2,}/.test(trimmed)) {
    throw bad('a variable in it was never filled in', 'the variable it names is not defined in this job');
  }
  if (/^["'`]/.test(trimmed)) throw bad('it begins with a quote', 'write the value without quotes');
  const socket = /^unix:(?:\/\/)?(\/.*)$/.exec(trimmed)?.[1];
  if (socket !== undefined) {
    return { scheme: 'unix', host: 'localhost', port: 0, basePath: '', socketPath: socket };
  }
  const url = URL.canParse(trimmed) ? new URL(trimmed) : undefined;
  if (!/^https?:/i.test(trimmed)) {
    if (/^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed)) throw bad('only https, http and unix addresses are known');
    throw bad('it has no scheme', `write ${name}=https://${printable(trimmed)}`);
  }
  // URL takes https:///v1 for a host named v1: that is what an unset variable leaves behind.
  if (url === undefined || !/^https?:\/\/[^/]/i.test(trimmed)) throw bad('there is no host in it');
  if (url.search !== '' || url.hash !== '') throw bad('an address has no ? and no #');
  const basePath = url.pathname.replace(/\/+$/, '');
  if (/\/(v1|ui)$/.test(basePath))
    throw bad(`leave ${basePath.slice(-3)} off`, `${name} is the server alone, as ${url.origin}`);
  const scheme = url.protocol === 'https:' ? 'https' : 'http';
  return {
    scheme,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (scheme === 'https' ? 443 : 80) : Number(url.port),
    basePath,
    socketPath: undefined,
  };
}

/** Scheme, host and port, as in RFC 6454: what decides whether a token may be sent. */
export function originOf(endpoint: Endpoint): string {
  if (endpoint.socketPath !== undefined) return `unix:${endpoint.socketPath}`;
  return `${endpoint.scheme}://${authorityOf(endpoint)}`;
}

/** `host` or `host:port`, IPv6 in brackets, the scheme's own port left off: the Host header. */
export function authorityOf(endpoint: Endpoint): string {
  const host = bracketed(endpoint.host);
  const usual = endpoint.scheme === 'https' ? 443 : 80;
  return endpoint.port === usual || endpoint.scheme === 'unix' ? host : `${host}:${endpoint.port}`;
}

/** A host as it stands before a port: an IPv6 address in brackets (RFC 3986, section 3.2.2). */
export function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** Whether the host is this very machine, by its name or its address. */
export function isLoopback(host: string): boolean {
  return (
    host === 'localhost' ||
    host.endsWith('.localhost') ||
    (isIPv4(host) && host.startsWith('127.')) ||
    host === '::1'
  );
}
