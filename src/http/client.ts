// Requests to one server with everything around them: retries, redirects and the time limit.

import { AppError, printable } from '../errors.ts';
import { type Endpoint, originOf, parseAddress } from './address.ts';
import { createPool, type Pool } from './connection.ts';
import type { Deadline } from './deadline.ts';
import { isUnknownIssuer } from './failure.ts';
import { type ProxySettings, proxyFor } from './proxy.ts';
import { exchange, type HttpRequest, type HttpResponse } from './request.ts';
import { type RetrySettings, withRetries } from './retry.ts';
import type { TlsOptions, Trust } from './trust.ts';

/** Sends requests to one server. */
export interface Client {
  /**
   * Sends a request, again where that is worth it, and follows redirects.
   * @throws {AppError} UNAVAILABLE, TLS_UNTRUSTED, BAD_RESPONSE, or CONFIG for a proxy that wants a password
   */
  readonly send: (request: HttpRequest, options?: SendOptions) => Promise<HttpResponse>;
  /** Closes the connections that are kept. */
  readonly close: () => void;
}

/** What may be other for one request. */
export interface SendOptions {
  readonly deadline?: Deadline;
  readonly retries?: number;
  readonly isFinal?: NonNullable<RetrySettings['isFinal']>;
}

/** What a client is made of. */
export interface ClientSettings {
  readonly endpoint: Endpoint;
  readonly proxy: ProxySettings;
  readonly trust: Trust;
  readonly retry: RetrySettings;
  readonly deadline: Deadline;
}

const MOST_REDIRECTS = 5;

/** A client for one server. Nothing is connected before the first request. */
export function createClient(settings: ClientSettings): Client {
  const pools = new Map<string, Pool>();
  const outdated: Pool[] = [];
  let { options } = settings.trust;

  function poolFor(endpoint: Endpoint): Pool {
    const origin = originOf(endpoint);
    const pool = pools.get(origin) ?? createPool(endpoint, proxyFor(endpoint, settings.proxy), options);
    pools.set(origin, pool);
    return pool;
  }

  async function followed(request: HttpRequest, deadline: Deadline): Promise<HttpResponse> {
    let target = { endpoint: settings.endpoint, path: request.path };
    for (let hops = 0; hops <= MOST_REDIRECTS; hops += 1) {
      const response = await exchange(
        target.endpoint,
        poolFor(target.endpoint),
        { ...request, path: target.path },
        deadline,
      );
      const next = redirectTarget(target.endpoint, target.path, response);
      if (next === undefined) return response;
      target = next;
    }
    throw new AppError(
      'BAD_RESPONSE',
      `${originOf(settings.endpoint)} redirected more than ${MOST_REDIRECTS} times`,
    );
  }

  // Nothing was sent where the handshake failed, so another try with more trust is as good as the first.
  async function trusted(request: HttpRequest, deadline: Deadline): Promise<HttpResponse> {
    const tried = options;
    try {
      return await followed(request, deadline);
    } catch (error) {
      if (!isUnknownIssuer(error) || !hasMoreTrustThan(tried)) throw error;
      return await followed(request, deadline);
    }
  }

  function hasMoreTrustThan(tried: TlsOptions): boolean {
    // A request beside this one may have come here first.
    if (tried !== options) return true;
    const bundle = tried.ca === undefined ? settings.trust.bundle() : undefined;
    if (bundle === undefined) return false;
    options = { ...tried, ca: [bundle], allowPartialTrustChain: true };
    // Their connections are left to the requests that are under way on them.
    outdated.push(...pools.values());
    pools.clear();
    return true;
  }

  return {
    send: (request, { deadline = settings.deadline, ...changes } = {}) =>
      withRetries(() => trusted(request, deadline), { ...settings.retry, ...changes }, deadline),
    close: () => {
      for (const { agent } of [...outdated, ...pools.values()]) agent.destroy();
    },
  };
}

/**
 * Where a redirect leads; undefined for an answer that is none. A request holds a token or an ID token, so it stays at
 * its origin. The one exception is a Vault standby: it answers 307 with the active node's address and the very path it
 * was asked for (Vault's documentation, "Client redirection").
 * @throws {AppError} BAD_RESPONSE for any other
 */
export function redirectTarget(
  from: Endpoint,
  path: string,
  { status, headers }: Pick<HttpResponse, 'status' | 'headers'>,
): { endpoint: Endpoint; path: string } | undefined {
  if (![301, 302, 307, 308].includes(status) || headers.location === undefined) return undefined;
  const base = `${from.scheme === 'unix' ? 'http://localhost' : originOf(from)}${from.basePath}${path}`;
  const url = URL.canParse(headers.location, base) ? new URL(headers.location, base) : undefined;
  // The origin alone: the rest might repeat what was sent.
  const where = url === undefined || url.origin === 'null' ? 'somewhere else' : printable(url.origin);
  const refuse = (why: string, hint: string) =>
    new AppError('BAD_RESPONSE', `${originOf(from)} redirected to ${where} (${status}): ${why}`, hint);
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    throw refuse('that is no address to follow', 'check that the address is the one of Vault');
  }
  if (from.scheme === 'https' && url.protocol === 'http:') {
    throw refuse('a token is never sent from https to plain http', 'let the server name its https address');
  }
  const asked = `${url.pathname}${url.search}`;
  if (url.origin === new URL(base).origin) return { endpoint: { ...from, basePath: '' }, path: asked };
  if (
    status === 307 &&
    from.scheme === 'https' &&
    url.protocol === 'https:' &&
    asked === `${from.basePath}${path}`
  ) {
    return { endpoint: parseAddress(url.origin, 'the redirect'), path: asked };
  }
  throw refuse(
    'a token is not sent to another server',
    `if that is your Vault, set VAULT_ADDR=${printable(url.origin)}`,
  );
}
