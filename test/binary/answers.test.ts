// Proves what becomes of answers that Vault never gives: none is taken for a secret or a token, none brings the run
// down, and whatever is not understood ends it with 7.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type Job, startJob } from '../harness/job.ts';
import {
  assertFailed,
  assertFetched,
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

/** Has every request for `path` answered by `answer`. */
function answering(path: string, answer: (response: ServerResponse) => void): void {
  stop = job.vault.intercept((request, response, next) =>
    request.path === path ? answer(response) : next(),
  );
}

type Body = string | Buffer;
const json = (response: ServerResponse, body: Body) =>
  response.writeHead(200, { 'Content-Type': 'application/json' }).end(body);
const sent = () => job.vault.requests.map(({ path }) => path);

describe('an answer that is not the JSON that Vault sends ends the run with 7', () => {
  const BODIES: readonly (readonly [what: string, body: Body])[] = [
    ['a page', '<!DOCTYPE html><title>Sign in</title>'],
    ['JSON that is cut', '{"data":{"data":{"url":"https'],
    ['JSON with something behind it', '{"data":{"data":{"url":"x"},"metadata":{}}} {}'],
    ['a list', '[]'],
    ['a number', '42'],
    ['a byte order mark before JSON', '\ufeff{"data":{"data":{"url":"x"},"metadata":{}}}'],
    ['bytes that are not UTF-8', Buffer.from('{"data":{"data":{"url":"\xff\xfe"},"metadata":{}}}', 'latin1')],
    ['a hundred thousand brackets', '['.repeat(100_000)],
    ['an object as deep', `${'{"data":'.repeat(100_000)}1${'}'.repeat(100_000)}`],
    ['NaN in place of a number', '{"data":{"data":{"url":NaN},"metadata":{}}}'],
  ];
  for (const [stage, path] of STAGES) {
    for (const [what, body] of BODIES) {
      test(`${what}, at the ${stage}`, async () => {
        answering(path, (response) => json(response, body));
        const run = await get(job.env);
        assertFailed(run, 7, /the answer \(200, application\/json\) is not the JSON that Vault sends/);
        assert.ok(run.stderr.length < 500);
        assert.equal(sent().filter((each) => each === path).length, 1);
      });
    }

    test(`JSON packed by gzip, which nobody asked for, at the ${stage}`, async () => {
      answering(path, (response) => {
        response.setHeader('Content-Encoding', 'gzip');
        json(response, gzipSync('{"data":{"data":{"url":"x"},"metadata":{}}}'));
      });
      assertFailed(await get(job.env), 7, /is not the JSON that Vault sends/);
      assert.equal(job.vault.requests[0]?.headers['accept-encoding'], undefined);
    });

    test(`more than 8 MiB, at the ${stage}, told before the end of it`, async () => {
      answering(path, (response) => {
        response.writeHead(200, { 'Content-Type': 'application/json' });
        const more = () => {
          while (!response.destroyed && response.write(' '.repeat(65_536)));
        };
        response.on('drain', more);
        more();
      });
      const run = await get(job.env);
      assertFailed(run, 7, /is larger than 8 MiB/);
      assert.ok(run.milliseconds < 3000, `${run.milliseconds} ms`);
    });
  }
});

describe('somebody else who answers in the place of Vault is named', () => {
  const OTHERS: readonly (readonly [
    what: string,
    status: number,
    type: string,
    body: string,
    says: RegExp,
  ])[] = [
    [
      'a sign-in page',
      200,
      'text/html',
      '<!DOCTYPE html><title>Sign in · Corp</title>',
      /\(200, text\/html\) is not the JSON that Vault sends: it is a sign-in page, "Sign in · Corp"; the server calls itself nginx\n/,
    ],
    ['a web page', 404, 'text/html', '<html><title>Not here</title>', /: it is a web page, "Not here"/],
    ["GitLab's API", 401, 'application/json', '{"message":"401 Unauthorized"}', /GitLab's API, for one/],
    ["Kubernetes' API", 403, 'application/json', '{"kind":"Status","apiVersion":"v1"}', /Kubernetes' API/],
  ];
  for (const [what, status, type, body, says] of OTHERS) {
    test(what, async () => {
      answering(LOGIN, (response) =>
        response.writeHead(status, { 'Content-Type': type, Server: 'nginx' }).end(body),
      );
      assertFailed(await get(job.env), 7, says, /hint: .*(address|sign-in page)/);
    });
  }

  test('an ID token that a page has in its title stays out of the log', async () => {
    stop = job.vault.intercept(({ body }, response) => {
      const { jwt } = JSON.parse(body.toString()) as { jwt: string };
      response.writeHead(200, { 'Content-Type': 'text/html' }).end(`<title>${jwt}</title>`);
    });
    assertFailed(await get(job.env), 7, /it is a web page, "\[token\]"/);
  });
});

describe('a login that brings no token ends the run with 7', () => {
  const TOKENLESS: readonly (readonly [what: string, body: Body])[] = [
    ['nothing at all', ''],
    ['an empty object', '{}'],
    ['no auth', '{"auth":null,"data":{"client_token":"hvs.MARKEDMARKED"}}'],
    ['an auth that is text', '{"auth":"hvs.MARKEDMARKED"}'],
    ['a token that is a number', '{"auth":{"client_token":42}}'],
    ['an empty token', '{"auth":{"client_token":""}}'],
    ['a token with a line break', '{"auth":{"client_token":"hvs.MARKED\\r\\nX-Evil: 1"}}'],
    ['a token with a space', '{"auth":{"client_token":"hvs.MARKED MARKED"}}'],
    ['a token that is not ASCII', '{"auth":{"client_token":"hvs.MARKEDé"}}'],
  ];
  for (const [what, body] of TOKENLESS) {
    test(`${what}: nothing more is sent`, async () => {
      answering(LOGIN, (response) => json(response, body));
      const run = await get(job.env);
      assertFailed(run, 7, /what answered the login is not Vault: there is no token in its answer/);
      assert.doesNotMatch(run.stderr, /MARKED/);
      assert.deepEqual(sent(), [LOGIN]);
    });
  }

  for (const status of [201, 202, 204, 206]) {
    test(`a ${status} is no refusal either`, async () => {
      answering(LOGIN, (response) => response.writeHead(status).end());
      const run = await get(job.env);
      assertFailed(run, 7);
      assert.doesNotMatch(run.stderr, /refused/);
      assert.deepEqual(sent(), [LOGIN]);
    });
  }
});

describe('a read that brings no secret ends the run with 7', () => {
  for (const [what, body] of [
    ['nothing at all', ''],
    ['an empty object', '{}'],
    ['no data', '{"data":null}'],
    ['data that is text', '{"data":"https://sonarqube"}'],
    ['a list of fields', '{"data":{"data":["url"],"metadata":{"version":1}}}'],
    ['fields that are text', '{"data":{"data":"url","metadata":{"version":1}}}'],
  ] as const) {
    test(what, async () => {
      answering(READ, (response) => json(response, body));
      assertFailed(
        await get(job.env),
        7,
        /the answer for secret\/data\/sonarqube\/svc-orchestrator holds no secret/,
      );
      assert.deepEqual(job.vault.liveTokens(), []);
    });
  }

  test('an answer without a body, 204', async () => {
    answering(READ, (response) => response.writeHead(204).end());
    assertFailed(await get(job.env), 7, /Vault answered 204 for secret\/data\/sonarqube/);
  });

  test('a server that says the same empty thing to everything after the login', async () => {
    stop = job.vault.intercept(({ path }, response, next) =>
      path === LOGIN ? next() : json(response, '{}'),
    );
    assertFailed(await get(job.env), 7, /Vault named none that it could be on/);
  });
});

describe('a secret comes out as it is', () => {
  test('of 512 KiB, byte for byte', async () => {
    // Hexadecimal: it has no piece that looks like a token.
    const text = `${randomBytes(262_143).toString('hex')}\n\n`;
    await job.vault.request('POST', 'secret/data/ci/large', { data: { text } });
    const { status, stdout, stderr } = await judged(['get', 'secret/data/ci/large#text'], { env: job.env });
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
    assert.ok(stdout.equals(Buffer.from(text)), `${stdout.length} bytes`);
  });

  test('in chunks of a byte', async () => {
    answering(READ, (response) => {
      response.writeHead(200, { 'Content-Type': 'application/json' });
      for (const byte of `{"data":{"data":{"url":"${VALUE}"},"metadata":{}}}`) response.write(byte);
      response.end();
    });
    assertFetched(await get(job.env));
  });

  test('by the last of two fields of the same name', async () => {
    answering(READ, (response) =>
      json(response, `{"data":{"data":{"url":"x","url":"${VALUE}"},"metadata":{}}}`),
    );
    assertFetched(await get(job.env));
  });

  test('under whatever content type', async () => {
    answering(READ, (response) => {
      const headers = { 'Content-Type': 'text/html; charset=latin1' };
      response.writeHead(200, headers).end(`{"data":{"data":{"url":"${VALUE}"},"metadata":{}}}`);
    });
    assertFetched(await get(job.env));
  });
});
