// GitLab's REST API for one run: questions that are answered by JSON, and files. The token goes to GitLab alone.

import { isUtf8 } from 'node:buffer';
import { AppError, printable } from '../errors.ts';
import { type Endpoint, originOf, parseAddress, type Service } from '../http/address.ts';
import type { Client, SendOptions } from '../http/client.ts';
import { foreignAnswer } from '../http/foreign-answer.ts';
import type { HttpRequest, HttpResponse } from '../http/request.ts';
import { JsonSyntaxError, type JsonValue, parseJson } from '../json.ts';
import type { Secret } from '../secret.ts';

/** A token, the variable that holds it, and the header that GitLab expects it in. */
export interface GitlabToken {
  readonly header: 'JOB-TOKEN' | 'PRIVATE-TOKEN' | 'DEPLOY-TOKEN';
  readonly variable: string;
  readonly value: Secret;
}

/** An answer of the API. */
export interface GitlabAnswer {
  readonly status: number;
  /** Undefined where the answer is not JSON, which only a refusal may be. */
  readonly json: JsonValue | undefined;
}

/** What a file is asked for with, beside its address. */
export type FileRequest = Pick<HttpRequest, 'receive' | 'headers'>;

/** GitLab's API. */
export interface GitlabApi {
  /**
   * Asks for a path below `/api/v4`, its segments yet to be encoded.
   * @throws {AppError} UNAVAILABLE, TLS_UNTRUSTED or BAD_RESPONSE
   */
  readonly ask: (path: readonly string[], query?: string) => Promise<GitlabAnswer>;
  /**
   * Asks for a file, wherever it is.
   * @throws {AppError} as `ask` does, and what `receive` throws
   */
  readonly fetch: (url: URL, request?: Partial<FileRequest>, options?: SendOptions) => Promise<HttpResponse>;
  /** The address of a path below `/api/v4`. */
  readonly urlOf: (path: readonly string[]) => URL;
  readonly token: GitlabToken | undefined;
}

/** A server that GitLab names for a file, such as that of its object storage. */
const STORAGE: Service = {
  name: 'the server of the file',
  example: 'https://storage.example.com',
  surplus: /(?!)/,
};

// Milliseconds without a byte, after which a connection counts as cut.
const IDLE = 30_000;

/** GitLab's API at an endpoint, by a client for it. */
export function openApi(client: Client, endpoint: Endpoint, token: GitlabToken | undefined): GitlabApi {
  const origin = originOf(endpoint);
  const identity = token === undefined ? {} : { [token.header.toLowerCase()]: token.value.reveal() };

  async function ask(path: readonly string[], query = ''): Promise<GitlabAnswer> {
    const request = {
      method: 'GET',
      path: `${apiPath(path)}${query}`,
      headers: identity,
      idle: IDLE,
    } as const;
    return readAnswer(await client.send(request), token);
  }

  return {
    token,
    ask,
    urlOf: (path) => new URL(`${origin}${endpoint.basePath}${apiPath(path)}`),
    fetch: (url, { headers = {}, ...request } = {}, options = {}) => {
      const isOurs = isWithin(url, endpoint);
      const whole = {
        ...request,
        method: 'GET',
        path: `${url.pathname}${url.search}`,
        // A file is wanted as it was uploaded: its digest is that of those bytes.
        headers: { accept: '*/*', 'accept-encoding': 'identity', ...headers, ...(isOurs ? identity : {}) },
        idle: IDLE,
      } as const;
      const at = isOurs ? { ...endpoint, basePath: '' } : endpointOf(url);
      return client.send(whole, { ...options, at });
    },
  };
}

/** Each segment by itself: a project's path, a tag and a file's name may hold slashes. */
function apiPath(segments: readonly string[]): string {
  return segments.map((segment) => `/${encodeURIComponent(segment)}`).join('');
}

/** Whether an address is GitLab's own: below a path that GitLab shares an origin with others by, another's is not. */
export function isWithin(url: URL, gitlab: Endpoint): boolean {
  const root = gitlab.basePath.replace(/\/api\/v4$/, '');
  return url.origin === originOf(gitlab) && url.pathname.startsWith(`${root}/`);
}

/** The server of an address. */
export function endpointOf(url: URL): Endpoint {
  return parseAddress(url.origin, 'the address that GitLab names', {}, STORAGE);
}

function readAnswer(response: HttpResponse, token: GitlabToken | undefined): GitlabAnswer {
  const { status, headers, body } = response;
  const json = jsonOf(body);
  const isRefusal = status >= 400;
  if ((status >= 200 && status < 300 && json !== undefined) || (isRefusal && json !== undefined)) {
    return { status, json };
  }
  // A failure of what stands before GitLab comes as a page, and so does GitLab's own.
  if (status >= 500 || status === 429) return { status, json: undefined };
  if (status === 304 || status < 200 || (status >= 300 && headers.location === undefined && status < 400)) {
    throw new AppError(
      'BAD_RESPONSE',
      `the status ${status} is none that GitLab answers with`,
      'check the address',
    );
  }
  throw foreignAnswer(response, undefined, (text) => withoutToken(text, token), 'GitLab');
}

/** Takes the token out of a text that an answer repeats it in. */
function withoutToken(text: string, token: GitlabToken | undefined): string {
  return token === undefined ? text : text.replaceAll(token.value.reveal(), '[token]');
}

/** GitLab's words for a refusal, made printable; empty where there are none. */
export function wordsOf(text: string, token: GitlabToken | undefined): string {
  return printable(withoutToken(text, token));
}

function jsonOf(body: Buffer): JsonValue | undefined {
  // Names would come out as others.
  if (!isUtf8(body)) return undefined;
  try {
    return parseJson(body.toString());
  } catch (error) {
    if (error instanceof JsonSyntaxError) return undefined;
    throw error;
  }
}
