// Between HTTP and Vault's core: what a request means, and what an answer looks like on the wire.

import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import path from 'node:path/posix';
import type { Core } from './core.ts';
import { dispatch } from './dispatch.ts';
import { type Fields, toSeconds } from './fields.ts';
import { type Json, type JsonObject, parseJson, toJsonObject, toPlain } from './json-text.ts';
import { envelope, errorBody, Refusal, type Reply, refusal } from './reply.ts';
import type { Operation, VaultRequest } from './request.ts';
import { answerPlainly } from './seal.ts';

/** A request as it came in, its body read. */
export interface Incoming {
  readonly method: string;
  /** As it was sent, with its query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly remoteAddress: string;
}

const operations: Readonly<Record<string, Operation>> = {
  GET: 'read',
  POST: 'update',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** Answers one request. */
export async function exchange(core: Core, incoming: Incoming, response: ServerResponse): Promise<void> {
  if (!isPrintable(incoming.path)) {
    // Refused before Vault has a say: not even its headers.
    response.writeHead(400, { 'Content-Length': 0 }).end();
    return;
  }
  // The stand-in's clock, so that a test can have a Vault whose time is off.
  response.setHeader('Date', new Date(core.clock()).toUTCString());
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('Strict-Transport-Security', 'max-age=31536000; includeSubDomains');
  // A community server knows no namespaces, and says so by doing nothing but this.
  const namespace = incoming.headers['x-vault-namespace'];
  if (typeof namespace === 'string' && namespace !== '') response.setHeader('X-Vault-Namespace', namespace);
  try {
    await answer(core, incoming, response);
  } catch (reason) {
    if (!(reason instanceof Refusal)) throw reason;
    send(response, reason.status, `${errorBody(reason.message)}\n`);
  }
}

async function answer(core: Core, incoming: Incoming, response: ServerResponse): Promise<void> {
  const [rawPath = '', rawQuery = ''] = splitOnce(incoming.path, '?');
  const query = new URLSearchParams(rawQuery);

  // Go's multiplexer sends callers from `a/../b` and `a//b` to the clean path; only what is
  // percent-encoded reaches Vault, which decodes it.
  const clean = path.normalize(rawPath);
  if (clean !== rawPath) {
    const location = rawQuery === '' ? clean : `${clean}?${rawQuery}`;
    const page = `<a href="${location}">Temporary Redirect</a>.\n\n`;
    response.writeHead(307, {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Length': Buffer.byteLength(page),
      Location: location,
    });
    response.end(page);
    return;
  }
  const decoded = decodePath(rawPath);
  if (!decoded.startsWith('/v1/')) throw refusal(404);
  const vaultPath = decoded.slice('/v1/'.length);

  const verdict = core.quotas.admit(vaultPath);
  for (const [name, value] of Object.entries(verdict.headers)) response.setHeader(name, value);
  if (!verdict.allowed) throw refusal(429, `request path "${vaultPath}": rate limit quota exceeded`);

  const token = tokenOf(incoming.headers);
  const plain = answerPlainly(core, incoming.method, vaultPath, query, { token, body: incoming.body });
  if (plain) {
    send(response, plain.status, plain.body === null ? '' : `${JSON.stringify(plain.body)}\n`);
    return;
  }
  if (core.node === 'standby' && core.activeAddress !== undefined && !core.sealed) {
    response.writeHead(307, { Location: `${core.activeAddress}${incoming.path}` }).end();
    return;
  }
  const request = understand(incoming, vaultPath, query, token);
  respond(response, request, await dispatch(core, request));
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function decodePath(raw: string): string {
  try {
    return decodeURIComponent(raw);
  } catch {
    throw refusal(400);
  }
}

// Go's unicode.IsPrint: of all spaces only the plain one.
function isPrintable(path: string): boolean {
  try {
    return !/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(decodeURIComponent(splitOnce(path, '?')[0]));
  } catch {
    return true;
  }
}

function tokenOf(headers: IncomingHttpHeaders): string {
  const own = headers['x-vault-token'];
  if (typeof own === 'string' && own !== '') return own;
  return /^Bearer (.*)$/.exec(headers.authorization ?? '')?.[1]?.trim() ?? '';
}

function understand(
  incoming: Incoming,
  vaultPath: string,
  query: URLSearchParams,
  token: string,
): VaultRequest {
  // Node's parser does not know the method LIST, and Vault takes this for the same.
  const listing = incoming.method === 'GET' && query.get('list') === 'true';
  const operation = listing ? 'list' : operations[incoming.method];
  if (!operation) throw refusal(405);
  const writes = operation === 'update' || operation === 'patch';
  const data = writes ? parseBody(incoming.body) : parseQuery(query);
  return {
    id: randomUUID(),
    operation,
    path: listing && !vaultPath.endsWith('/') ? `${vaultPath}/` : vaultPath,
    data,
    fields: toPlain(data) as Fields,
    token,
    wrapTtl: toSeconds(incoming.headers['x-vault-wrap-ttl'] ?? 0),
    remoteAddress: incoming.remoteAddress,
  };
}

// Vault looks twice: a check of objects and lists that answers 500, and the reading that answers 400.
function parseBody(body: string): JsonObject {
  if (body.trim() === '') return new Map();
  let data: Json;
  try {
    data = parseJson(body);
  } catch (reason) {
    if (/^\s*[{[]/.test(body)) throw refusal(500, (reason as Error).message);
    throw refusal(400, `error parsing JSON: failed to parse JSON input: ${(reason as Error).message}`);
  }
  if (!(data instanceof Map)) {
    const kind = Array.isArray(data)
      ? 'array'
      : data !== null && typeof data === 'object'
        ? 'number'
        : typeof data;
    const reason = `json: cannot unmarshal ${kind} into Go value of type map[string]interface {}`;
    throw refusal(400, `error parsing JSON: failed to parse JSON input: ${reason}`);
  }
  return data;
}

function parseQuery(query: URLSearchParams): JsonObject {
  const names = [...new Set(query.keys())].filter((name) => name !== 'list');
  return toJsonObject(
    Object.fromEntries(
      names.map((name) => {
        const values = query.getAll(name);
        return [name, values.length === 1 ? values[0] : values];
      }),
    ),
  );
}

function respond(response: ServerResponse, request: VaultRequest, reply: Reply | null): void {
  if (reply === null) {
    if (request.operation === 'read' || request.operation === 'list') throw refusal(404);
    send(response, 204, '');
  } else if (reply.raw !== undefined) {
    send(response, 200, reply.raw);
  } else {
    // Only what Vault's own encoder writes ends with a line feed.
    const body = envelope(request.id, reply);
    send(response, reply.status ?? 200, reply.status === undefined ? `${body}\n` : body);
  }
}

// Like Go's server: a length for what fits its buffer, chunks for what does not.
function send(response: ServerResponse, status: number, body: string): void {
  const bytes = Buffer.from(body);
  response.statusCode = status;
  response.setHeader('Content-Type', 'application/json');
  if (bytes.length > 0 && bytes.length <= 2048) response.setHeader('Content-Length', bytes.length);
  if (bytes.length > 2048) response.write(bytes.subarray(0, 2048));
  response.end(bytes.length > 2048 ? bytes.subarray(2048) : bytes);
}
