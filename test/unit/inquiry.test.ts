// Proves what is asked of Vault once a read was refused, what the message makes of it, and when nothing is asked.

import assert from 'node:assert/strict';
import test from 'node:test';
import type { ErrorCode } from '../../src/errors.ts';
import type { HttpResponse } from '../../src/http/request.ts';
import { Secret } from '../../src/secret.ts';
import { parseReference } from '../../src/vault/reference.ts';
import { readSecrets } from '../../src/vault/secrets.ts';
import { openSession } from '../../src/vault/session.ts';
import { assertPlain, assertRejected, assertTells } from './failures.ts';
import { clock, fakeVault, idToken, response } from './fakes.ts';

const LOGIN = 'POST /v1/auth/jwt/login';
const CAPABILITIES = 'POST /v1/sys/capabilities-self';
const MOUNT = 'GET /v1/sys/internal/ui/mounts';
const DENIED = response(403, { errors: ['1 error occurred:\n\t* permission denied\n\n'] });
const SPENT = response(403, { errors: ['2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n'] });
const READ = 'GET /v1/secret/data/app';
const ABSENT = response(404, { errors: [] });
const kv = (path: string, version: string) =>
  response(200, { data: { path: `${path}/`, type: 'kv', options: { version } } });
const newest = (version: number) =>
  response(200, { data: { data: { a: '1' }, metadata: { version, created_time: '2026-01-02T03:04:05Z' } } });

interface Case {
  readonly what: string;
  readonly reference: string;
  readonly vault: Readonly<Record<string, HttpResponse>>;
  readonly code: ErrorCode;
  readonly tells: readonly string[];
  /** What is asked besides the login and the read. */
  readonly asked: readonly string[];
  readonly uses?: number;
  readonly read?: string;
}

const CASES: readonly Case[] = [
  {
    what: 'a path of KV v2 on a KV v1 mount',
    reference: 'legacy/data/app#a',
    vault: { 'GET /v1/legacy/data/app': ABSENT, [`${MOUNT}/legacy/data/app`]: kv('legacy', '1') },
    code: 'SECRET_NOT_FOUND',
    tells: ['there is no secret at legacy/data/app: legacy is KV v1', 'write legacy/app'],
    asked: [`${MOUNT}/legacy/data/app`],
    read: 'GET /v1/legacy/data/app',
  },
  {
    what: "GitLab's form on a KV v1 mount",
    reference: 'team/app/token@legacy',
    vault: { 'GET /v1/legacy/data/team/app': ABSENT, [`${MOUNT}/legacy/data/team/app`]: kv('legacy', '1') },
    code: 'SECRET_NOT_FOUND',
    tells: ['legacy is KV v1', 'write legacy/team/app'],
    asked: [`${MOUNT}/legacy/data/team/app`],
    read: 'GET /v1/legacy/data/team/app',
  },
  {
    what: 'a refused path of KV v2 on a KV v1 mount',
    reference: 'legacy/data/app#a',
    vault: { 'GET /v1/legacy/data/app': DENIED, [`${MOUNT}/legacy/data/app`]: kv('legacy', '1') },
    code: 'PERMISSION_DENIED',
    tells: ['do not allow to read legacy/data/app; and legacy is KV v1', 'write legacy/app'],
    asked: [`${MOUNT}/legacy/data/app`, CAPABILITIES],
    read: 'GET /v1/legacy/data/app',
  },
  {
    what: 'a refused path on a mount that the token may use',
    reference: 'secret/data/app#a',
    vault: { 'GET /v1/secret/data/app': DENIED, [`${MOUNT}/secret/data/app`]: kv('secret', '2') },
    code: 'PERMISSION_DENIED',
    tells: [
      "the token's policies (default, ci) do not allow to read secret/data/app",
      'path "secret/data/app" { capabilities = ["read"] }',
    ],
    asked: [`${MOUNT}/secret/data/app`, CAPABILITIES],
  },
  {
    what: 'a refused path that the policies allow',
    reference: 'secret/data/app#a',
    vault: {
      'GET /v1/secret/data/app': DENIED,
      [`${MOUNT}/secret/data/app`]: kv('secret', '2'),
      [CAPABILITIES]: response(200, { data: { 'secret/data/app': ['read'] } }),
    },
    code: 'PERMISSION_DENIED',
    tells: ['policies (default, ci) allow to read secret/data/app, but not as it is', 'min_wrapping_ttl'],
    asked: [`${MOUNT}/secret/data/app`, CAPABILITIES],
  },
  {
    what: 'a refused path on a mount that nobody tells of',
    reference: 'secrett/data/app#a',
    vault: { 'GET /v1/secrett/data/app': DENIED, [`${MOUNT}/secrett/data/app`]: DENIED },
    code: 'PERMISSION_DENIED',
    tells: ['(default, ci) allow nothing on the mount of secrett/data/app, or there is no such mount'],
    asked: [`${MOUNT}/secrett/data/app`, CAPABILITIES],
    read: 'GET /v1/secrett/data/app',
  },
  {
    what: 'a refused path whose mount was asked for before',
    reference: 'secret/app#a',
    vault: { 'GET /v1/secret/data/app': DENIED, [`${MOUNT}/secret/app`]: DENIED },
    code: 'PERMISSION_DENIED',
    tells: ['allow nothing on the mount of secret/data/app'],
    asked: [`${MOUNT}/secret/app`, CAPABILITIES],
  },
  {
    what: 'a version that is not there',
    reference: 'secret/data/app?version=9#a',
    vault: {
      'GET /v1/secret/data/app?version=9': ABSENT,
      'GET /v1/secret/data/app': newest(3),
      [`${MOUNT}/secret/data/app`]: kv('secret', '2'),
    },
    code: 'SECRET_NOT_FOUND',
    tells: ['secret/data/app has no version 9: the newest is version 3', 'leave ?version= off'],
    asked: [`${MOUNT}/secret/data/app`, READ],
    read: `${READ}?version=9`,
  },
  {
    what: 'a version that is gone',
    reference: 'secret/data/app?version=1#a',
    vault: {
      'GET /v1/secret/data/app?version=1': ABSENT,
      'GET /v1/secret/data/app': newest(12),
      [`${MOUNT}/secret/data/app`]: kv('secret', '2'),
    },
    code: 'SECRET_NOT_FOUND',
    tells: ['secret/data/app has no version 1: the newest is version 12', 'max_versions'],
    asked: [`${MOUNT}/secret/data/app`, READ],
    read: `${READ}?version=1`,
  },
  {
    what: 'a version of a secret that is not there either',
    reference: 'secret/data/app?version=9#a',
    vault: { [`${MOUNT}/secret/data/app`]: kv('secret', '2') },
    code: 'SECRET_NOT_FOUND',
    tells: ['there is no secret at secret/data/app, or it has no version 9'],
    asked: [`${MOUNT}/secret/data/app`, READ],
    read: `${READ}?version=9`,
  },
  {
    what: 'a look-up that fails',
    reference: 'secret/data/app#a',
    vault: {
      'GET /v1/secret/data/app': DENIED,
      [`${MOUNT}/secret/data/app`]: response(500, { errors: ['x'] }),
    },
    code: 'PERMISSION_DENIED',
    tells: ['do not allow to read secret/data/app, or there is no such path'],
    asked: [`${MOUNT}/secret/data/app`, CAPABILITIES],
  },
  {
    what: 'a look-up that names another mount',
    reference: 'secret/data/app#a',
    vault: { 'GET /v1/secret/data/app': DENIED, [`${MOUNT}/secret/data/app`]: kv('other', '1') },
    code: 'PERMISSION_DENIED',
    tells: ['do not allow to read secret/data/app, or there is no such path'],
    asked: [`${MOUNT}/secret/data/app`, CAPABILITIES],
  },
  {
    what: 'a token that Vault knows no more',
    reference: 'secret/data/app#a',
    vault: { 'GET /v1/secret/data/app': SPENT },
    code: 'PERMISSION_DENIED',
    tells: ['Vault does not know the token that the login gave'],
    asked: [],
  },
  {
    what: 'a token of few uses: each question would be one',
    reference: 'secret/data/app#a',
    vault: { 'GET /v1/secret/data/app': DENIED },
    code: 'PERMISSION_DENIED',
    tells: ['do not allow to read secret/data/app'],
    asked: [],
    uses: 3,
  },
  {
    what: 'a version that was deleted: the answer says all of it',
    reference: 'secret/data/app#a',
    vault: {
      'GET /v1/secret/data/app': response(404, {
        data: { data: null, metadata: { version: 2, deletion_time: '2026-01-02T03:04:05.6Z' } },
      }),
    },
    code: 'SECRET_NOT_FOUND',
    tells: ['version 2 of secret/data/app was deleted at 2026-01-02 03:04:05 UTC', 'vault kv undelete'],
    asked: [],
  },
];

for (const { what, reference, vault, code, tells, asked, uses = 0, read = READ } of CASES) {
  test(`${what} is told by what is asked besides`, async () => {
    const auth = { client_token: 'hvs.x', policies: ['default', 'ci'], num_uses: uses };
    const client = fakeVault({ [LOGIN]: response(200, { auth }), ...vault });
    const settings = { authPath: ['jwt'], role: 'r', namespace: undefined };
    const session = await openSession(client, settings, { kind: 'id-token', idToken: idToken() }, clock);
    const error = await assertRejected(
      readSecrets(session, [parseReference(reference)]),
      code,
      tells[0] ?? '',
    );
    for (const part of tells) assertTells(error, part);
    assertPlain(error);
    const requests = client.requests.map((request) => `${request.method} ${request.path}`);
    // What is asked after the refusal is asked once, and not for long.
    const options = client.options.slice(requests.indexOf(read) + 1);
    assert.equal(
      options.every((each) => each?.retries === 0 && each.within === 3_000),
      true,
    );
    assert.deepEqual(
      requests.filter((request) => ![LOGIN, read].includes(request)).sort(),
      [...asked].sort(),
    );
  });
}

const POLICIES = response(200, { data: { policies: ['default'], identity_policies: ['team', 'default'] } });
for (const [what, lookedUp, part] of [
  ['told', POLICIES, "the token's policies (default, team) allow nothing on the mount of secret/data/app"],
  ['told to be in doubt where it may not look at itself', DENIED, 'it is wrong, expired or revoked'],
  ['left out where Vault fails', response(500, { errors: ['x'] }), "the token's policies allow nothing on"],
  [
    'told, and no more is asked, where each question is a use',
    response(200, { data: { policies: ['few'], num_uses: 3 } }),
    "the token's policies (few) do not allow to read secret/data/app, or there is no such path",
  ],
] as const) {
  test(`the policies of a token that was handed in are ${what}`, async () => {
    const client = fakeVault({
      [READ]: DENIED,
      [`${MOUNT}/secret/data/app`]: DENIED,
      'GET /v1/auth/token/lookup-self': lookedUp,
    });
    const settings = { authPath: ['jwt'], role: 'r', namespace: undefined };
    const credential = { kind: 'token', token: new Secret('hvs.own') } as const;
    const session = await openSession(client, settings, credential, clock);
    await assertRejected(
      readSecrets(session, [parseReference('secret/data/app')]),
      'PERMISSION_DENIED',
      part,
    );
  });
}

test('the namespace is told where there is one', async () => {
  const client = fakeVault({ 'GET /v1/secret/data/app': DENIED });
  const settings = { authPath: ['jwt'], role: '', namespace: 'team/a' };
  const session = await openSession(client, settings, { kind: 'agent' }, clock);
  const part = 'do not allow to read secret/data/app in the namespace "team/a"';
  await assertRejected(readSecrets(session, [parseReference('secret/data/app')]), 'PERMISSION_DENIED', part);
});
