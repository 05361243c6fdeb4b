// Proves that no text of a server's can spoil a message, hold it up, or bring a token into it.

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { AppError } from '../../src/errors.ts';
import { readAnswer } from '../../src/vault/answer.ts';
import { loginRefused, readRefused } from '../../src/vault/diagnosis.ts';
import { assertHides, assertPlain } from './failures.ts';
import { answer, asker, idToken, jwt, NOW, OWN_TOKEN, response, workOf } from './fakes.ts';

const PLAN = { path: ['secret', 'data', 'app'], kind: 'kv2', version: undefined } as const;

// Pieces of what Vault says, so that every row of both tables is reached.
const SAID = [
  'invalid audience (aud) claim',
  'error validating claims: claim "',
  '" does not match',
  '" is missing',
  'claim "',
  '" not found in token',
  'role "',
  '" could not be found',
  'missing role',
  'missing token',
  'permission denied',
  'invalid token',
  'namespace not found',
  'malformed JSON',
  'sealed',
  'no handler for route',
  'unsupported path',
  'Invalid path for a versioned K/V secrets engine',
];
const STATUSES = [204, 400, 401, 403, 404, 405, 412, 418, 429, 472, 473, 500, 501, 503];
const SETTINGS = { authPath: ['jwt'], role: 'nexus-ci', namespace: 'a' };

function explained(status: number, texts: readonly string[]): AppError[] {
  const metadata = { deletion_time: texts.join('') };
  const body = { errors: texts, warnings: texts, data: { metadata } };
  const plan = { ...PLAN, path: ['secret', ...texts] };
  return [
    loginRefused(
      answer(status, body),
      { ...SETTINGS, role: texts[0] ?? '', authPath: [texts.join('')] },
      idToken(),
      NOW,
    ),
    readRefused(answer(status, body), plan, asker({ policies: texts, namespace: texts[0] })),
    readRefused(answer(status, { errors: texts }), plan, OWN_TOKEN, { mount: 'nothing', newest: texts[0] }),
    readRefused(answer(status, { errors: [] }), { ...plan, version: 1 }, OWN_TOKEN, { newest: texts[0] }),
  ];
}

const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(...SAID),
  fc.constantFrom(
    '\u001b[2K\r',
    '\n',
    '\u202e',
    '\u0000',
    '\u009b31m',
    '\ud800',
    '"',
    '::error::',
    'section_start:0:x\r',
  ),
);

test('whatever a server says, the message is plain and short', () => {
  fc.assert(
    fc.property(fc.constantFrom(...STATUSES), fc.array(hostile, { maxLength: 6 }), (status, pieces) => {
      for (const error of [...explained(status, pieces), ...explained(status, [pieces.join('')])]) {
        assertPlain(error);
        assert.equal(error.message.length < 2500 && (error.hint ?? '').length < 2500, true, error.message);
      }
    }),
    { numRuns: 500 },
  );
});

test('whatever a server says, the message does not hold the ID token that it was sent', () => {
  fc.assert(
    fc.property(fc.constantFrom(...STATUSES), hostile, hostile, (status, before, after) => {
      const repeated = response(status, { errors: [before + jwt() + after] });
      const error = loginRefused(readAnswer(repeated, [idToken().token]), SETTINGS, idToken(), NOW);
      for (const part of jwt().split('.')) assertHides(error, part.slice(0, 20));
    }),
    { numRuns: 500 },
  );
});

for (const piece of [...SAID, ' ', '\n', '"', 'role ', '\u001b', '\ud800']) {
  test(`a text of 100 kB of ${JSON.stringify(piece)} is explained in a second`, () => {
    const text = piece.repeat(Math.ceil(100_000 / piece.length));
    const work = workOf(() => {
      for (const error of explained(400, [text])) assertPlain(error);
    });
    assert.equal(work < 1000, true, `it took ${work} ms`);
  });
}
