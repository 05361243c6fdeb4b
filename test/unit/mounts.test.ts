// Proves what is learnt from Vault about a path's mount, and that a refusal to tell is no failure.

import assert from 'node:assert/strict';
import test from 'node:test';
import { lookUpMount, mountFrom, startsWith } from '../../src/vault/mounts.ts';
import type { MountLookup } from '../../src/vault/requests.ts';
import { openSession } from '../../src/vault/session.ts';
import { assertPlain, assertRefused, assertRejected } from './failures.ts';
import { answer, clock, fakeVault, response } from './fakes.ts';

const PATH = ['team', 'kv', 'app'];
const mount = (data: unknown) => answer(200, { data });

for (const [data, path, kind] of [
  [{ path: 'team/kv/', type: 'kv', options: { version: '2' } }, ['team', 'kv'], 'kv2'],
  [{ path: 'team/kv/', type: 'kv', options: { version: '1' } }, ['team', 'kv'], 'kv1'],
  [{ path: 'team/kv/', type: 'kv', options: null }, ['team', 'kv'], 'kv1'],
  [{ path: 'team/kv/', type: 'kv' }, ['team', 'kv'], 'kv1'],
  [{ path: 'team/kv/', type: 'generic', options: {} }, ['team', 'kv'], 'kv1'],
  [{ path: 'team/', type: 'database', options: { version: '2' } }, ['team'], 'other'],
  [{ path: 'team/kv', type: 'aws' }, ['team', 'kv'], 'other'],
  [{ path: 'team/', type: null }, ['team'], 'other'],
  [{ path: 'team/kv/app/', type: 'kv', options: { version: '2' } }, PATH, 'kv2'],
] as const) {
  test(`${JSON.stringify(data)} is a mount of kind ${kind}`, () => {
    assert.deepEqual(mountFrom(mount(data), PATH), { path, kind });
  });
}

test('403 tells that the token may use nothing on the mount, or that there is none', async () => {
  assert.equal(await askedOf(403), 'nothing');
});

for (const status of [400, 404, 405]) {
  test(`${status} tells nothing about the mount`, async () => {
    assert.equal(await askedOf(status), undefined);
  });
}

for (const [status, code] of [
  [412, 'UNAVAILABLE'],
  [429, 'UNAVAILABLE'],
  [500, 'UNAVAILABLE'],
  [503, 'UNAVAILABLE'],
  [418, 'BAD_RESPONSE'],
] as const) {
  test(`${status} is no refusal to tell the mount, but ${code}`, async () => {
    await assertRejected(askedOf(status), code, String(status));
  });
}

async function askedOf(status: number): Promise<MountLookup | undefined> {
  const client = fakeVault({
    'GET /v1/sys/internal/ui/mounts/team/kv/app': response(status, { errors: ['no'] }),
  });
  const session = await openSession(
    client,
    { authPath: ['jwt'], role: '', namespace: undefined },
    { kind: 'agent' },
    clock,
  );
  return lookUpMount(session, PATH);
}

for (const [what, data] of [
  ['another mount', { path: 'secret/', type: 'kv' }],
  ['one whose name only begins alike', { path: 'team/k/', type: 'kv' }],
  ['a longer path', { path: 'team/kv/app/more/', type: 'kv' }],
  ['no path', { type: 'kv' }],
  ['a number for a path', { path: 1, type: 'kv' }],
  ['no data', undefined],
  ['control characters', { path: 'a\u001b[31m\n/', type: 'kv' }],
] as const) {
  test(`${what} in the answer is refused`, () => {
    const part = 'asked for the mount of team/kv/app, Vault named none that it could be on';
    assertPlain(assertRefused(() => mountFrom(mount(data), PATH), 'BAD_RESPONSE', part));
  });
}

test('the mount is asked for as the Vault CLI does, each segment encoded', async () => {
  const path = ['team', 'a b', 'c/d'];
  const client = fakeVault({
    'GET /v1/sys/internal/ui/mounts/team/a%20b/c%2Fd': response(200, { data: { path: 'team/', type: 'kv' } }),
  });
  const settings = { authPath: ['jwt'], role: '', namespace: undefined };
  const session = await openSession(client, settings, { kind: 'agent' }, clock);
  assert.deepEqual(await lookUpMount(session, path), { path: ['team'], kind: 'kv1' });
  assert.equal(await lookUpMount(session, ['elsewhere']), undefined);
});

for (const [path, prefix, lies] of [
  [['a', 'b'], ['a'], true],
  [['a', 'b'], ['a', 'b'], true],
  [['a', 'b'], ['a', 'b', 'c'], false],
  [['ab', 'c'], ['a'], false],
  [['a'], [''], false],
] as const) {
  test(`${path.join('/')} ${lies ? 'lies' : 'does not lie'} on ${prefix.join('/')}`, () => {
    assert.equal(startsWith(path, prefix), lies);
  });
}
