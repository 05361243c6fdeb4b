// Proves that a request which may not stand still is ended by silence, not by the time that it takes as a whole.

import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'node:test';
import { parseAddress } from '../../src/http/address.ts';
import { createClient } from '../../src/http/client.ts';
import { startDeadline } from '../../src/http/deadline.ts';
import { prepareTrust } from '../../src/http/trust.ts';
import { assertRejected } from './failures.ts';
import { fakeIo, NO_TRUST } from './fakes.ts';

const IDLE = 200;

/** Asks a server for something, which may be silent for 0.2 s and take as long as it likes. */
async function ask(serve: http.RequestListener): Promise<{ body: Promise<string>; close: () => void }> {
  const server = http.createServer(serve);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = parseAddress(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, '--server');
  const client = createClient({
    endpoint,
    proxy: { always: undefined, forHttps: undefined, forHttp: undefined, except: '' },
    trust: prepareTrust(NO_TRUST, fakeIo()),
    retry: { retries: 0, random: () => 0, now: Date.now, tell: () => undefined },
    deadline: startDeadline(Infinity, () => performance.now()),
  });
  const request = { method: 'GET', path: '/', headers: {}, idle: IDLE } as const;
  return {
    body: client.send(request).then(({ body }) => body.toString()),
    close: () => {
      client.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

for (const [what, serve, part] of [
  ['without an answer', () => undefined, 'waited 0.2 s for an answer'],
  [
    'in the middle of one',
    (_: http.IncomingMessage, response: http.ServerResponse) => {
      response.writeHead(200, { 'content-length': 10 });
      response.write('12345');
    },
    'waited 0.2 s for the rest of the answer',
  ],
] as const) {
  test(`silence ${what} is told as that`, async () => {
    const { body, close } = await ask(serve);
    try {
      await assertRejected(body, 'UNAVAILABLE', part);
    } finally {
      close();
    }
  });
}

test('an answer that takes longer than that, and is never silent, comes whole', async () => {
  const { body, close } = await ask((_, response) => {
    let left = 10;
    const timer = setInterval(() => {
      left -= 1;
      if (left > 0) return void response.write('x');
      clearInterval(timer);
      response.end('!');
    }, IDLE / 5);
  });
  try {
    assert.equal(await body, 'xxxxxxxxx!');
  } finally {
    close();
  }
});
