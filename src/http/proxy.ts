// Which proxy a request goes through, if any: VAULT_PROXY_ADDR, HTTPS_PROXY, HTTP_PROXY and NO_PROXY, read as
// Vault's own client does (Go's golang.org/x/net/http/httpproxy).

import { BlockList, isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { AppError } from '../errors.ts';
import type { NamedValue } from '../io.ts';
import { type Endpoint, isLoopback } from './address.ts';

/** A proxy, and the value of the Proxy-Authorization header it wants. */
export interface ProxyServer {
  readonly scheme: 'https' | 'http';
  readonly host: string;
  readonly port: number;
  readonly authorization: string | undefined;
  /** The variable that named it, for messages. */
  readonly source: string;
}

/** The proxy variables of the job, with the names they were found under. */
export interface ProxySettings {
  readonly always: NamedValue | undefined;
  readonly forHttps: NamedValue | undefined;
  readonly forHttp: NamedValue | undefined;
  readonly except: string;
}

/**
 * The proxy for an endpoint; undefined for a direct connection.
 * @throws {AppError} CONFIG when the variable that applies is not a proxy's address
 */
export function proxyFor(endpoint: Endpoint, settings: ProxySettings): ProxyServer | undefined {
  if (endpoint.scheme === 'unix') return undefined;
  if (settings.always !== undefined) return parseProxy(settings.always);
  const named = endpoint.scheme === 'https' ? settings.forHttps : settings.forHttp;
  if (named === undefined || isLoopback(endpoint.host) || isExcepted(endpoint, settings.except))
    return undefined;
  return parseProxy(named);
}

/** Whether NO_PROXY (names, `.suffixes`, addresses, CIDR blocks, each with or without a port, or `*`) holds a host. */
export function isExcepted(endpoint: Endpoint, noProxy: string): boolean {
  return noProxy
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .some((entry) => entry !== '' && matches(entry, endpoint));
}

function matches(entry: string, { host, port }: Endpoint): boolean {
  if (entry === '*') return true;
  const [block, bits] = entry.split('/');
  if (block !== undefined && bits !== undefined) return inBlock(host, block, bits);
  const withPort = /^(?:\[(.*)\]|([^:]*)):([0-9]+)$/.exec(entry);
  if (withPort !== null && Number(withPort[3]) !== port) return false;
  const name = (withPort?.[1] ?? withPort?.[2] ?? entry).replace(/^\[|\]$/g, '');
  const wanted = host.toLowerCase();
  if (isIP(wanted) !== 0) return isIP(name) !== 0 && inBlock(wanted, name, isIP(name) === 4 ? '32' : '128');
  // A host is in ASCII by now, also one that was written in another script.
  const suffix = (domainToASCII(name.replace(/^\*?\./, '')) || name).replace(
    /^/,
    /^\*?\./.test(name) ? '.' : '',
  );
  return suffix.startsWith('.')
    ? wanted.endsWith(suffix)
    : wanted === suffix || wanted.endsWith(`.${suffix}`);
}

function inBlock(host: string, block: string, bits: string): boolean {
  const family = isIP(block);
  if (family === 0 || isIP(host) !== family || !/^[0-9]{1,3}$/.test(bits)) return false;
  if (Number(bits) > (family === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(block, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
  return list.check(host, family === 4 ? 'ipv4' : 'ipv6');
}

function parseProxy({ name, value }: NamedValue): ProxyServer {
  const text = value.includes('://') ? value : `http://${value}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.hostname === '' || !/^https?:$/.test(url.protocol)) {
    // The value is not shown: it may hold a password.
    throw new AppError(
      'CONFIG',
      `${name} is not the address of an http or https proxy`,
      `${name} looks like http://proxy.example.com:3128`,
    );
  }
  const credentials = `${decode(url.username)}:${decode(url.password)}`;
  return {
    scheme: url.protocol === 'https:' ? 'https' : 'http',
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port),
    authorization: credentials === ':' ? undefined : `Basic ${Buffer.from(credentials).toString('base64')}`,
    source: name,
  };
}

// A % that encodes nothing stands for itself, as curl has it; so does all that encodes no UTF-8.
function decode(text: string): string {
  try {
    return decodeURIComponent(text.replace(/%(?![0-9a-f]{2})/gi, '%25'));
  } catch {
    return text;
  }
}
