// Proves that civault doctor ends within 15 s whatever hangs, and tells what it waited for.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { makeBusyboxRoot, whyNoRoot } from '../harness/busybox-root.ts';
import { startFaultyServer } from '../harness/faulty-server.ts';
import { type Job, startJob } from '../harness/job.ts';
import { type Env, judged } from '../harness/judged-run.ts';
import { startNameServer } from '../harness/name-server.ts';

const PATH = 'secret/data/nexus/svc-orchestrator';
const LIMIT = 15_000;

let job: Job;
before(async () => {
  job = await startJob();
});
after(() => job.end());

async function ends(env: Env, says: RegExp, status: number): Promise<void> {
  const run = await judged(['doctor', PATH], { env: { ...job.env, ...env }, limit: 2 * LIMIT });
  assert.match(run.stdout.toString().replace(/\n {10,}/g, ' '), says);
  assert.equal(run.status, status, run.stdout.toString());
  assert.equal(run.milliseconds < LIMIT, true, `${run.milliseconds} ms`);
}

describe('whatever hangs', { concurrency: 8 }, () => {
  test('a name server that says nothing', { skip: whyNoRoot() ?? false }, async (t) => {
    const server = await startNameServer({ 'vault.test': () => 'silence' }, '127.79.3.53');
    if (typeof server === 'string') return t.skip(server);
    const root = makeBusyboxRoot();
    try {
      root.put('etc/resolv.conf', `${server.line}options timeout:30\n`);
      const env = { ...job.env, VAULT_ADDR: 'https://vault.test:8200' };
      const run = await root.run(`civault doctor ${PATH}`, { env, limit: 2 * LIMIT });
      assert.match(run.stdout.toString(), /^FAIL {2}name .*\n.*vault\.test/m);
      assert.equal(run.status, 6);
      assert.equal(run.milliseconds < LIMIT, true, `${run.milliseconds} ms`);
    } finally {
      root.remove();
      server.close();
    }
  });

  test('a connection that nobody answers', async () => {
    // Loopback has no such place: a server that has as many connections as it takes, and takes no more.
    const server = await startFaultyServer();
    try {
      await ends(
        { VAULT_ADDR: `https://127.0.0.1:${server.port}` },
        /FAIL {2}certificate .*TLS handshake/,
        6,
      );
    } finally {
      await server.close();
    }
  });

  test('a server that speaks TLS and says nothing', async () => {
    const { certificatePem: cert, keyPem: key } = await job.vault.authority.issue({ names: ['127.0.0.1'] });
    const server = await startFaultyServer({ tls: { cert, key } });
    try {
      await ends({ VAULT_ADDR: `https://127.0.0.1:${server.port}` }, /FAIL {2}health .*an answer/, 6);
    } finally {
      await server.close();
    }
  });

  for (const [what, path, says, status] of [
    ['the login', /\/login$/, /FAIL {2}login .*an answer.*skip {2}secret/s, 6],
    ['a secret', /\/secret\//, /FAIL {2}secret .*an answer.*ok {4}revocation/s, 6],
    ['the end of the token', /revoke-self$/, /ok {4}secret .*FAIL {2}revocation .*an answer/s, 6],
  ] as const) {
    test(what, async () => {
      const own = await startJob();
      const leave = own.vault.intercept((request, _response, next) =>
        path.test(request.path) ? undefined : next(),
      );
      try {
        await ends(own.env, says, status);
      } finally {
        leave();
        await own.end();
      }
    });
  }

  test('more secrets than there are connections: none is told to meet a firewall', async () => {
    const own = await startJob();
    const leave = own.vault.intercept((request, _response, next) =>
      request.path.startsWith('/v1/secret/') ? undefined : next(),
    );
    try {
      const paths = Array.from({ length: 8 }, (_, index) => `secret/data/s${index}`);
      const run = await judged(['doctor', ...paths], { env: own.env, limit: 2 * LIMIT });
      const told = run.stdout.toString().replace(/\n {10,}/g, ' ');
      assert.equal(told.match(/FAIL {2}secret {7}secret\/data\/s\d: .*waited for an answer/g)?.length, 4);
      assert.equal(told.match(/FAIL {2}secret {7}secret\/data\/s\d: .*waited for its turn/g)?.length, 4);
      assert.doesNotMatch(told, /firewall|--timeout/);
      assert.equal(run.milliseconds < LIMIT, true, `${run.milliseconds} ms`);
    } finally {
      leave();
      await own.end();
    }
  });

  test('each answer comes, and slowly', async () => {
    const own = await startJob();
    const leave = own.vault.intercept((_request, _response, next) => void setTimeout(next, 5_000));
    try {
      await ends(own.env, /ok {4}health .*ok {4}login .*FAIL {2}secret/s, 6);
    } finally {
      leave();
      await own.end();
    }
  });
});
