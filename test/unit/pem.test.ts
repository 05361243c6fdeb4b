// Proves that a file for TLS which is missing, broken or does not fit is told of, by its path, before anything is sent.

import assert from 'node:assert/strict';
import test from 'node:test';
import { prepareTrust } from '../../src/http/trust.ts';
import { selfSigned } from '../vault/authority.ts';
import { assertHides, assertPlain, assertRefused, assertTells } from './failures.ts';
import { fakeIo, NO_TRUST } from './fakes.ts';

const one = await selfSigned({ names: ['one'] });
const two = await selfSigned({ names: ['two'] });
const [ONE, TWO] = [one.certificatePem, two.certificatePem];
const FILES = { '/one.pem': ONE, '/two.pem': TWO, '/key.pem': one.keyPem };
const caFile = { name: 'VAULT_CACERT', value: '/one.pem' };

const CLIENT = {
  clientCertificate: { name: 'VAULT_CLIENT_CERT', value: '/one.pem' },
  clientKey: { name: 'VAULT_CLIENT_KEY', value: '/key.pem' },
};

const BROKEN: readonly (readonly [what: string, text: string])[] = [
  ['nothing', ''],
  ['other text', '<html>not found</html>'],
  ['a key', one.keyPem],
  ['half a block', ONE.slice(0, ONE.length / 2)],
  ['an empty block', '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n'],
  ['a block without its line breaks', ONE.replaceAll('\n', '\\n')],
  [
    'a block of another text',
    '-----BEGIN CERTIFICATE-----\nbm90IGEgY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----\n',
  ],
  ['a certificate that begins behind other text', ` - ${ONE}`],
  ['a certificate that begins in the line in which another ends', ONE.trimEnd() + ONE],
  ['a certificate cut within', ONE.replace(/(\n[^\n-]+)(\n-----END)/, '$2')],
];
for (const [what, text] of BROKEN) {
  test(`a CA file that holds ${what} is an error that names its path`, () => {
    const io = fakeIo({ files: { '/one.pem': text } });
    const error = assertRefused(
      () => prepareTrust({ ...NO_TRUST, caFile }, io),
      'CONFIG',
      'VAULT_CACERT: "/one.pem"',
    );
    assertPlain(error);
  });

  test(`a client certificate that holds ${what} is an error that names its path`, () => {
    const io = fakeIo({ files: { '/one.pem': text, '/key.pem': one.keyPem } });
    const error = assertRefused(
      () => prepareTrust({ ...NO_TRUST, ...CLIENT }, io),
      'CONFIG',
      'VAULT_CLIENT_CERT: "/one.pem"',
    );
    assertPlain(error);
  });

  test(`VAULT_CACERT_BYTES that holds ${what} is an error that names it`, () => {
    const settings = { ...NO_TRUST, caBytes: { name: 'VAULT_CACERT_BYTES', value: text } };
    assertPlain(assertRefused(() => prepareTrust(settings, fakeIo()), 'CONFIG', 'VAULT_CACERT_BYTES: '));
  });
}

for (const [what, settings, part] of [
  [
    'CA file',
    { caFile: { name: '--ca-file', value: '/gone\n.pem' } },
    '--ca-file: cannot read "/gone\\u000a.pem": it is not there (ENOENT)',
  ],
  [
    'CA folder',
    { caFolder: { name: 'VAULT_CAPATH', value: '/gone' } },
    'VAULT_CAPATH: cannot read "/gone": it is not there (ENOENT)',
  ],
  [
    'client certificate',
    { ...CLIENT, clientCertificate: { name: 'VAULT_CLIENT_CERT', value: '/gone' } },
    'VAULT_CLIENT_CERT: cannot read "/gone"',
  ],
  [
    'client key',
    { ...CLIENT, clientKey: { name: 'VAULT_CLIENT_KEY', value: '/gone' } },
    'VAULT_CLIENT_KEY: cannot read "/gone"',
  ],
] as const) {
  test(`a ${what} that is not there is an error that names its path`, () => {
    const io = fakeIo({ files: FILES });
    assertPlain(assertRefused(() => prepareTrust({ ...NO_TRUST, ...settings }, io), 'CONFIG', part));
  });
}

test('a client shows its certificate and key beside whatever is trusted', () => {
  const io = fakeIo({ files: FILES });
  const caFile = { name: 'VAULT_CACERT', value: '/two.pem' };
  const { options } = prepareTrust({ ...NO_TRUST, ...CLIENT, caFile }, io);
  assert.deepEqual([options.cert, options.key, options.ca], [ONE, one.keyPem, [TWO]]);
});

for (const [what, text] of [
  ['a certificate', ONE],
  ['half a key', one.keyPem.slice(0, 80)],
  ['the key of another certificate', two.keyPem],
  ['a block of another text', '-----BEGIN PRIVATE KEY-----\nbm90IGEga2V5\n-----END PRIVATE KEY-----\n'],
] as const) {
  test(`a client key file that holds ${what} is an error that names its path and shows nothing of it`, () => {
    const io = fakeIo({ files: { '/one.pem': ONE, '/key.pem': text } });
    const error = assertRefused(
      () => prepareTrust({ ...NO_TRUST, ...CLIENT }, io),
      'CONFIG',
      'VAULT_CLIENT_KEY',
    );
    assertTells(error, '"/key.pem"');
    for (const line of text.split('\n').filter((line) => line !== '' && !line.startsWith('-'))) {
      assertHides(error, line);
    }
  });
}

test('of many certificates the broken one is told by its place', () => {
  const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
  const io = fakeIo({ files: { '/one.pem': `# a bundle\n${ONE}${TWO}\n${broken}${ONE}` } });
  const part = 'VAULT_CACERT: "/one.pem" holds a broken certificate, number 3 of 4';
  assertRefused(() => prepareTrust({ ...NO_TRUST, caFile }, io), 'CONFIG', part);
});

test('a bundle with text around its certificates, in either kind of lines, is taken as it is', () => {
  const text = `Bag Attributes\n    friendlyName: one\n${ONE}${one.keyPem}${TWO}`.replaceAll('\n', '\r\n');
  const io = fakeIo({ files: { '/one.pem': text } });
  assert.deepEqual(prepareTrust({ ...NO_TRUST, caFile }, io).options.ca, [text]);
});
