// Starts a real Vault server, initialises and unseals it: in memory, on a free port, with a certificate of its own.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { leaveNothing } from '../harness/leftovers.ts';
import type { Server } from '../scenarios/server.ts';
import { createAuthority } from '../vault/authority.ts';
import { connect, type VaultAnswer, type VaultClient } from '../vault/client.ts';

const PATIENCE = 30_000;

/**
 * Starts `FILE server -config=…`, as `vault`, `bao` and the server in this folder all take it.
 * @throws {Error} with what the server said, when it does not come up
 */
export async function startRealVault(file: string): Promise<Server> {
  const authority = await createAuthority('Real Vault CA');
  const ca = authority.certificatePem;
  const { certificatePem, keyPem } = await authority.issue({ names: ['127.0.0.1', 'localhost'] });
  const folder = mkdtempSync(join(tmpdir(), 'civault-vault-'));
  const at = (name: string) => join(folder, name);
  const port = await freePort();
  const address = `https://127.0.0.1:${port}`;
  const tcp = {
    address: `127.0.0.1:${port}`,
    tls_cert_file: at('cert.pem'),
    tls_key_file: at('key.pem'),
  };
  const config = { storage: { inmem: {} }, listener: { tcp }, disable_mlock: true, api_addr: address };
  writeFileSync(at('cert.pem'), certificatePem);
  writeFileSync(at('key.pem'), keyPem, { mode: 0o600 });
  writeFileSync(at('config.json'), JSON.stringify(config));

  const child = spawn(file, ['server', `-config=${at('config.json')}`], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { HOME: folder, PATH: process.env['PATH'] ?? '' },
    // With a group of its own, for the program may be a script that starts another.
    detached: true,
  });
  let said = '';
  const hear = (chunk: Buffer): void => {
    said = (said + chunk.toString()).slice(-4000);
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  child.on('error', (error) => hear(Buffer.from(String(error))));
  const putAway = leaveNothing(() => {
    killGroup(child);
    rmSync(folder, { recursive: true, force: true });
  });
  const close = async (): Promise<void> => {
    putAway();
    await ended;
  };
  try {
    const nobody = connect({ address, token: '', ca });
    const { version, bao } = await isUp(nobody, () => child.exitCode === null && child.signalCode === null);
    const { unsealKey, rootToken } = await initialise(nobody);
    nobody.close();
    const root = connect({ address, token: rootToken, ca });
    return {
      described: `${bao ? 'OpenBao' : 'Vault'} ${version}`,
      address,
      ca,
      request: root.request,
      unsealKey,
      clock: Date.now,
      wait: (seconds) => sleep(seconds * 1000),
      close: async () => {
        root.close();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw new Error(`${file} did not come up: ${String(error)}\n${said}`);
  }
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It is gone already.
  }
}

async function isUp(client: VaultClient, runs: () => boolean): Promise<{ version: string; bao: boolean }> {
  const until = performance.now() + PATIENCE;
  for (;;) {
    const answer = await client.request('GET', 'sys/health').catch(() => undefined);
    if (answer?.json !== undefined) {
      const health = answer.json as { version: string; enterprise?: boolean };
      // OpenBao has no enterprise edition, and does not say that it is none.
      return { version: health.version, bao: health.enterprise === undefined };
    }
    if (!runs()) throw new Error('it ended');
    if (performance.now() > until) throw new Error(`no answer within ${PATIENCE / 1000} s`);
    await sleep(25);
  }
}

async function initialise(client: VaultClient): Promise<{ unsealKey: string; rootToken: string }> {
  const made = await client.request('PUT', 'sys/init', { secret_shares: 1, secret_threshold: 1 });
  const { keys, root_token } = expected(made) as { keys: [string]; root_token: string };
  expected(await client.request('PUT', 'sys/unseal', { key: keys[0] }));
  return { unsealKey: keys[0], rootToken: root_token };
}

function expected({ status, json, text }: VaultAnswer): unknown {
  if (status !== 200) throw new Error(`${status} ${text}`);
  return json;
}

// Free a moment ago: good enough, for a server that cannot have it says so and the test fails.
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
