// ID tokens, and certificates with their keys.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { CLAIM_NOTES, shownClaim } from '../../src/gitlab/claims.ts';
import { readIdToken } from '../../src/gitlab/id-token.ts';
import { checkCertificates, readIdentity } from '../../src/http/pem.ts';
import { CLAIMS, fakeIo, jwt, NOW } from '../unit/fakes.ts';
import { selfSigned } from '../vault/authority.ts';
import { JSON_WORDS } from './documents.ts';
import { around } from './mutation.ts';
import { assertLine, taken, target } from './target.ts';

const MARK = 'xKmarked-value9';
/** What no message may hold of a text: a long piece, unless it is the name of a variable that was never filled in. */
const pieceOf = (text: string) =>
  text.length > 40 && !text.trim().startsWith('$') ? text.slice(8, 40) : MARK;
const part = (text: string) => Buffer.from(text).toString('base64url');
const CLAIM_TEXT = JSON.stringify({ ...CLAIMS, groups_direct: ['a', 1], nested: { a: [1] }, jti: MARK });
// Whole tokens, and tokens of parts that are spoilt before they are encoded.
const tokens = fc.oneof(
  around(
    [
      jwt(),
      jwt({ ...CLAIMS, exp: NOW / 1000 - 900 }),
      `Bearer ${jwt()}`,
      `"${jwt()}"`,
      'glcbt-64_xKmarked-value9',
      'hvs.xKmarked-value9',
      '$VAULT_ID_TOKEN',
      '[MASKED]',
      'https://gitlab.example.com',
    ],
    ['.', 'eyJ', '==', '-', '_'],
  ),
  fc
    .tuple(
      around(['{"alg":"RS256","kid":"x"}', '{"enc":1}'], JSON_WORDS),
      around([CLAIM_TEXT, `{"exp":1,"aud":"${MARK}"}`], [...JSON_WORDS, '"exp":', '"aud":']),
    )
    .map(([header, claims]) => `${part(header)}.${part(claims)}.c2lnbmF0dXJlIG9mIG5vYm9keQ`),
);

const { certificatePem, keyPem } = await selfSigned({ names: ['one'] });
const other = await selfSigned({ names: ['two'] });
const PEM_WORDS = [
  '-----BEGIN CERTIFICATE-----',
  '-----END CERTIFICATE-----',
  '-----BEGIN PRIVATE KEY-----',
  'ENCRYPTED',
  'TRUSTED ',
  'MIIB',
  '-----',
  '\n\n',
];
const keyLine = keyPem.split('\n')[1] ?? '';

export const targets = [
  target(
    'an ID token',
    tokens,
    (text) => {
      const environment = {
        VAULT_ID_TOKEN: text,
        CI_JOB_STARTED_AT: '2026-01-02T03:00:00Z',
        CI_JOB_TIMEOUT: '60',
      };
      const token = taken(() => readIdToken('VAULT_ID_TOKEN', environment, NOW), {
        hides: [MARK, pieceOf(text)],
      });
      if (token === undefined) return;
      for (const name of [
        ...CLAIM_NOTES.keys(),
        ...token.claims.keys(),
        'exp',
        'nbf',
        '/nested/a/0',
        '/groups_direct',
      ].slice(0, 60)) {
        assertLine(shownClaim(token.claims, name));
      }
    },
    { weight: 2 },
  ),
  target(
    'an ID token under another name',
    fc.tuple(around(['VAULT_ID_TOKEN', 'X', 'CI_JOB_JWT']), tokens),
    ([name, text]) => {
      taken(() => readIdToken('ABSENT', { [name]: text, CI_JOB_JWT_V2: 'x' }, NOW), {
        hides: [pieceOf(text)],
      });
      taken(() => readIdToken(name, { [name]: text }, NOW), {
        hides: [pieceOf(text)],
      });
    },
  ),
  target(
    'certificates in PEM',
    around(
      [
        certificatePem,
        certificatePem + other.certificatePem,
        `${keyPem}${certificatePem}`,
        `\ufeff${certificatePem}`,
      ],
      PEM_WORDS,
    ),
    (text) => {
      const kept = taken(() => checkCertificates(text, 'VAULT_CACERT', 'it'), { hides: [keyLine] });
      if (kept !== undefined) assert.equal(kept, text);
    },
  ),
  target(
    'a certificate and its key in PEM',
    fc.tuple(around([certificatePem], PEM_WORDS), around([keyPem, other.keyPem, certificatePem], PEM_WORDS)),
    ([cert, key]) => {
      const io = fakeIo({ files: { '/cert': cert, '/key': key } });
      const names = [
        { name: 'VAULT_CLIENT_CERT', value: '/cert' },
        { name: 'VAULT_CLIENT_KEY', value: '/key' },
      ] as const;
      taken(() => readIdentity(...names, io), { hides: [keyLine] });
    },
  ),
];
