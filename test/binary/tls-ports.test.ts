// Proves what is said of a port that speaks something else than the address has it: TLS where http was meant and the
// other way round, or neither.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startFaultyServer } from '../harness/faulty-server.ts';
import { type Job, startJob } from '../harness/job.ts';
import { assertFailed, assertFetched, bothFail, get } from '../harness/judged-run.ts';

let plain: Job;
let secure: Job;
before(async () => {
  plain = await startJob({ tls: false });
  secure = await startJob();
});
after(async () => {
  await plain.end();
  await secure.end();
});

test('http on loopback is spoken without a warning', async () => {
  assertFetched(await get(plain.env));
});

test('a plain-text port asked over https is told as one', async () => {
  const env = { ...plain.env, VAULT_ADDR: plain.vault.address.replace('http:', 'https:') };
  await bothFail(env, [], 7, /does not speak TLS on this port/, /hint: .*plain-text port/);
});

const bad = (page: string) => `HTTP/1.0 400 Bad Request\r\n\r\n${page}\n`;
for (const [whose, answer] of [
  // To the letter what these servers write.
  ["Go's and so Vault's", bad('Client sent an HTTP request to an HTTPS server.')],
  [
    "nginx's",
    bad('<html><body><h1>400 Bad Request</h1>The plain HTTP request was sent to HTTPS port</body>'),
  ],
  ["Apache's", bad("Reason: You're speaking plain HTTP to an SSL-enabled server port.<br />")],
  ["OpenSSL's alert", Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x46])],
] as const) {
  test(`a TLS port asked over http is told by ${whose} answer`, async () => {
    const server = await startFaultyServer({ onData: (socket) => socket.end(answer) });
    try {
      const env = { ...plain.env, VAULT_ADDR: `http://127.0.0.1:${server.port}` };
      await bothFail(
        env,
        [],
        7,
        /speaks TLS on this port, and the address says http/,
        /hint: write https:\/\/ in (?:VAULT_ADDR|the address)/,
      );
      assert.equal(server.connections, 2, 'one for each of two runs');
    } finally {
      await server.close();
    }
  });
}

test('a TLS port that cuts a request over http is a connection that was cut', async () => {
  const env = { ...secure.env, VAULT_ADDR: secure.vault.address.replace('https:', 'http:') };
  await bothFail(
    env,
    ['--retries', '0'],
    6,
    /the connection was cut before an answer came/,
    /hint: .*write https:\/\/ in (?:VAULT_ADDR|the address)/,
  );
  assert.deepEqual(secure.vault.requests, []);
});

test('a server that greets as SSH does is no web server, and is not asked again', async () => {
  const greet = { onConnection: (socket: NodeJS.WritableStream) => socket.write('SSH-2.0-OpenSSH_9.6\r\n') };
  const server = await startFaultyServer(greet);
  try {
    const address = `127.0.0.1:${server.port}`;
    await bothFail({ ...plain.env, VAULT_ADDR: `http://${address}` }, [], 7, /greets as an SSH server/);
    await bothFail(
      { ...plain.env, VAULT_ADDR: `https://${address}` },
      [],
      7,
      /does not speak TLS on this port/,
    );
    assert.equal(server.connections, 4);
  } finally {
    await server.close();
  }
});

test('a port that cuts a TLS handshake is told so', async () => {
  const server = await startFaultyServer({ onData: (socket) => socket.destroy() });
  try {
    const env = { ...plain.env, VAULT_ADDR: `https://127.0.0.1:${server.port}` };
    const says = [/the connection was cut during the TLS handshake/, /hint: perhaps no TLS is spoken/];
    await bothFail(env, ['--retries', '0'], 6, ...says);
  } finally {
    await server.close();
  }
});

test('a TLS handshake that is never answered ends at the time limit', async () => {
  const server = await startFaultyServer();
  try {
    const env = { ...plain.env, VAULT_ADDR: `https://127.0.0.1:${server.port}` };
    const run = await get(env, '--timeout', '1');
    assertFailed(run, 6, /took too long: waited for the TLS handshake until the time limit of 1 s/);
    assert.ok(run.milliseconds < 2000, `${run.milliseconds} ms`);
  } finally {
    await server.close();
  }
});
