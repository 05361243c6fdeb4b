// Proves on a real Vault that a thousand jobs which come at the same moment, fifty times as many as its rate quota lets log in
// within a second, are all served, and that their retries come spread out.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { CIVAULT } from '../harness/busybox-root.ts';
import { relayTo } from '../harness/faulty-server.ts';
import { leaveNothing } from '../harness/leftovers.ts';
import { prepareGuide } from '../vault/guide.ts';
import { createIssuer } from '../vault/id-token.ts';
import { startRealVault } from './start.ts';

const FILE = process.env['VAULT_BIN'] ?? '';
if (FILE === '') throw new Error('VAULT_BIN: make test-vault finds a server, or builds one');

const QUOTA = 20;
const WANTED = 1000;
const REF = 'secret/data/sonarqube/svc-orchestrator#url';

test(`${WANTED} jobs at once, ${QUOTA} logins a second`, async (t) => {
  const [jobs, why] = howMany();
  if (why !== undefined) t.diagnostic(`${jobs} jobs in place of ${WANTED}: ${why}`);
  const vault = await startRealVault(FILE);
  const issuer = await createIssuer('https://gitlab.shared.cwiq.io');
  const guide = await prepareGuide(vault, issuer);
  const quota = { path: 'auth/jwt/login', rate: QUOTA, interval: '1s' };
  assert.equal((await vault.request('POST', 'sys/quotas/rate-limit/logins', quota)).status, 204);
  const door = await startDoor(Number(new URL(vault.address).port), jobs);
  try {
    const env = {
      VAULT_ADDR: `https://127.0.0.1:${door.port}`,
      VAULT_CACERT_BYTES: vault.ca,
      VAULT_ID_TOKEN: await issuer.mint({}),
      // Most of it is the time that two processors take to start a thousand.
      VAULT_CLIENT_TIMEOUT: '10m',
    };
    const started = performance.now();
    const runs = Array.from({ length: jobs }, () => run(env));
    const opened = await door.opened;
    const ended = await Promise.all(runs);
    const value = guide.secrets['secret/data/sonarqube/svc-orchestrator']?.['url'];
    for (const { status, stdout, stderr } of ended) assert.deepEqual([status, stdout], [0, value], stderr);

    const begun = Math.min(...ended.flatMap(({ refusedAt }) => refusedAt));
    const tries = ended.flatMap(({ refusedAt, doneAt }) => [...refusedAt, doneAt].slice(1));
    const seconds = Math.ceil((Math.max(...tries) - begun) / 1000);
    const perSecond = Array.from({ length: seconds }, () => 0);
    for (const at of tries) {
      const second = Math.floor((at - begun) / 1000);
      perSecond[second] = (perSecond[second] ?? 0) + 1;
    }
    const mean = tries.length / seconds;
    const most = Math.max(...perSecond);
    const all = `all are there after ${inSeconds(opened - started)}, and served ${inSeconds(Math.max(...tries) - opened)} later`;
    t.diagnostic(`${jobs} jobs: ${all}`);
    t.diagnostic(
      `${tries.length} retries, at most ${most} in a second, on average ${mean.toFixed(1)}: ${perSecond.join(' ')}`,
    );
    assert.ok(seconds >= jobs / QUOTA - 2, 'there was no quota');
    // Of few, chance alone makes one second busier than another.
    if (jobs < WANTED / 2) t.diagnostic('too few to say how they are spread');
    else assert.ok(most <= 2 * mean, `${most} retries in a second are more than twice ${mean}`);
  } finally {
    door.close();
    await vault.close();
  }
});

/** Lets nobody in before all are there. */
async function startDoor(port: number, jobs: number) {
  const waiting: Socket[] = [];
  let come = 0;
  let open: (at: number) => void = () => undefined;
  const opened = new Promise<number>((resolve) => {
    open = resolve;
  });
  const letIn = relayTo(port);
  // What they say before is kept for the server.
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    socket.on('error', () => undefined);
    waiting.push(socket);
    come += 1;
    if (come < jobs) return;
    open(performance.now());
    for (const each of waiting.splice(0)) letIn(each);
  });
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1', backlog: jobs }, resolve));
  return {
    opened,
    port: (server.address() as AddressInfo).port,
    close: () => server.close(),
  };
}

function inSeconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(0)} s`;
}

interface Run {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** When Vault answered that it has enough, in milliseconds. */
  readonly refusedAt: readonly number[];
  /** When the login that was let through was told of, by its secret. */
  readonly doneAt: number;
}

function run(env: Readonly<Record<string, string>>): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child: ChildProcess = spawn(CIVAULT, ['get', REF], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const putAway = leaveNothing(() => child.kill('SIGKILL'));
    const refusedAt: number[] = [];
    let [stdout, stderr, doneAt] = ['', '', 0];
    child.stdout?.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      doneAt = performance.now();
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
      for (const _ of chunk.toString().matchAll(/answered 429/g)) refusedAt.push(performance.now());
    });
    child.on('error', reject);
    child.on('close', (status) => {
      putAway();
      resolve({ status: status ?? -1, stdout, stderr, refusedAt, doneAt });
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
