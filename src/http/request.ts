// One HTTP exchange over a pooled connection, by Node's `https`: sent once, answered whole or not at all.

import http from 'node:http';
import https from 'node:https';
import { AppError, errnoOf, printable } from '../errors.ts';
import { authorityOf, type Endpoint } from './address.ts';
import { type Pool, requestTarget } from './connection.ts';
import type { Deadline } from './deadline.ts';
import { connectionFailure } from './failure.ts';
import { proxyAuthorization, proxyFailure, refusedByProxy } from './tunnel.ts';

/** A request to the server. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  /** Begins with a slash, its segments encoded. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as JSON. It holds the ID token at login, so it is never shown. */
  readonly body?: string;
}

/** A whole answer. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

/** The largest answer that is read. Vault's own limit for a request is 32 MiB, for an entry in its storage 1 MiB. */
export const LARGEST_ANSWER = 8 * 1024 * 1024;

/**
 * Sends one request and reads its answer.
 * @throws {AppError} UNAVAILABLE, TLS_UNTRUSTED or BAD_RESPONSE, CONFIG where a proxy wants a password
 */
export function exchange(
  endpoint: Endpoint,
  pool: Pool,
  request: HttpRequest,
  deadline: Deadline,
): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    let phase: 'to connect' | 'for an answer' | 'for the rest of the answer' = 'to connect';
    let isKept = false;
    let isOver = false;
    const sent = (pool.secure ? https : http).request({
      ...requestTarget(endpoint, request.path, pool),
      method: request.method,
      agent: pool.agent,
      headers: headersOf(endpoint, pool, request),
    });
    const timer = setTimeout(() => fail(timedOut(endpoint, deadline, phase)), deadline.remaining());

    function fail(error: unknown): void {
      // Destroying a request makes it fail once more.
      if (isOver) return;
      end();
      sent.destroy();
      // A kept connection that the server may have closed before the request came: it is sent once more, on a new one.
      const stale = isKept && phase === 'for an answer' && errnoOf(error) === 'ECONNRESET';
      if (stale) resolve(exchange(endpoint, pool, request, deadline));
      else reject(explain(endpoint, pool, error));
    }

    function end(): void {
      isOver = true;
      clearTimeout(timer);
    }

    sent.on('error', fail);
    sent.on('socket', (socket) => {
      const connected = () => {
        pool.connected.add(socket);
        phase = 'for an answer';
      };
      isKept = pool.connected.has(socket);
      if (isKept) connected();
      else socket.once(pool.secure ? 'secureConnect' : 'connect', connected);
    });
    sent.on('upgrade', ({ statusCode }, socket) => {
      socket.destroy();
      fail(
        new AppError(
          'BAD_RESPONSE',
          `the status ${statusCode} is none that Vault answers with`,
          'check the address',
        ),
      );
    });
    // Whatever ends a request without a word must not leave the run waiting.
    sent.on('close', () => {
      // An answer that was begun fails by itself, and says better why.
      if (phase !== 'for the rest of the answer') fail(new Error('closed'));
    });
    sent.on('response', (response) => {
      phase = 'for the rest of the answer';
      if (response.statusCode === 407 && pool.forwardThrough !== undefined) {
        return fail(refusedByProxy(pool.forwardThrough, 407));
      }
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > LARGEST_ANSWER) return fail(tooLarge(endpoint));
        chunks.push(chunk);
      });
      response.on('error', fail);
      response.on('end', () => {
        end();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) });
      });
    });
    sent.end(request.body);
  });
}

function explain(endpoint: Endpoint, { forwardThrough }: Pool, error: unknown): AppError {
  if (error instanceof AppError) return error;
  return forwardThrough === undefined
    ? connectionFailure(endpoint, error)
    : proxyFailure(forwardThrough, error);
}

function headersOf(endpoint: Endpoint, pool: Pool, request: HttpRequest): Record<string, string> {
  return {
    host: authorityOf(endpoint),
    accept: 'application/json',
    ...(request.body === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(request.body)) }),
    ...(pool.forwardThrough === undefined ? {} : proxyAuthorization(pool.forwardThrough)),
    ...request.headers,
  };
}

function timedOut(endpoint: Endpoint, deadline: Deadline, phase: string): AppError {
  const where = printable(endpoint.socketPath ?? authorityOf(endpoint));
  return new AppError(
    'UNAVAILABLE',
    `${where} took too long: waited ${phase} until the time limit of ${deadline.limit / 1000} s was over`,
    'check that this runner may reach it, or raise --timeout (VAULT_CLIENT_TIMEOUT)',
  );
}

function tooLarge(endpoint: Endpoint): AppError {
  const where = printable(endpoint.socketPath ?? authorityOf(endpoint));
  return new AppError(
    'BAD_RESPONSE',
    `the answer of ${where} is larger than 8 MiB`,
    'no secret is as large: check that the address is the one of Vault',
  );
}
