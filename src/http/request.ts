// One HTTP exchange over a pooled connection, by Node's `https`: sent once, answered whole or not at all.

import http from 'node:http';
import https from 'node:https';
import { AppError, errnoOf } from '../errors.ts';
import { authorityOf, type Endpoint, serviceName } from './address.ts';
import { connectedHost, isBusy, type Pool, requestTarget } from './connection.ts';
import type { Deadline } from './deadline.ts';
import { endless, LARGEST_ANSWER, MOST_INFORMATIONAL, tooLarge } from './excess.ts';
import { connectionFailure, toldOnce } from './failure.ts';
import {
  beginProgress,
  certificateOf,
  followSocket,
  newProgress,
  type Progress,
  peerOf,
} from './progress.ts';
import { timedOut } from './time-out.ts';
import { proxyAuthorization, proxyFailure, refusedByProxy } from './tunnel.ts';

/** A request to the server. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  /** Begins with a slash, its segments encoded. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as JSON. It holds the ID token at login, so it is never shown. */
  readonly body?: string;
  /** Takes the body of an answer as it comes, where it gives a sink for it. It may throw, and so may the sink. */
  readonly receive?: (head: HttpHead) => BodySink | undefined;
  /** Milliseconds within which something must come, however much time the deadline leaves. */
  readonly idle?: number;
}

/** What comes before an answer's body. */
export interface HttpHead {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
}

/** Takes a body piece by piece. What it does not write at once holds the connection up. */
export interface BodySink {
  readonly write: (piece: Buffer) => void;
}

/** A whole answer. */
export interface HttpResponse extends HttpHead {
  /** Empty where a sink took it. */
  readonly body: Buffer;
}

// Node's timers hold 31 bits of milliseconds: beyond them they fire at once.
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * Sends one request and reads its answer.
 * @param asked is kept up to date with how far it has come
 * @throws {AppError} UNAVAILABLE, TLS_UNTRUSTED or BAD_RESPONSE, CONFIG where a proxy wants a password
 */
export function exchange(
  endpoint: Endpoint,
  pool: Pool,
  request: HttpRequest,
  deadline: Deadline,
  asked?: Progress,
): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    const progress = asked ?? newProgress();
    const begin = () => beginProgress(progress, connectedHost(endpoint, pool), endpoint.socketPath);
    begin();
    if (isBusy(pool)) progress.phase = 'turn';
    let isKept = false;
    let isOver = false;
    let sent: http.ClientRequest;
    try {
      sent = (pool.secure ? https : http).request({
        ...requestTarget(endpoint, request.path, pool),
        method: request.method,
        agent: pool.agent,
        headers: headersOf(endpoint, pool, request),
        // For the tunnel, which the agent opens by these options.
        ...{ progress },
      });
    } catch (error) {
      // A client's certificate that OpenSSL will not show.
      reject(explain(endpoint, pool, progress, error));
      return;
    }
    if (pool.secure) pool.mark('TLS context');
    const { idle = Infinity } = request;
    const startTimer = () => {
      const left = deadline.remaining();
      const bound = idle < left ? idle : undefined;
      const timeOut = () => fail(timedOut(endpoint, pool, progress, deadline, bound));
      return setTimeout(timeOut, Math.min(left, idle, LONGEST_TIMER));
    };
    let timer = startTimer();

    function fail(error: unknown): void {
      // Destroying a request makes it fail once more.
      if (isOver) return;
      end();
      sent.destroy();
      // A kept connection that the server may have closed before the request came: it is sent once more, on a new one.
      const stale = isKept && progress.phase === 'answer' && errnoOf(error) === 'ECONNRESET';
      if (stale) resolve(exchange(endpoint, pool, request, deadline, asked));
      else reject(explain(endpoint, pool, progress, error));
    }

    function end(): void {
      isOver = true;
      clearTimeout(timer);
    }

    sent.on('error', fail);
    sent.on('socket', (socket) => {
      if (progress.phase === 'turn') begin();
      const connected = () => {
        pool.connected.add(socket);
        if (progress.wantsCertificate) progress.certificate = certificateOf(socket);
        progress.phase = 'answer';
        pool.mark(pool.secure ? 'TLS handshake' : 'connect');
      };
      isKept = pool.connected.has(socket);
      if (isKept) {
        progress.peer = peerOf(socket) ?? progress.peer;
        return connected();
      }
      // One that was begun before may be there already.
      if (progress.phase === 'answer') return connected();
      if (pool.tunnelThrough === undefined) {
        followSocket(socket, progress, () => {
          progress.phase = pool.secure ? 'tls' : 'answer';
          pool.mark('connect');
        });
      } else progress.phase = 'tls';
      socket.once(pool.secure ? 'secureConnect' : 'connect', connected);
    });
    let informational = 0;
    sent.on('information', () => {
      informational += 1;
      if (informational > MOST_INFORMATIONAL) fail(endless(endpoint));
    });
    sent.on('upgrade', ({ statusCode }, socket) => {
      socket.destroy();
      fail(
        new AppError(
          'BAD_RESPONSE',
          `the status ${statusCode} is none that ${serviceName(endpoint)} answers with`,
          'check the address',
        ),
      );
    });
    // Whatever ends a request without a word must not leave the run waiting.
    sent.on('close', () => {
      // An answer that was begun fails by itself, and says better why.
      if (progress.phase !== 'body') fail(new Error('closed'));
    });
    sent.on('response', (response) => {
      progress.phase = 'body';
      if (response.statusCode === 407 && pool.forwardThrough !== undefined) {
        return fail(refusedByProxy(pool.forwardThrough, 407, endpoint));
      }
      const head = { status: response.statusCode ?? 0, headers: response.headers };
      const chunks: Buffer[] = [];
      let size = 0;
      const collect = (chunk: Buffer) => {
        size += chunk.length;
        if (size > LARGEST_ANSWER) throw tooLarge(endpoint);
        chunks.push(chunk);
      };
      let sink: BodySink | undefined;
      // What is thrown within an event is nobody's to catch.
      const attempt = (work: () => void) => {
        try {
          if (!isOver) work();
        } catch (error) {
          fail(error);
        }
      };
      attempt(() => {
        sink = request.receive?.(head);
      });
      response.on('data', (chunk: Buffer) => {
        if (idle < Infinity) {
          clearTimeout(timer);
          timer = startTimer();
        }
        attempt(() => (sink === undefined ? collect(chunk) : sink.write(chunk)));
      });
      response.on('error', fail);
      response.on('end', () => {
        end();
        resolve({ ...head, body: Buffer.concat(chunks) });
      });
    });
    sent.end(request.body);
  });
}

function explain(endpoint: Endpoint, pool: Pool, { phase }: Progress, error: unknown): AppError {
  if (error instanceof AppError) return error;
  const { forwardThrough, tunnelThrough, serverName, showsCertificate, look } = pool;
  const facts = { phase, through: tunnelThrough?.source, serverName, showsCertificate };
  return toldOnce(
    (certificates) =>
      forwardThrough === undefined
        ? connectionFailure(endpoint, error, { ...facts, certificates })
        : proxyFailure(forwardThrough, error, { phase, certificates }),
    look,
  );
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
