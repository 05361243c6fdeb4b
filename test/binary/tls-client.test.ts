// Proves how the binary shows itself to a server that asks for a client's certificate, and that whatever is wrong with
// that certificate is a wrong setting, named before anything is sent.

import assert from 'node:assert/strict';
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { type Job, startJob } from '../harness/job.ts';
import { assertFetched, bothFail, type Env, get } from '../harness/judged-run.ts';
import { weakIdentity } from '../harness/odd-certificates.ts';
import { proxiesOfTests } from '../harness/proxy-server.ts';
import { type Authority, createAuthority, type Identity } from '../vault/authority.ts';

let job: Job;
let folder: string;
let own: Env;
let identity: Identity;
let clients: Authority;
const proxy = proxiesOfTests();
const HOUR = 3_600_000;
const hours = (count: number) => new Date(Date.now() + count * HOUR);

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'civault-client-'));
  clients = await createAuthority('Clients');
  job = await startJob({ clientAuthority: clients });
  identity = await clients.issue({ names: ['job'], client: true });
  own = {
    VAULT_CLIENT_CERT: file('cert.pem', identity.certificatePem),
    VAULT_CLIENT_KEY: file('key.pem', identity.keyPem),
  };
});
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await job.end();
});
beforeEach(() => {
  job.vault.requests.length = 0;
});

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

const broken = (kind: string) => `-----BEGIN ${kind}-----\nAAAAAAAA\n-----END ${kind}-----\n`;
const strangeKey = () =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();
const locked = (type: 'pkcs1' | 'pkcs8') =>
  generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ type, format: 'pem', cipher: 'aes-256-cbc', passphrase: 'hunter2' })
    .toString();

test('the right certificate opens the door', async () => {
  assertFetched(await get({ ...job.env, ...own }));
});

test('certificate and key may be in one file, and the key as openssl writes one of a curve', async () => {
  const { certificatePem, keyPem } = identity;
  const parameters = '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n';
  const sec1 = createPrivateKey(keyPem).export({ type: 'sec1', format: 'pem' });
  const both = file('both.pem', `Bag Attributes\n${certificatePem}${parameters}${sec1}`);
  assertFetched(await get({ ...job.env, VAULT_CLIENT_CERT: both, VAULT_CLIENT_KEY: both }));
});

test('a run without one is turned away with 7, and the message says what may be wanted', async () => {
  const says = [/TLS handshake failed: it wants a client certificate/, /hint: set VAULT_CLIENT_CERT/];
  await bothFail(job.env, ['--timeout', '3'], 7, ...says);
  assert.deepEqual(job.vault.requests, []);
});

const TURNED_AWAY: readonly (readonly [
  what: string,
  status: number,
  identity: () => Promise<Identity>,
  ...says: RegExp[],
])[] = [
  [
    // The stand-in's server cuts the connection, where others send an alert.
    'a CA that the server does not know',
    6,
    async () => (await createAuthority('Stranger')).issue({ names: ['job'], client: true }),
    /the connection was cut before an answer came/,
    /hint: .*it may not accept the certificate in VAULT_CLIENT_CERT/,
  ],
  [
    'a time that is over',
    6,
    () => clients.issue({ names: ['job'], client: true, notBefore: hours(-9), notAfter: hours(-1) }),
    /the connection was cut before an answer came/,
    /hint: .*it may not accept the certificate in VAULT_CLIENT_CERT/,
  ],
  [
    'a key that is too short for OpenSSL to show',
    7,
    () => weakIdentity('job'),
    /the client's certificate is too weak for TLS/,
    /hint: VAULT_CLIENT_CERT must hold/,
  ],
];
for (const [what, status, made, ...says] of TURNED_AWAY) {
  test(`a certificate with ${what} is turned away with ${status}, directly and through a proxy`, async () => {
    const once = ['--retries', '0'];
    const { certificatePem, keyPem } = await made();
    const shown = {
      VAULT_CLIENT_CERT: file('x.pem', certificatePem),
      VAULT_CLIENT_KEY: file('y.pem', keyPem),
    };
    await bothFail({ ...job.env, ...shown }, once, status, ...says);
    const { host } = await proxy();
    await bothFail({ ...job.env, ...shown, VAULT_PROXY_ADDR: host }, once, status, ...says);
    assert.deepEqual(job.vault.requests, []);
  });
}

test('a server that does not ask is not troubled by one', async () => {
  const easy = await startJob();
  try {
    assertFetched(await get({ ...easy.env, ...own }));
  } finally {
    await easy.end();
  }
});

describe('a wrong setting ends the run with 2 and is named', () => {
  for (const lone of ['VAULT_CLIENT_CERT', 'VAULT_CLIENT_KEY'] as const) {
    test(`${lone} alone`, async () => {
      const env = { ...job.env, [lone]: own[lone] ?? '' };
      const says = [/only one of VAULT_CLIENT_CERT and VAULT_CLIENT_KEY/, /hint: .*both, or neither/];
      await bothFail(env, [], 2, ...says);
    });
  }

  const WRONG: readonly (readonly [what: string, name: string, value: () => string, says: RegExp])[] = [
    [
      'a certificate that is no PEM',
      'VAULT_CLIENT_CERT',
      () => file('a', 'x'),
      /VAULT_CLIENT_CERT: .*holds no/,
    ],
    ['a key that is no PEM', 'VAULT_CLIENT_KEY', () => file('b', 'x'), /VAULT_CLIENT_KEY: .*holds no/],
    ['a certificate in the place of the key', 'VAULT_CLIENT_KEY', () => join(folder, 'cert.pem'), /_KEY: /],
    [
      'a certificate broken inside its PEM',
      'VAULT_CLIENT_CERT',
      () => file('c', broken('CERTIFICATE')),
      /VAULT_CLIENT_CERT/,
    ],
    [
      'a key broken inside its PEM',
      'VAULT_CLIENT_KEY',
      () => file('d', broken('PRIVATE KEY')),
      /VAULT_CLIENT_KEY/,
    ],
    ['the key of another certificate', 'VAULT_CLIENT_KEY', () => file('e', strangeKey()), /VAULT_CLIENT_KEY/],
    ['a key behind a passphrase', 'VAULT_CLIENT_KEY', () => file('f', locked('pkcs8')), /VAULT_CLIENT_KEY/],
    [
      'a key behind a passphrase, as old tools write it',
      'VAULT_CLIENT_KEY',
      () => file('g', locked('pkcs1')),
      /VAULT_CLIENT_KEY: .*(passphrase|encrypted)/,
    ],
    [
      'a certificate that is not there',
      'VAULT_CLIENT_CERT',
      () => '/not/there.pem',
      /VAULT_CLIENT_CERT: cannot read "\/not\/there\.pem": it is not there \(ENOENT\)/,
    ],
    [
      'a key that is a folder',
      'VAULT_CLIENT_KEY',
      () => folder,
      /VAULT_CLIENT_KEY: cannot read ".*": it is a folder \(EISDIR\)/,
    ],
  ];
  for (const [what, name, value, says] of WRONG) {
    test(what, async () => {
      await bothFail({ ...job.env, ...own, [name]: value() }, [], 2, says);
      assert.deepEqual(job.vault.requests, []);
    });
  }

  for (const [what, text] of [
    ['that is no PEM', 'hello'],
    ['broken inside its PEM', broken('CERTIFICATE')],
  ] as const) {
    test(`a CA ${what}`, async () => {
      const ca = file('ca.pem', text);
      await bothFail({ ...job.env, ...own, VAULT_CACERT: ca }, [], 2, /VAULT_CACERT/, /ca\.pem/);
    });
  }
});
