// Where an asset's link leads, and what it means when the file is not had there.

import { AppError, printable, quoted } from '../errors.ts';
import { type GitlabApi, type GitlabToken, wordsOf } from '../gitlab/api.ts';
import { LINK_BY_API } from '../gitlab/redirect.ts';
import type { Asset } from '../gitlab/releases.ts';
import type { HttpHead, HttpResponse } from '../http/request.ts';
import { parseJson, stringMember } from '../json.ts';

/**
 * The address of an asset's file.
 * @throws {AppError} BAD_RESPONSE for one that is no address of http or https
 */
export function linkOf({ name, url }: Pick<Asset, 'name' | 'url'>, api: GitlabApi): URL {
  const link = URL.canParse(url) ? new URL(url) : undefined;
  if (link === undefined || !/^https?:$/.test(link.protocol))
    throw badLink(name, 'leads to no https address');
  if (link.username !== '' || link.password !== '') throw badLink(name, 'holds a user name or a password');
  const gitlab = api.urlOf([]);
  // A GitLab behind a proxy that ends TLS may believe that it is plain http, and write its links so.
  if (link.protocol === 'http:' && gitlab.protocol === 'https:' && link.host === gitlab.hostname) {
    link.protocol = 'https:';
    link.port = gitlab.port;
  }
  return link;
}

// The address is not shown: what is in it may be a password, or a signature that is as good as one.
function badLink(name: string, what: string): AppError {
  return new AppError(
    'BAD_RESPONSE',
    `the link of ${quoted(name)} ${what}`,
    'whoever makes the release must mend it',
  );
}

/** Whether a file comes over plain http though GitLab is asked over https: then only a digest can vouch for it. */
export function isUnprotected(link: URL, api: GitlabApi): boolean {
  return link.protocol === 'http:' && api.urlOf([]).protocol === 'https:';
}

/** Tells of such a link, where there is no digest to go by. */
export function unprotected(name: string): AppError {
  return new AppError(
    'BAD_RESPONSE',
    `the link of ${quoted(name)} is plain http, and nothing else says what the file should be`,
    'let whoever makes the release link it by https, or say its digest: --sha256 HEX',
  );
}

/** Whether an answer is a web page in the place of a file that is none by its name or by where its link leads. */
export function isPage({ headers }: HttpHead, name: string, link: URL): boolean {
  const isToBe = [name, link.pathname].some((each) => /\.x?html?$/i.test(each));
  return !isToBe && /^text\/html\b/i.test(headers['content-type'] ?? '');
}

/** Tells of a page that came in a file's place. */
export function pageInstead(link: URL, name: string, api: GitlabApi): AppError {
  const isGitlabs = link.origin === api.urlOf([]).origin;
  return new AppError(
    isGitlabs ? 'PERMISSION_DENIED' : 'BAD_RESPONSE',
    `a web page came in the place of ${quoted(name)}, whose link leads to ${printable(link.host)}`,
    isGitlabs
      ? `pages of GitLab are for who signs in: ${LINK_BY_API}`
      : 'a sign-in page may stand there, or the link leads to a page: let whoever makes the release mend it',
  );
}

/** Who says that there is such a file, where a release does. */
export const LINKED = 'the release links';

/** What an answer means that is neither the file nor worth another try. */
export function refusedFile(
  { status, headers, body }: HttpResponse,
  { name, claim }: { readonly name: string; readonly claim: string },
  token: GitlabToken | undefined,
): AppError {
  const what = quoted(name);
  if (status === 404 || status === 410) {
    return new AppError(
      'ASSET_NOT_FOUND',
      claim === LINKED
        ? `${claim} ${what}, and there is no such file where the link leads (${status})`
        : `${claim} no file ${what} (${status})`,
      claim === LINKED
        ? 'the package may have been deleted, or the link mistyped: ask whoever makes the release'
        : "check name, version and file in the project's package registry: upper and lower case count",
    );
  }
  const stored = storageCode(body);
  if ((status === 401 || status === 403) && stored !== undefined) {
    return new AppError(
      'PERMISSION_DENIED',
      `the storage of ${what} refuses the address that leads to it (${status}): ${printable(stored)}`,
      'such an address is signed for some minutes: the clock of GitLab or of the storage may be wrong, or a proxy changes requests',
    );
  }
  if (status === 401 || status === 403) {
    const words = said(body, token);
    const allowlist = /job token not allowed/i.test(words)
      ? 'add this project there under Settings → CI/CD → Job token permissions'
      : 'whoever started the job must be allowed to read the package registry of that project, and Settings → CI/CD → Job token permissions there must let this project in';
    return new AppError(
      'PERMISSION_DENIED',
      `the file of ${what} is refused (${status})${words === '' ? '' : `: ${words}`}`,
      allowlist,
    );
  }
  if (status >= 500 || status === 429 || status === 408) {
    return new AppError('UNAVAILABLE', `the server of ${what} answered ${status}`, 'try again later');
  }
  const type =
    /^[\w./+-]{1,60}/.exec(wordsOf(headers['content-type'] ?? '', token))?.[0] ?? 'of no known type';
  return new AppError(
    'BAD_RESPONSE',
    `the answer for ${what} (${status}, ${type}) is no file`,
    claim === LINKED ? "check where the release's link leads" : 'check the address of GitLab',
  );
}

function said(body: Buffer, token: GitlabToken | undefined): string {
  const text = body.toString('utf8', 0, 4096);
  try {
    const json = parseJson(text);
    return wordsOf(stringMember(json, 'message') ?? stringMember(json, 'error') ?? '', token);
  } catch {
    return '';
  }
}

// Object storage answers in XML: its code is what can be looked up.
function storageCode(body: Buffer): string | undefined {
  const text = body.toString('utf8', 0, 4096);
  return /^\s*<(?:\?xml|Error)\b/.test(text) ? /<Code>(\w{1,60})<\/Code>/.exec(text)?.[1] : undefined;
}
