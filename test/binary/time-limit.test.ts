// Proves that one time limit holds over everything a run does, and that its end is told with what was waited for.

import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import type { ServerResponse } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { makeBusyboxRoot, whyNoRoot } from '../harness/busybox-root.ts';
import type { Outcome } from '../harness/command.ts';
import { startFaultyServer } from '../harness/faulty-server.ts';
import { type Job, startJob } from '../harness/job.ts';
import { assertFailed, type Env, get, LOGIN, READ, REF } from '../harness/judged-run.ts';
import type { Interceptor } from '../vault/server.ts';

const LIMIT = 1000;

type Mischief = (response: ServerResponse) => void;

const silence: Mischief = () => undefined;
const drip: Mischief = (response) => {
  response.writeHead(200, { 'Content-Type': 'application/json' });
  const timer = setInterval(() => response.write(' '), 300);
  response.on('close', () => clearInterval(timer));
};
const half: Mischief = (response) => {
  response.writeHead(200, { 'Content-Length': 500 });
  response.write('{"data":{"data":');
};
const halfHead: Mischief = (response) => {
  response.socket?.write('HTTP/1.1 200 OK\r\nContent-Ty');
};

let job: Job;
before(async () => {
  job = await startJob();
});
after(() => job.end());

let runs = 0;

/** Runs `get`; its requests, and no other run's, meet with `interceptor`. Gives back their paths too. */
async function meeting(
  interceptor: Interceptor,
  env: Env,
  ...flags: string[]
): Promise<Outcome & { sent: string[] }> {
  // Runs go side by side on one server. It ignores namespaces: they tell whose a request is.
  runs += 1;
  const namespace = `run-${runs}`;
  const sent: string[] = [];
  const stop = job.vault.intercept((request, response, next) => {
    if (request.headers['x-vault-namespace'] !== namespace) return next();
    sent.push(request.path);
    interceptor(request, response, next);
  });
  const outcome = await get({ ...job.env, VAULT_NAMESPACE: namespace, ...env }, ...flags);
  stop();
  return { ...outcome, sent };
}

function endedInTime({ milliseconds }: Outcome, limit = LIMIT): void {
  assert.ok(milliseconds >= limit - 50 && milliseconds < limit + 1000, `${milliseconds} ms`);
}

describe('a server that keeps the run waiting ends it with 6 at the limit', { concurrency: 6 }, () => {
  // It is told at the limit. The process itself ends when its resolver gives up, here after 5 s: a look-up by libc runs in
  // a thread that cannot be stopped and that the process waits for.
  test('a name server that says nothing', { skip: whyNoRoot() ?? false }, async (t) => {
    const nameServer = createSocket('udp4');
    const taken = await new Promise<Error | undefined>((resolve) => {
      nameServer.once('error', resolve);
      nameServer.bind(53, '127.0.0.1', () => resolve(undefined));
    });
    const root = makeBusyboxRoot();
    try {
      if (taken !== undefined) return t.skip(`port 53 is not to be had: ${taken.message}`);
      root.put('etc/resolv.conf', 'nameserver 127.0.0.1\noptions timeout:5 attempts:1\n');
      const env = { ...job.env, VAULT_ADDR: 'https://vault.test:8200' };
      const run = await root.run(`civault get '${REF}' --timeout 1`, { env });
      assertFailed(run, 6, /waited for a name server to look "vault\.test" up until the time limit of 1 s/);
      assert.ok(run.milliseconds < 5_000 + 1_000, `${run.milliseconds} ms`);
    } finally {
      root.remove();
      if (taken === undefined) nameServer.close();
    }
  });

  for (const [what, mischief, phase] of [
    ['says nothing', silence, 'for an answer'],
    ['sends half of its headers', halfHead, 'for an answer'],
    ['sends a byte now and then', drip, 'for the rest of the answer'],
    ['sends half of its answer', half, 'for the rest of the answer'],
  ] as const) {
    for (const path of [LOGIN, READ]) {
      test(`one that ${what} at ${path === LOGIN ? 'login' : 'a read'}`, async () => {
        const befall: Interceptor = (request, response, next) =>
          request.path === path ? mischief(response) : next();
        const run = await meeting(befall, {}, '--timeout', '1');
        const says = new RegExp(`waited ${phase} until the time limit of 1 s was over`);
        assertFailed(run, 6, says, /hint: .*--timeout/);
        endedInTime(run);
        // Not asked again; and a token that was got is revoked all the same.
        assert.deepEqual(run.sent, path === LOGIN ? [LOGIN] : [LOGIN, READ, '/v1/auth/token/revoke-self']);
      });
    }
  }

  test('one that falls silent after the login, save for the two seconds that revocation may take', async () => {
    const befall: Interceptor = (request, _, next) => (request.path === LOGIN ? next() : undefined);
    const run = await meeting(befall, {}, '--timeout', '1');
    assertFailed(run, 6, /waited for an answer/);
    endedInTime(run, run.milliseconds < LIMIT + 1000 ? LIMIT : LIMIT + 2000);
  });

  test('one that is always busy', async () => {
    const befall: Interceptor = (_, response) => response.writeHead(503).end();
    const run = await meeting(befall, {}, '--timeout', '1', '--retries', '999');
    assertFailed(run, 6, /Vault cannot answer now \(503\)/);
    assert.ok(run.milliseconds < LIMIT + 1000, `${run.milliseconds} ms`);
  });

  test('one that is busy first and silent then: the limit is one over both', async () => {
    let seen = 0;
    const befall: Interceptor = (_, response) => {
      seen += 1;
      if (seen === 1) setTimeout(() => response.writeHead(503).end(), 600);
    };
    const run = await meeting(befall, {}, '--timeout', '1.5', '--retries', '999');
    assertFailed(run, 6, /until the time limit of 1\.5 s was over|\(503\)/);
    assert.ok(run.milliseconds < 2500, `${run.milliseconds} ms`);
  });

  test('one that takes the connection and leaves it at that', async () => {
    const server = await startFaultyServer();
    try {
      const run = await get({ ...job.env, VAULT_ADDR: `https://127.0.0.1:${server.port}` }, '--timeout', '1');
      assertFailed(run, 6, /waited for the TLS handshake until the time limit of 1 s was over/);
      endedInTime(run);
    } finally {
      await server.close();
    }
  });
});

describe('the limit', { concurrency: 4 }, () => {
  for (const [value, limit] of [
    ['1', 1000],
    ['700ms', 700],
    ['0.5', 500],
  ] as const) {
    test(`is VAULT_CLIENT_TIMEOUT, written ${value}`, async () => {
      const run = await meeting(() => undefined, { VAULT_CLIENT_TIMEOUT: value });
      assertFailed(run, 6, new RegExp(`until the time limit of ${limit / 1000} s was over`));
      endedInTime(run, limit);
    });
  }

  test('is --timeout before VAULT_CLIENT_TIMEOUT', async () => {
    const run = await meeting(() => undefined, { VAULT_CLIENT_TIMEOUT: '50' }, '--timeout', '1');
    assertFailed(run, 6, /until the time limit of 1 s was over/);
    endedInTime(run);
  });

  test('is no time when it is nothing, too long, or in a unit that Go does not have', async () => {
    for (const wrong of ['0', '-1', 'soon', '25h', '1d', '1e3', '1 s']) {
      const run = await get({ VAULT_ADDR: 'https://127.0.0.1:9', VAULT_CLIENT_TIMEOUT: wrong });
      assertFailed(run, 2, /VAULT_CLIENT_TIMEOUT is ".*": not a time/);
    }
  });
});
