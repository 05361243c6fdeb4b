// A server's address as the user wrote it, judged before any request: where to connect, and under which path.

import { isIPv4 } from 'node:net';
import { howToSet, whyNotHere, whyUnfilled } from '../ci-variables.ts';
import { AppError, printable, quoted } from '../errors.ts';
import type { Environment } from '../io.ts';
import { controlIn, WITHOUT_CONTROLS } from '../setting-values.ts';

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
  /** The flag or variable that it came from, for messages. */
  readonly source?: string;
  /** What messages call the server; Vault unless said. */
  readonly service?: string;
}

/** What an address is of. */
export interface Service {
  readonly name: string;
  /** An address of it, for hints. */
  readonly example: string;
  /** The part of a path that is not to be in an address, such as that of the API or of a web page. */
  readonly surplus: RegExp;
}

const VAULT: Service = {
  name: 'Vault',
  example: 'https://vault.example.com',
  // Of the API or of the web interface: behind any path at its end, else only as the whole of it, since a proxy may
  // have Vault below a path such as /api/v1/vault.
  surplus: /^\/(?:v1|ui)(?:\/.*)?$|\/(?:v1|ui)$|\/ui\/vault(?:\/.*)?$/,
};

/**
 * Reads an address.
 * @param name the variable or flag that it came from, for the message
 * @param environment the job's, for why a variable in it was not filled in
 * @param service what it is the address of
 * @throws {AppError} CONFIG, with what to change
 */
export function parseAddress(
  text: string,
  name: string,
  environment: Environment = {},
  service: Service = VAULT,
): Endpoint {
  const { example } = service;
  const bad = (why: string, hint = howToSet(name, example)) =>
    new AppError('CONFIG', `${name} is ${quoted(text)}: ${why}`, hint);

  const trimmed = text.trim();
  if (trimmed.includes('@')) {
    // Not shown: what stands before the @ may be a password.
    throw new AppError(
      'CONFIG',
      `${name} holds a user name or a password: there is an @ in it`,
      `${name} looks like ${example}, without credentials`,
    );
  }
  const control = controlIn(text);
  if (control !== undefined) throw bad(`it holds a control character, ${control}`, WITHOUT_CONTROLS);
  if (trimmed === '') {
    const state = text === '' ? 'it is empty' : 'it holds only spaces';
    throw bad(state, `${howToSet(name, example)}${whyNotHere(environment)}`);
  }
  if (/\$\{?[A-Za-z_]/.test(trimmed)) {
    throw bad('a variable in it was never filled in', whyUnfilled(trimmed, name, environment));
  }
  if (/^["'`\u201c\u2018]|["'`\u201d\u2019]$/.test(trimmed)) {
    const inner = trimmed.replace(/^["'`\u201c\u2018]+|(?<!["'`\u201d\u2019])["'`\u201d\u2019]+$/g, '');
    const isAddress = /^https?:\/\/[\w.:[\]-]+$/.test(inner);
    throw bad('it has quotes around it', `without them: ${howToSet(name, isAddress ? inner : example)}`);
  }
  const socket = /^unix:(?:\/\/)?(\/(?!\/*$).*)$/.exec(trimmed)?.[1];
  if (socket !== undefined) {
    return {
      scheme: 'unix',
      host: 'localhost',
      port: 0,
      basePath: '',
      socketPath: socket,
      source: name,
      service: service.name,
    };
  }
  if (/\s/.test(trimmed)) throw bad('there is a space in it');
  if (!/^https?:/i.test(trimmed)) {
    if (/^unix:/i.test(trimmed))
      throw bad('a socket is named by its whole path', howToSet(name, 'unix:///PATH'));
    if (/^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed)) throw bad('only https, http and unix addresses are known');
    throw bad('it has no scheme', howToSet(name, likelyAddress(trimmed) ?? example));
  }
  return readUrl(trimmed, name, environment, service, bad);
}

// What was meant, where that can be told: an address within, or a host that only lacks its scheme.
function likelyAddress(text: string): string | undefined {
  const within = /https?:\/\/[\w.-]+(?::\d+)?(?=$|[^\w.:-])/i.exec(text)?.[0];
  if (within !== undefined) return within;
  const bare = text.replace(/^(?:https?)?:?\/+/i, '');
  const isHost = /^(?:[\w-]+(?:\.[\w-]+)+|[\w-]+(?=:\d)|localhost|vault)(?::\d{1,5})?(?:\/[\w./-]*)?$/i.test(
    bare,
  );
  return isHost ? `https://${bare}` : undefined;
}

function readUrl(
  text: string,
  name: string,
  environment: Environment,
  service: Service,
  bad: (why: string, hint?: string) => AppError,
): Endpoint {
  // URL takes https:///v1 for a host named v1: that is what an unset variable leaves behind.
  if (!/^https?:\/\/(?:[^/:?#]|::)/i.test(text)) {
    const bare = text.replace(/^https?:\/*/i, '');
    const [host = ''] = bare.split(/[/?#]/);
    const isSlip = /^https?:\/?[^/]/i.test(text) && host !== '';
    const hint = isSlip
      ? howToSet(name, `https://${host}`)
      : `${howToSet(name, service.example)}; if a variable was to fill in the host, that one is empty${whyNotHere(environment)}`;
    throw bad('there is no host in it', hint);
  }
  if (/^https?:\/\/https?:/i.test(text)) {
    throw bad('it has the scheme twice', howToSet(name, text.replace(/^https?:\/\//i, '')));
  }
  if (!URL.canParse(text)) {
    const ipv6 = /^(https?:\/\/)([0-9a-f:]*:[0-9a-f:]*:[0-9a-f]*)$/i.exec(text);
    if (ipv6 !== null)
      throw bad('an IPv6 address stands in brackets', howToSet(name, `${ipv6[1]}[${ipv6[2]}]`));
    if (/^https?:\/\/\[[^\]]*%/.test(text)) throw bad('an IPv6 address with a zone is not known here');
    const isPort = /^https?:\/\/(?:\[[^\]]*\]|[\w.-]*):[^/?#]/i.test(text);
    throw bad(isPort ? 'its port is not a number up to 65535' : 'its host is not a name or an IP address');
  }
  const url = new URL(text);
  if (url.port === '0') throw bad('nothing listens at port 0');
  const basePath = url.pathname.replace(/(?<!\/)\/+$/, '');
  const surplus = service.surplus.exec(basePath);
  if (surplus !== null) {
    const rest = `${surplus[0]}${url.search}${url.hash}`;
    const server = `${url.origin}${basePath.slice(0, surplus.index)}`;
    throw bad(`leave ${printable(rest)} off, ${name} is the server alone`, howToSet(name, server));
  }
  if (url.search !== '' || url.hash !== '') {
    throw bad('an address has no ? and no #', howToSet(name, `${url.origin}${basePath}`));
  }
  const scheme = url.protocol === 'https:' ? 'https' : 'http';
  return {
    scheme,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (scheme === 'https' ? 443 : 80) : Number(url.port),
    basePath,
    socketPath: undefined,
    source: name,
    service: service.name,
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

/** What hints call it: the setting that it came from. */
export function addressName({ source = 'the address' }: Pick<Endpoint, 'source'>): string {
  return source;
}

/** What messages call the server at the other end. */
export function serviceName({ service = 'Vault' }: Pick<Endpoint, 'service'>): string {
  return service;
}
