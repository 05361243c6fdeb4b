// Proves what is said of a TLS server that breaks the handshake off by an alert: which of the two lacks what.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { bothFail, type Env } from '../harness/judged-run.ts';
import { startOpensslServer, whyNoOpenssl } from '../harness/openssl-server.ts';
import { createAuthority, type Identity } from '../vault/authority.ts';

const WANTS_ONE = ['-Verify', '1', '-verify_return_error'];
const STRANGE: Env = { VAULT_CLIENT_CERT: 'strange.pem', VAULT_CLIENT_KEY: 'strange.key' };
const EXPIRED: Env = { VAULT_CLIENT_CERT: 'expired.pem', VAULT_CLIENT_KEY: 'expired.key' };

type Row = readonly [what: string, args: readonly string[], env: Env, ...says: RegExp[]];
const TABLE: readonly Row[] = [
  [
    'that wants a client certificate and gets none',
    WANTS_ONE,
    {},
    /it wants a client certificate \(ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED\)/,
    /hint: set VAULT_CLIENT_CERT and VAULT_CLIENT_KEY/,
  ],
  [
    'of TLS 1.2 that wants a client certificate and gets none',
    [...WANTS_ONE, '-tls1_2'],
    {},
    /the server broke it off \(ERR_SSL_/,
    /hint: it may want a client certificate \(VAULT_CLIENT_CERT\)/,
  ],
  [
    'that does not know the CA of the client certificate',
    WANTS_ONE,
    STRANGE,
    /it refused the client's certificate: it does not know its CA/,
    /hint: check VAULT_CLIENT_CERT/,
  ],
  [
    'of TLS 1.2 to which the client certificate has expired',
    [...WANTS_ONE, '-tls1_2'],
    EXPIRED,
    /it refused the client's certificate: it has expired/,
    /hint: check VAULT_CLIENT_CERT/,
  ],
  [
    'that serves another name',
    ['-servername', 'other.test', '-servername_fatal', '-cert2', 'server.pem', '-key2', 'server.key'],
    { VAULT_TLS_SERVER_NAME: 'vault.test' },
    /it serves no host of the name vault\.test/,
    /hint: check VAULT_TLS_SERVER_NAME/,
  ],
  [
    'with none but ciphers that encrypt nothing',
    ['-tls1_2', '-cipher', 'NULL:@SECLEVEL=0'],
    {},
    /the TLS handshake failed: the server broke it off/,
    /hint: .*ciphers that are too old/,
  ],
];

describe('a server', { skip: whyNoOpenssl() ?? false, concurrency: 2 }, () => {
  let folder: string;
  let ca: string;
  const file = (name: string) => join(folder, name);
  const put = (name: string, { certificatePem, keyPem }: Identity) => {
    writeFileSync(file(`${name}.pem`), certificatePem);
    writeFileSync(file(`${name}.key`), keyPem);
  };
  const named = (word: string) => (/\.(pem|key)$/.test(word) ? file(word) : word);

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'civault-alerts-'));
    const authority = await createAuthority('Alerts CA');
    ca = authority.certificatePem;
    writeFileSync(file('ca.pem'), ca);
    put('server', await authority.issue({ names: ['127.0.0.1', 'vault.test'] }));
    const over = { notBefore: new Date(Date.now() - 7_200_000), notAfter: new Date(Date.now() - 3_600_000) };
    put('expired', await authority.issue({ names: ['job'], client: true, ...over }));
    put('strange', await (await createAuthority('Stranger')).issue({ names: ['job'], client: true }));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const [what, args, env, ...says] of TABLE) {
    test(`${what} is told so`, async () => {
      const own = ['-cert', 'server.pem', '-key', 'server.key', '-CAfile', 'ca.pem', '-www'];
      const server = await startOpensslServer([...own, ...args].map(named));
      try {
        const all = { VAULT_TOKEN: 'root', VAULT_CACERT_BYTES: ca, ...env };
        const given = Object.fromEntries(Object.entries(all).map(([name, value]) => [name, named(value)]));
        const address = { VAULT_ADDR: `https://127.0.0.1:${server.port}` };
        await bothFail({ ...given, ...address }, ['--timeout', '5'], 7, ...says);
      } finally {
        await server.close();
      }
    });
  }
});
