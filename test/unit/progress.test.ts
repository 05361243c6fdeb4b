// Proves how far an exchange is seen to have come, at each step on the way to a server that stops there, and that nothing
// is looked at but after a failure.

import assert from 'node:assert/strict';
import net, { type Socket } from 'node:net';
import test, { after, before } from 'node:test';
import { type Endpoint, parseAddress } from '../../src/http/address.ts';
import { type ClientSettings, createClient, type SendOptions } from '../../src/http/client.ts';
import { startDeadline } from '../../src/http/deadline.ts';
import { newProgress, type Phase, type Progress } from '../../src/http/progress.ts';
import { type FaultyOptions, type FaultyServer, startFaultyServer } from '../harness/faulty-server.ts';
import { type ProxyStandIn, startProxy } from '../harness/proxy-server.ts';
import { type Authority, createAuthority, type Identity } from '../vault/authority.ts';
import { assertHolds, assertRejected } from './failures.ts';
import { NOW } from './fakes.ts';

let authority: Authority;
let identity: Identity;
let proxy: ProxyStandIn;
const servers: FaultyServer[] = [];
before(async () => {
  authority = await createAuthority('Progress CA');
  identity = await authority.issue({ names: ['127.0.0.1', 'localhost', 'vault.test'] });
  proxy = await startProxy();
});
after(async () => {
  for (const server of servers) await server.close();
  await proxy.close();
});

async function serving(options: FaultyOptions, secure = true): Promise<FaultyServer> {
  const tls = { cert: identity.certificatePem, key: identity.keyPem };
  const server = await startFaultyServer({ ...options, ...(secure ? { tls } : {}) });
  servers.push(server);
  return server;
}

/** A client of that server, which trusts the authority unless said. */
function clientOf(endpoint: Endpoint, limit: number, change: Partial<ClientSettings> = {}) {
  return createClient({
    endpoint,
    proxy: { always: undefined, forHttps: undefined, forHttp: undefined, except: '' },
    trust: {
      options: { ca: [authority.certificatePem], rejectUnauthorized: true, minVersion: 'TLSv1.2' },
      source: 'VAULT_CACERT ("/ca.pem")',
      bundle: () => undefined,
    },
    retry: { retries: 0, random: () => 0, now: () => NOW, tell: () => undefined },
    deadline: startDeadline(limit, () => performance.now()),
    ...change,
  });
}

const GET = { method: 'GET', path: '/v1/sys/health', headers: {} } as const;
const at = (address: string) => parseAddress(address, 'VAULT_ADDR');
const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}';
const answering: FaultyOptions = { onData: (socket) => void socket.write(ANSWER) };
const cutting: FaultyOptions = { onConnection: (socket) => void socket.destroy() };
const half: FaultyOptions = {
  onData: (socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{'),
};
const halfThenCut: FaultyOptions = {
  onData: (socket: Socket) =>
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{', () => socket.destroy()),
};

interface Stage {
  readonly what: string;
  readonly options: FaultyOptions;
  /** Whether the server speaks TLS itself. */
  readonly secure?: boolean;
  readonly address?: (port: number) => string;
  readonly proxied?: (port: number) => string;
  readonly phase: Phase;
  readonly says: string;
  readonly hint?: string;
}

const viaProxy = () => proxy.host;
const STAGES: readonly Stage[] = [
  {
    what: 'silent at the handshake',
    options: {},
    secure: false,
    phase: 'tls',
    says: 'waited for the TLS handshake',
  },
  { what: 'silent to a request', options: {}, phase: 'answer', says: 'waited for an answer' },
  { what: 'silent in the middle', options: half, phase: 'body', says: 'waited for the rest of the answer' },
  {
    what: 'a proxy that is silent',
    options: {},
    secure: false,
    address: () => 'https://vault.test',
    proxied: (port) => `127.0.0.1:${port}`,
    phase: 'tunnel',
    says: 'waited for it to open a tunnel to vault.test until',
  },
  {
    what: 'silent within a tunnel',
    options: {},
    secure: false,
    address: (port) => `https://vault.test:${port}`,
    proxied: viaProxy,
    phase: 'tls',
    says: 'waited for the TLS handshake',
  },
  {
    what: 'one that cuts at the handshake',
    options: cutting,
    secure: false,
    phase: 'tls',
    says: 'the connection was cut during the TLS handshake (ECONNRESET)',
  },
  {
    what: 'one that cuts at the handshake within a tunnel',
    options: cutting,
    secure: false,
    address: (port) => `https://vault.test:${port}`,
    proxied: viaProxy,
    phase: 'tls',
    says: 'the connection was cut during the TLS handshake (ECONNRESET)',
    hint: 'the proxy in HTTPS_PROXY does not let it pass',
  },
  {
    what: 'one that cuts after a request',
    options: { onData: (socket) => void socket.destroy() },
    phase: 'answer',
    says: 'the connection was cut before an answer came (ECONNRESET)',
  },
  {
    what: 'one that cuts its answer',
    options: halfThenCut,
    phase: 'body',
    says: 'the connection was cut in the middle of the answer (ECONNRESET)',
  },
  {
    what: 'a proxy that cuts at CONNECT',
    options: { onData: (socket) => void socket.destroy() },
    secure: false,
    address: () => 'https://vault.test',
    proxied: (port) => `127.0.0.1:${port}`,
    phase: 'tunnel',
    says: 'the connection was cut before the tunnel through it stood',
  },
];
for (const { what, options, secure = true, phase, says, hint = '', ...stage } of STAGES) {
  test(`${what}: the phase is "${phase}", and so it is told`, async () => {
    const { port } = await serving(options, secure);
    const always =
      stage.proxied === undefined ? undefined : { name: 'HTTPS_PROXY', value: stage.proxied(port) };
    const client = clientOf(at(stage.address?.(port) ?? `https://127.0.0.1:${port}`), 400, {
      proxy: { always, forHttps: undefined, forHttp: undefined, except: '' },
    });
    const progress = newProgress();
    const told = await assertRejected(client.send(GET, { progress }), 'UNAVAILABLE', says);
    assert.equal(progress.phase, phase);
    assertHolds(told.hint, hint);
    client.close();
  });
}

async function sent(address: string, options: SendOptions[], change: Partial<ClientSettings> = {}) {
  const client = clientOf(at(address), 5000, change);
  try {
    for (const each of options) assert.equal((await client.send(GET, each)).status, 200);
  } finally {
    client.close();
  }
}

const whole = ({ phase, addresses, peer, certificate }: Progress) => ({
  phase,
  addresses,
  peer,
  subject: certificate?.subject,
});

test('a name is looked up, and an address is not', async () => {
  const { port } = await serving(answering);
  const [byName, byAddress] = [newProgress(true), newProgress(true)];
  // Something of an exchange before.
  byAddress.addresses.push('10.0.0.1');
  await sent(`https://localhost:${port}`, [{ progress: byName }]);
  await sent(`https://127.0.0.1:${port}`, [{ progress: byAddress }]);
  const come = { phase: 'body', peer: `127.0.0.1:${port}`, subject: 'CN=127.0.0.1' } as const;
  assert.ok(byName.addresses.includes('127.0.0.1'), String(byName.addresses));
  assert.deepEqual(whole({ ...byName, addresses: [] }), { ...come, addresses: [] });
  assert.deepEqual(whole(byAddress), { ...come, addresses: [] });
});

test('a name that nobody knows leaves an exchange at its name', async () => {
  const progress = newProgress();
  // RFC 6761, section 6.4: no name server may know one.
  const client = clientOf(at('https://vault.invalid'), 5000);
  await assertRejected(client.send(GET, { progress }), 'UNAVAILABLE', '"vault.invalid"');
  assert.deepEqual([progress.phase, progress.addresses], ['name', []]);
});

test('a port where nobody listens leaves an exchange at its connection', async () => {
  const taken = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => taken.once('listening', resolve));
  const { port } = taken.address() as net.AddressInfo;
  await new Promise((resolve) => taken.close(resolve));
  const progress = newProgress();
  const client = clientOf(at(`https://localhost:${port}`), 5000);
  await assertRejected(client.send(GET, { progress }), 'UNAVAILABLE', `127.0.0.1:${port} refuse`);
  assert.equal(progress.phase, 'connect');
  assert.ok(progress.addresses.includes('127.0.0.1'), String(progress.addresses));
});

test('a kept connection is known by its peer and its certificate, each time it is asked', async () => {
  const server = await serving(answering);
  const all = [newProgress(true), newProgress(true), newProgress(true)];
  await sent(
    `https://127.0.0.1:${server.port}`,
    all.map((progress) => ({ progress })),
  );
  assert.equal(server.connections, 1);
  for (const progress of all) {
    assert.deepEqual(whole(progress), {
      phase: 'body',
      addresses: [],
      peer: `127.0.0.1:${server.port}`,
      subject: 'CN=127.0.0.1',
    });
  }
});

test('a certificate is parsed for nobody but who asks for it', async () => {
  const { port } = await serving(answering);
  const progress = newProgress();
  await sent(`https://127.0.0.1:${port}`, [{ progress }]);
  assert.deepEqual([progress.phase, progress.certificate], ['body', undefined]);
});

test('the phases of the first connection are told, once each and in their order', async () => {
  const { port } = await serving({ onData: (socket) => void socket.end(ANSWER) });
  const marks: string[] = [];
  const client = clientOf(at(`https://127.0.0.1:${port}`), 5000, { mark: (phase) => void marks.push(phase) });
  await client.send(GET);
  await client.send(GET);
  client.close();
  assert.deepEqual(marks, ['TLS context', 'connect', 'TLS handshake']);
});

test('through a proxy, the peer is the proxy and the certificate is the server', async () => {
  const { port } = await serving(answering);
  const progress = newProgress(true);
  const always = { name: 'HTTPS_PROXY', value: proxy.host };
  await sent(`https://vault.test:${port}`, [{ progress }], {
    proxy: { always, forHttps: undefined, forHttp: undefined, except: '' },
  });
  const come = { phase: 'body', addresses: [], peer: proxy.host, subject: 'CN=127.0.0.1' };
  assert.deepEqual(whole(progress), come);
});

for (const [what, known] of [
  ['is not looked at, where more trust makes it a good one', true],
  ['is looked at once', false],
] as const) {
  test(`a certificate that was refused ${what}`, async () => {
    const server = await serving(answering);
    const trust: ClientSettings['trust'] = {
      options: { rejectUnauthorized: true, minVersion: 'TLSv1.2' },
      source: 'the system',
      bundle: () => (known ? authority.certificatePem : undefined),
    };
    const client = clientOf(at(`https://127.0.0.1:${server.port}`), 5000, { trust });
    if (known) assert.equal((await client.send(GET)).status, 200);
    else {
      await assertRejected(client.send(GET), 'TLS_UNTRUSTED', '"Progress CA" is not in the system, and');
      assert.equal(server.received, '');
    }
    // The first, and either the one that the answer came over or the look.
    assert.equal(server.connections, 2);
    client.close();
  });
}

test('a look that is not answered ends with the time limit, and the failure is told without it', async () => {
  let seen = 0;
  const late = await startFaultyServer();
  servers.push(late);
  const server = await serving({});
  // The second connection meets with silence.
  const relay = await startFaultyServer({
    onConnection: (socket) => {
      seen += 1;
      const onward = net.connect(seen === 1 ? server.port : late.port, '127.0.0.1');
      socket.on('close', () => onward.destroy());
      onward.on('error', () => socket.destroy());
      socket.pipe(onward).pipe(socket);
    },
  });
  servers.push(relay);
  const started = performance.now();
  const trust: ClientSettings['trust'] = {
    options: { rejectUnauthorized: true, minVersion: 'TLSv1.2' },
    source: 'the system',
    bundle: () => undefined,
  };
  const client = clientOf(at(`https://127.0.0.1:${relay.port}`), 600, { trust });
  await assertRejected(client.send(GET), 'TLS_UNTRUSTED', 'not trusted here: it is not in the system (');
  const taken = performance.now() - started;
  assert.ok(taken > 400 && taken < 1500, `${taken} ms`);
  assert.equal(seen, 2);
});
