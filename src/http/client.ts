// Requests to one server with everything around them: retries, redirects and the time limit.

import { AppError } from '../errors.ts';
import { type Endpoint, originOf } from './address.ts';
import { createPool, type First, type Pool } from './connection.ts';
import { type Deadline, shortened } from './deadline.ts';
import { isUnknownIssuer, Untrusted } from './failure.ts';
import type { HeadStart } from './head-start.ts';
import type { Progress } from './progress.ts';
import { type ProxySettings, proxyFor } from './proxy.ts';
import { type Hop, type Redirects, VAULT_REDIRECTS } from './redirect.ts';
import { exchange, type HttpRequest, type HttpResponse } from './request.ts';
import { type RetrySettings, withRetries } from './retry.ts';
import type { TlsOptions, Trust } from './trust.ts';

/** Sends requests to one server, and to those that it leads to. */
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
  /** Another server than the client's own. */
  readonly at?: Endpoint;
  readonly deadline?: Deadline;
  /** Milliseconds that it may take at most, within the deadline. */
  readonly within?: number;
  readonly retries?: number;
  readonly isFinal?: NonNullable<RetrySettings['isFinal']>;
  /** Kept up to date with how far the request has come, and begun anew at each exchange that it takes. */
  readonly progress?: Progress;
}

/** What a client is made of. */
export interface ClientSettings {
  readonly endpoint: Endpoint;
  readonly proxy: ProxySettings;
  readonly trust: Trust;
  readonly retry: RetrySettings;
  readonly deadline: Deadline;
  /** Vault's unless said. */
  readonly redirects?: Redirects;
  /** Is told when the phases of the first connection end. */
  readonly mark?: (phase: string) => void;
  /** The first connection, where it was begun before. */
  readonly start?: HeadStart | undefined;
}

const MOST_REDIRECTS = 5;
// What a certificate shows is worth a moment of the user's time, and no more.
const LOOK_WITHIN = 3_000;

/** A client for one server. Nothing is connected before the first request. */
export function createClient(settings: ClientSettings): Client {
  const pools = new Map<string, Pool>();
  const outdated: Pool[] = [];
  let { options } = settings.trust;

  function poolFor(endpoint: Endpoint): Pool {
    const origin = originOf(endpoint);
    const pool =
      pools.get(origin) ?? createPool(endpoint, proxyFor(endpoint, settings.proxy), options, firstOf(origin));
    pools.set(origin, pool);
    return pool;
  }

  // What was begun before was begun with the trust of the first try.
  function firstOf(origin: string): First {
    const { start, mark } = settings;
    const isBegun =
      start !== undefined && origin === originOf(settings.endpoint) && options === settings.trust.options;
    return isBegun ? { start, mark } : { mark };
  }

  async function followed(
    request: HttpRequest,
    at: Endpoint,
    deadline: Deadline,
    progress?: Progress,
  ): Promise<HttpResponse> {
    const { redirects = VAULT_REDIRECTS } = settings;
    let hop: Hop = { endpoint: at, path: request.path, headers: request.headers };
    for (let hops = 0; hops <= MOST_REDIRECTS; hops += 1) {
      const { endpoint, path, headers } = hop;
      const sent = { ...request, path, headers };
      const response = await exchange(endpoint, poolFor(endpoint), sent, deadline, progress).catch(
        (error: unknown) => {
          throw originOf(endpoint) === originOf(at) ? error : redirects.lost(at, error);
        },
      );
      const next = redirects.next(hop, response);
      if (next === undefined) return response;
      hop = next;
    }
    throw new AppError(
      'BAD_RESPONSE',
      `${originOf(settings.endpoint)} redirected more than ${MOST_REDIRECTS} times`,
    );
  }

  // Nothing was sent where the handshake failed, so another try with more trust is as good as the first.
  async function trusted(...request: Parameters<typeof followed>): Promise<HttpResponse> {
    const tried = options;
    try {
      return await followed(...request);
    } catch (error) {
      if (!isUnknownIssuer(error) || !hasMoreTrustThan(tried)) throw error;
      return await followed(...request);
    }
  }

  // When nothing more can be tried, there is time to see what is wrong.
  async function inDetail(error: unknown, deadline: Deadline): Promise<never> {
    if (!(error instanceof Untrusted)) throw error;
    const known = { trusted: settings.trust.source, now: settings.retry.now() };
    throw await error.inDetail(known, Math.min(LOOK_WITHIN, deadline.remaining()));
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
    send: (
      request,
      { at = settings.endpoint, deadline = settings.deadline, within, progress, ...changes } = {},
    ) => {
      const limit = within === undefined ? deadline : shortened(deadline, within);
      return withRetries(
        () => trusted(request, at, limit, progress).catch((error) => inDetail(error, limit)),
        { ...settings.retry, ...changes },
        limit,
      );
    },
    close: () => {
      for (const { agent } of [...outdated, ...pools.values()]) agent.destroy();
    },
  };
}
