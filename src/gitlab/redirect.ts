// Where GitLab's redirects are followed to: to whatever server holds the file, but never with the token.

import { AppError } from '../errors.ts';
import { addressName, type Endpoint, originOf } from '../http/address.ts';
import { type Hop, isRedirect, locate, type Redirects, sentOn } from '../http/redirect.ts';
import type { HttpHead } from '../http/request.ts';
import { endpointOf, isWithin } from './api.ts';

/** What must not leave GitLab's origin. */
const TOKEN_HEADERS = ['job-token', 'private-token', 'deploy-token'];

/**
 * GitLab's redirects. What left GitLab once goes on without the token, also when it is sent back there.
 * @param gitlab the endpoint of its API
 */
export const gitlabRedirects = (gitlab: Endpoint): Redirects => ({
  next: (from, answer) => {
    if (!isRedirect(answer.status) || answer.headers.location === undefined) return undefined;
    const url = target(from, answer);
    const isSame = url.origin === originOf(from.endpoint);
    const endpoint = isSame ? { ...from.endpoint, basePath: '' } : endpointOf(url);
    const path = `${url.pathname}${url.search}`;
    if (isWithin(url, gitlab)) return { endpoint, path, headers: from.headers };
    const headers = Object.entries(from.headers).filter(([name]) => !TOKEN_HEADERS.includes(name));
    return { endpoint, path, headers: Object.fromEntries(headers) };
  },
  lost: (from, error) => {
    // A full disk, or a page in the file's place, is no other for where the file came from.
    if (error instanceof AppError && error.code !== 'UNAVAILABLE') return error;
    return sentOn(
      error,
      `${originOf(from)} sends this job on for the file`,
      'the runner must reach that server too: check its firewall, HTTPS_PROXY and NO_PROXY; or let GitLab serve the files of its object storage itself (proxy_download)',
    );
  },
});

function target({ endpoint, path }: Hop, answer: HttpHead): URL {
  const { url, refuse } = locate(endpoint, path, answer, 'GitLab');
  if (endpoint.scheme === 'https' && url.protocol === 'http:') {
    throw refuse(
      'a file is never fetched over plain http in the place of https',
      'let the server name its https address',
    );
  }
  if (/\/users\/sign_in$/.test(url.pathname)) {
    // The API's own hop alone has a base path: files are asked for by their whole address.
    throw endpoint.basePath === '' ? signIn(endpoint) : noApi(endpoint);
  }
  return url;
}

/** What a release is to link. */
export const LINK_BY_API =
  'let the release link the file by the address of the API: https://GITLAB/api/v4/projects/ID/packages/generic/NAME/VERSION/FILE';

/** GitLab's pages take no token of a job: they want a user to sign in. */
function signIn(from: Endpoint): AppError {
  return new AppError(
    'PERMISSION_DENIED',
    `${originOf(from)} asks to sign in: the asset's link leads to a page of GitLab's, which takes no token`,
    LINK_BY_API,
  );
}

function noApi(at: Endpoint): AppError {
  return new AppError(
    'PERMISSION_DENIED',
    `${originOf(at)} asks to sign in where GitLab's API should be: ${at.basePath}`,
    `check ${addressName(at)}: it is GitLab's address alone, without a group or a project`,
  );
}
