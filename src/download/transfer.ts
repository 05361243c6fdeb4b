// One file from its server into its part: streamed, and after a cut taken up where it ended.

import { AppError, quoted } from '../errors.ts';
import type { GitlabApi } from '../gitlab/api.ts';
import type { Deadline } from '../http/deadline.ts';
import type { BodySink, HttpHead } from '../http/request.ts';
import { parseHttpDate, type RetrySettings, withRetries } from '../http/retry.ts';
import { isPage, pageInstead, refusedFile } from './link.ts';
import type { Part } from './part.ts';

/** What is to be transferred. */
export interface Order {
  readonly link: URL;
  readonly name: string;
  readonly part: Part;
  /** Who says that there is such a file, for the message where there is none: `the release links`. */
  readonly claim: string;
  /** Whether a digest will judge the result. */
  readonly isJudged: boolean;
  /** Told of each piece: how much there is, and of how much, where that is known. */
  readonly follow: (size: number, total: number | undefined) => void;
}

/** What else the server said of the file. */
export interface Transferred {
  /** X-Checksum-SHA256, in lower case: what GitLab says of a package's file that it serves itself. */
  readonly sha256: string | undefined;
  /** Whether it came in more than one part. */
  readonly isJoined: boolean;
}

/** How a run retries, and until when. */
export interface Patience {
  readonly retry: RetrySettings;
  readonly deadline: Deadline;
}

// Whoever brings as much between two cuts is worth more tries.
const PROGRESS = 1024 * 1024;

/**
 * Transfers a file. The address is asked anew for each try: an address of object storage is signed for minutes only.
 * @throws {AppError} UNAVAILABLE when no try brings more; ASSET_NOT_FOUND, PERMISSION_DENIED, BAD_RESPONSE, OUTPUT
 */
export async function transfer(api: GitlabApi, order: Order, patience: Patience): Promise<Transferred> {
  const { part } = order;
  const state: State = { validator: undefined, total: undefined, sha256: undefined, isJoined: false };
  let isAnew = false;
  for (;;) {
    const before = part.size();
    try {
      const response = await withRetries(() => attempt(api, order, state), patience.retry, patience.deadline);
      if (isFile(response.status)) return { sha256: state.sha256, isJoined: state.isJoined };
      // A failure of the server that outlasted every try.
      if (response.status !== 416) throw refusedFile(response, order, api.token);
      // What is here is longer than the file, or as long: it is of no use, or all of it. But once only: a server that
      // ends early and knows of no more would be asked for ever.
      if (isAnew)
        throw outOfOrder(order.name, 'ends before its server said it would, and there is no more of it');
      isAnew = true;
      part.restart();
    } catch (error) {
      const isCut = error instanceof AppError && error.code === 'UNAVAILABLE';
      if (!isCut || part.size() < before + PROGRESS || patience.deadline.remaining() <= 0) throw error;
    }
  }
}

interface State {
  /** An ETag or a date that tells whether it is still the same file (RFC 9110, section 13.1.5). */
  validator: string | undefined;
  total: number | undefined;
  sha256: string | undefined;
  isJoined: boolean;
}

async function attempt(api: GitlabApi, order: Order, state: State) {
  const { part, link, name, isJudged } = order;
  if (part.size() > 0 && state.validator === undefined && !isJudged) part.restart();
  const from = part.size();
  const range = from === 0 ? {} : { range: `bytes=${from}-` };
  const condition = from === 0 || state.validator === undefined ? {} : { 'if-range': state.validator };
  const response = await api.fetch(
    link,
    {
      headers: { ...range, ...condition },
      receive: (head) => (isFile(head.status) ? begin(head, from, order, state, api) : undefined),
    },
    { retries: 0 },
  );
  if (isFile(response.status)) assertWhole(part.size(), state.total, name);
  const isWorthMore = response.status >= 500 || response.status === 429 || response.status === 412;
  if (isFile(response.status) || isWorthMore || (response.status === 416 && from > 0)) return response;
  throw refusedFile(response, order, api.token);
}

function isFile(status: number): boolean {
  return status === 200 || status === 206;
}

function begin(head: HttpHead, from: number, order: Order, state: State, api: GitlabApi): BodySink {
  const { part, name, link, follow, isJudged } = order;
  const { headers, status } = head;
  if (isPage(head, name, link)) throw pageInstead(link, name, api);
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity' && !isJudged) {
    throw new AppError(
      'BAD_RESPONSE',
      `${quoted(name)} comes encoded (content-encoding), which nobody asked for`,
      'say what it should be, and it is taken as it comes: --sha256 HEX',
    );
  }
  const sha256 = /^[0-9a-f]{64}$/i.exec(`${headers['x-checksum-sha256'] ?? ''}`)?.[0]?.toLowerCase();
  const isEndless = headers['content-length'] === undefined && headers['transfer-encoding'] === undefined;
  if (isEndless && !isJudged && sha256 === undefined) {
    throw new AppError(
      'BAD_RESPONSE',
      `nothing says where ${quoted(name)} ends, nor what it should be: a cut would go unseen`,
      'say its digest: --sha256 HEX',
    );
  }
  if (status === 206) {
    assertSame(state, head, order);
    state.total = continued(headers['content-range'], from, state.total, name);
    state.isJoined = true;
    state.validator = validatorOf(head) ?? state.validator;
    state.sha256 = sha256 ?? state.sha256;
  } else {
    if (from > 0) part.restart();
    state.total = lengthOf(headers['content-length']);
    state.isJoined = false;
    state.validator = validatorOf(head);
    state.sha256 = sha256;
  }
  return {
    write: (piece) => {
      part.write(piece);
      follow(part.size(), state.total);
    },
  };
}

// Parts of two files make none (RFC 9110, section 15.3.7.3), whatever the server was asked.
function assertSame(state: State, head: HttpHead, { part, name }: Order): void {
  const now = validatorOf(head);
  if (state.validator === undefined || now === undefined || now === state.validator) return;
  part.restart();
  state.validator = undefined;
  state.total = undefined;
  throw new AppError('UNAVAILABLE', `${quoted(name)} was changed on its server in the meantime`);
}

function continued(range: string | undefined, from: number, known: number | undefined, name: string) {
  const [, start, total] = /^bytes ([0-9]+)-[0-9]+\/([0-9]+|\*)$/.exec(range ?? '') ?? [];
  const all = total === undefined || total === '*' ? known : lengthOf(total);
  if (start !== undefined && Number(start) === from && from > 0 && (known === undefined || all === known))
    return all;
  throw new AppError(
    'BAD_RESPONSE',
    from === 0
      ? `a part of ${quoted(name)} came (206), and the whole of it was asked for`
      : `${quoted(name)} does not go on where it was cut: another part of it came than was asked for`,
    'the server of the file, or a proxy before it, does not keep to HTTP: tell whoever runs it',
  );
}

// A server may give less than it was asked for (RFC 9110, section 15.3.7): the rest is to be asked for.
function assertWhole(size: number, total: number | undefined, name: string): void {
  if (total === undefined || size === total) return;
  if (size < total)
    throw new AppError('UNAVAILABLE', `the answer for ${quoted(name)} ended at ${size} of ${total} bytes`);
  throw outOfOrder(name, `is longer than its server says: ${size} bytes in the place of ${total}`);
}

function outOfOrder(name: string, what: string): AppError {
  return new AppError(
    'BAD_RESPONSE',
    `${quoted(name)} ${what}`,
    'run it again; if it stays so, tell whoever runs the server of the file, or a proxy before it',
  );
}

function lengthOf(text: string | undefined): number | undefined {
  return text !== undefined && /^[0-9]{1,15}$/.test(text) ? Number(text) : undefined;
}

const SETTLED = 60_000;

// A weak one (W/) says only that the files are alike, and a date is no proof before it is some time ago.
function validatorOf({ headers }: HttpHead): string | undefined {
  const { etag, date, 'last-modified': changed } = headers;
  if (etag !== undefined && /^"[\x21\x23-\x7e]*"$/.test(etag)) return etag;
  const [now, then] = [parseHttpDate(date), parseHttpDate(changed)];
  return now !== undefined && then !== undefined && now - then >= SETTLED ? changed : undefined;
}
