// Proves on the binary what a Vault gains that answers what none should: with times, leases, tokens and mounts of its own making
// it forges no line of a log, reaches no path that was not meant, and holds no job up. (wire.test.ts has what it says in refusals,
// redirect.test.ts where it sends on to.)

import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { CIVAULT } from '../harness/busybox-root.ts';
import { type Outcome, runCommand } from '../harness/command.ts';
import { type Job, startJob } from '../harness/job.ts';
import { assertFailed, get, judged, LOGIN } from '../harness/judged-run.ts';

const LEASED = 'database/creds/ci';
const FORGED =
  'x\r\u001b[0Ksection_start:1:a\r\u001b[0K\ncivault: hint: run this\n::add-mask::y\u202ez\u2028';
const MOUNT = '/v1/sys/internal/ui/mounts/';

let job: Job;
let stop: () => void = () => undefined;
before(async () => {
  job = await startJob();
});
after(() => job.end());
beforeEach(() => {
  job.vault.requests.length = 0;
});
afterEach(() => stop());

const json = (response: ServerResponse, body: unknown, status = 200) =>
  response
    .writeHead(status, { 'Content-Type': 'application/json' })
    .end(typeof body === 'string' ? body : JSON.stringify(body));

/** Has requests answered by the first of some beginnings of their paths; those of a mount as Vault would, unless said. */
function answering(answers: Readonly<Record<string, unknown>>): void {
  const all = { ...answers, [`${MOUNT}database/`]: { data: { path: 'database/', type: 'database' } } };
  stop = job.vault.intercept(({ path }, response, next) => {
    const found = Object.entries(all).find(([start]) => path.startsWith(start));
    if (found === undefined) next();
    else json(response, found[1]);
  });
}

/** Checks that each line is civault's own, and short. */
function assertPlain({ stderr }: Outcome, lines = 4): void {
  assert.doesNotMatch(stderr, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e]/);
  const all = stderr.split('\n').filter((line) => line !== '');
  assert.ok(all.length <= lines, stderr);
  for (const line of all) assert.match(line, /^civault: (?!hint: run this)/);
  assert.ok(stderr.length < 3000, `${stderr.length} characters`);
}

describe('a lease', () => {
  for (const [what, seconds] of [
    ['negative', '-1'],
    ['no time at all', '0'],
    ['far beyond what a timer holds', '1e15'],
    ['beyond what a number holds', '1e999'],
    ['a part of a second', '0.001'],
    ['text', '"3600"'],
    ['a list', '[3600]'],
  ] as const) {
    test(`whose time is ${what} keeps no command from its end, and nobody is asked all the time`, async () => {
      const lease = `{"lease_id":"database/creds/ci/1","renewable":true,"lease_duration":${seconds},"data":{"password":"marked-v"}}`;
      answering({ [`/v1/${LEASED}`]: lease, '/v1/sys/leases/renew': lease });
      const args = ['exec', '--no-masking', `P=${LEASED}#password`, '--', 'sh', '-c', 'sleep 1; echo "$P"'];
      const run = await judged(args, { env: { ...job.env, PATH: '/usr/bin:/bin' } });
      assert.deepEqual([run.status, run.stdout.toString()], [0, 'marked-v\n'], run.stderr);
      assertPlain(run);
      const renewals = job.vault.requests.filter(({ path }) => path.endsWith('/renew'));
      assert.ok(renewals.length < 20, `${renewals.length} renewals`);
    });
  }

  test('whose name holds anything at all is sent back as it is, and never shown', async () => {
    const lease_id = `${FORGED}\0"}${'x'.repeat(100_000)}`;
    const body = { lease_id, renewable: true, lease_duration: 3, data: { password: 'marked-v' } };
    answering({ [`/v1/${LEASED}`]: body, '/v1/sys/leases/renew': body });
    const args = ['exec', '--no-masking', `P=${LEASED}#password`, '--', 'sleep', '2.5'];
    const run = await judged(args, { env: { ...job.env, PATH: '/usr/bin:/bin' } });
    assert.equal(run.status, 0, run.stderr);
    assertPlain(run);
    const [renewal] = job.vault.requests.filter(({ path }) => path.endsWith('/leases/renew'));
    assert.equal((JSON.parse(String(renewal?.body)) as { lease_id: string }).lease_id, lease_id);
  });

  test('with hostile warnings and identifiers beside it is told in plain words', async () => {
    const odd = { request_id: FORGED, warnings: [FORGED], mount_type: FORGED };
    answering({ [`/v1/${LEASED}`]: { ...odd, lease_id: FORGED, lease_duration: 60, data: { a: 'v' } } });
    const run = await judged(['get', `${LEASED}#a`], { env: job.env });
    assert.deepEqual([run.status, run.stdout.toString()], [0, 'v'], run.stderr);
    assertPlain(run);
  });
});

describe('the mount of a path', () => {
  for (const path of [
    '../../sys/',
    '..',
    'sys/',
    '/',
    '',
    'legacy/../sys/',
    'legacy\n/',
    'legacy/app/x/y/',
    '%2e%2e/',
  ]) {
    test(`that Vault calls ${JSON.stringify(path)} ends the run with 7, and nothing is read`, async () => {
      answering({ [MOUNT]: { data: { path, type: 'kv', options: { version: '1' } } } });
      const run = await judged(['get', 'legacy/app#password'], { env: job.env });
      assertFailed(run, 7, /asked for the mount of legacy\/app, Vault named none that it could be on/);
      assertPlain(run);
      const paths = job.vault.requests.map((request) => request.path);
      assert.deepEqual(paths, [LOGIN, `${MOUNT}legacy/app`, '/v1/auth/token/revoke-self']);
    });
  }

  test('of a kind and a version that nobody knows is read as it stands', async () => {
    answering({
      [MOUNT]: { data: { path: 'legacy/', type: FORGED, options: { version: FORGED } } },
      '/v1/legacy/app': { data: { a: 'v' } },
    });
    const run = await judged(['get', 'legacy/app#a'], { env: job.env });
    assert.deepEqual([run.status, run.stdout.toString(), run.stderr], [0, 'v', '']);
  });
});

describe('a login', () => {
  const auth = (changes: object) => ({
    auth: { client_token: 'hvs.given', policies: [], lease_duration: 60, ...changes },
  });

  test('whose token is a megabyte long is never shown, and ends within its time', async () => {
    answering({ [LOGIN]: auth({ client_token: `hvs.${'a'.repeat(1_000_000)}` }) });
    const run = await get(job.env, '--timeout', '5', '--retries', '0');
    assert.ok([6, 7].includes(run.status), run.stderr);
    assertPlain(run);
    assert.ok(run.milliseconds < 8000);
  });

  test('that names policies which would write a log of their own tells them in plain text', async () => {
    answering({ [LOGIN]: auth({ policies: [FORGED, ...Array.from({ length: 100 }, (_, at) => `p${at}`)] }) });
    const run = await get(job.env, '--retries', '0');
    assertFailed(run, 4, /permission|token/);
    assertPlain(run);
  });

  for (const seconds of ['-1', '1e999', '"soon"', '1e15', 'null', '{}']) {
    test(`whose token lives for ${seconds} is one all the same`, async () => {
      answering({ [LOGIN]: `{"auth":{"client_token":"hvs.given","lease_duration":${seconds}}}` });
      const run = await runCommand(CIVAULT, ['token'], { env: job.env });
      assert.equal(run.stdout.toString(), 'hvs.given\n');
      assert.equal(run.status, 0, run.stderr);
      assert.match(run.stderr, /note: (?:the token (?:has no end|lives until )|how long)/);
      assertPlain(run);
    });
  }
});

describe('a wait that the server asks for', () => {
  for (const wait of [
    '99999999999999999999',
    '-5',
    '1e9',
    'soon',
    'Fri, 31 Dec 9999 23:59:59 GMT',
    '\u00ff',
  ]) {
    test(`of ${JSON.stringify(wait)} does not hold the job beyond its time`, async () => {
      stop = job.vault.intercept((_, response) =>
        response.writeHead(429, { 'Retry-After': wait }).end('{"errors":["busy"]}'),
      );
      const run = await get(job.env, '--timeout', '3', '--retries', '1');
      assertFailed(run, 6);
      assertPlain(run, 5);
      assert.ok(run.milliseconds < 6000, `${run.milliseconds} ms`);
    });
  }
});
