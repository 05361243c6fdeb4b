// Proves for which names and uses a certificate counts, also one that was made to deceive; and that nobody is asked whether it
// was revoked.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { TlsOptions } from 'node:tls';
import { relayTo, startFaultyServer } from '../harness/faulty-server.ts';
import { type Job, startJob } from '../harness/job.ts';
import { assertFetched, bothFail, type Env, get } from '../harness/judged-run.ts';
import { CA, createMaker, type Maker } from '../harness/openssl-certificates.ts';
import { whyNoOpenssl } from '../harness/openssl-server.ts';
import type { Identity } from '../vault/authority.ts';

const HERE = 'subjectAltName=IP:127.0.0.1';
// A DNS name in DER: what stands after its NUL, C would not see (CVE-2009-2408).
const cut = Buffer.from('vault.test\0.evil.test');
const CUT = `subjectAltName=DER:${Buffer.from([0x30, cut.length + 2, 0x82, cut.length, ...cut]).toString('hex')}`;

let job: Job;
let maker: Maker;

async function answeredBy(tls: TlsOptions, env: Env, judge: (env: Env) => Promise<void>): Promise<void> {
  const server = await startFaultyServer({ tls, onConnection: relayTo(job.vault.port) });
  try {
    const own = {
      VAULT_ADDR: `https://127.0.0.1:${server.port}`,
      VAULT_CACERT_BYTES: maker.root.certificatePem,
    };
    await judge({ ...job.env, ...own, ...env });
  } finally {
    await server.close();
  }
}

const named = (name: string): Env => ({ VAULT_TLS_SERVER_NAME: name });
const asTls = ({ certificatePem, keyPem }: Identity, ...more: Identity[]): TlsOptions => ({
  cert: certificatePem + more.map((one) => one.certificatePem).join(''),
  key: keyPem,
});
/** A server's certificate under an authority with these extensions. */
function below(extensions: readonly string[], leaf: readonly string[]): TlsOptions {
  const middle = maker.issue('/CN=Made Intermediate', extensions);
  return asTls(maker.issue('/CN=Made Server', leaf, middle), middle);
}

describe('a certificate', { skip: whyNoOpenssl() ?? false, concurrency: 2 }, () => {
  before(async () => {
    job = await startJob({ tls: false });
    maker = createMaker();
  });
  after(async () => {
    maker.remove();
    await job.end();
  });

  const WILD = 'subjectAltName=DNS:*.vault.test';
  type Row = readonly [what: string, make: () => TlsOptions, env?: Env];
  const TAKEN: readonly Row[] = [
    [
      'with a wildcard counts for one label',
      () => asTls(maker.issue('/CN=s', [WILD])),
      named('a.vault.test'),
    ],
    ['counts over TLS 1.3 alone', () => ({ ...asTls(maker.issue('/CN=s', [HERE])), minVersion: 'TLSv1.3' })],
    ['counts over TLS 1.2 alone', () => ({ ...asTls(maker.issue('/CN=s', [HERE])), maxVersion: 'TLSv1.2' })],
    [
      'with name constraints that are kept counts',
      () => below([...CA, 'nameConstraints=critical,permitted;IP:127.0.0.0/255.0.0.0'], [HERE]),
    ],
    [
      'at the end of a chain of twenty, some ten thousand bytes, counts',
      () => {
        const chain: Identity[] = [];
        for (let at = 0; at < 20; at += 1)
          chain.unshift(maker.issue(`/CN=Made CA ${at}/O=${'x'.repeat(60)}`, CA, chain[0]));
        return asTls(maker.issue('/CN=s', [HERE], chain[0]), ...chain);
      },
    ],
  ];
  for (const [what, make, env = {}] of TAKEN) {
    test(what, () => answeredBy(make(), env, async (all) => assertFetched(await get(all))));
  }

  const REFUSED: readonly (readonly [what: string, make: () => TlsOptions, says: RegExp, env?: Env])[] = [
    [
      'with a wildcard counts not for two labels',
      () => asTls(maker.issue('/CN=s', [WILD])),
      /is for another name/,
      named('a.b.vault.test'),
    ],
    [
      'with a wildcard counts not for none',
      () => asTls(maker.issue('/CN=s', [WILD])),
      /is for another name/,
      named('vault.test'),
    ],
    [
      'with a wildcard of all counts not',
      () => asTls(maker.issue('/CN=s', ['subjectAltName=DNS:*'])),
      /is for another name/,
      named('vault.test'),
    ],
    [
      'whose name ends by a NUL byte counts not',
      () => asTls(maker.issue('/CN=s', [CUT])),
      /is for another name/,
      named('vault.test'),
    ],
    [
      'with the address as its common name alone counts not',
      () => asTls(maker.issue('/CN=127.0.0.1', ['basicConstraints=CA:FALSE'])),
      /is for another name/,
    ],
    [
      'with the address as a DNS name counts not',
      () => asTls(maker.issue('/CN=s', ['subjectAltName=DNS:127.0.0.1'])),
      /is for another name/,
    ],
    [
      'with the name as its common name beside others counts not',
      () => asTls(maker.issue('/CN=vault.test', ['subjectAltName=DNS:other.test'])),
      /is for another name/,
      named('vault.test'),
    ],
    [
      'that breaks its authority’s name constraints counts not',
      () => below([...CA, 'nameConstraints=critical,permitted;IP:10.0.0.0/255.0.0.0'], [HERE]),
      /certificate [^\n]*\(PERMITTED_VIOLATION|certificate/,
    ],
    [
      'of an authority that may make none below it counts not',
      () => {
        const first = maker.issue('/CN=First', [
          'basicConstraints=critical,CA:TRUE,pathlen:0',
          'keyUsage=critical,keyCertSign',
        ]);
        const second = maker.issue('/CN=Second', CA, first);
        return asTls(maker.issue('/CN=s', [HERE], second), second, first);
      },
      /PATH_LENGTH_EXCEEDED/,
    ],
    [
      'with an extension that must be understood and is not counts not',
      () => asTls(maker.issue('/CN=s', [HERE, '1.2.3.4.5=critical,ASN1:NULL'])),
      /certificate/,
    ],
    [
      'of an authority whose key is for something else counts not',
      () => below(['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,digitalSignature'], [HERE]),
      /certificate/,
    ],
  ];
  for (const [what, make, says, env = {}] of REFUSED) {
    test(what, () => answeredBy(make(), env, (all) => bothFail(all, ['--timeout', '10'], 7, says)));
  }

  test('is taken until it expires: nobody is asked whether it was revoked', async () => {
    const lists = await startFaultyServer();
    try {
      const where = `http://127.0.0.1:${lists.port}`;
      const extensions = [
        HERE,
        `crlDistributionPoints=URI:${where}/crl`,
        `authorityInfoAccess=OCSP;URI:${where}/ocsp,caIssuers;URI:${where}/ca`,
      ];
      await answeredBy(asTls(maker.issue('/CN=s', extensions)), {}, async (all) => {
        assertFetched(await get(all));
        await bothFail(
          { ...all, VAULT_CACERT_BYTES: maker.issue('/CN=Other', CA).certificatePem },
          [],
          7,
          /certificate/,
        );
      });
      assert.equal(lists.connections, 0);
    } finally {
      await lists.close();
    }
  });
});
