// Proves which requests a run makes for its references: one read a path, one look-up a mount, and none in vain.

import assert from 'node:assert/strict';
import test from 'node:test';
import type { HttpResponse } from '../../src/http/request.ts';
import { compactJson } from '../../src/json.ts';
import { parseReference } from '../../src/vault/reference.ts';
import { readSecrets } from '../../src/vault/secrets.ts';
import { openSession } from '../../src/vault/session.ts';
import { assertRejected } from './failures.ts';
import { clock, type FakeClient, fakeClient, fakeVault, response } from './fakes.ts';

const LOOKUP = 'GET /v1/sys/internal/ui/mounts';
const mount = (path: string, type: string, version?: string) =>
  response(200, { data: { path: `${path}/`, type, options: version === undefined ? null : { version } } });
const versioned = (fields: object) =>
  response(200, { data: { data: fields, metadata: { version: 1, created_time: '2026-01-02T03:04:05Z' } } });
const flat = (fields: object, lease = '') =>
  response(200, { lease_id: lease, lease_duration: 60, data: fields });
const denied = response(403, { errors: ['1 error occurred:\n\t* permission denied\n\n'] });

function read(client: FakeClient, ...references: string[]): Promise<string[]> {
  return readWithin(undefined, client, ...references);
}

async function readWithin(
  near: number | undefined,
  client: FakeClient,
  ...references: string[]
): Promise<string[]> {
  const settings = { authPath: ['jwt'], role: '', namespace: undefined };
  const session = await openSession(client, settings, { kind: 'agent' }, clock);
  const secrets = await readSecrets(session, references.map(parseReference), near);
  return secrets.map(({ fields }) => compactJson(fields));
}

const asked = ({ requests }: FakeClient): string[] => requests.map(({ method, path }) => `${method} ${path}`);

type Case = readonly [
  what: string,
  vault: Readonly<Record<string, HttpResponse>>,
  references: readonly string[],
  requests: readonly string[],
];
const A = '{"a":"1"}';
const CASES: readonly Case[] = [
  [
    "the API's form asks for nothing but the secret",
    { 'GET /v1/secret/data/x': versioned({ a: '1' }) },
    ['secret/data/x'],
    ['GET /v1/secret/data/x'],
  ],
  [
    "GitLab's form asks for nothing but the secret",
    { 'GET /v1/team/kv/data/x': versioned({ a: '1' }) },
    ['x/a@team/kv'],
    ['GET /v1/team/kv/data/x'],
  ],
  [
    "the CLI's form asks which mount it is",
    { [`${LOOKUP}/secret/x`]: mount('secret', 'kv', '2'), 'GET /v1/secret/data/x': versioned({ a: '1' }) },
    ['secret/x'],
    [`${LOOKUP}/secret/x`, 'GET /v1/secret/data/x'],
  ],
  [
    'a secret that is itself called data is not taken for a path of the API',
    {
      [`${LOOKUP}/secret/data`]: mount('secret', 'kv', '2'),
      'GET /v1/secret/data/data': versioned({ a: '1' }),
    },
    ['secret/data'],
    [`${LOOKUP}/secret/data`, 'GET /v1/secret/data/data'],
  ],
  [
    'KV v1 is read where it is',
    { [`${LOOKUP}/legacy/x`]: mount('legacy', 'kv', '1'), 'GET /v1/legacy/x': flat({ a: '1' }) },
    ['legacy/x'],
    [`${LOOKUP}/legacy/x`, 'GET /v1/legacy/x'],
  ],
  [
    'KV v1 with a folder called data is told from KV v2 by its mount, not by a guess',
    { 'GET /v1/legacy/data/x': flat({ a: '1' }), [`${LOOKUP}/legacy/data/x`]: mount('legacy', 'kv', '1') },
    ['legacy/data/x'],
    ['GET /v1/legacy/data/x', `${LOOKUP}/legacy/data/x`],
  ],
  [
    'where Vault does not tell the mount, KV v2 is assumed',
    { [`${LOOKUP}/secret/x`]: denied, 'GET /v1/secret/data/x': versioned({ a: '1' }) },
    ['secret/x'],
    [`${LOOKUP}/secret/x`, 'GET /v1/secret/data/x'],
  ],
  [
    'where Vault does not tell a mount with a slash, its path is known by /data/',
    { [`${LOOKUP}/team/kv/data/x`]: denied, 'GET /v1/team/kv/data/x': versioned({ a: '1' }) },
    ['team/kv/data/x'],
    [`${LOOKUP}/team/kv/data/x`, 'GET /v1/team/kv/data/x'],
  ],
  [
    'every field of a secret is had by one read, in whatever form it is named',
    { [`${LOOKUP}/secret/x`]: mount('secret', 'kv', '2'), 'GET /v1/secret/data/x': versioned({ a: '1' }) },
    ['secret/x#a', 'secret/data/x#b', 'x/a@secret', 'secret/x', '/secret/x/'],
    [`${LOOKUP}/secret/x`, 'GET /v1/secret/data/x'],
  ],
  [
    'a version is a read of its own',
    {
      'GET /v1/secret/data/x': versioned({ a: '1' }),
      'GET /v1/secret/data/x?version=1': versioned({ a: '1' }),
    },
    ['secret/data/x', 'secret/data/x?version=1', 'secret/data/x?version=1#a'],
    ['GET /v1/secret/data/x', 'GET /v1/secret/data/x?version=1'],
  ],
  [
    'a mount is asked for once',
    {
      [`${LOOKUP}/team/kv/x`]: mount('team/kv', 'kv', '2'),
      'GET /v1/team/kv/data/x': versioned({ a: '1' }),
      'GET /v1/team/kv/data/y': versioned({ a: '1' }),
    },
    ['team/kv/x', 'team/kv/y', 'team/kv/data/y'],
    [`${LOOKUP}/team/kv/x`, 'GET /v1/team/kv/data/x', 'GET /v1/team/kv/data/y'],
  ],
  [
    'a dynamic secret is made once',
    {
      [`${LOOKUP}/database/creds/x`]: mount('database', 'database'),
      'GET /v1/database/creds/x': flat({ a: '1' }, 'l'),
    },
    ['database/creds/x#a', 'database/creds/x#b'],
    [`${LOOKUP}/database/creds/x`, 'GET /v1/database/creds/x'],
  ],
];
for (const [what, vault, references, requests] of CASES) {
  test(what, async () => {
    const client = fakeVault(vault);
    assert.deepEqual(
      await read(client, ...references),
      references.map(() => A),
    );
    assert.deepEqual(asked(client), requests);
  });
}

test('each segment of a path is encoded by itself', async () => {
  const client = fakeVault({ 'GET /v1/secret/data/a%20b/%252e%252e/%C3%BC%3Bx': versioned({ a: '1' }) });
  assert.deepEqual(await read(client, 'secret/data/a b/%2e%2e/ü;x'), [A]);
});

test('a path that Vault would not tell the mount of is read alike alone and beside another', async () => {
  const vault = {
    'GET /v1/team/kv/data/x': versioned({ a: '1' }),
    'GET /v1/team/data/y': versioned({ a: '1' }),
  };
  assert.deepEqual(await read(fakeVault(vault), 'team/kv/data/x'), [A]);
  assert.deepEqual(await read(fakeVault(vault), 'team/y', 'team/kv/data/x'), [A, A]);
});

test('the first failure, in the order of the references, is told, and only when every read has ended', async () => {
  const client = fakeVault({ 'GET /v1/a/data/x': versioned({}), 'GET /v1/c/data/x': denied });
  await assertRejected(read(client, 'a/data/x', 'b/data/x', 'c/data/x'), 'SECRET_NOT_FOUND', 'b/data/x');
  // The one that is told is asked about, and no other.
  assert.deepEqual(asked(client).slice(3), [`${LOOKUP}/b/data/x`]);
});

test('a version asked of a mount without versions is refused before any secret is read', async () => {
  const client = fakeVault({ [`${LOOKUP}/legacy/x`]: mount('legacy', 'kv', '1') });
  await assertRejected(
    read(client, 'secret/data/a', 'legacy/x?version=1'),
    'USAGE',
    'legacy keeps no versions',
  );
  assert.deepEqual(asked(client), [`${LOOKUP}/legacy/x`]);
});

test('reads of a server that is near are under way one after another', async () => {
  let underWay = 0;
  let most = 0;
  const near: FakeClient = {
    ...fakeClient(() => versioned({ a: '1' })),
    send: async () => {
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise((resolve) => setImmediate(resolve));
      underWay -= 1;
      return versioned({ a: '1' });
    },
  };
  // A machine with much else to do is a server that is far.
  const paths = ['s/data/a', 's/data/b', 's/data/a', 's/data/c'];
  assert.deepEqual(await readWithin(60_000, near, ...paths), [A, A, A, A]);
  assert.equal(most, 1);
});

test('reads of a server that takes its time are under way side by side', async () => {
  const started: string[] = [];
  const waiting: (() => void)[] = [];
  const client = fakeClient(() => versioned({ a: '1' }));
  const together: FakeClient = {
    ...client,
    send: async (request) => {
      started.push(request.path);
      if (started.length === 3) for (const go of waiting) go();
      else await new Promise<void>((resolve) => void waiting.push(resolve));
      return versioned({ a: '1' });
    },
  };
  assert.deepEqual(await read(together, 's/data/a', 's/data/b', 's/data/c'), [A, A, A]);
});
