// A name server on loopback for one root: it knows a few names, and fails at others as it is told to (RFC 1035, section 4).

import { createSocket, type Socket } from 'node:dgram';

/** IPv4 addresses, or the code that it answers with: 2 where it fails, 3 where there is no such name. */
export type Resolved = readonly string[] | 2 | 3;
/** The same at any time, or as it is told at each question; `silence` is no answer at all. */
export type NameRecord = Resolved | ((isIPv4: boolean) => Resolved | 'silence');

export interface NameServer {
  /** A line for /etc/resolv.conf. */
  readonly line: string;
  close(): void;
}

const IPV4 = 1;

/**
 * Starts one; gives back why not where this user may have no such port.
 * @param host a loopback address that is this test's alone: test files run side by side
 */
export async function startNameServer(
  records: Readonly<Record<string, NameRecord>>,
  host: string,
): Promise<NameServer | string> {
  const socket: Socket = createSocket('udp4');
  socket.on('message', (query, { port, address }) => {
    const answer = answerTo(query, records);
    if (answer !== undefined) socket.send(answer, port, address);
  });
  const failed = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
    socket.once('error', resolve);
    // The port is the one that every resolver asks.
    socket.bind(53, host, () => resolve(undefined));
  });
  if (failed !== undefined && failed.code !== 'EACCES') throw failed;
  if (failed !== undefined) return `port 53 is not to be had: ${failed.message}`;
  return { line: `nameserver ${host}\n`, close: () => void socket.close() };
}

function answerTo(query: Buffer, records: Readonly<Record<string, NameRecord>>): Buffer | undefined {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  const question = query.subarray(12, at + 5);
  const isIPv4 = query.readUInt16BE(at + 1) === IPV4;
  const known = records[labels.join('.')] ?? 3;
  const record = typeof known === 'function' ? known(isIPv4) : known;
  if (record === 'silence') return undefined;
  const found = typeof record === 'number' || !isIPv4 ? [] : record;
  const head = Buffer.alloc(12);
  query.copy(head, 0, 0, 2);
  head.writeUInt16BE(0x8180 | (typeof record === 'number' ? record : 0), 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(found.length, 6);
  // The name as a pointer to the question's, the type, the class, a minute to live, and the address.
  const answers = found.map((each) =>
    Buffer.from([0xc0, 12, 0, IPV4, 0, 1, 0, 0, 0, 60, 0, 4, ...each.split('.').map(Number)]),
  );
  return Buffer.concat([head, question, ...answers]);
}
