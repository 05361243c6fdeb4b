// Proves what is said of an ID token that is missing, is none, or has expired: the likely cause, and never the token.

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { AppError } from '../../src/errors.ts';
import { readIdToken } from '../../src/gitlab/id-token.ts';
import { idTokensBlock } from '../../src/gitlab/missing.ts';
import type { Environment } from '../../src/io.ts';
import { JsonNumber } from '../../src/json.ts';
import { assertHides, assertHolds, assertPlain, assertRefused } from './failures.ts';
import { CLAIMS, jwt, NOW } from './fakes.ts';

const read = (environment: Environment, variable = 'VAULT_ID_TOKEN') =>
  readIdToken(variable, environment, NOW);
const [header = '', payload = '', signature = ''] = jwt().split('.');
const encoded = (text: string) => Buffer.from(text).toString('base64url');

test('header and expiry of a token are given', () => {
  const { header, expires } = read({ VAULT_ID_TOKEN: jwt() });
  assert.equal(header.get('alg'), 'RS256');
  assert.equal(expires, CLAIMS.exp * 1000);
});

for (const exp of [undefined, '1', null, true, '1e999']) {
  test(`a token whose exp is ${JSON.stringify(exp) ?? 'absent'} does not say when it expires`, () => {
    const text =
      exp === '1e999'
        ? `${header}.${encoded('{"iss":"a","exp":1e999}')}.${signature}`
        : jwt({ ...CLAIMS, exp });
    const { claims, expires } = read({ VAULT_ID_TOKEN: text });
    assert.equal(expires, undefined);
    if (exp === '1e999') assert.ok(claims.get('exp') instanceof JsonNumber, 'it is no number');
  });
}

const UNDER_EXEC = '(under civault exec, --keep-vault-env leaves the outer one there)';
const BAO = 'BAO_TOKEN is not read: a token of your own goes into VAULT_TOKEN';
const TOKEN = jwt();
const AUDIENCE = `for "${CLAIMS.aud}"`;
const MISSING: readonly (readonly [
  what: string,
  environment: Environment,
  says: readonly string[],
  not: readonly string[],
])[] = [
  [
    'nothing',
    {},
    [UNDER_EXEC, 'knows its audience (bound_audiences)'],
    ['--id-token-variable', BAO, 'or declare'],
  ],
  ['an empty variable', { VAULT_ID_TOKEN: '' }, ['declare it in the job'], [UNDER_EXEC]],
  [
    'a token under another name',
    { MY_TOKEN: TOKEN, HOME: '/root' },
    [`MY_TOKEN holds an ID token ${AUDIENCE}: --id-token-variable MY_TOKEN\n  or declare it`],
    [UNDER_EXEC],
  ],
  [
    'an empty variable and another name',
    { VAULT_ID_TOKEN: '', OTHER_ID_TOKEN: ` ${TOKEN}\n` },
    ['--id-token-variable OTHER_ID_TOKEN'],
    [],
  ],
  ["a token that is Sigstore's", { SIGSTORE_ID_TOKEN: TOKEN }, [], ['SIGSTORE_ID_TOKEN']],
  [
    'four of them',
    { D: TOKEN, C: TOKEN, B: TOKEN, A: TOKEN },
    ['variable A', 'variable B', 'variable C'],
    ['variable D'],
  ],
  ['a JWT without aud', { MY_TOKEN: jwt({ iss: 'a' }) }, [UNDER_EXEC], ['MY_TOKEN']],
  ['a JWT without iss', { MY_TOKEN: jwt({ aud: 'a' }) }, [UNDER_EXEC], ['MY_TOKEN']],
  ['no JWT', { MY_TOKEN: 'a.b.c' }, [UNDER_EXEC], ['MY_TOKEN']],
  [
    'tokens of GitLab itself',
    { CI_JOB_TOKEN: TOKEN, CI_JOB_JWT_V2: TOKEN },
    [UNDER_EXEC],
    ['--id-token-variable'],
  ],
  [
    'a name that no shell has',
    { 'A\u202eB': TOKEN, 'my-token': TOKEN },
    [UNDER_EXEC],
    ['--id-token-variable'],
  ],
  ['a token of OpenBao', { BAO_TOKEN: 's.marked' }, [BAO], ['s.marked']],
  ['two tokens for Vault', { BAO_TOKEN: 'a', VAULT_TOKEN: 'b' }, [], [BAO]],
  ['an empty BAO_TOKEN', { BAO_TOKEN: '' }, [], [BAO]],
];
for (const [what, environment, says, not] of MISSING) {
  test(`a job with ${what} has no ID token, and is told where one is`, () => {
    const error = assertRefused(() => read(environment), 'ID_TOKEN_MISSING', 'there is no ID token');
    for (const part of says) assertHolds(error.hint, part);
    assertHides(error, ...not, header, payload, signature);
    assertHolds(error.hint, idTokensBlock('VAULT_ID_TOKEN'));
    assertPlain(error);
  });
}

test('the variable that was named and is empty is not offered, and VAULT_ID_TOKEN is', () => {
  const error = assertRefused(
    () => read({ VAULT_ID_TOKEN: TOKEN, OTHER: '' }, 'OTHER'),
    'ID_TOKEN_MISSING',
    'OTHER is empty',
  );
  assertHolds(error.hint, `VAULT_ID_TOKEN holds an ID token ${AUDIENCE}: --id-token-variable VAULT_ID_TOKEN`);
});

test('an old token is named, not taken, and the exact block to add is there', () => {
  const error = assertRefused(
    () => read({ CI_JOB_JWT_V2: TOKEN }),
    'ID_TOKEN_MISSING',
    'CI_JOB_JWT_V2 is there',
  );
  assertHolds(error.message, 'is not taken');
  assertHolds(
    error.hint,
    '    id_tokens:\n      VAULT_ID_TOKEN:\n        aud: THE_AUDIENCE_THAT_VAULT_EXPECTS',
  );
});

for (const [text, looks] of [
  ['hush-marked', 'it has 11 characters, in 1 part between dots'],
  ['x', 'it has 1 character, in 1 part between dots'],
  ['a.b', 'it has 3 characters, in 2 parts between dots'],
  [`${TOKEN}.x`, 'in 4 parts between dots'],
  [`${header}.${payload}.`, 'and the signature is empty'],
  [`.${payload}.${signature}`, 'and the header is empty'],
  [`${header}.${encoded('marked')}.${signature}`, 'and the payload is no JSON'],
  [`${header}.${payload}==.${signature}`, 'and the payload is not Base64url'],
  [`${header}.\n${payload}.${signature}`, 'with a space or a line break within'],
  [`${encoded('{"alg":"RSA-OAEP","enc":"A256GCM"}')}.a.b.c.d`, 'it is an encrypted JWT (five parts)'],
  ['a.b.c.d.e', 'in 5 parts between dots'],
  [`"${TOKEN}"`, 'it has quotes around it'],
  [`Bearer ${TOKEN}`, 'it begins with Bearer'],
  ['{"marked":1}', 'it looks like JSON'],
  ['https://marked.example.com', 'it looks like a URL'],
  ['hvs.markedmarkedmarked', 'it looks like a Vault token'],
  ['s.markedmarkedmarkedmarked', 'it looks like a Vault token'],
  ['glcbt-64_markedmarkedmarked', "it looks like GitLab's job token (glcbt-)"],
  ['glpat-markedmarkedmarked', 'it looks like a personal access token of GitLab (glpat-)'],
  ['gldt-markedmarkedmarked', 'it looks like an access token of GitLab'],
  ['/builds/marked/x.tmp/VAULT_ID_TOKEN', 'it looks like the path of a file'],
] as const) {
  test(`${text.slice(0, 24)} is no ID token: ${looks}`, () => {
    const error = assertRefused(
      () => read({ VAULT_ID_TOKEN: text }),
      'ID_TOKEN_INVALID',
      'VAULT_ID_TOKEN does not hold an ID token (a JWT of three parts): ',
    );
    assertHolds(error.message, looks);
    assertHides(error, 'marked', payload, signature, encoded('marked'));
    assertHolds(error.hint, idTokensBlock('VAULT_ID_TOKEN'));
    assertHolds(error.hint, 'knows its audience');
    assertPlain(error);
  });
}

test('a variable that was not filled in is left out', () => {
  const error = assertRefused(
    () => read({ VAULT_ID_TOKEN: '$CI_JOB_JWT' }),
    'ID_TOKEN_INVALID',
    '"$CI_JOB_JWT"',
  );
  assertHolds(error.hint, 'leave VAULT_ID_TOKEN out of variables:');
  assertHides(error, 'protected');
});

const SECONDS = NOW / 1000;
const OLD = jwt({ ...CLAIMS, iat: SECONDS - 4200, exp: SECONDS - 600 });
for (const [what, environment, says, not] of [
  [
    'alone',
    {},
    ['it was issued for 60 min', `this machine's clock says ${new Date(NOW).toISOString()}`],
    ['began', 'its timeout'],
  ],
  [
    'in its job',
    { CI_JOB_STARTED_AT: '2026-01-02T01:54:05Z', CI_JOB_TIMEOUT: '3600' },
    ['the job began at 2026-01-02T01:54:05.000Z', 'its timeout is 60 min', 'after_script'],
    ['another job'],
  ],
  [
    'in a later job',
    { CI_JOB_STARTED_AT: '2026-01-02T03:00:00Z' },
    ['before this job began', 'the token of another job', idTokensBlock('VAULT_ID_TOKEN')],
    ['after_script'],
  ],
  [
    'with odd variables',
    { CI_JOB_STARTED_AT: 'soon\u001b', CI_JOB_TIMEOUT: 'Infinity' },
    ['after_script'],
    ['soon', 'Inf'],
  ],
] as const) {
  test(`a token that expired, ${what}`, () => {
    const error = assertRefused(
      () => read({ VAULT_ID_TOKEN: OLD, ...environment }),
      'ID_TOKEN_INVALID',
      'the ID token in VAULT_ID_TOKEN expired 10 min ago, at 2026-01-02T02:54:05.000Z',
    );
    for (const part of says) assertHolds(`${error.message}\n${error.hint}`, part);
    assertHides(error, ...not);
    assertPlain(error);
  });
}

for (const [exp, ago] of [
  [SECONDS - 86_400, 'expired 24 h ago'],
  [SECONDS - 3 * 86_400, 'expired 3 days ago'],
  [-1e30, 'expired '],
] as const) {
  test(`a token with exp ${exp} ${ago}`, () => {
    assertPlain(assertRefused(() => read({ VAULT_ID_TOKEN: jwt({ exp }) }), 'ID_TOKEN_INVALID', ago));
  });
}

test('whatever the variables of a job hold, what is said of its ID token is plain and shows no token', () => {
  const name = fc.oneof(
    fc.constantFrom(
      'VAULT_ID_TOKEN',
      'BAO_TOKEN',
      'CI_JOB_JWT',
      'CI_JOB_STARTED_AT',
      'CI_JOB_TIMEOUT',
      'MY_TOKEN',
    ),
    fc.string({ unit: 'binary' }),
  );
  const claims = fc.record(
    { iss: fc.string(), aud: fc.string({ unit: 'binary' }), exp: fc.double(), iat: fc.double() },
    { requiredKeys: [] },
  );
  const value = fc.oneof(
    fc.constantFrom('', ' ', '$A', '2026-01-02T03:04:05Z', '3600'),
    claims.map((values) => jwt({ marked: 'claim', ...values })),
    claims.map((values) => `${jwt(values)}.x`),
    fc.string({ unit: 'binary' }).map((text) => `-${text}marked`),
    fc.string({ unit: 'binary' }).map((text) => `hvs.markedmarked${text}`),
  );
  fc.assert(
    fc.property(fc.dictionary(name, value), name, (environment, variable) => {
      try {
        readIdToken(variable, environment, NOW);
      } catch (error) {
        assert.ok(error instanceof AppError, String(error));
        assert.match(error.code, /^ID_TOKEN_(MISSING|INVALID)$/);
        assertPlain(error);
        assertHides(error, 'marked', signature, '.eyJ');
      }
    }),
    { numRuns: 2000 },
  );
});
