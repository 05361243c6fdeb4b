// Proves where a request may be sent on to: within its origin with method and body, to a standby's active node, and
// nowhere else. No other server ever gets a token.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { type Job, startJob } from '../harness/job.ts';
import { assertFailed, assertFetched, bothFail, get, LOGIN, READ, STAGES } from '../harness/judged-run.ts';
import { startVault, type VaultStandIn } from '../vault/server.ts';

let job: Job;
/** Another server that the job would trust: the same CA, and the same address but for the port. */
let other: VaultStandIn;
let plain: VaultStandIn;
let stop: () => void = () => undefined;

before(async () => {
  job = await startJob();
  other = await startVault({ authority: job.vault.authority });
  plain = await startVault({ tls: false });
});
after(async () => {
  for (const server of [job.vault, other, plain]) await server.close();
  await job.end();
});
beforeEach(() => {
  for (const server of [job.vault, other, plain]) server.requests.length = 0;
});
afterEach(() => stop());

/** Answers every request for `path` with a redirect. */
function redirect(path: string, status: number, location: string): void {
  stop = job.vault.intercept((request, response, next) => {
    if (request.path === path) response.writeHead(status, { Location: location }).end();
    else next();
  });
}

function nothingArrived(): void {
  assert.deepEqual([other.requests, other.connections], [[], 0]);
  assert.deepEqual([plain.requests, plain.connections], [[], 0]);
}

describe('within its origin', () => {
  for (const status of [301, 302, 307, 308]) {
    test(`a ${status} is followed with method, body and token kept`, async () => {
      stop = job.vault.intercept(({ path }, response, next) => {
        if (path.includes('?')) return next();
        // Once in full and once as a path.
        const location = path === LOGIN ? `${job.vault.address}${path}?moved` : `${path}?moved`;
        response.writeHead(status, { Location: location }).end();
      });
      assertFetched(await get(job.env));
      const [asked, moved, read, readMoved] = job.vault.requests;
      assert.deepEqual([moved?.method, moved?.path], ['POST', `${LOGIN}?moved`]);
      assert.equal(moved?.body, asked?.body);
      assert.deepEqual([readMoved?.method, readMoved?.path], ['GET', `${READ}?moved`]);
      assert.deepEqual(readMoved?.headers, read?.headers);
    });
  }

  test('five redirects are followed, and a sixth is not', async () => {
    for (const hops of [5, 6]) {
      let left = hops;
      job.vault.requests.length = 0;
      stop = job.vault.intercept(({ path }, response, next) => {
        if (!path.startsWith(READ) || left === 0) return next();
        left -= 1;
        response.writeHead(307, { Location: `${READ}?hop=${left}` }).end();
      });
      const run = await get(job.env);
      stop();
      if (hops === 5) assertFetched(run);
      else assertFailed(run, 7, /redirected more than 5 times/);
      assert.equal(job.vault.requests.filter(({ path }) => path.startsWith(READ)).length, 6);
    }
  });

  test('a server that sends in circles is not asked again and again', async () => {
    redirect(LOGIN, 302, LOGIN);
    assertFailed(await get(job.env), 7, /redirected more than 5 times/);
    assert.equal(job.vault.requests.length, 6);
  });

  for (const status of [300, 303, 304, 305]) {
    test(`a ${status} is none that Vault answers with`, async () => {
      redirect(LOGIN, status, `${LOGIN}?moved`);
      assertFailed(await get(job.env), 7, new RegExp(`${status} is none that Vault answers with`));
      assert.equal(job.vault.requests.length, 1);
    });
  }
});

describe('to another server', () => {
  for (const [stage, path] of STAGES) {
    for (const status of [301, 302, 303, 308]) {
      test(`a ${status} of the ${stage} is refused, and that server never hears of it`, async () => {
        redirect(path, status, `${other.address}${path}`);
        assertFailed(
          await get(job.env),
          7,
          /token is not sent to another server/,
          /hint: .*VAULT_ADDR=https:/,
        );
        nothingArrived();
      });
    }

    test(`a 307 of the ${stage} to another path is refused, and that server never hears of it`, async () => {
      redirect(path, 307, `${other.address}/v1/sys/capture`);
      await bothFail(job.env, [], 7, /token is not sent to another server/);
      nothingArrived();
    });

    for (const status of [301, 302, 307, 308]) {
      test(`a ${status} of the ${stage} from https to http is refused, and nothing goes out in plain text`, async () => {
        redirect(path, status, `${plain.address}${path}`);
        assertFailed(await get(job.env), 7, /never sent from https to plain http/);
        nothingArrived();
      });
    }
  }

  for (const [status, signIn] of [
    [302, true],
    [303, true],
    [308, false],
  ] as const) {
    test(`a ${status} is ${signIn ? '' : 'not '}told as what a sign-in page does`, async () => {
      redirect(LOGIN, status, `${other.address}/login`);
      const run = await get(job.env);
      assertFailed(run, 7, /token is not sent to another server/);
      assert.equal(/hint: .*a sign-in page may stand in front of Vault/.test(run.stderr), signIn, run.stderr);
    });
  }

  test('a redirect from http is refused whatever it leads to', async () => {
    const easy = await startJob({ tls: false });
    try {
      for (const target of [plain.address, other.address]) {
        const leave = easy.vault.intercept((request, response) => {
          response.writeHead(307, { Location: `${target}${request.path}` }).end();
        });
        await bothFail(easy.env, [], 7, /token is not sent to another server/);
        leave();
      }
      nothingArrived();
    } finally {
      await easy.end();
    }
  });
});

describe("a standby's answer", () => {
  let standby: VaultStandIn;
  before(async () => {
    standby = await startVault({ authority: job.vault.authority });
    standby.become('standby', job.vault.address);
  });
  after(() => standby.close());

  test('is followed to the active node, for login, read and revocation', async () => {
    assertFetched(await get({ ...job.env, VAULT_ADDR: standby.address }));
    const sent = (vault: VaultStandIn) => vault.requests.map(({ method, path }) => `${method} ${path}`);
    assert.deepEqual(sent(job.vault), [`POST ${LOGIN}`, `GET ${READ}`, 'POST /v1/auth/token/revoke-self']);
    assert.deepEqual(sent(standby), sent(job.vault));
    assert.deepEqual(job.vault.liveTokens(), []);
  });

  test('that names a node which nobody reaches is told as that, and whose it is to mend', async () => {
    try {
      standby.become('standby', 'https://127.0.0.1:9');
      await bothFail(
        { ...job.env, VAULT_ADDR: standby.address },
        ['--retries', '0'],
        6,
        /is a standby and sent this job on: cannot get an answer from 127\.0\.0\.1:9: it refuses connections/,
        /hint: whoever runs Vault must set api_addr/,
      );
    } finally {
      standby.become('standby', job.vault.address);
    }
  });

  test('is followed only to a node whose certificate is trusted', async () => {
    const stranger = await startVault();
    try {
      standby.become('standby', stranger.address);
      const where = new RegExp(`from 127\\.0\\.0\\.1:${stranger.port}: its certificate is from an issuer`);
      await bothFail({ ...job.env, VAULT_ADDR: standby.address }, [], 7, where);
      assert.deepEqual(stranger.requests, []);
    } finally {
      standby.become('standby', job.vault.address);
      await stranger.close();
    }
  });
});

describe('a Location that leads nowhere good', () => {
  const port = () => new URL(other.address).port;
  const HOSTILE: readonly (readonly [what: string, location: () => string])[] = [
    ['of another scheme', () => 'ftp://127.0.0.1/v1'],
    ['that is a script', () => 'javascript:alert(1)'],
    ['that is a file', () => 'file:///etc/passwd'],
    ['without a scheme', () => `//127.0.0.1:${port()}${LOGIN}`],
    ['with backslashes', () => `\\\\127.0.0.1:${port()}${LOGIN}`],
    ['with a backslash after the path', () => `/\\127.0.0.1:${port()}${LOGIN}`],
    ['with a tab in its slashes', () => `/\t/127.0.0.1:${port()}${LOGIN}`],
    ['that is no URL', () => 'https://['],
    ['with a port that is none', () => 'https://127.0.0.1:99999/'],
    ['with a password', () => `https://user:hunter2@127.0.0.1:${job.vault.port}${LOGIN}`],
    ['with our name as its user', () => `https://127.0.0.1:${job.vault.port}@127.0.0.1:${port()}${LOGIN}`],
    ['with marks that turn text around', () => 'https://other.test/\u00e2\u0080\u00ae\u009b31m'],
    ['of ten thousand characters', () => `https://other.test/${'a'.repeat(10_000)}`],
    ['that is empty', () => ''],
  ];
  for (const [what, location] of HOSTILE) {
    test(`${what} is refused with 7, in few words`, async () => {
      redirect(LOGIN, 302, location());
      const run = await get(job.env);
      assertFailed(run, 7, /redirected/);
      assert.doesNotMatch(run.stderr, /hunter2/);
      assert.ok(run.stderr.length < 1000, `${run.stderr.length} characters`);
      nothingArrived();
    });
  }

  test('is none: a redirect without one is no answer of Vault', async () => {
    stop = job.vault.intercept((_, response) => response.writeHead(307).end());
    await bothFail(job.env, [], 7, /307/);
  });
});
