// Proves what the stand-in can do beyond answering like Vault: record, break, listen in other ways, play another part.

import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createAuthority, selfSigned } from './vault/authority.ts';
import { connect, type VaultAnswer } from './vault/client.ts';
import { audience, prepareGuide } from './vault/guide.ts';
import { createIssuer } from './vault/id-token.ts';
import { startVault, type VaultStandIn } from './vault/server.ts';

let vault: VaultStandIn;

before(async () => {
  vault = await startVault();
  await prepareGuide(vault, await createIssuer(audience));
});
after(() => vault.close());

/** Asserts a refusal: its status, and a part of what it says. */
function refused({ status, text }: VaultAnswer, wanted: number, part: string): void {
  assert.equal(status, wanted, text);
  assert.ok(text.includes(part), text);
}

describe('the stand-in', () => {
  test('counts live tokens and leases', async () => {
    const [tokens, leases] = [vault.liveTokens().length, vault.liveLeases().length];
    const made = await vault.request('POST', 'auth/token/create', { policies: ['default'], no_parent: true });
    await vault.request('GET', 'database/creds/ci-readonly');
    assert.deepEqual([vault.liveTokens().length, vault.liveLeases().length], [tokens + 1, leases + 1]);
    const { accessor } = (made.json as { auth: { accessor: string } }).auth;
    assert.ok(vault.liveTokens().includes(accessor));
  });

  test('plays another part in a cluster', async () => {
    const codes = {
      active: 200,
      standby: 429,
      'performance-standby': 473,
      'dr-secondary': 472,
      uninitialized: 501,
    };
    for (const [state, code] of Object.entries(codes)) {
      vault.become(state as keyof typeof codes);
      assert.equal((await vault.request('GET', 'sys/health')).status, code, state);
    }
    vault.become('standby');
    refused(
      await vault.request('GET', 'legacy/app'),
      500,
      'local node not active but active cluster node not found',
    );
    assert.equal((await vault.request('GET', 'sys/health?standbyok=true')).status, 200);
    vault.become('standby', 'https://127.0.0.1:1');
    const sent = await vault.request('GET', 'legacy/app?x=1');
    assert.deepEqual([sent.status, sent.headers.location], [307, 'https://127.0.0.1:1/v1/legacy/app?x=1']);
    vault.become('active');
  });

  test('records requests, counts connections, and lets a test step in', async () => {
    const client = connect({ address: vault.address, token: '', ca: vault.authority.certificatePem });
    const before = vault.connections;
    const stop = vault.intercept((request, response, next) => {
      if (request.path.includes('first')) response.writeHead(503).end('busy');
      else next();
    });
    assert.equal((await client.request('GET', 'first')).status, 503);
    assert.equal((await client.request('GET', 'sys/health?a=%2F')).status, 200);
    stop();
    assert.equal((await client.request('POST', 'first', { a: 1 })).status, 403);
    assert.deepEqual(
      vault.requests.slice(-3).map((request) => [request.method, request.path, request.body]),
      [
        ['GET', '/v1/first', ''],
        ['GET', '/v1/sys/health?a=%2F', ''],
        ['POST', '/v1/first', '{"a":1}'],
      ],
    );
    assert.equal(vault.connections, before + 1);
    client.close();
  });

  test('lets a proxy’s wrapping be played', async () => {
    const stop = vault.intercept((request, _response, next) => {
      request.headers['x-vault-wrap-ttl'] = '30';
      next();
    });
    const client = connect({
      address: vault.address,
      token: vault.rootToken,
      ca: vault.authority.certificatePem,
    });
    const { json } = await client.request('GET', 'legacy/app');
    assert.equal((json as { wrap_info: { ttl: number } }).wrap_info.ttl, 30);
    stop();
    client.close();
  });

  test('listens on a Unix socket as an agent does, on IPv6, and without TLS', async () => {
    const listen = path.join(tmpdir(), `vault-stand-in-${process.pid}.sock`);
    const agent = await startVault({ listen, agent: true });
    assert.equal((await agent.request('GET', 'sys/health')).status, 200);
    refused(
      await agent.request('GET', 'sys/health', undefined, { 'X-Vault-Request': '' }),
      412,
      'X-Vault-Request',
    );
    await agent.close();
    for (const options of [{ host: '::1' as const }, { tls: false }]) {
      const other = await startVault(options);
      assert.equal((await other.request('GET', 'sys/health')).status, 200, other.address);
      await other.close();
    }
  });

  test('shows a certificate of its authority, or the one given, and asks for a client’s', async () => {
    const { authority } = vault;
    const ca = authority.certificatePem;
    const stranger = connect({ address: vault.address, token: '' });
    await assert.rejects(stranger.request('GET', 'sys/health'), { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
    const byName = connect({ address: vault.address.replace('127.0.0.1', 'localhost'), token: '', ca });
    assert.equal((await byName.request('GET', 'sys/health')).status, 200);

    const expired = await authority.issue({ names: ['127.0.0.1'], notAfter: new Date(Date.now() - 1000) });
    const old = await startVault({ authority, identity: expired });
    await assert.rejects(old.request('GET', 'sys/health'), { code: 'CERT_HAS_EXPIRED' });
    await old.close();
    const alone = await startVault({ identity: await selfSigned({ names: ['127.0.0.1'] }) });
    await assert.rejects(alone.request('GET', 'sys/health'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    await alone.close();

    const strict = await startVault({ authority, clientAuthority: await createAuthority('Clients') });
    assert.equal((await strict.request('GET', 'sys/health')).status, 200);
    const nobody = connect({ address: strict.address, token: '', ca });
    await assert.rejects(nobody.request('GET', 'sys/health'));
    await strict.close();
    for (const client of [stranger, byName, nobody]) client.close();
  });
});
