// Proves that a server of TLS 1.2 that begins its handshake anew in the middle of a request gains nothing by it: the run goes on
// and ends at its time limit at the latest. And what keys and ciphers are refused as too weak.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { assertFailed, bothFail, get, VALUE } from '../harness/judged-run.ts';
import { createMaker, type Maker } from '../harness/openssl-certificates.ts';
import { startOpensslServer, whyNoOpenssl } from '../harness/openssl-server.ts';

let maker: Maker;
const env = (port: number) => ({
  VAULT_TOKEN: 'hvs.anyTokenOfAJob0000',
  VAULT_ADDR: `https://127.0.0.1:${port}`,
  VAULT_CACERT_BYTES: maker.root.certificatePem,
});
const own = () => ['-cert', maker.file('server.pem'), '-key', maker.file('server.key')];

describe('a server by OpenSSL', { skip: whyNoOpenssl() ?? false, concurrency: 2 }, () => {
  before(() => {
    maker = createMaker();
    const put = (name: string, key?: readonly string[]) => {
      const { certificatePem, keyPem } = maker.issue(
        '/CN=s',
        ['subjectAltName=IP:127.0.0.1'],
        maker.root,
        key,
      );
      writeFileSync(maker.file(`${name}.pem`), certificatePem);
      writeFileSync(maker.file(`${name}.key`), keyPem);
    };
    put('server');
    put('short', ['-newkey', 'rsa:512']);
  });
  after(() => maker.remove());

  for (const [what, commands] of [
    ['once', ['r']],
    ['and wants a certificate', ['R']],
    ['five times', ['r', 'r', 'r', 'r', 'r']],
  ] as const) {
    test(`that renegotiates ${what}: the answer comes through, the next request goes out, and the run ends`, async () => {
      const server = await startOpensslServer([...own(), '-tls1_2']);
      try {
        const run = get(env(server.port), '--timeout', '8', '--retries', '0');
        for (let tries = 0; !server.said().includes('GET /v1/') && tries < 400; tries += 1) await sleep(25);
        for (const command of commands) {
          const handshakes = () => server.said().split(/SSL_do_handshake -> /).length;
          const before = handshakes();
          server.tell(`${command}\n`);
          for (let tries = 0; handshakes() === before && tries < 100; tries += 1) await sleep(20);
          assert.ok(handshakes() > before, `the command was not taken: ${server.said().slice(-600)}`);
          await sleep(100);
        }
        const body = JSON.stringify({ data: { data: { url: VALUE }, metadata: { version: 1 } } });
        const head = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
        server.tell(`${head}${body}`);
        // What it asks next is never answered here: that it asks shows that it has read the answer.
        assertFailed(await run, 6, /waited for an answer until the time limit of 8 s was over/);
        assert.match(server.said(), /GET \/v1\/secret\/.*SSL_do_handshake -> 1.*GET \/v1\/sys\//s);
      } finally {
        await server.close();
      }
    });
  }

  for (const [what, args, says] of [
    [
      'that shows no certificate at all',
      ['-tls1_2', '-nocert', '-cipher', 'aNULL:@SECLEVEL=0'],
      /TLS handshake failed/,
    ],
    [
      'with an RSA key of 512 bits',
      ['-cert', 'short.pem', '-key', 'short.key', '-cipher', 'ALL:@SECLEVEL=0'],
      /certificate|too weak/,
    ],
    ['of TLS 1.1', ['-tls1_1', '-cipher', 'ALL:@SECLEVEL=0'], /no newer TLS than 1\.1/],
  ] as const) {
    test(`${what} is refused: 7`, async () => {
      const files = args.map((word) => (/\.(pem|key)$/.test(word) ? maker.file(word) : word));
      const given = args.some((word) => word === '-cert' || word === '-nocert')
        ? files
        : [...own(), ...files];
      const server = await startOpensslServer([...given, '-www']);
      try {
        await bothFail(env(server.port), ['--timeout', '10'], 7, says);
      } finally {
        await server.close();
      }
    });
  }
});
