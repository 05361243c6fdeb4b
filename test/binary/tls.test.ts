// Proves whom the binary speaks to over TLS: a server that it cannot be sure of gets no byte of a request, and the
// message says what is wrong with it.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { TlsOptions } from 'node:tls';
import { type FaultyServer, relayTo, startFaultyServer } from '../harness/faulty-server.ts';
import { type Job, startJob } from '../harness/job.ts';
import { assertFetched, bothFail, get } from '../harness/judged-run.ts';
import { createChain } from '../harness/odd-certificates.ts';
import { type Authority, createAuthority, type Identity, selfSigned } from '../vault/authority.ts';

const HERE = ['127.0.0.1'];
const hours = (count: number) => new Date(Date.now() + count * 3_600_000);
const options = ({ certificatePem, keyPem }: Identity): TlsOptions => ({ cert: certificatePem, key: keyPem });

interface Server {
  readonly tls: TlsOptions;
  /** The CA that is trusted: the authority's unless said. */
  readonly ca?: string;
}

// Plain http: a relay in front of it shows whatever certificate a test is about.
let job: Job;
let authority: Authority;
before(async () => {
  job = await startJob({ tls: false });
  authority = job.vault.authority;
});
after(() => job.end());

async function withServer(tls: TlsOptions, use: (server: FaultyServer) => Promise<void>): Promise<void> {
  const server = await startFaultyServer({ tls, onConnection: relayTo(job.vault.port) });
  try {
    await use(server);
  } finally {
    await server.close();
  }
}

const issued = async (request: Parameters<Authority['issue']>[0]): Promise<Server> => ({
  tls: options(await authority.issue(request)),
});

/** What becomes of a connection that failed: nothing, or another one that only looks at the certificates. */
type After = 'no look' | 'a look';

type Refused = readonly [rule: string, server: () => Promise<Server>, after: After, ...says: RegExp[]];
const REFUSED: readonly Refused[] = [
  [
    'an unknown CA is refused, and the setting that makes one known is named',
    async () => ({
      tls: options(await (await createAuthority('Unknown, O=Example Org')).issue({ names: HERE })),
    }),
    'a look',
    /issuer that is not trusted here: "Unknown" of "Example Org" is not in VAULT_CACERT_BYTES/,
    /hint: .*VAULT_CACERT=/,
  ],
  [
    'an expired certificate is refused as expired',
    () => issued({ names: HERE, notBefore: hours(-9), notAfter: hours(-1) }),
    'a look',
    /its certificate expired on \d{4}-\d\d-\d\d \d\d:\d\d UTC, 60 min ago \(CERT_HAS_EXPIRED\)/,
    /hint: whoever runs the server must renew it, unless this machine's clock is wrong: it says \d{4}-/,
  ],
  [
    'a certificate of tomorrow is refused as not yet valid',
    () => issued({ names: HERE, notBefore: hours(9) }),
    'a look',
    /its certificate is not yet valid: it is from \d{4}-\d\d-\d\d \d\d:\d\d UTC on, in 9 h/,
    /hint: check this machine's clock: it says \d{4}-/,
  ],
  [
    'a certificate for another name is refused, and the setting for its name is told',
    () => issued({ names: ['vault.test', '10.0.0.1'] }),
    'no look',
    /certificate is for another name: it is for vault\.test and 10\.0\.0\.1, not for 127\.0\.0\.1/,
    /hint: .*VAULT_TLS_SERVER_NAME/,
  ],
  [
    'a self-signed certificate is refused as self-signed',
    async () => ({ tls: options(await selfSigned({ names: HERE })) }),
    'a look',
    /certificate is self-signed and not trusted here: it is for 127\.0\.0\.1 \(/,
    /hint: .* save that very certificate and name it: VAULT_CACERT=/,
  ],
  [
    "a client's certificate is refused in a server's place",
    () => issued({ names: HERE, client: true }),
    'a look',
    /certificate is not one for a server \(INVALID_PURPOSE\)/,
    /hint: .*serverAuth/,
  ],
  [
    'a chain without its intermediate is refused',
    async () => {
      const { rootPem, identity } = await createChain({ names: HERE });
      return { tls: options(identity), ca: rootPem };
    },
    'a look',
    /not trusted here: "Chain Intermediate" is not in .*, and the server sends no other certificate/,
    /hint: .*let the server send its certificate too/,
  ],
  [
    'a chain with its own root is refused, and that root is named',
    async () => {
      const { rootPem, intermediatePem, identity } = await createChain({ names: HERE });
      return { tls: { cert: identity.certificatePem + intermediatePem + rootPem, key: identity.keyPem } };
    },
    'a look',
    /chain ends in a CA that is not trusted here: "Chain Root" is not in VAULT_CACERT_BYTES/,
  ],
  [
    'a chain without its root is refused, and that root is named',
    async () => {
      const { intermediatePem, identity } = await createChain({ names: HERE });
      return { tls: { cert: identity.certificatePem + intermediatePem, key: identity.keyPem } };
    },
    'a look',
    /issuer that is not trusted here: "Chain Root" is not in VAULT_CACERT_BYTES \(/,
  ],
  [
    'a certificate signed by one that is no authority is refused',
    async () => {
      const { rootPem, intermediatePem, identity } = await createChain({ names: HERE, authorised: false });
      return { tls: { cert: identity.certificatePem + intermediatePem, key: identity.keyPem }, ca: rootPem };
    },
    'a look',
    /certificate is signed by "Chain Intermediate", which is no CA/,
  ],
  [
    'a certificate signed with SHA-1 is refused',
    async () => {
      const { rootPem, intermediatePem, identity } = await createChain({ names: HERE, hash: 'SHA-1' });
      const cert = identity.certificatePem + intermediatePem;
      return { tls: { cert, key: identity.keyPem, ciphers: 'DEFAULT:@SECLEVEL=0' }, ca: rootPem };
    },
    'no look',
    /certificate was refused: it is signed with a digest that is too weak, such as SHA-1/,
  ],
  [
    'a server with nothing newer than TLS 1.1 is refused',
    async () => {
      const { tls } = await issued({ names: HERE });
      return { tls: { ...tls, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' } };
    },
    'no look',
    /TLS handshake failed: it speaks no newer TLS than 1\.1/,
    /hint: .*turn TLS 1\.2 or 1\.3 on/,
  ],
];

describe('a server that cannot be trusted ends the run with 7 and gets nothing', { concurrency: 2 }, () => {
  for (const [rule, makeServer, after, ...says] of REFUSED) {
    test(`${rule}, after ${after}`, async () => {
      const { tls, ca = authority.certificatePem } = await makeServer();
      await withServer(tls, async (server) => {
        const env = { ...job.env, VAULT_ADDR: `https://127.0.0.1:${server.port}`, VAULT_CACERT_BYTES: ca };
        // With the usual retries: a certificate gets no better by asking again.
        await bothFail(env, ['--timeout', '3'], 7, ...says);
        assert.equal(server.received, '');
        assert.equal(server.connections, after === 'a look' ? 4 : 2, 'of two runs');
      });
    });
  }

  test('nothing that Node or OpenSSL read from the environment changes that', async () => {
    const { tls } = await issued({ names: HERE });
    await withServer(tls, async (server) => {
      const env = {
        ...job.env,
        VAULT_ADDR: `https://127.0.0.1:${server.port}`,
        VAULT_CACERT_BYTES: (await createAuthority('Stranger')).certificatePem,
        NODE_TLS_REJECT_UNAUTHORIZED: '0',
        NODE_EXTRA_CA_CERTS: job.caFile,
        NODE_OPTIONS: '--use-bundled-ca --tls-min-v1.0',
        SSL_CERT_FILE: job.caFile,
      };
      await bothFail(env, [], 7, /issuer that is not trusted here/);
      assert.equal(server.received, '');
    });
  });
});

describe('a certificate that is good', () => {
  test('counts for a name that the address does not have, by VAULT_TLS_SERVER_NAME', async () => {
    const { tls } = await issued({ names: ['vault.test'] });
    await withServer(tls, async ({ port }) => {
      const env = { ...job.env, VAULT_ADDR: `https://127.0.0.1:${port}` };
      await bothFail(env, [], 7, /is for another name/);
      assertFetched(await get({ ...env, VAULT_TLS_SERVER_NAME: 'vault.test' }));
      await bothFail({ ...env, VAULT_TLS_SERVER_NAME: 'other.test' }, [], 7, /is for another name/);
    });
  });

  test('counts by its root alone, where the server sends what is between', async () => {
    const { rootPem, intermediatePem, identity } = await createChain({ names: ['localhost'] });
    const tls = { cert: identity.certificatePem + intermediatePem, key: identity.keyPem };
    await withServer(tls, async ({ port }) => {
      const env = { ...job.env, VAULT_ADDR: `https://localhost:${port}`, VAULT_CACERT_BYTES: rootPem };
      assertFetched(await get(env));
    });
  });

  test('counts for an address as its server name', async () => {
    const { tls } = await issued({ names: ['10.0.0.1'] });
    await withServer(tls, async ({ port }) => {
      const env = { ...job.env, VAULT_ADDR: `https://127.0.0.1:${port}` };
      assertFetched(await get({ ...env, VAULT_TLS_SERVER_NAME: '10.0.0.1' }));
    });
  });
});

test('VAULT_SKIP_VERIFY takes any certificate, and warns at each run', async () => {
  const alone = await selfSigned({ names: ['other.test'], notAfter: hours(-0.5) });
  await withServer(options(alone), async ({ port }) => {
    const env = { ...job.env, VAULT_ADDR: `https://127.0.0.1:${port}`, VAULT_CACERT_BYTES: '' };
    for (const on of ['1', 'true', 'true']) {
      const run = await get({ ...env, VAULT_SKIP_VERIFY: on });
      assertFetched(run, /^civault: warning: VAULT_SKIP_VERIFY is set: [^\n]*\n$/);
    }
    for (const off of ['', '0', 'false']) {
      await bothFail({ ...env, VAULT_SKIP_VERIFY: off }, [], 7, /certificate/);
    }
    await bothFail({ ...env, VAULT_SKIP_VERIFY: 'yes' }, [], 2, /VAULT_SKIP_VERIFY is "yes"/);
  });
});
