// A transfer into a part of a test's own, from a server that answers by a list of steps.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'node:test';
import { openPart, type Part } from '../../src/download/part.ts';
import { transfer } from '../../src/download/transfer.ts';
import { AppError } from '../../src/errors.ts';
import type { GitlabApi } from '../../src/gitlab/api.ts';
import { startDeadline } from '../../src/http/deadline.ts';

export const WHOLE = Buffer.from('0123456789abcdefghij');
export const OTHER = Buffer.from('ABCDEFGHIJKLMNOPQRST');
export const STRONG = '"one"';
export const DATE = 'Fri, 02 Jan 2026 03:04:05 GMT';
export const LONG_AGO = 'Thu, 01 Jan 2026 03:04:05 GMT';
const LINK = new URL('https://gitlab.example.com/api/v4/projects/1/packages/generic/a/1/file');

let folder: string;
/** Anew for each test. */
export let part: Part;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'civault-transfer-'));
  part = openPart(join(folder, 'file'), false, { random: Math.random });
});
afterEach(() => {
  part.leave(false);
  rmSync(folder, { recursive: true, force: true });
});

/** An answer: its status, its headers and the bytes that come before it ends, or before it is cut. */
export interface Step {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  readonly isCut?: boolean;
  /** Nothing in its head says where it ends: neither a length nor pieces. */
  readonly isEndless?: boolean;
}

/** The beginning of the file. */
export const cut = (headers: Step['headers'] = {}, body = WHOLE.subarray(0, 8)): Step => ({
  headers,
  body,
  isCut: true,
});
/** All behind a byte. */
export const rest = (from: number, headers: Step['headers'] = {}, of = WHOLE): Step => ({
  status: 206,
  headers: { 'content-range': `bytes ${from}-${of.length - 1}/${of.length}`, ...headers },
  body: of.subarray(from),
});

/** Transfers what the steps give, and tells what was asked for. */
export async function play(steps: readonly Step[], { isJudged = false, retries = 3 } = {}) {
  const asked: (string | undefined)[][] = [];
  const api: Pick<GitlabApi, 'fetch' | 'token'> = {
    token: undefined,
    fetch: async (_, { headers: sent = {}, receive } = {}) => {
      asked.push([sent['range'], sent['if-range']]);
      const step: Step = steps[asked.length - 1] ?? {};
      const { status = 200, body = Buffer.of(), isCut = false } = step;
      const framing = step.isEndless === true ? {} : { 'transfer-encoding': 'chunked' };
      const headers = { ...framing, ...step.headers };
      const sink = receive?.({ status, headers });
      for (let position = 0; position < body.length; position += 3)
        sink?.write(body.subarray(position, position + 3));
      if (isCut) throw new AppError('UNAVAILABLE', 'the connection was cut');
      return { status, headers, body: sink === undefined ? body : Buffer.of() };
    },
  };
  const world = { random: () => 0, now: () => 0, tell: () => undefined };
  const outcome = transfer(
    // Nothing else of it is used on this way.
    { urlOf: () => LINK, ...api } as unknown as GitlabApi,
    { link: LINK, name: 'file', part, claim: 'the release links', isJudged, follow: () => undefined },
    { retry: { retries, ...world }, deadline: startDeadline(Infinity, () => 0) },
  );
  return { outcome, asked };
}

/** What has come. */
export const content = () => readFileSync(join(folder, 'file.part'));
