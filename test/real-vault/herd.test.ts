// Proves on a real Vault that a thousand jobs which come at the same moment, fifty times as many as its rate quota lets log in
// within a second, are all served, and that their retries come spread out.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { CIVAULT } from '../harness/busybox-root.ts';
import { leaveNothing } from '../harness/leftovers.ts';
import type { Server } from '../scenarios/server.ts';
import { createAuthority } from '../vault/authority.ts';
import { prepareGuide } from '../vault/guide.ts';
import { createIssuer } from '../vault/id-token.ts';
import { startRealVault } from './start.ts';

const FILE = process.env['VAULT_BIN'] ?? '';
if (FILE === '') throw new Error('VAULT_BIN: make test-vault finds a server, or builds one');

const QUOTA = 20;
const WANTED = 1000;
const REF = 'secret/data/sonarqube/svc-orchestrator#url';
const LOGIN = '/v1/auth/jwt/login';

test(`${WANTED} jobs at once, ${QUOTA} logins a second`, async (t) => {
  const [jobs, why] = howMany();
  if (why !== undefined) t.diagnostic(`${jobs} jobs in place of ${WANTED}: ${why}`);
  const vault = await startRealVault(FILE);
  const issuer = await createIssuer('https://gitlab.shared.cwiq.io');
  const guide = await prepareGuide(vault, issuer);
  const quota = { path: 'auth/jwt/login', rate: QUOTA, interval: '1s' };
  assert.equal((await vault.request('POST', 'sys/quotas/rate-limit/logins', quota)).status, 204);
  const door = await startDoor(vault, jobs);
  try {
    const env = {
      VAULT_ADDR: door.address,
      VAULT_CACERT_BYTES: door.ca,
      VAULT_ID_TOKEN: await issuer.mint({}),
      // Most of it is the time that a few processors take to start a thousand.
      VAULT_CLIENT_TIMEOUT: '10m',
    };
    const ended = await Promise.all(Array.from({ length: jobs }, () => run(env)));
    const value = guide.secrets['secret/data/sonarqube/svc-orchestrator']?.['url'];
    for (const { status, stdout, stderr } of ended) assert.deepEqual([status, stdout], [0, value], stderr);

    const { retries } = door;
    const perSecond: number[] = Array(Math.ceil(Math.max(...retries))).fill(0);
    for (const at of retries) perSecond[Math.floor(at)] = (perSecond[Math.floor(at)] ?? 0) + 1;
    const mean = retries.length / perSecond.length;
    const most = Math.max(...perSecond);
    t.diagnostic(`${jobs} jobs, all served ${Math.max(...retries).toFixed(1)} s after the last had come`);
    t.diagnostic(
      `${retries.length} retries, ${mean.toFixed(1)} in a second, at most ${most}: ${perSecond.join(' ')}`,
    );
    assert.ok(perSecond.length >= jobs / QUOTA - 2, 'there was no quota');
    // Of few, chance alone makes one second busier than another.
    if (jobs < WANTED / 2) t.diagnostic('too few to say how they are spread');
    else assert.ok(most <= 2 * mean, `${most} retries in a second are more than twice ${mean}`);
  } finally {
    await door.close();
    await vault.close();
  }
});

/** Stands before Vault, and lets no login in before all are there: those that come later are retries, by their seconds from then. */
async function startDoor({ address, ca }: Server, jobs: number) {
  const authority = await createAuthority('The door');
  const { certificatePem: cert, keyPem: key } = await authority.issue({ names: ['127.0.0.1'] });
  const agent = new https.Agent({ keepAlive: true, maxSockets: 32, ca });
  const waiting: (() => void)[] = [];
  const retries: number[] = [];
  let [come, openedAt] = [0, Number.NaN];
  const server = https.createServer({ cert, key, keepAliveTimeout: 600_000 }, (request, response) => {
    const { method, url, headers } = request;
    const letIn = () => {
      const onward = https.request(
        `${address}${url}`,
        { method, headers, agent } as https.RequestOptions,
        (answer) => {
          response.writeHead(answer.statusCode ?? 0, answer.headers);
          answer.pipe(response);
        },
      );
      onward.on('error', (error) => response.destroy(error));
      request.pipe(onward);
    };
    if (url !== LOGIN) return letIn();
    come += 1;
    if (come > jobs) retries.push((performance.now() - openedAt) / 1000);
    if (come >= jobs) return letInAll(letIn);
    waiting.push(letIn);
  });
  const letInAll = (last: () => void) => {
    if (come === jobs) openedAt = performance.now();
    for (const each of [...waiting.splice(0), last]) each();
  };
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1', backlog: jobs }, resolve));
  return {
    address: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ca: authority.certificatePem,
    retries,
    close: async () => {
      agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Run {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(env: Readonly<Record<string, string>>): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(CIVAULT, ['get', REF], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const putAway = leaveNothing(() => child.kill('SIGKILL'));
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.on('error', reject);
    child.on('close', (status) => {
      putAway();
      resolve({ status: status ?? -1, stdout, stderr });
    });
  });
}

/** As many as this machine has room for, and why not all. */
function howMany(): readonly [number, string | undefined] {
  const megabytes = process.availableMemory() / 1_048_576;
  const threads = Number(read('/proc/sys/kernel/pid_max') ?? 4096);
  const ofGroup = Number(read('/sys/fs/cgroup/pids.max') ?? Infinity) || Infinity;
  const files = Number(/Max open files +(\d+)/.exec(read('/proc/self/limits') ?? '')?.[1] ?? 1024);
  for (const [room, what] of [
    [megabytes / 16, `${Math.floor(megabytes)} MB of memory are free`],
    [Math.min(threads, ofGroup) / 14, 'there may be no more threads'],
    [(files - 200) / 5, `${files} files may be open`],
  ] as const) {
    if (room < WANTED) return [Math.max(100, Math.floor(room)), what];
  }
  return [WANTED, undefined];
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
}
