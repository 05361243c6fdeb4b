// Proves what becomes of answers that are broken as HTTP, of pages that are not Vault's, and of what a server says that
// must not be repeated: a token, or text that would change a job log.

import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { type Job, startJob } from '../harness/job.ts';
import {
  assertFailed,
  assertFetched,
  bothFail,
  get,
  judged,
  LOGIN,
  READ,
  STAGES,
  VALUE,
} from '../harness/judged-run.ts';

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

/** Has every request for `path` answered by these bytes, and the connection kept open. */
function writing(path: string, bytes: string): void {
  stop = job.vault.intercept((request, response, next) => {
    if (request.path === path) response.socket?.write(bytes, 'latin1');
    else next();
  });
}

const head = (...lines: string[]) => `HTTP/1.1 200 OK\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`;

describe('an answer that is not HTTP ends the run with 7 at once', () => {
  const BROKEN: readonly (readonly [what: string, bytes: string])[] = [
    ['bytes without sense', '\x00\x01\x02\xff\xfe nonsense\r\n\r\n'],
    ['a page without a head', '<html></html>\r\n\r\n'],
    ['HTTP/2 that nobody agreed on', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    [
      'more than 16 kB of headers',
      head(...Array.from({ length: 40 }, (_, n) => `X-${n}: ${'x'.repeat(500)}`)),
    ],
    ['a header with an escape sequence', `${head('X-Colour: \x1b[31m', 'Content-Length: 2')}{}`],
    ['a length that is none', head('Content-Length: many')],
    ['two lengths', `${head('Content-Length: 2', 'Content-Length: 3')}{}`],
    ['a length and chunks', `${head('Content-Length: 2', 'Transfer-Encoding: chunked')}2\r\n{}\r\n0\r\n\r\n`],
    ['a chunk of a size that is none', `${head('Transfer-Encoding: chunked')}zz\r\n{}\r\n`],
    ['a switch to another protocol', 'HTTP/1.1 101 No\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'],
  ];
  for (const [stage, path] of STAGES) {
    for (const [what, bytes] of BROKEN) {
      test(`${what}, at the ${stage}`, async () => {
        writing(path, bytes);
        const run = await get(job.env, '--timeout', '2');
        assertFailed(run, 7, /its answer is not HTTP|is none that Vault answers with/);
        assert.ok(run.milliseconds < 1500, `${run.milliseconds} ms`);
        assert.equal(job.vault.requests.filter((request) => request.path === path).length, 1);
      });
    }
  }

  test('a second answer that nobody asked for is not taken for the next one', async () => {
    const made = await job.vault.request('POST', 'auth/token/create', { policies: ['nexus-ci'], ttl: '5m' });
    const { auth } = made.json as { auth: { client_token: string } };
    const answer = (body: string) =>
      head('Content-Type: application/json', `Content-Length: ${body.length}`) + body;
    const forged = '{"data":{"data":{"url":"https://evil.test"},"metadata":{}}}';
    writing(LOGIN, answer(JSON.stringify({ auth })) + answer(forged));
    assertFetched(await get(job.env, '--timeout', '5'), /^/);
  });

  test('informational answers before the answer are passed over', async () => {
    const body = `{"data":{"data":{"url":"${VALUE}"},"metadata":{}}}`;
    const early = 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n';
    writing(READ, early + head('Connection: close', `Content-Length: ${body.length}`) + body);
    assertFetched(await get(job.env));
  });
});

describe('connections', () => {
  test('are four at most, and kept, however many secrets are read', async () => {
    const names = Array.from({ length: 60 }, (_, index) => `many-${index}`);
    for (const name of names) await job.vault.request('POST', `secret/data/ci/${name}`, { data: { name } });
    const before = job.vault.connections;
    const mappings = names.map((name, index) => `V${index}=secret/data/ci/${name}#name`);
    const { status, stdout, stderr } = await judged(['env', ...mappings], { env: job.env });
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
    assert.equal(stdout.toString(), names.map((name, index) => `export V${index}='${name}'\n`).join(''));
    assert.ok(job.vault.connections - before <= 4);
  });

  test('that are closed after each answer, announced or not, are made anew', async () => {
    for (const announced of [true, false]) {
      stop = job.vault.intercept((_, response, next) => {
        const { socket } = response;
        if (announced) response.setHeader('Connection', 'close');
        else response.on('finish', () => socket?.destroy());
        next();
      });
      assertFetched(await get(job.env), announced ? '' : /^$|retry 1/);
      stop();
    }
  });
});

describe("a page that is not Vault's is not called Vault's refusal", () => {
  for (const status of [400, 403, 404, 405]) {
    test(`${status} at the login: 7`, async () => {
      const stopIt = job.vault.intercept((_, response) => {
        response.writeHead(status, { 'Content-Type': 'text/html' }).end('<h1>nginx</h1>');
      });
      stop = stopIt;
      await bothFail(job.env, [], 7, /check that the address is the one of Vault/);
    });
  }

  test('503 at the login is worth another try all the same: 6', async () => {
    stop = job.vault.intercept((_, response) => {
      response.writeHead(503, { 'Content-Type': 'text/html' }).end('<h1>nginx</h1>');
    });
    await bothFail(job.env, ['--retries', '0'], 6, /\(503\)/);
  });
});

describe('what a server says is not repeated as it is', () => {
  const refuse = (response: ServerResponse, status: number, text: string) =>
    response
      .writeHead(status, { 'Content-Type': 'application/json' })
      .end(JSON.stringify({ errors: [text] }));

  test('where it colours, moves or turns the text of a log', async () => {
    const text = '\u001b[31mred\u009b2J\r\n\u0007\u202egnisrever\u2028section_start:1:x\r\u001b[0K::error::x';
    for (const status of [400, 403, 500]) {
      stop = job.vault.intercept((_, response) => refuse(response, status, text));
      await bothFail(job.env, ['--retries', '0'], status === 500 ? 6 : 4);
      stop();
    }
  });

  test('where it is long', async () => {
    stop = job.vault.intercept((_, response) => refuse(response, 400, 'x '.repeat(50_000)));
    const run = await get(job.env);
    assertFailed(run, 4, /x …$/m);
    assert.ok(run.stderr.length < 1000);
  });

  // Every run is searched for tokens: these tests fail where one shows.
  test('where it is the ID token, or its signature', async () => {
    const idToken = job.env['VAULT_ID_TOKEN'] ?? '';
    for (const text of [idToken, `bad signature ${idToken.split('.')[2]}`, idToken.slice(-60)]) {
      stop = job.vault.intercept((_, response) => refuse(response, 400, text));
      assertFailed(await get(job.env), 4);
      stop();
    }
  });

  for (const [where, answer] of [
    [
      'in a refusal',
      (response: ServerResponse, token: string) => refuse(response, 400, `bad token ${token}`),
    ],
    ['in a failure', (response: ServerResponse, token: string) => refuse(response, 500, token)],
    ['as a content type', (response: ServerResponse, token: string) => page(response, token)],
    [
      'in a redirect',
      (response: ServerResponse, token: string) =>
        response.writeHead(302, { Location: `https://other.test/${token}?${token}` }).end(),
    ],
  ] as const) {
    test(`where it is the Vault token, ${where}`, async () => {
      stop = job.vault.intercept((request, response, next) => {
        if (request.path === LOGIN || request.path.includes('revoke')) next();
        else answer(response, String(request.headers['x-vault-token']));
      });
      const run = await get(job.env, '--retries', '0');
      assert.notEqual(run.status, 0);
      assert.equal(run.stdout.length, 0);
    });
  }

  function page(response: ServerResponse, token: string): void {
    response.writeHead(200, { 'Content-Type': `text/${token}` }).end('<html>');
  }
});
