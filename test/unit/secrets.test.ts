// Proves which path a REF reads on which mount, and what is taken out of the answer.

import assert from 'node:assert/strict';
import test from 'node:test';
import { compactJson } from '../../src/json.ts';
import { parseReference } from '../../src/vault/reference.ts';
import type { Mount, ReadPlan } from '../../src/vault/requests.ts';
import { planRead, secretFrom } from '../../src/vault/secrets.ts';
import { assertPlain, assertRefused, assertTells } from './failures.ts';
import { answer, OWN_TOKEN } from './fakes.ts';

const kv2 = (path: string): Mount => ({ path: path.split('/'), kind: 'kv2' });
const kv1 = (path: string): Mount => ({ path: path.split('/'), kind: 'kv1' });
const other = (path: string): Mount => ({ path: path.split('/'), kind: 'other' });

const PLANS: readonly (readonly [
  what: string,
  reference: string,
  mount: Mount,
  path: string,
  version?: number,
])[] = [
  ["the API's form", 'secret/data/nexus/ci', kv2('secret'), 'secret/data/nexus/ci'],
  ["the CLI's form", 'secret/nexus/ci#password', kv2('secret'), 'secret/data/nexus/ci'],
  ["GitLab's form", 'nexus/ci/password@secret', kv2('secret'), 'secret/data/nexus/ci'],
  [
    "GitLab's form of a path that begins with data",
    'data/ci/password@secret',
    kv2('secret'),
    'secret/data/data/ci',
  ],
  ["the API's form on a mount with a slash", 'team/kv/data/ci', kv2('team/kv'), 'team/kv/data/ci'],
  ["the CLI's form on a mount with a slash", 'team/kv/ci', kv2('team/kv'), 'team/kv/data/ci'],
  ["GitLab's form on a mount with a slash", 'ci/password@team/kv', kv2('team/kv'), 'team/kv/data/ci'],
  ['a secret called data', 'secret/data', kv2('secret'), 'secret/data/data'],
  ['a secret below data/data', 'secret/data/data/ci', kv2('secret'), 'secret/data/data/ci'],
  ['a version', 'secret/nexus?version=3', kv2('secret'), 'secret/data/nexus', 3],
  ['version 0', 'secret/data/nexus?version=0', kv2('secret'), 'secret/data/nexus', 0],
  ['KV v1', 'legacy/app', kv1('legacy'), 'legacy/app'],
  ['KV v1 with a folder called data', 'legacy/data/app', kv1('legacy'), 'legacy/data/app'],
  ['another engine', 'database/creds/app', other('database'), 'database/creds/app'],
  [
    'another engine with a folder called data',
    'cubbyhole/data/app',
    other('cubbyhole'),
    'cubbyhole/data/app',
  ],
];
for (const [what, reference, mount, path, version] of PLANS) {
  test(`${what}: ${reference} reads ${path}`, () => {
    const plan = planRead(parseReference(reference), mount);
    assert.deepEqual(plan, { path: path.split('/'), kind: mount.kind, version });
  });
}

for (const mount of [kv1('legacy'), other('legacy')]) {
  test(`a version on a mount of kind ${mount.kind} is refused`, () => {
    const reference = parseReference('legacy/app?version=1');
    assertRefused(() => planRead(reference, mount), 'USAGE', 'legacy keeps no versions: it is not KV v2');
  });
}

const plan = (path: string, kind: Mount['kind'], version?: number): ReadPlan => ({
  path: path.split('/'),
  kind,
  version,
});
const KV2 = plan('secret/data/app', 'kv2');
const KV1 = plan('legacy/app', 'kv1');
const DATABASE = plan('database/creds/app', 'other');

const READS: readonly (readonly [
  what: string,
  plan: ReadPlan,
  body: string,
  fields: string,
  lease?: object,
])[] = [
  ['KV v2', KV2, '{"data":{"data":{"a":"b"},"metadata":{"version":1}}}', '{"a":"b"}'],
  ['KV v2 without fields', KV2, '{"data":{"data":{},"metadata":{}}}', '{}'],
  ['KV v2 with a field data', KV2, '{"data":{"data":{"data":{"a":1}},"metadata":{}}}', '{"data":{"a":1}}'],
  ['KV v1', KV1, '{"lease_id":"","lease_duration":2764800,"data":{"a":1.10}}', '{"a":1.10}'],
  ['KV v1 with a field data', KV1, '{"data":{"data":{"a":"b"}}}', '{"data":{"a":"b"}}'],
  [
    'KV v1 with fields data and metadata',
    KV1,
    '{"data":{"data":{"a":"b"},"metadata":{"version":1}}}',
    '{"data":{"a":"b"},"metadata":{"version":1}}',
  ],
  [
    'a leased secret',
    DATABASE,
    '{"lease_id":"database/creds/app/x","lease_duration":3600,"data":{"username":"u"}}',
    '{"username":"u"}',
    { id: 'database/creds/app/x', path: 'database/creds/app', seconds: 3600, renewable: false },
  ],
  [
    'a leased secret that can be renewed',
    DATABASE,
    '{"lease_id":"x","lease_duration":60,"renewable":true,"data":{}}',
    '{}',
    { id: 'x', path: 'database/creds/app', seconds: 60, renewable: true },
  ],
  [
    'a lease that says it can be renewed, but not by a truth value',
    DATABASE,
    '{"lease_id":"x","lease_duration":60,"renewable":"true","data":{}}',
    '{}',
    { id: 'x', path: 'database/creds/app', seconds: 60, renewable: false },
  ],
  [
    'a lease of no length',
    DATABASE,
    '{"lease_id":"x","lease_duration":null,"data":{}}',
    '{}',
    { id: 'x', path: 'database/creds/app', seconds: 0, renewable: false },
  ],
  ['a lease that is null', DATABASE, '{"lease_id":null,"data":{}}', '{}'],
  ['no wrapping', KV1, '{"wrap_info":null,"data":{"a":"b"}}', '{"a":"b"}'],
  ['a field __proto__', KV1, '{"data":{"__proto__":"x"}}', '{"__proto__":"x"}'],
];
for (const [what, read, body, fields, lease] of READS) {
  test(`${what} is read for its fields${lease === undefined ? ', and is not leased' : ' and its lease'}`, () => {
    const secret = secretFrom(answer(200, body), read, OWN_TOKEN);
    assert.equal(compactJson(secret.fields), fields);
    assert.deepEqual(secret.lease, lease);
  });
}

const DELETED = {
  data: { data: null, metadata: { deletion_time: '2026-01-01T00:00:00Z', destroyed: false, version: 2 } },
};
const DESTROYED = { data: { data: null, metadata: { deletion_time: '', destroyed: true, version: 2 } } };

for (const [what, status, body, read, code, part] of [
  [
    'a wrapped answer',
    200,
    { wrap_info: { token: 'hvs.marked' }, data: null },
    KV2,
    'PERMISSION_DENIED',
    'only wrapped',
  ],
  ['no data', 200, {}, KV2, 'BAD_RESPONSE', 'the answer for secret/data/app holds no secret'],
  ['data of null', 200, { data: null }, KV1, 'BAD_RESPONSE', 'the answer for legacy/app holds no secret'],
  ['a list for data', 200, { data: ['a'] }, KV1, 'BAD_RESPONSE', 'holds no secret'],
  ['KV v1 where KV v2 was meant', 200, { data: { a: 'b' } }, KV2, 'BAD_RESPONSE', 'holds no secret'],
  [
    'a text for the fields',
    200,
    { data: { data: 'hush', metadata: {} } },
    KV2,
    'BAD_RESPONSE',
    'holds no secret',
  ],
  ['a deleted version', 404, DELETED, KV2, 'SECRET_NOT_FOUND', 'was deleted at 2026-01-01 00:00:00 UTC'],
  ['a destroyed version', 404, DESTROYED, KV2, 'SECRET_NOT_FOUND', 'was destroyed'],
  ['nothing there', 404, { errors: [] }, KV2, 'SECRET_NOT_FOUND', 'there is no secret at secret/data/app'],
  [
    'no such version',
    404,
    { errors: [] },
    plan('secret/data/app', 'kv2', 9),
    'SECRET_NOT_FOUND',
    'or it has no version 9',
  ],
  ['an answer without a body', 204, undefined, KV1, 'BAD_RESPONSE', 'Vault answered 204 for legacy/app'],
] as const) {
  test(`${what} is ${code}: ${part}`, () => {
    const error = assertRefused(() => secretFrom(answer(status, body), read, OWN_TOKEN), code, part);
    assertPlain(error);
    assertTells(error, read.path.join('/'));
  });
}
