// Stands between civault and a Vault, passes everything on as it is, and keeps what was asked and answered.

import type http from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { createAuthority } from '../vault/authority.ts';
import type { Server } from './server.ts';

/** A request and what became of it. */
export interface Exchange {
  readonly method: string;
  /** What follows `/v1/`, with its query, as it was sent. */
  readonly path: string;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Recorder {
  /** `https://127.0.0.1:PORT` */
  readonly address: string;
  /** The certificate of its authority, PEM. */
  readonly ca: string;
  /** What passed since it was last asked. */
  readonly take: () => Exchange[];
  /** Resolves once a request has been answered with a status. */
  readonly answered: (status: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Starts a recorder before a server. */
export async function startRecorder(server: Pick<Server, 'address' | 'ca'>): Promise<Recorder> {
  const authority = await createAuthority('Recorder CA');
  const { certificatePem: cert, keyPem: key } = await authority.issue({ names: ['127.0.0.1'] });
  const { hostname, port } = new URL(server.address);
  const agent = new https.Agent({ keepAlive: true, ca: server.ca });
  let exchanges: Exchange[] = [];
  const listeners = new Set<(status: number) => void>();

  const passOn = async (incoming: http.IncomingMessage, outgoing: http.ServerResponse): Promise<void> => {
    const { method = '', url = '', headers } = incoming;
    const sent = await buffer(incoming);
    const answer = await new Promise<http.IncomingMessage>((resolve, reject) => {
      https
        .request({ agent, hostname, port, method, path: url, headers }, resolve)
        .on('error', reject)
        .end(sent);
    });
    const body = await buffer(answer);
    const status = answer.statusCode ?? 0;
    for (const hear of [...listeners]) hear(status);
    exchanges.push({
      method,
      path: url.replace(/^\/v1\//, ''),
      status,
      headers: answer.headers,
      body: body.toString(),
    });
    outgoing.writeHead(status, answer.headers).end(body);
  };
  // One after the other, as they come: which of two reads side by side has the last use of a token would be chance.
  let turn: Promise<void> = Promise.resolve();
  const front = https.createServer({ cert, key }, (incoming, outgoing) => {
    turn = turn.then(() => passOn(incoming, outgoing)).catch(() => void outgoing.destroy());
  });
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));

  return {
    address: `https://127.0.0.1:${(front.address() as AddressInfo).port}`,
    ca: authority.certificatePem,
    take: () => {
      const taken = exchanges;
      exchanges = [];
      return taken;
    },
    answered: (wanted) =>
      new Promise((resolve) => {
        const hear = (status: number): void => {
          if (status !== wanted) return;
          listeners.delete(hear);
          resolve();
        };
        listeners.add(hear);
      }),
    close: async () => {
      agent.destroy();
      front.closeAllConnections();
      await new Promise((resolve) => front.close(resolve));
    },
  };
}
