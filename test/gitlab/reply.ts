// Answers of the stand-in: JSON as Grape writes it, redirects, and files by ranges.

import type http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Content } from './state.ts';

/** Ends a request with a status and GitLab's way to say why. */
export class Refusal extends Error {
  readonly status: number;
  readonly body: object;

  constructor(status: number, body: object | string) {
    super(`${status}`);
    this.status = status;
    this.body = typeof body === 'string' ? { message: body } : body;
  }
}

export function json(response: http.ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'x-gitlab-meta': '{"correlation_id":"01J","version":"1"}',
  });
  response.end(text);
}

export function redirect(response: http.ServerResponse, location: string, status = 302): void {
  const text = `This resource has been moved temporarily to ${location}.`;
  response.writeHead(status, { location, 'content-type': 'text/plain', 'content-length': text.length });
  response.end(text);
}

export function html(response: http.ServerResponse, title: string): void {
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
  response.end(`<!DOCTYPE html><html><head><title>${title}</title></head><body></body></html>`);
}

export interface FileOptions {
  readonly etag: string;
  readonly headers?: http.OutgoingHttpHeaders;
  /** Cuts the connection after so many bytes of the body. */
  readonly cutAfter?: number | undefined;
  /** Bytes a second, as over a link of that speed. */
  readonly pace?: number | undefined;
}

const PIECE = 256 * 1024;

/** Serves a file, whole or from where it is asked for (RFC 9110, sections 13 and 14; one range, to the end). */
export async function file(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  content: Content,
  { etag, headers = {}, cutAfter = Infinity, pace = Infinity }: FileOptions,
): Promise<void> {
  const condition = request.headers['if-range'];
  const asked = condition === undefined || condition === etag ? request.headers.range : undefined;
  const from = Number(/^bytes=([0-9]+)-$/.exec(asked ?? '')?.[1] ?? -1);
  if (from >= content.size) {
    response.writeHead(416, { 'content-range': `bytes */${content.size}`, 'content-length': 0 });
    response.end();
    return;
  }
  const start = Math.max(0, from);
  response.writeHead(from < 0 ? 200 : 206, {
    'content-type': 'application/octet-stream',
    'content-length': content.size - start,
    'accept-ranges': 'bytes',
    etag,
    ...(from < 0 ? {} : { 'content-range': `bytes ${start}-${content.size - 1}/${content.size}` }),
    ...headers,
  });
  const begun = performance.now();
  for (let at = start; at < content.size && !response.destroyed; at += PIECE) {
    const end = Math.min(content.size, at + PIECE, start + cutAfter);
    const flows = response.write(content.slice(at, end));
    if (end === start + cutAfter) {
      // What was written is to arrive before the cut does.
      setTimeout(() => response.destroy(), 20);
      return;
    }
    if (!flows) await drained(response);
    const early = ((end - start) / pace) * 1000 - (performance.now() - begun);
    if (early > 1) await sleep(early);
  }
  response.end();
}

function drained(response: http.ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const over = () => {
      response.off('drain', over).off('close', over);
      resolve();
    };
    response.on('drain', over).on('close', over);
  });
}
