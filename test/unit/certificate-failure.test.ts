// Proves what is told of a certificate that was refused: whose it is, who issued it, until when it is good, which names it
// has, and what is trusted in its stead.

import { X509Certificate } from 'node:crypto';
import test from 'node:test';
import type { PeerCertificate } from 'node:tls';
import { parseAddress } from '../../src/http/address.ts';
import type { Circumstances } from '../../src/http/explanation.ts';
import { connectionFailure } from '../../src/http/failure.ts';
import { createChain } from '../harness/odd-certificates.ts';
import { createAuthority, selfSigned } from '../vault/authority.ts';
import { assertFailure, assertHides, assertHolds, assertPlain } from './failures.ts';
import { NOW } from './fakes.ts';

const VAULT = parseAddress('https://vault.example.com', 'VAULT_ADDR');
const HOUR = 3_600_000;
const TRUSTED = 'VAULT_CACERT ("/ca.pem")';

const at = (milliseconds: number) => new Date(NOW + milliseconds);
const parsed = (...pems: readonly string[]) => pems.map((pem) => new X509Certificate(pem));

const authority = await createAuthority('Example CA, O=Example Org');
const leaf = async (notBefore: number, notAfter: number) =>
  parsed(
    (await authority.issue({ names: ['a.test'], notBefore: at(notBefore), notAfter: at(notAfter) }))
      .certificatePem,
  );
const { rootPem, intermediatePem, identity } = await createChain({ names: ['a.test'] });
const alone = parsed((await selfSigned({ names: ['a.test', '10.0.0.1'] })).certificatePem);
const nameless = parsed((await selfSigned({ names: [] })).certificatePem);
const hostile = parsed((await selfSigned({ names: ['a\u001b[31m.test'] })).certificatePem);
const short = parsed(identity.certificatePem);
const middle = parsed(identity.certificatePem, intermediatePem);
const whole = parsed(identity.certificatePem, intermediatePem, rootPem);

const seen = (chain: readonly X509Certificate[], now = NOW): Circumstances => ({
  certificates: { chain, trusted: TRUSTED, now },
});
const failed = (code: string, text = 'marked', more: object = {}) =>
  Object.assign(new Error(text), { code, ...more });
const otherName = (subjectaltname: string | undefined) =>
  failed('ERR_TLS_CERT_ALTNAME_INVALID', 'marked', {
    host: 'vault.example.com',
    cert: { subjectaltname } as PeerCertificate,
  });

const UNKNOWN = 'its certificate is from an issuer that is not trusted here';
const days = (count: number) => HOUR * 24 * count;
type Row = readonly [error: Error, what: string, circumstances: Circumstances, message: string, hint: string];
const TABLE: readonly Row[] = [
  [
    failed('UNABLE_TO_VERIFY_LEAF_SIGNATURE'),
    'the server sends its own alone',
    seen(await leaf(-HOUR, HOUR)),
    `${UNKNOWN}: "Example CA" of "Example Org" is not in ${TRUSTED}, and the server sends no other certificate than its own`,
    'VAULT_CACERT=/path/to/ca.pem; if that CA is an intermediate one, let the server send its certificate too',
  ],
  [
    failed('UNABLE_TO_GET_ISSUER_CERT_LOCALLY'),
    'the intermediate one came with it',
    seen(middle),
    `${UNKNOWN}: "Chain Root" is not in ${TRUSTED} (UNABLE`,
    'VAULT_CACERT=/path/to/ca.pem',
  ],
  [
    failed('UNABLE_TO_GET_ISSUER_CERT_LOCALLY'),
    'another one came with it',
    seen([...(await leaf(-HOUR, HOUR)), ...parsed(rootPem)]),
    `${UNKNOWN}: "Example CA" of "Example Org" is not in ${TRUSTED}, and the server sends no certificate of that issuer, but others`,
    'let the server send its certificate too',
  ],
  [failed('UNABLE_TO_GET_ISSUER_CERT'), 'nothing is known', {}, `${UNKNOWN} (UNABLE`, 'VAULT_CACERT'],
  [
    failed('UNABLE_TO_GET_ISSUER_CERT'),
    'the look failed',
    seen([]),
    `${UNKNOWN}: it is not in ${TRUSTED} (UNABLE`,
    'VAULT_CACERT',
  ],
  [
    failed('SELF_SIGNED_CERT_IN_CHAIN'),
    'the root came with it',
    seen(whole),
    `its certificate chain ends in a CA that is not trusted here: "Chain Root" is not in ${TRUSTED}`,
    'if that CA is your own',
  ],
  [
    failed('DEPTH_ZERO_SELF_SIGNED_CERT'),
    'it has names',
    seen(alone),
    'its certificate is self-signed and not trusted here: it is for a.test and 10.0.0.1 (DEPTH',
    'save that very certificate and name it: VAULT_CACERT=',
  ],
  [
    failed('DEPTH_ZERO_SELF_SIGNED_CERT'),
    'it has none',
    seen(nameless),
    'not trusted here: it is for "nobody"',
    '',
  ],
  [failed('DEPTH_ZERO_SELF_SIGNED_CERT'), 'a hostile one', seen(hostile), '\\u001b[31m', ''],
  [
    failed('CERT_HAS_EXPIRED'),
    'three days ago',
    seen(await leaf(-days(9), -days(3) - HOUR)),
    'its certificate expired on 2025-12-30 02:04 UTC, 3 days ago (CERT_HAS_EXPIRED)',
    "unless this machine's clock is wrong: it says 2026-01-02 03:04 UTC",
  ],
  [
    failed('CERT_HAS_EXPIRED'),
    'an hour ago',
    seen(await leaf(-days(9), -HOUR)),
    'expired on 2026-01-02 02:04 UTC, 60 min ago',
    'must renew it',
  ],
  [
    failed('CERT_HAS_EXPIRED'),
    'it is not its own',
    seen([...(await leaf(-HOUR, days(900))), ...parsed(authority.certificatePem)], Date.now() + days(100)),
    'the certificate of "Example CA" of "Example Org", which vouches for it, expired on ',
    'must renew it',
  ],
  [
    failed('CERT_HAS_EXPIRED'),
    'none of those that it shows',
    seen(await leaf(-HOUR, HOUR)),
    'a certificate on the way to its CA has expired, and none that it shows',
    '',
  ],
  [failed('CERT_HAS_EXPIRED'), 'the look failed', seen([]), 'its certificate has expired (', '03:04 UTC'],
  [failed('CERT_HAS_EXPIRED'), 'nothing is known', {}, 'its certificate has expired (', 'clock'],
  [
    failed('CERT_NOT_YET_VALID'),
    'in nine hours',
    seen(await leaf(9 * HOUR, days(9))),
    'its certificate is not yet valid: it is from 2026-01-02 12:04 UTC on, in 9 h',
    "this machine's clock: it says 2026-01-02 03:04 UTC",
  ],
  [failed('CERT_NOT_YET_VALID'), 'the look failed', seen([]), 'its certificate is not yet valid (', ''],
  [
    otherName('DNS:a.test, DNS:*.b.test, IP Address:10.0.0.1, URI:spiffe://x'),
    'three names',
    {},
    'for another name: it is for a.test, *.b.test and 10.0.0.1, not for vault.example.com (ERR',
    'use one of its names in VAULT_ADDR, or set VAULT_TLS_SERVER_NAME to one',
  ],
  [
    otherName(Array.from({ length: 12 }, (_, index) => `DNS:${index}.test`).join(', ')),
    'twelve names',
    {},
    '8.test, 9.test and 2 more, not for',
    '',
  ],
  [
    otherName('DNS:"a\\u0000, DNS:b.test", DNS:c.test'),
    'a name with a comma',
    {},
    ' and c.test, not for',
    '',
  ],
  [otherName('DNS:a\u001b[31m'), 'a name with an escape', {}, 'a\\u001b[31m', ''],
  [otherName(undefined), 'no name', {}, 'it holds no name at all (subjectAltName)', 'subjectAltName'],
  [
    otherName('DNS:a.test'),
    "a proxy's",
    { proxy: 'HTTPS_PROXY' },
    'it is for a.test',
    'write one of its names into HTTPS_PROXY',
  ],
  [
    failed('INVALID_PURPOSE'),
    'of a client',
    seen(short),
    'its certificate is not one for a server',
    'serverAuth',
  ],
  [failed('INVALID_CA'), 'nothing is known', {}, 'signed by one that is no CA', 'that a CA issued'],
  [
    failed('INVALID_PURPOSE'),
    'of a signer',
    seen([...short, ...alone]),
    'signed by "a.test", which is no CA',
    '',
  ],
  [failed('CERT_REVOKED'), 'it was revoked', seen(short), 'its certificate was revoked (', 'a new one'],
  [
    failed('CERT_SIGNATURE_FAILURE'),
    'a CA of the same name',
    seen([]),
    'is not signed by the CA that it names',
    `a CA of that name is trusted by ${TRUSTED}, perhaps an older one`,
  ],
  [
    failed('UNSPECIFIED', 'CA signature digest algorithm too weak'),
    'a weak digest',
    {},
    'was refused: it is signed with a digest that is too weak, such as SHA-1 (UNSPECIFIED)',
    'a new one',
  ],
  [failed('UNSPECIFIED', 'EE certificate key too weak'), 'a weak key', {}, 'its key is too short', ''],
  [failed('UNSPECIFIED', 'CA certificate key too weak'), "a CA's weak key", {}, 'the key of its CA', ''],
  [failed('UNSPECIFIED', 'permitted subtree violation'), 'a name', {}, 'may not issue for that name', ''],
  [failed('UNSPECIFIED'), 'whatever', {}, 'its certificate was refused (UNSPECIFIED)', 'VAULT_CACERT'],
];
for (const [error, what, circumstances, message, hint] of TABLE) {
  test(`${String((error as Error & { code?: unknown }).code)}, ${what}: ${message}`, () => {
    const told = assertFailure(connectionFailure(VAULT, error, circumstances), 'TLS_UNTRUSTED', message);
    assertHolds(told.hint ?? '', hint);
    assertHides(told, 'marked');
    assertPlain(told);
  });
}
