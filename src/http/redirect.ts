// Where a redirect is followed to. A request to Vault holds a token, so that is nearly nowhere.

import { AppError, printable } from '../errors.ts';
import { type Endpoint, originOf, parseAddress } from './address.ts';
import { Untrusted } from './failure.ts';
import type { HttpHead, HttpRequest } from './request.ts';

/** Where a request goes, and what it holds there. */
export interface Hop {
  readonly endpoint: Endpoint;
  readonly path: string;
  readonly headers: HttpRequest['headers'];
}

/** Which redirects of a server are followed. */
export interface Redirects {
  /**
   * Where an answer leads; undefined for one that is no redirect.
   * @throws {AppError} BAD_RESPONSE where it must not be followed
   */
  readonly next: (from: Hop, answer: HttpHead) => Hop | undefined;
  /** What a failure at another server means, to which `from` had sent the request. */
  readonly lost: (from: Endpoint, error: unknown) => unknown;
}

/** Vault's: to the same origin, or to a standby's active node, which gets the token too. */
export const VAULT_REDIRECTS: Redirects = {
  next: ({ endpoint, path, headers }, answer) => {
    const target = redirectTarget(endpoint, path, answer);
    return target === undefined ? undefined : { ...target, headers };
  },
  lost: (from, error) =>
    sentOn(
      error,
      `${originOf(from)} is a standby and sent this job on`,
      'whoever runs Vault must set api_addr to an address that runners reach, or let the load balancer choose the active node',
    ),
};

/** The same failure at an address that the user never wrote, with whose doing that is. */
export function sentOn(error: unknown, whose: string, hint: string): unknown {
  // What is wrong with a certificate is yet to be looked at.
  if (!(error instanceof AppError) || error instanceof Untrusted) return error;
  return new AppError(error.code, `${whose}: ${error.message}`, hint, error.cause);
}

/** Whether a status is that of a redirect that names its target (RFC 9110, section 15.4). */
export function isRedirect(status: number): boolean {
  return [301, 302, 303, 307, 308].includes(status);
}

/** Where a redirect leads, and how it is refused. */
export interface Location {
  readonly url: URL;
  /** What it was resolved against: the address that was asked for. */
  readonly base: string;
  readonly refuse: (why: string, hint: string) => AppError;
}

/**
 * Reads where a redirect leads.
 * @param server what should have answered, for the hint
 * @throws {AppError} BAD_RESPONSE for what is no address of http or https, or holds a user name or a password
 */
export function locate(
  from: Endpoint,
  path: string,
  { status, headers: { location = '' } }: HttpHead,
  server: string,
): Location {
  const base = `${from.scheme === 'unix' ? 'http://localhost' : originOf(from)}${from.basePath}${path}`;
  const url = URL.canParse(location, base) ? new URL(location, base) : undefined;
  // The origin alone: the rest might repeat what was sent, or be a signature that is as good as a token.
  const where = url === undefined || url.origin === 'null' ? 'somewhere else' : printable(url.origin);
  const refuse = (why: string, hint: string) =>
    new AppError('BAD_RESPONSE', `${originOf(from)} redirected to ${where} (${status}): ${why}`, hint);
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    throw refuse('that is no address to follow', `check that the address is the one of ${server}`);
  }
  return { url, base, refuse };
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
  { status, headers }: HttpHead,
): { endpoint: Endpoint; path: string } | undefined {
  if (!isRedirect(status) || headers.location === undefined) return undefined;
  const { url, base, refuse } = locate(from, path, { status, headers }, 'Vault');
  if (from.scheme === 'https' && url.protocol === 'http:') {
    throw refuse('a token is never sent from https to plain http', 'let the server name its https address');
  }
  const asked = `${url.pathname}${url.search}`;
  if (url.origin === new URL(base).origin) {
    // It asks for GET, and the request's own method is what its answer is to be for.
    return status === 303 ? undefined : { endpoint: { ...from, basePath: '' }, path: asked };
  }
  if (
    status === 307 &&
    from.scheme === 'https' &&
    url.protocol === 'https:' &&
    asked === `${from.basePath}${path}`
  ) {
    return { endpoint: parseAddress(url.origin, 'the redirect'), path: asked };
  }
  const signIn =
    status === 302 || status === 303
      ? '; if not, a sign-in page may stand in front of Vault: such a page redirects so'
      : '';
  throw refuse(
    'a token is not sent to another server',
    `if that is your Vault, set VAULT_ADDR=${printable(url.origin)}${signIn}`,
  );
}
