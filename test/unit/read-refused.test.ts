// Proves what each refusal of a read is told as: the path, the cause, and what to do.

import test from 'node:test';
import type { ErrorCode } from '../../src/errors.ts';
import { readRefused } from '../../src/vault/diagnosis.ts';
import { assertFailure, assertHides, assertHolds, assertPlain } from './failures.ts';
import { answer, asker, OWN_TOKEN } from './fakes.ts';

const PLAN = { path: ['secret', 'data', 'app'], kind: 'kv2', version: undefined } as const;
const deleted = (data: object) => ({ data: { data: null, metadata: { version: 2, ...data } } });
const errors = (...texts: string[]) => ({ errors: texts });

type Row = readonly [status: number, body: object, code: ErrorCode, message: string, hint: string];
const ROWS: readonly Row[] = [
  [
    403,
    errors('1 error occurred:\n\t* permission denied\n\n'),
    'PERMISSION_DENIED',
    "the token's policies (default, nexus-ci) do not allow to read secret/data/app",
    'path "secret/data/app" { capabilities = ["read"] }',
  ],
  [403, errors('permission denied'), 'PERMISSION_DENIED', 'do not allow to read secret/data/app', ''],
  [
    403,
    errors('2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n'),
    'PERMISSION_DENIED',
    'Vault does not know the token that the login gave',
    '',
  ],
  [403, errors('bad token'), 'PERMISSION_DENIED', 'Vault does not know the token', ''],
  [404, errors(), 'SECRET_NOT_FOUND', 'there is no secret at secret/data/app', 'check the path'],
  [
    404,
    {
      warnings: [
        'Invalid path for a versioned K/V secrets engine. See the API docs for the appropriate API endpoints to use.',
      ],
    },
    'SECRET_NOT_FOUND',
    'is on a KV v2 engine, where secrets are below /data/',
    'write secret/data/',
  ],
  [
    404,
    deleted({ deletion_time: '2026-01-01T00:00:00Z' }),
    'SECRET_NOT_FOUND',
    'version 2 of secret/data/app was deleted at 2026-01-01 00:00:00 UTC',
    'undelete',
  ],
  [404, deleted({ deletion_time: '', destroyed: true }), 'SECRET_NOT_FOUND', 'was destroyed', '?version=N'],
  [404, deleted({ deletion_time: '' }), 'SECRET_NOT_FOUND', 'there is no secret', ''],
  [
    404,
    errors('no handler for route "x/data/y". route entry not found.'),
    'SECRET_NOT_FOUND',
    'no secrets engine',
    'mount',
  ],
  [404, errors('unsupported path'), 'SECRET_NOT_FOUND', 'does not know the path secret/data/app', ''],
  [405, errors('1 error occurred:\n\t* unsupported operation\n\n'), 'SECRET_NOT_FOUND', 'cannot be read', ''],
  [400, errors('Field validation failed: x'), 'SECRET_NOT_FOUND', ': Field validation failed: x', ''],
  [418, errors('teapot'), 'BAD_RESPONSE', 'Vault answered 418 for secret/data/app: teapot', ''],
];
for (const [status, body, code, message, hint] of ROWS) {
  test(`${status} ${JSON.stringify(body)} is ${code}: ${message}`, () => {
    const error = assertFailure(readRefused(answer(status, body), PLAN, asker()), code, message);
    assertHolds(error.hint ?? '', hint);
    assertPlain(error);
  });
}

const INVALID = answer(403, errors('2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n'));

test("a token of the job's own that Vault does not know is told to be unset", () => {
  const error = assertFailure(
    readRefused(INVALID, PLAN, OWN_TOKEN),
    'PERMISSION_DENIED',
    'the token in VAULT_TOKEN',
  );
  assertHolds(error.hint, 'unset VAULT_TOKEN');
});

test('a job that logged in is not told to unset a VAULT_TOKEN that it does not have', () => {
  const error = assertFailure(readRefused(INVALID, PLAN, asker()), 'PERMISSION_DENIED', 'the login gave');
  assertHides(error, 'VAULT_TOKEN');
});

test('the version that was asked for is named', () => {
  const error = readRefused(answer(404, errors()), { ...PLAN, version: 7 }, OWN_TOKEN);
  assertFailure(error, 'SECRET_NOT_FOUND', 'or it has no version 7');
});
