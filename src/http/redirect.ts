// Where a redirect is followed to. A request holds a token, so that is nearly nowhere.

import { AppError, printable } from '../errors.ts';
import { type Endpoint, originOf, parseAddress } from './address.ts';
import type { HttpResponse } from './request.ts';

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
  if (![301, 302, 303, 307, 308].includes(status) || headers.location === undefined) return undefined;
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
