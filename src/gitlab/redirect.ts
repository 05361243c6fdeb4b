// Where GitLab's redirects are followed to: to whatever server holds the file, but never with the token.

import { AppError, printable } from '../errors.ts';
import { type Endpoint, originOf } from '../http/address.ts';
import { type Hop, isRedirect, type Redirects, sentOn } from '../http/redirect.ts';
import type { HttpHead } from '../http/request.ts';
import { endpointOf } from './api.ts';

/** What must not leave GitLab's origin. */
const TOKEN_HEADERS = ['job-token', 'private-token', 'deploy-token'];

/** GitLab's redirects. What left GitLab's origin once goes on without the token, also when it is sent back there. */
export const GITLAB_REDIRECTS: Redirects = {
  next: (from, answer) => {
    if (!isRedirect(answer.status) || answer.headers.location === undefined) return undefined;
    const url = target(from, answer);
    const path = `${url.pathname}${url.search}`;
    if (url.origin === originOf(from.endpoint)) {
      return { endpoint: { ...from.endpoint, basePath: '' }, path, headers: from.headers };
    }
    const headers = Object.entries(from.headers).filter(([name]) => !TOKEN_HEADERS.includes(name));
    return { endpoint: endpointOf(url), path, headers: Object.fromEntries(headers) };
  },
  lost: (from, error) =>
    sentOn(
      error,
      `${originOf(from)} sends this job on for the file`,
      'the runner must reach that server too: check its firewall, HTTPS_PROXY and NO_PROXY; or let GitLab serve the files of its object storage itself (proxy_download)',
    ),
};

function target({ endpoint, path }: Hop, { status, headers }: HttpHead): URL {
  const { location = '' } = headers;
  const base = `${originOf(endpoint)}${endpoint.basePath}${path}`;
  const url = URL.canParse(location, base) ? new URL(location, base) : undefined;
  // The origin alone: what stands behind it may be a signature that is as good as a token.
  const where = url === undefined || url.origin === 'null' ? 'somewhere else' : printable(url.origin);
  const refuse = (why: string, hint: string) =>
    new AppError('BAD_RESPONSE', `${originOf(endpoint)} redirected to ${where} (${status}): ${why}`, hint);
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    throw refuse('that is no address to follow', 'check that the address is the one of GitLab');
  }
  if (endpoint.scheme === 'https' && url.protocol === 'http:') {
    throw refuse(
      'a file is never fetched over plain http in the place of https',
      'let the server name its https address',
    );
  }
  if (/\/users\/sign_in$/.test(url.pathname)) throw signIn(endpoint);
  return url;
}

/** GitLab's pages take no token of a job: they want a user to sign in. */
export function signIn(from: Endpoint): AppError {
  return new AppError(
    'PERMISSION_DENIED',
    `${originOf(from)} asks to sign in: the asset's link leads to a page of GitLab's, which takes no token`,
    'let the release link the file by the address of the API: https://GITLAB/api/v4/projects/ID/packages/generic/NAME/VERSION/FILE',
  );
}
