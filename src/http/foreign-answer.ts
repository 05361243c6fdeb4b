// An answer that Vault does not give: who may have given it instead, and what to do.

import { AppError, printable } from '../errors.ts';
import { isJsonObject, type JsonObject, member, stringMember } from '../json.ts';
import type { HttpResponse } from './request.ts';

const CHECK = 'check that the address is the one of SERVICE, and that no sign-in page stands in front of it';
const SIGN_IN =
  'a sign-in page stands in front of SERVICE, or the address is not the one of SERVICE: let the runner past it';

// What servers say of plain text where they expect TLS: Go and so Vault, nginx, Apache, Tomcat.
const WANTS_TLS =
  /HTTP request to an HTTPS server|plain HTTP request was sent to HTTPS port|speaking plain HTTP to an SSL-enabled server port|combination of host and port requires TLS/;

/**
 * Tells what answered in the server's place.
 * @param json the answer's JSON object, where it is one
 * @param without takes out of a text whatever was sent
 * @param service what was to answer
 */
export function foreignAnswer(
  response: HttpResponse,
  json: JsonObject | undefined,
  without: (text: string) => string,
  service = 'Vault',
): AppError {
  const { status, headers } = response;
  // A page says what it is at its beginning.
  const text = response.body.toString('utf8', 0, 65_536);
  if (status === 400 && WANTS_TLS.test(text)) {
    return new AppError(
      'BAD_RESPONSE',
      'the server speaks TLS on this port, and the address says http',
      'write https:// in the address',
    );
  }
  const shown = (found: string) => `"${printable(without(found), LONGEST_TITLE)}"`;
  const [what, hint] = json === undefined ? ofText(text, shown) : ofJson(response, json);
  const server = /^[\w./ ()+-]{1,40}$/.exec(without(`${headers['server'] ?? ''}`))?.[0];
  const parts = [what, ...(server === undefined ? [] : [`the server calls itself ${printable(server)}`])];
  const told = parts.filter((part) => part !== undefined).join('; ');
  return new AppError(
    'BAD_RESPONSE',
    `the answer (${status}, ${mediaType(without(headers['content-type'] ?? ''))}) is not the JSON that ${service} sends${told === '' ? '' : `: ${told}`}`,
    hint.replaceAll('SERVICE', service),
  );
}

type Told = readonly [what: string | undefined, hint: string];

const LONGEST_TITLE = 60;
const SIGNS_IN = /\b(?:sign|log)[\s-]?in\b|\blogin\b|\bSSO\b|single sign-on|\bauthenticat/i;
const ROUTES: readonly (readonly [text: RegExp, what: string])[] = [
  [
    /^404 page not found\s*$/,
    'it is what Traefik, or another server written in Go, says of a path that it does not know',
  ],
  [/^default backend - 404\s*$/, 'it is what an ingress says of a host or a path that leads to no service'],
];

function ofText(text: string, shown: (found: string) => string): Told {
  const isPage =
    text.trimStart().startsWith('<') &&
    /<(?:!doctype html|html|head|body|title|h1)\b/i.test(text.slice(0, 4096));
  if (!isPage) {
    const known = ROUTES.find(([pattern]) => pattern.test(text))?.[1];
    return known === undefined
      ? [undefined, CHECK]
      : [known, 'check the host and the path of the address: what stands there knows no SERVICE by them'];
  }
  const title = /<title[^<>]{0,200}>([^<]*)/i.exec(text)?.[1]?.trim().replaceAll(/\s+/g, ' ') ?? '';
  const isSignIn = SIGNS_IN.test(title) || /<input[^>]{1,200}type=["']?password/i.test(text);
  const named = title === '' ? '' : `, ${shown(title)}`;
  return isSignIn ? [`it is a sign-in page${named}`, SIGN_IN] : [`it is a web page${named}`, CHECK];
}

const WRONG_SERVICE = 'check the host and the port of the address';

function ofJson({ status, headers, body }: HttpResponse, json: JsonObject): Told {
  if (body.length === 0) return ['it is empty', CHECK];
  // Only what can be nobody else's is told as certain.
  if (headers['x-gitlab-meta'] !== undefined) return ["it is GitLab's API, not Vault", WRONG_SERVICE];
  if (stringMember(json, 'kind') === 'Status' && json.has('apiVersion')) {
    return ["it is Kubernetes' API, not Vault", WRONG_SERVICE];
  }
  if (headers['docker-distribution-api-version'] !== undefined) {
    return ['it is a container registry, not Vault', WRONG_SERVICE];
  }
  const said = stringMember(json, 'message') ?? stringMember(json, 'error') ?? '';
  if (said.startsWith(`${status} `)) {
    return ["it is JSON, but not Vault's: GitLab's API, for one, answers so", WRONG_SERVICE];
  }
  const errors = member(json, 'errors');
  const isOther = said !== '' || (Array.isArray(errors) && errors.some(isJsonObject));
  return ["it is JSON, but not Vault's", isOther ? WRONG_SERVICE : CHECK];
}

function mediaType(text: string): string {
  return /^[a-z]{1,12}\/[a-z0-9.+-]{1,30}(?=\s*(?:;|$))/i.exec(text)?.[0] ?? 'of no known type';
}
