// Proves that a connection which was begun before anybody wanted it is the one that the first request takes, and that all that
// can become of it until then is told as if it had been begun for that request.

import assert from 'node:assert/strict';
import net, { type AddressInfo } from 'node:net';
import test, { after, before, describe } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import type { ErrorCode } from '../../src/errors.ts';
import { parseAddress } from '../../src/http/address.ts';
import { type Client, createClient } from '../../src/http/client.ts';
import { startDeadline } from '../../src/http/deadline.ts';
import { beginConnection } from '../../src/http/head-start.ts';
import { newProgress, type Phase } from '../../src/http/progress.ts';
import type { Trust } from '../../src/http/trust.ts';
import { eachOnce } from '../../src/timing.ts';
import { type FaultyOptions, type FaultyServer, startFaultyServer } from '../harness/faulty-server.ts';
import { type Authority, createAuthority, type Identity } from '../vault/authority.ts';
import { assertRejected } from './failures.ts';
import { NOW } from './fakes.ts';

let authority: Authority;
let identity: Identity;
const servers: FaultyServer[] = [];
before(async () => {
  authority = await createAuthority('Head start CA');
  identity = await authority.issue({ names: ['127.0.0.1', 'localhost'] });
});
after(async () => {
  for (const server of servers) await server.close();
});

async function serving(options: FaultyOptions, secure = true): Promise<FaultyServer> {
  const tls = { cert: identity.certificatePem, key: identity.keyPem };
  const server = await startFaultyServer({ ...options, ...(secure ? { tls } : {}) });
  servers.push(server);
  return server;
}

const GET = { method: 'GET', path: '/v1/sys/health', headers: {} } as const;
const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}';
const answering: FaultyOptions = { onData: (socket) => void socket.write(ANSWER) };
const trusting = (): Trust => ({
  options: { ca: [authority.certificatePem], rejectUnauthorized: true, minVersion: 'TLSv1.2' },
  source: 'VAULT_CACERT ("/ca.pem")',
  bundle: () => undefined,
});

/** A client whose first connection was begun so many milliseconds before. */
async function begun(address: string, wait: number, trust = trusting(), limit = 5000) {
  const marks: string[] = [];
  const endpoint = parseAddress(address, 'VAULT_ADDR');
  const mark = eachOnce((phase) => void marks.push(phase));
  const start = await beginConnection(endpoint, trust.options, mark);
  await sleep(wait);
  const client: Client = createClient({
    endpoint,
    proxy: { always: undefined, forHttps: undefined, forHttp: undefined, except: '' },
    trust,
    retry: { retries: 0, random: () => 0, now: () => NOW, tell: () => undefined },
    deadline: startDeadline(limit, () => performance.now()),
    mark,
    start,
  });
  return { client, marks };
}

async function freePort(): Promise<number> {
  const taken = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => taken.once('listening', resolve));
  const { port } = taken.address() as AddressInfo;
  await new Promise((resolve) => taken.close(resolve));
  return port;
}

// At once, and when all has come of it that comes of itself.
for (const wait of [0, 300]) {
  describe(`asked for ${wait} ms later`, () => {
    test('it is the connection of every request', async () => {
      const server = await serving(answering);
      const { client, marks } = await begun(`https://localhost:${server.port}`, wait);
      const progress = newProgress(true);
      assert.equal((await client.send(GET, { progress })).status, 200);
      assert.equal((await client.send(GET)).status, 200);
      client.close();
      assert.equal(server.connections, 1);
      assert.deepEqual(marks, ['TLS context', 'connect', 'TLS handshake']);
      const { phase, addresses, peer, certificate } = progress;
      assert.ok(addresses.includes('127.0.0.1'), String(addresses));
      assert.deepEqual([phase, peer], ['body', `127.0.0.1:${server.port}`]);
      assert.equal(certificate?.subject, 'CN=127.0.0.1', 'it can be looked at as any');
    });

    test('a second one beside it begins with what it knows: no certificate is shown again', async () => {
      const held: (() => void)[] = [];
      const resumed: boolean[] = [];
      const server = await serving({
        onConnection: (socket) => void resumed.push((socket as TLSSocket).isSessionReused()),
        onData: (socket) => {
          held.push(() => void socket.write(ANSWER));
          if (held.length > 2) for (const go of held.splice(1)) go();
        },
      });
      const { client } = await begun(`https://127.0.0.1:${server.port}`, wait);
      const first = client.send(GET);
      while (held.length < 1) await sleep(5);
      held[0]?.();
      await first;
      const both = await Promise.all([client.send(GET), client.send(GET)]);
      assert.deepEqual(
        both.map(({ status }) => status),
        [200, 200],
      );
      client.close();
      assert.deepEqual(resumed, [false, true]);
    });

    for (const [what, options, secure, phase, says] of [
      ['a server that is silent at the handshake', {}, false, 'tls', 'waited for the TLS handshake'],
      ['one that is silent to a request', {}, true, 'answer', 'waited for an answer'],
      [
        'one that cuts at the handshake',
        { onConnection: (socket: net.Socket) => void socket.destroy() },
        false,
        'tls',
        'the connection was cut during the TLS handshake (ECONNRESET)',
      ],
      [
        'one that cuts after a request',
        { onData: (socket: net.Socket) => void socket.destroy() },
        true,
        'answer',
        'the connection was cut before an answer came (ECONNRESET)',
      ],
    ] as const) {
      test(`${what}: told as of any connection, with the phase "${phase}", and not asked again`, async () => {
        const server = await serving(options, secure);
        const { client } = await begun(`https://127.0.0.1:${server.port}`, wait, trusting(), 900);
        const progress = newProgress();
        await assertRejected(client.send(GET, { progress }), 'UNAVAILABLE', says);
        assert.equal(progress.phase, phase satisfies Phase);
        assert.equal(server.connections, 1);
        client.close();
      });
    }

    for (const [what, address, code, says, phase] of [
      [
        'a port where nobody listens',
        (port: number) => `https://127.0.0.1:${port}`,
        'UNAVAILABLE',
        'it refuses connections',
        'connect',
      ],
      ['a name that nobody knows', () => 'https://vault.invalid', 'UNAVAILABLE', '"vault.invalid"', 'name'],
    ] as const) {
      test(`${what}: told as of any connection`, async () => {
        const { client } = await begun(address(await freePort()), wait);
        const progress = newProgress();
        await assertRejected(client.send(GET, { progress }), code satisfies ErrorCode, says);
        assert.equal(progress.phase, phase satisfies Phase);
      });
    }

    test('an issuer that is unknown: refused, or tried once more with more trust', async () => {
      for (const bundle of [undefined, authority.certificatePem]) {
        const server = await serving(answering);
        const trust: Trust = {
          options: { rejectUnauthorized: true, minVersion: 'TLSv1.2' },
          source: 'the system',
          bundle: () => bundle,
        };
        const { client } = await begun(`https://127.0.0.1:${server.port}`, wait, trust);
        if (bundle === undefined) await assertRejected(client.send(GET), 'TLS_UNTRUSTED', 'Head start CA');
        else assert.equal((await client.send(GET)).status, 200);
        // The first, and either the one that the answer came over or the look at what was refused.
        assert.equal(server.connections, 2);
        assert.equal(server.received.includes('GET '), bundle !== undefined);
        client.close();
      }
    });

    test(`one that the server closes in the meantime ${wait === 0 ? 'is cut, or none' : 'is none, and another is made'}`, async () => {
      let count = 0;
      const server = await serving({
        onConnection: (socket) => {
          count += 1;
          if (count === 1) socket.end();
        },
        ...answering,
      });
      const { client } = await begun(`https://127.0.0.1:${server.port}`, wait);
      // Which of the two comes first, the request or the end, is the machine's doing.
      if (wait === 0) {
        await client.send(GET).catch((error: Error) => assert.match(error.message, /the connection was cut/));
      }
      assert.equal((await client.send(GET)).status, 200);
      assert.equal(server.connections, 2);
      client.close();
    });
  });
}

test('a session that the server does not take is not offered again', async () => {
  const resumed: boolean[] = [];
  const server = await serving({
    onConnection: (socket, index) => {
      const isResumed = (socket as TLSSocket).isSessionReused();
      resumed.push(isResumed);
      // As an end behind a balancer that knows nothing of the other's sessions, and is cross about it.
      if (isResumed) socket.destroy();
      else if (index === 0) socket.once('data', () => socket.end(ANSWER));
    },
    onData: (socket, _text, index) => {
      if (index > 0) socket.write(ANSWER);
    },
  });
  const { client } = await begun(`https://127.0.0.1:${server.port}`, 0);
  assert.equal((await client.send(GET)).status, 200);
  await sleep(50);
  await assertRejected(client.send(GET), 'UNAVAILABLE', 'the connection was cut');
  assert.equal((await client.send(GET)).status, 200);
  client.close();
  assert.deepEqual(resumed, [false, true, false]);
});

test('it is never given to another server than its own', async () => {
  const [own, other] = [await serving(answering), await serving(answering)];
  const { client } = await begun(`https://127.0.0.1:${own.port}`, 100);
  const elsewhere = parseAddress(`https://127.0.0.1:${other.port}`, 'VAULT_ADDR');
  assert.equal((await client.send(GET, { at: elsewhere })).status, 200);
  assert.deepEqual([own.received, other.connections], ['', 1]);
  client.close();
});

test('nothing is begun with what OpenSSL does not take: the first request is told', async () => {
  const server = await serving(answering);
  const trust = trusting();
  const broken: Trust = { ...trust, options: { ...trust.options, cert: 'none', key: 'none' } };
  const { client } = await begun(`https://127.0.0.1:${server.port}`, 0, broken);
  await assert.rejects(client.send(GET));
  assert.equal(server.connections, 0);
});
