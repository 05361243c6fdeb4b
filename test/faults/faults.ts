// What can befall a request on its way, and the kind of each fault: what a client is to make of it.

import type { TLSSocket } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { headOf } from './gate.ts';
import type { RequestName } from './requests.ts';

/** A whole answer. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What a fault has to do with. */
export interface Meeting {
  readonly socket: TLSSocket;
  /** Resets the connection, as a host does that knows of none. */
  readonly reset: () => void;
  /** What the stand-in answers. */
  readonly real: () => Promise<Answer>;
}

/**
 * `harmless`: the answer is right. `retried`: the connection failed, and another try may do better. `fatal`: whoever
 * answered cannot be trusted, and would not answer otherwise. `waiting`: nothing is wrong yet, and nothing comes.
 */
export type Kind = 'harmless' | 'retried' | 'fatal' | 'waiting';

export interface Fault {
  readonly name: string;
  readonly kind: Kind;
  /** Where it is another for some requests. */
  readonly but?: Partial<Readonly<Record<RequestName, Kind>>>;
  /** How far the client comes. */
  readonly place: 'name' | 'listening' | 'accepted' | 'handshake' | 'request';
  /** What becomes of a request that was received. */
  readonly befall?: (meeting: Meeting) => void | Promise<void>;
}

const PIECE = Buffer.alloc(1024 * 1024, ' ');

/** Answers by bytes, made of the real answer. Where that has no body there is one, so that there is something to spoil. */
function bytes(make: (answer: Answer) => readonly (Buffer | string)[], isCut = false): Fault['befall'] {
  return async ({ socket, real }) => {
    const { status, headers, body } = await real();
    const whole =
      body.length > 0
        ? { status, headers, body }
        : { status: 200, headers, body: Buffer.from('{"data":{}}') };
    const sent = Buffer.concat(
      make(whole).map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)),
    );
    if (isCut) socket.end(sent);
    else socket.write(sent);
  };
}

const framed = (...lines: string[]) =>
  bytes(({ status, headers, body }) => [headOf(status, headers, lines), body]);
const otherBody = (make: (body: Buffer) => Buffer | string, ...lines: string[]) =>
  bytes(({ status, headers, body }) => {
    const other = make(body);
    return [headOf(status, headers, lines, Buffer.byteLength(other)), other];
  });
const half = (body: Buffer) => body.subarray(0, Math.ceil(body.length / 2));

/** Sends a piece now and then for as long as anybody listens. */
function drip(
  { socket }: Pick<Meeting, 'socket'>,
  start: Buffer | string,
  piece: (at: number) => Buffer,
): void {
  let at = 0;
  socket.write(start);
  const timer = setInterval(() => {
    socket.write(piece(at));
    at += 1;
  }, 100);
  socket.on('close', () => clearInterval(timer));
}

/** Sends the same as fast as it is taken, and for as long, or so much of it. */
function flood({ socket }: Pick<Meeting, 'socket'>, start: string, piece: Buffer, pieces = Infinity): void {
  let left = pieces;
  socket.write(start);
  const more = () => {
    while (!socket.destroyed && left > 0) {
      left -= 1;
      if (!socket.write(piece)) return;
    }
  };
  // The other cells want to have their turn.
  socket.on('drain', () => setTimeout(more, 5));
  more();
}

const at = (place: Fault['place']) => ({ place, kind: 'retried' }) as const;
const request = (kind: Kind, befall: Fault['befall'], but: Fault['but'] = {}) =>
  ({ place: 'request', kind, but, ...(befall === undefined ? {} : { befall }) }) as const;

const OK = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n';
const CHUNKED = 'Transfer-Encoding: chunked';
const EARLY = 'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n';
const chunkOf = (body: Buffer) => Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body]);
// More than the 60 MB that a client may have for its own, and not so much that the disk is troubled.
const MOST_PIECES = 64;

const ROWS: Readonly<Record<string, Omit<Fault, 'name'>>> = {
  'the name is not found': at('name'),
  'the connection is refused': at('listening'),
  'a reset once the connection stands': at('accepted'),
  'a reset once the handshake is over': at('handshake'),
  'a reset once the request came': request('retried', ({ reset }) => reset()),
  'an end in the middle of the headers': request(
    'retried',
    ({ socket }) => void socket.end('HTTP/1.1 200 OK\r\nContent-Ty'),
  ),
  'half a body, and the end': request(
    'retried',
    bytes(({ status, headers, body }) => [headOf(status, headers, [], body.length), half(body)], true),
  ),
  'chunks that are cut short': request(
    'retried',
    bytes(
      ({ status, headers, body }) => [headOf(status, headers, [CHUNKED]), chunkOf(body).subarray(0, -4)],
      true,
    ),
  ),
  'headers that drip': request('waiting', (meeting) => drip(meeting, OK, () => Buffer.from('X'))),
  'a body that drips': request('waiting', async (meeting) => {
    const { headers, body } = await meeting.real();
    const head = headOf(200, headers, [], body.length + 10_000);
    drip(meeting, head, (n) => (n < body.length ? body.subarray(n, n + 1) : Buffer.from(' ')));
  }),
  silence: request('waiting', () => undefined),
  'headers without end': request('fatal', (meeting) =>
    flood(meeting, OK, Buffer.from(`X-More: ${'x'.repeat(1000)}\r\n`.repeat(64))),
  ),
  // A file may be as long as it likes: it is for whoever waits to set a limit.
  'a body without end': request(
    'fatal',
    (meeting) =>
      flood(
        meeting,
        `${OK}${CHUNKED}\r\n\r\n`,
        Buffer.concat([chunkOf(PIECE), Buffer.from('\r\n')]),
        MOST_PIECES,
      ),
    { asset: 'waiting' },
  ),
  'informational answers before the real one': request(
    'harmless',
    bytes(({ status, headers, body }) => [
      'HTTP/1.1 100 Continue\r\n\r\n',
      EARLY,
      'HTTP/1.1 102 Processing\r\n\r\n',
      headOf(status, headers, [], body.length),
      body,
    ]),
  ),
  'informational answers without end': request('fatal', (meeting) =>
    flood(meeting, '', Buffer.from(EARLY.repeat(1000))),
  ),
  'informational answers that drip': request('waiting', (meeting) =>
    drip(meeting, EARLY, () => Buffer.from(EARLY)),
  ),
  'a length that is too short': request(
    'fatal',
    bytes(({ status, headers, body }) => [headOf(status, headers, [], half(body).length), body]),
  ),
  'a length that is no number': request('fatal', framed('Content-Length: many')),
  'a length below nothing': request('fatal', framed('Content-Length: -5')),
  'two lengths that differ': request('fatal', framed('Content-Length: 7', 'Content-Length: 8')),
  'a length and chunks': request(
    'fatal',
    bytes(({ status, headers, body }) => [
      headOf(status, headers, [CHUNKED], body.length),
      chunkOf(body),
      '\r\n0\r\n\r\n',
    ]),
  ),
  'a chunk of a bad size': request(
    'fatal',
    bytes(({ status, headers, body }) => [
      headOf(status, headers, [CHUNKED]),
      'zz\r\n',
      body,
      '\r\n0\r\n\r\n',
    ]),
  ),
  'gzip that nobody asked for': request('fatal', otherBody(gzipSync, 'Content-Encoding: gzip')),
  '204 without a body': request('fatal', ({ socket }) => void socket.write('HTTP/1.1 204 None\r\n\r\n'), {
    revoke: 'harmless',
  }),
  'JSON that is cut': request('fatal', otherBody(half)),
  'JSON of another shape': request(
    'fatal',
    otherBody(() => '{"data":[1,{"data":2}],"auth":"x","tag_name":7,"assets":[]}'),
    { revoke: 'harmless' },
  ),
  'JSON of a hundred thousand brackets': request(
    'fatal',
    otherBody(() => '['.repeat(100_000)),
  ),
  'bytes that are not UTF-8': request(
    'fatal',
    otherBody((body) => Buffer.concat([Buffer.from('{"x":"\xff\xfe",', 'latin1'), body.subarray(1)])),
  ),
  'a byte order mark': request(
    'fatal',
    otherBody((body) => Buffer.concat([Buffer.from('\ufeff'), body])),
  ),
};

/** The table. */
export const FAULTS: readonly Fault[] = Object.entries(ROWS).map(([name, row]) => ({ name, ...row }));
