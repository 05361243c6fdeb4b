// Proves how the ID token is found and judged before it is sent, and how its claims are shown.

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { AppError } from '../../src/errors.ts';
import { shownClaim } from '../../src/gitlab/claims.ts';
import { readIdToken } from '../../src/gitlab/id-token.ts';
import { decodeClaims } from '../../src/gitlab/jwt.ts';
import { idTokensBlock } from '../../src/gitlab/missing.ts';
import type { Environment } from '../../src/io.ts';
import { isJsonObject, parseJson } from '../../src/json.ts';
import { assertFailure, assertHides, assertHolds, assertPlain, assertRefused } from './failures.ts';
import { CLAIMS, jwt, NOW } from './fakes.ts';

const read = (environment: Environment, variable = 'VAULT_ID_TOKEN') =>
  readIdToken(variable, environment, NOW);

test('the token is taken as it stands, but for blanks around it, and its claims are decoded', () => {
  const { token, variable, claims } = read({ MY_TOKEN: ` ${jwt()}\n` }, 'MY_TOKEN');
  assert.equal(token.reveal(), jwt());
  assert.equal(variable, 'MY_TOKEN');
  assert.equal(claims.get('project_path'), CLAIMS.project_path);
});

test('a token that is shown is not shown', () => {
  assert.equal(`${read({ VAULT_ID_TOKEN: jwt() }).token}`, '[secret]');
});

const MISSING: readonly (readonly [environment: Environment, part: string])[] = [
  [{}, 'there is no ID token: VAULT_ID_TOKEN is not set'],
  [{ VAULT_ID_TOKEN: '' }, 'VAULT_ID_TOKEN is empty'],
  [{ VAULT_ID_TOKEN: ' \n' }, 'VAULT_ID_TOKEN is empty'],
  [{ CI_JOB_JWT: 'x' }, 'CI_JOB_JWT is there, but is not taken: GitLab gave up such tokens'],
  [{ CI_JOB_JWT_V1: 'x' }, 'CI_JOB_JWT_V1 is there'],
  [{ CI_JOB_JWT: 'x', CI_JOB_JWT_V2: 'y' }, 'CI_JOB_JWT_V2 is there'],
];
for (const [environment, part] of MISSING) {
  test(`${JSON.stringify(environment)}: ${part}`, () => {
    const error = assertRefused(() => read(environment), 'ID_TOKEN_MISSING', part);
    assertHolds(error.hint, idTokensBlock('VAULT_ID_TOKEN'));
    assertPlain(error);
  });
}

// What an object has that nobody put there.
for (const variable of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
  test(`a job without a variable ${variable} has no ID token in it`, () => {
    assertRefused(
      () => read({ ...CLAIMS_ENVIRONMENT }, variable),
      'ID_TOKEN_MISSING',
      `${variable} is not set`,
    );
  });
}
const CLAIMS_ENVIRONMENT = { VAULT_ID_TOKEN: jwt() };

const [header = '', payload = '', signature = ''] = jwt().split('.');
const encoded = (text: string) => Buffer.from(text).toString('base64url');
for (const [what, text, part] of [
  [
    'a variable of GitLab that was not filled in',
    '$VAULT_ID_TOKEN',
    'holds "$VAULT_ID_TOKEN": a variable that was never',
  ],
  ['one in braces', `$\{CI_TOKEN}`, `holds "$\{CI_TOKEN}": a variable that was never`],
  ['a word', 'hush', 'does not hold an ID token'],
  ['two parts', `${header}.${payload}`, 'does not hold an ID token'],
  ['four parts', `${jwt()}.x`, 'does not hold an ID token'],
  ['no signature', `${header}.${payload}.`, 'does not hold an ID token'],
  ['no header', `.${payload}.${signature}`, 'does not hold an ID token'],
  ['a line break within', `${header}.\n${payload}.${signature}`, 'does not hold an ID token'],
  ['quotes around it', `"${jwt()}"`, 'does not hold an ID token'],
  ['padding', `${header}==.${payload}.${signature}`, 'does not hold an ID token'],
  ['Bearer before it', `Bearer ${jwt()}`, 'does not hold an ID token'],
  ['a payload that is a list', `${header}.${encoded('[]')}.${signature}`, 'does not hold an ID token'],
  ['a payload that is no JSON', `${header}.${encoded('{"a"')}.${signature}`, 'does not hold an ID token'],
  ['a header that is no JSON', `abcd.${payload}.${signature}`, 'does not hold an ID token'],
  [
    'a payload of 1000 levels',
    `${header}.${encoded('['.repeat(1000))}.${signature}`,
    'does not hold an ID token',
  ],
] as const) {
  test(`a variable with ${what} is refused and not shown`, () => {
    const error = assertRefused(() => read({ VAULT_ID_TOKEN: text }), 'ID_TOKEN_INVALID', part);
    assertHides(error, payload, signature, 'hush');
    assertHolds(error.hint, idTokensBlock('VAULT_ID_TOKEN'));
  });
}

const SECONDS = NOW / 1000;
for (const [exp, expired] of [
  [SECONDS + 3600, undefined],
  [SECONDS, undefined],
  [SECONDS - 59, undefined],
  [SECONDS - 61, 'expired 61 s ago'],
  [SECONDS - 600, 'expired 10 min ago'],
  [SECONDS - 7200, 'expired 2 h ago'],
  [0, 'expired'],
  [-1, 'expired'],
  [undefined, undefined],
  ['0', undefined],
  [null, undefined],
] as const) {
  test(`a token with exp ${exp === undefined ? 'absent' : JSON.stringify(exp)} is ${expired ?? 'sent'}`, () => {
    const environment = { VAULT_ID_TOKEN: jwt({ ...CLAIMS, exp }) };
    if (expired === undefined) return assert.equal(read(environment).claims.get('ref'), 'main');
    assertPlain(assertRefused(() => read(environment), 'ID_TOKEN_INVALID', expired));
  });
}

const claims = parseJson(
  `{"text":"a\\u001b[31m\\nb","empty":"","number":12345678901234567890,"list":["a","b\\u202e"],"mixed":["a",1],
    "object":{"a":1},"yes":true,"none":null,"slashed":"s","a/b":"t","long":"${'x'.repeat(5000)}","many":[${'"a",'.repeat(5000)}"a"],
    "digits":${'9'.repeat(5000)}}`,
);
for (const [name, shown] of [
  ['text', '"a\\u001b[31m\\u000ab"'],
  ['empty', '""'],
  ['number', '12345678901234567890'],
  ['list', '"a", "b\\u202e"'],
  ['mixed', '"a", …'],
  ['object', 'an object'],
  ['none', 'null'],
  ['yes', 'true'],
  ['/object/a', '1'],
  ['/object', 'an object'],
  ['/list/1', '"b\\u202e"'],
  ['/many/9', '"a"'],
  ['/object/b', 'absent'],
  ['/list/2', 'absent'],
  ['/bad~2', 'absent'],
  ['/slashed', '"s"'],
  ['/a~1b', '"t"'],
  ['absent', 'absent'],
  ['__proto__', 'absent'],
  ['toString', 'absent'],
] as const) {
  test(`the claim ${name} is shown as ${shown}`, () => {
    assert.ok(isJsonObject(claims), 'the claims are no object');
    assert.equal(shownClaim(claims, name), shown);
  });
}

for (const name of ['long', 'many', 'digits']) {
  test(`a claim as long as ${name} is cut when it is shown`, () => {
    assert.ok(isJsonObject(claims), 'the claims are no object');
    assert.ok(shownClaim(claims, name).length < 1000, 'it is not cut');
  });
}

test('any claims that are encoded are decoded', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })), (values) => {
      assert.deepEqual(decodeClaims(jwt(values)), new Map(Object.entries(values)));
    }),
  );
});

test('any text is an ID token or a failure that does not show it', () => {
  const part = fc.oneof(
    fc.constantFrom('', header, payload, '$', '{', ' ', 'bm90IGpzb24', '-', '='),
    fc.string(),
  );
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(part, { maxLength: 4 }).map((parts) => parts.join('.')),
  );
  fc.assert(
    fc.property(text, (middle) => {
      const value = `x${middle}marked-end`;
      try {
        read({ VAULT_ID_TOKEN: value });
      } catch (error) {
        assert.ok(error instanceof AppError, String(error));
        const refused = assertFailure(error, 'ID_TOKEN_INVALID', 'VAULT_ID_TOKEN');
        assertHides(refused, 'marked-end');
        assertPlain(refused);
      }
    }),
    { numRuns: 1000 },
  );
});

test('a variable that is named by hostile text is told of in plain text', () => {
  assertPlain(assertRefused(() => read({}, 'A\u202eB'), 'ID_TOKEN_MISSING', 'is not set'));
});

test('the YAML for a variable declares that variable', () => {
  assert.equal(
    idTokensBlock('MY_TOKEN'),
    '    id_tokens:\n      MY_TOKEN:\n        aud: THE_AUDIENCE_THAT_VAULT_EXPECTS',
  );
});
