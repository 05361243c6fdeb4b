// Proves what the binary asks for again and what it does not: how often, how soon, and when it gives up.

import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { type Job, startJob } from '../harness/job.ts';
import {
  assertFailed,
  assertFetched,
  bothFail,
  type Env,
  get,
  LOGIN,
  READ,
  STAGES,
} from '../harness/judged-run.ts';
import type { Interceptor } from '../vault/server.ts';

let job: Job;
let stop: (() => void)[] = [];
before(async () => {
  job = await startJob();
});
after(() => job.end());
beforeEach(() => {
  job.vault.requests.length = 0;
});
afterEach(() => {
  for (const leave of stop) leave();
  stop = [];
});

/** Lets something befall the first `times` requests for a path. */
function befall(path: string, times: number, interceptor: Interceptor): void {
  let left = times;
  stop.push(
    job.vault.intercept((request, response, next) => {
      if (request.path !== path || left === 0) return next();
      left -= 1;
      interceptor(request, response, next);
    }),
  );
}

const answer =
  (status: number, headers: Env = {}): Interceptor =>
  (_, response) => {
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end('{"errors":["busy"]}');
  };
const asked = (path: string) => job.vault.requests.filter((request) => request.path === path);

/** The milliseconds between the first and the second request for a path. */
function gap(path: string): number {
  const [first, second] = asked(path);
  assert.ok(first !== undefined && second !== undefined, 'two requests');
  return second.at - first.at;
}

describe('is asked again', () => {
  for (const [what, path] of STAGES) {
    for (const status of path === LOGIN ? [412, 429, 500, 502, 503] : [412, 503]) {
      test(`a ${what} that was answered with ${status}`, async () => {
        befall(path, 1, answer(status));
        assertFetched(
          await get(job.env, '--retries', '1'),
          new RegExp(`${status}; ${status === 429 ? 'try again' : 'retry 1 of 1'} in`),
        );
        assert.equal(asked(path).length, 2);
      });
    }

    test(`a ${what} whose connection was reset`, async () => {
      // A read goes over the connection that the login left, which may have died since: that costs no retry.
      const resets = path === LOGIN ? 1 : 2;
      befall(path, resets, ({ method }, { socket }) => {
        assert.equal(method, path === LOGIN ? 'POST' : 'GET');
        (socket as Socket).destroy();
      });
      assertFetched(await get(job.env, '--retries', '1'), /the connection was cut .*; retry 1 of 1/);
      assert.equal(asked(path).length, resets + 1);
    });

    test(`a ${what} whose answer was cut in the middle`, async () => {
      befall(path, 1, (_, response) => {
        response.writeHead(200, { 'Content-Length': 1000 });
        response.write('{"data":', () => response.socket?.destroy());
      });
      assertFetched(await get(job.env, '--retries', '1'), /the connection was cut .*; retry 1 of 1/);
      assert.equal(asked(path).length, 2);
    });
  }

  test('as often as --retries says, and then the last answer counts', async () => {
    befall(LOGIN, 9, answer(503));
    const run = await get(job.env, '--retries', '2');
    assertFailed(run, 6, /Vault cannot answer now \(503\)/, /retry 2 of 2/);
    assert.equal(asked(LOGIN).length, 3);
  });

  test('a rate limit: as often as the time limit allows, whatever --retries says', async () => {
    befall(LOGIN, 3, answer(429));
    assertFetched(
      await get(job.env, '--retries', '1', '--timeout', '60'),
      /^(.* 429; try again in \d\.\d s\n){3}$/,
    );
    assert.equal(asked(LOGIN).length, 4);
  });

  test('but with --retries 0 not at all', async () => {
    befall(LOGIN, 9, answer(429));
    assertFailed(await get(job.env, '--retries', '0'), 6, /Vault refuses more requests for now \(429\)/);
    assert.equal(asked(LOGIN).length, 1);
  });

  test('with the same body and the same headers', async () => {
    befall(LOGIN, 1, answer(503));
    assertFetched(await get(job.env, '--retries', '1'), /retry/);
    const [first, second] = asked(LOGIN);
    assert.deepEqual(second?.body, first?.body);
    assert.deepEqual(second?.headers, first?.headers);
  });
});

describe('is not asked again', () => {
  for (const [status, result] of [
    [400, 5],
    [403, 4],
    [404, 5],
    [501, 6],
  ] as const) {
    test(`a read that was answered with ${status}`, async () => {
      befall(READ, 9, answer(status));
      assertFailed(await get(job.env), result);
      assert.equal(asked(READ).length, 1);
    });
  }

  for (const [status, result] of [
    [400, 4],
    [403, 4],
    [404, 4],
    [501, 6],
  ] as const) {
    test(`a login that was answered with ${status}`, async () => {
      befall(LOGIN, 9, answer(status));
      assertFailed(await get(job.env), result);
      assert.deepEqual(
        job.vault.requests.map((request) => request.path),
        [LOGIN],
      );
    });
  }

  for (const [how, env, flags] of [
    ['--retries 0', {}, ['--retries', '0']],
    ['VAULT_MAX_RETRIES=0', { VAULT_MAX_RETRIES: '0' }, []],
    ['--retries 0, whatever VAULT_MAX_RETRIES says', { VAULT_MAX_RETRIES: '3' }, ['--retries', '0']],
  ] as const) {
    test(`anything with ${how}`, async () => {
      befall(LOGIN, 9, answer(503));
      await bothFail({ ...job.env, ...env }, flags, 6, /Vault cannot answer now \(503\)/);
      assert.equal(asked(LOGIN).length, 2, 'once by each of two runs');
    });
  }

  test('the revocation at the end, which the secret does not wait for', async () => {
    befall('/v1/auth/token/revoke-self', 9, answer(503));
    assertFetched(
      await get(job.env),
      /^civault: warning: the Vault token could not be revoked, it lives until its time is up: .*\n$/,
    );
    assert.equal(asked('/v1/auth/token/revoke-self').length, 1);
  });
});

test('a number of retries that is none is a wrong setting', async () => {
  for (const wrong of ['-1', '1.5', 'many', '1000']) {
    await bothFail(
      { ...job.env, VAULT_MAX_RETRIES: wrong },
      [],
      2,
      /VAULT_MAX_RETRIES is ".*": not a number/,
    );
  }
});

describe('Retry-After', () => {
  test('is waited out, in seconds or to a date', async () => {
    befall(LOGIN, 1, answer(429, { 'Retry-After': '1' }));
    befall(READ, 1, (...given) => {
      // HTTP dates have whole seconds: this one is more than one and at most two seconds away.
      const date = new Date(Math.ceil(Date.now() / 1000) * 1000 + 1000).toUTCString();
      answer(503, { 'Retry-After': date })(...given);
    });
    assertFetched(await get(job.env, '--retries', '1'), /answered 429; try again in (1?\d)\.\d s/);
    assert.ok(gap(LOGIN) >= 995 && gap(LOGIN) < 16_000, `${gap(LOGIN)} ms`);
    assert.ok(gap(READ) >= 900 && gap(READ) < 6000, `${gap(READ)} ms`);
  });

  test('that is past, or makes no sense, is no reason to wait longer than usual', async () => {
    befall(LOGIN, 1, answer(503, { 'Retry-After': 'Wed, 21 Oct 2015 07:28:00 GMT' }));
    befall(READ, 1, answer(503, { 'Retry-After': 'soon' }));
    assertFetched(await get(job.env, '--retries', '1'), /^(.* retry 1 of 1 in 0\.[0-5] s\n){2}$/);
  });

  test('beyond the time limit is not waited for at all', async () => {
    befall(LOGIN, 9, answer(429, { 'Retry-After': '3600' }));
    const run = await get(job.env, '--timeout', '10');
    assertFailed(run, 6, /Vault refuses more requests for now \(429\)/);
    assert.ok(run.milliseconds < 5000, `${run.milliseconds} ms`);
    assert.equal(asked(LOGIN).length, 1);
  });
});
