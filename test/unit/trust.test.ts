// Proves whom TLS trusts: which files and folders are looked at, in which order, and that a CA of the user's own stands alone.

import assert from 'node:assert/strict';
import test from 'node:test';
import { rootCertificates } from 'node:tls';
import { prepareTrust } from '../../src/http/trust.ts';
import { selfSigned } from '../vault/authority.ts';
import { assertHolds, assertRefused } from './failures.ts';
import { fakeIo, NO_TRUST } from './fakes.ts';

// What OpenSSL is told to read when it shall read nothing.
const NOWHERE = '/dev/null/none';

const one = await selfSigned({ names: ['one'] });
const two = await selfSigned({ names: ['two'] });
const [ONE, TWO] = [one.certificatePem, two.certificatePem];
const FILES = { '/one.pem': ONE, '/two.pem': TWO };

const caFile = { name: 'VAULT_CACERT', value: '/one.pem' };
const caBytes = { name: 'VAULT_CACERT_BYTES', value: TWO };
const caFolder = { name: 'VAULT_CAPATH', value: '/folder' };

const FILE = 'VAULT_CACERT ("/one.pem")';
const BYTES = 'VAULT_CACERT_BYTES';
for (const [what, settings, ca, from] of [
  ['a file', { caFile }, [ONE], FILE],
  ['a flag', { caFile: { name: '--ca-file', value: '/one.pem' } }, [ONE], '--ca-file ("/one.pem")'],
  ['a value', { caBytes }, [TWO], BYTES],
  ['a folder', { caFolder }, [ONE, TWO], 'VAULT_CAPATH ("/folder")'],
  ['a file, before a value and a folder', { caFile, caBytes, caFolder }, [ONE], FILE],
  ['a value, before a folder', { caBytes, caFolder }, [TWO], BYTES],
  ['a file, before the system', { caFile, systemFile: '/system.pem', systemFolder: '/system' }, [ONE], FILE],
] as const) {
  test(`a CA named by ${what} stands alone: the system's store is set to nowhere`, () => {
    const io = fakeIo({
      files: {
        ...FILES,
        '/folder/b.pem': TWO,
        '/folder/a.pem': ONE,
        '/folder/README': 'about',
        '/folder/c.key': one.keyPem,
      },
      folders: {
        '/folder': ['b.pem', 'README', 'gone.pem', 'a.pem', 'c.key'],
        '/etc/ssl/certs': ['0123abcd.0'],
      },
    });
    const { options, source, bundle } = prepareTrust({ ...NO_TRUST, ...settings }, io);
    assert.equal(source, from);
    assert.deepEqual(options, {
      ca,
      allowPartialTrustChain: true,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
    });
    assert.equal(bundle(), undefined);
    assert.deepEqual(io.stores, [[NOWHERE, NOWHERE]]);
    assert.equal(bundle(), undefined);
  });
}

const HASHED = ['README', '0123abcd.0'];
for (const [what, settings, folders, files, store] of [
  ['SSL_CERT_FILE', { systemFile: '/f' }, { '/etc/ssl/certs': HASHED }, ['/f'], ['/f', NOWHERE]],
  ['SSL_CERT_DIR', { systemFolder: '/d' }, { '/etc/ssl/certs': HASHED, '/d': HASHED }, [], [NOWHERE, '/d']],
  ['both of them', { systemFile: '/f', systemFolder: '/d' }, { '/d': HASHED }, ['/f'], ['/f', '/d']],
  [
    "Debian's folder",
    {},
    { '/etc/ssl/certs': HASHED },
    ['/etc/ssl/certs/ca-certificates.crt'],
    [NOWHERE, '/etc/ssl/certs'],
  ],
  ["Red Hat's folder", {}, { '/etc/pki/tls/certs': HASHED }, [], [NOWHERE, '/etc/pki/tls/certs']],
  [
    "Android's folder",
    {},
    { '/system/etc/security/cacerts': HASHED },
    [],
    [NOWHERE, '/system/etc/security/cacerts'],
  ],
  [
    'the bundle in a folder without hashed names',
    {},
    { '/etc/ssl/certs': ['ca-certificates.crt', 'abcd.0', '0123ABCD.0', '0123abcd.pem'] },
    ['/etc/ssl/certs/ca-certificates.crt'],
    ['/etc/ssl/certs/ca-certificates.crt', NOWHERE],
  ],
  [
    "Fedora's bundle",
    {},
    {},
    ['/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem'],
    ['/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem', NOWHERE],
  ],
  [
    "CentOS's bundle",
    {},
    {},
    ['/etc/pki/tls/certs/ca-bundle.crt', '/etc/ssl/cert.pem'],
    ['/etc/pki/tls/certs/ca-bundle.crt', NOWHERE],
  ],
  ["SUSE's bundle", {}, {}, ['/etc/ssl/ca-bundle.pem'], ['/etc/ssl/ca-bundle.pem', NOWHERE]],
  ["Alpine's bundle", {}, {}, ['/etc/ssl/cert.pem'], ['/etc/ssl/cert.pem', NOWHERE]],
  [
    "Kaniko's bundle",
    {},
    {},
    ['/kaniko/ssl/certs/ca-certificates.crt'],
    ['/kaniko/ssl/certs/ca-certificates.crt', NOWHERE],
  ],
] as const) {
  test(`without a CA of its own, a job trusts ${what}`, () => {
    const io = fakeIo({ folders, files: Object.fromEntries(files.map((file) => [file, ONE])) });
    const { options, source } = prepareTrust({ ...NO_TRUST, ...settings }, io);
    assert.deepEqual(options, { rejectUnauthorized: true, minVersion: 'TLSv1.2' });
    assert.deepEqual(io.stores, [store]);
    // A message names what the store was chosen by.
    for (const path of store) if (path !== NOWHERE) assertHolds(source, path);
    assert.match(
      source,
      what.startsWith('SSL_')
        ? new RegExp(`^${what} \\("/.*"\\)$`)
        : /^(the system's |SSL_CERT_FILE .* or SSL_CERT_DIR )/,
    );
  });
}

for (const [what, files] of [
  ['there is no store', {}],
  ['the bundle is empty', { '/etc/ssl/cert.pem': '' }],
] as const) {
  test(`where ${what}, the roots inside Node are trusted`, () => {
    const io = fakeIo({ files });
    const { options, source, bundle } = prepareTrust(NO_TRUST, io);
    assert.equal(source, 'the built-in roots');
    assert.deepEqual(options.ca, [...rootCertificates]);
    assert.deepEqual(io.stores, [[NOWHERE, NOWHERE]]);
    assert.equal(bundle(), undefined);
  });
}

for (const [what, settings, folder, bundle] of [
  ['a hashed folder has a bundle beside it', {}, HASHED, ONE],
  ['the bundle is the store already', {}, [], undefined],
  ['SSL_CERT_DIR was given', { systemFolder: '/etc/ssl/certs' }, HASHED, undefined],
] as const) {
  test(`where ${what}, there is ${bundle === undefined ? 'nothing' : 'the bundle'} for a second try`, () => {
    const files = { '/etc/ssl/certs/ca-certificates.crt': ONE };
    const io = fakeIo({ folders: { '/etc/ssl/certs': folder }, files });
    assert.equal(prepareTrust({ ...NO_TRUST, ...settings }, io).bundle(), bundle);
  });
}

test('a CA folder without any certificate is an error that names it', () => {
  const io = fakeIo({ folders: { '/folder': ['README'] }, files: { '/folder/README': 'about' } });
  assertRefused(
    () => prepareTrust({ ...NO_TRUST, caFolder }, io),
    'CONFIG',
    'VAULT_CAPATH: there is no certificate in "/folder"',
  );
});

test('a server name and a verification that is off are handed on', () => {
  const { options } = prepareTrust(
    { ...NO_TRUST, caFile, serverName: 'vault', skipVerify: true },
    fakeIo({ files: FILES }),
  );
  assert.deepEqual(options, {
    ca: [ONE],
    allowPartialTrustChain: true,
    servername: 'vault',
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
  });
});

// The CA that the runner reached GitLab by: beside the system's, since files may come from another server.
const besides = { name: 'CI_SERVER_TLS_CA_FILE', value: '/two.pem' };
const BESIDES = ' or CI_SERVER_TLS_CA_FILE ("/two.pem")';

test('a CA beside the store is there for a second try, with the bundle that is there anyway', () => {
  const files = { ...FILES, '/etc/ssl/certs/ca-certificates.crt': ONE };
  const io = fakeIo({ folders: { '/etc/ssl/certs': HASHED }, files });
  const { options, source, bundle } = prepareTrust({ ...NO_TRUST, besides }, io);
  assert.equal(options.ca, undefined);
  assert.equal(bundle(), `${ONE}\n${TWO}`);
  assertHolds(source, BESIDES);
});

test('a CA beside the roots inside Node is trusted from the first try on', () => {
  const { options, source } = prepareTrust({ ...NO_TRUST, besides }, fakeIo({ files: FILES }));
  assert.deepEqual(options.ca, [...rootCertificates, TWO]);
  assert.equal(source, `the built-in roots${BESIDES}`);
});

for (const [what, settings, files, source] of [
  ['a CA that stands alone is named', { besides, caFile }, FILES, FILE],
  ['its file is not there', { besides }, {}, 'the built-in roots'],
] as const) {
  test(`a CA beside the store is nothing where ${what}`, () => {
    const trust = prepareTrust({ ...NO_TRUST, ...settings }, fakeIo({ files }));
    assert.equal(trust.source, source);
    assert.equal(trust.bundle(), undefined);
    assert.equal(trust.options.ca?.includes(TWO), false);
  });
}
