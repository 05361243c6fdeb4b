// Proves on the binary that a server which answers otherwise than GitLab does is told as what it is: never a file of half an
// answer, of a page or of nothing, and never a bug of civault.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { assertDone, assertEnded, downloads } from '../harness/downloads.ts';

const at = downloads();
const AMD = 'civault-linux-amd64';

type Answer = (response: ServerResponse) => void;
const gives =
  (status: number, body: string, headers: Readonly<Record<string, string>> = {}): Answer =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(body);
  };

/** Answers the question for the release so. */
function release(answer: Answer): void {
  at.befall(({ url = '' }, response, next) => (/\/releases\//.test(url) ? answer(response) : next()));
}

describe('the release', () => {
  const html = '<!DOCTYPE html><html><head><title>Sign in · GitLab</title></head></html>';
  for (const [what, answer, status, says] of [
    [
      'a page',
      gives(200, html, { 'content-type': 'text/html' }),
      7,
      /not the JSON that GitLab sends: it is a sign-in page/,
    ],
    [
      'half of it',
      gives(200, '{"tag_name":"v1","assets":{"links":[{'),
      7,
      /\(200, application\/json\) is not the JSON that GitLab sends/,
    ],
    ['nothing', gives(200, ''), 7, /is not the JSON that GitLab sends/],
    ['204', gives(204, ''), 7, /\(204, /],
    ['a list', gives(200, '[]'), 7, /the answer is no release of GitLab/],
    ['null', gives(200, 'null'), 7, /the answer is no release of GitLab/],
    [
      'links that are no list',
      gives(200, '{"tag_name":"v1","assets":{"links":{}}}'),
      7,
      /no release of GitLab/,
    ],
    ['a tag that is no text', gives(200, '{"tag_name":1,"assets":{"links":[]}}'), 7, /no release of GitLab/],
    [
      'links that are none',
      gives(200, '{"tag_name":"v1","assets":{"links":[null,1,[],{"name":"x"},{"name":1,"url":2}]}}'),
      5,
      /it has no assets at all/,
    ],
    ['no assets', gives(200, '{"tag_name":"v1","assets":{"links":[]}}'), 5, /it has no assets at all/],
    ['300 without a place', gives(300, '[]'), 7, /the status 300 is none that GitLab answers with/],
    ['304', gives(304, ''), 7, /the status 304 is none/],
    [
      '400',
      gives(400, '{"error":"tag is \\u001b[31minvalid"}'),
      7,
      /GitLab answered 400 .*: tag is \\u001b\[31minvalid/,
    ],
    [
      'a refusal that repeats the token',
      gives(403, `{"message":"no ${'glcbt-64_markedJobTokenOfTests'}"}`),
      4,
      /\(403\): no \[token\]/,
    ],
    [
      'a refusal of a proxy',
      gives(403, '<html><title>Blocked</title></html>', { 'content-type': 'text/html' }),
      7,
      /"Blocked"/,
    ],
    ['more than eight megabytes', gives(200, `["${'x'.repeat(9_000_000)}"]`), 7, /is larger than 8 MiB/],
  ] as const) {
    test(`that is ${what}`, async () => {
      release(answer);
      const run = await at.download(AMD);
      assertEnded(run, status, says);
      assert.doesNotMatch(run.stderr, /[\u0000-\u0009\u000b-\u001f]/);
      assert.deepEqual(at.list(), []);
    });
  }

  test('of 10,000 assets', async () => {
    const links = Array.from({ length: 10_000 }, (_, index) => ({
      name: index === 9999 ? AMD : `asset-${index}`,
      url: at.job.urlOf(AMD),
      direct_asset_url: `${at.job.gitlab.origin}/platform/civault/-/releases/v1/downloads/bin/asset-${index}`,
    }));
    release(gives(200, JSON.stringify({ tag_name: 'v1', assets: { links } })));
    assertDone(await at.download(AMD), /wrote/);
    assertDone(await at.download('bin/asset-77'), /wrote asset-77/);
    const run = await at.download('asset-77777');
    assertEnded(run, 5, /hint: there are asset-7, asset-77, /, /and 9980 more/);
    assert.ok(run.stderr.length < 1000);
  });

  test('after a burst of 429 and 503, no sooner than GitLab asks for it', async () => {
    const bursts = [
      gives(429, '{"message":{"error":"Too many"}}', { 'retry-after': '1' }),
      gives(503, 'busy'),
      gives(500, ''),
    ];
    at.befall((_, response, next) => (bursts.shift() ?? next)(response));
    const run = await at.download(AMD);
    assertDone(
      run,
      /^civault: the server answered 429; retry 1 of 5 in 1?\d\.\d s\ncivault: the server answered 503; retry 2/,
    );
    assert.ok(run.milliseconds > 1000);
  });

  test('of a GitLab that is always busy, without another try', async () => {
    release(gives(503, '<html>'));
    assertEnded(
      await at.download(`${AMD} --retries 0`),
      6,
      /GitLab answered 503 when asked for the releases of 100/,
    );
  });

  test('of one that wants to be left alone for days: the job does not wait for that', async () => {
    release(gives(429, '{}', { 'retry-after': '9999999' }));
    const run = await at.download(AMD);
    assertEnded(run, 6, /GitLab answered 429/, /hint: it limits how often it may be asked/);
    assert.ok(run.milliseconds < 5000);
  });
});

describe('the file', () => {
  const answered = (answer: Answer) => {
    at.befall((_, response, next, server) => (server === 'storage' ? answer(response) : next()));
    writeFileSync(join(at.here, AMD), 'old');
    return at.download(`${AMD} --retries 0 --sha256 ${'0'.repeat(64)}`);
  };
  const bin = { 'content-type': 'application/octet-stream' };
  for (const [what, answer, status, says] of [
    [
      'a page',
      gives(200, '<html>', { 'content-type': 'text/html' }),
      4,
      /a web page came in the place of "civault-linux-amd64", whose link leads to 127/,
    ],
    ['204', gives(204, ''), 7, /\(204, application\/json\) is no file/],
    [
      '206 unasked',
      gives(206, 'x', { ...bin, 'content-range': 'bytes 0-0/9' }),
      7,
      /a part of .* came \(206\)/,
    ],
    ['empty', gives(200, '', bin), 7, /is not what it should be: its SHA-256 is e3b0c442/],
    ['410', gives(410, ''), 5, /there is no such file where the link leads \(410\)/],
    ['500', gives(500, ''), 6, /answered 500/],
    ['cut at once', (response: ServerResponse) => response.destroy(), 6, /closed|cut|reset/],
    [
      'shorter than it says',
      (response: ServerResponse) => {
        response.writeHead(200, { 'content-length': 10 });
        response.write('1234', () => setImmediate(() => response.destroy()));
      },
      6,
      /4 bytes are kept in civault-linux-amd64\.part/,
    ],
  ] as const) {
    test(`that is ${what}: the old one stays`, async () => {
      assertEnded(await answered(answer), status, says);
      assert.equal(at.read(AMD).toString(), 'old');
      assert.deepEqual(
        at.list().filter((name) => name !== `${AMD}.part`),
        [AMD],
      );
    });
  }

  test('that is encoded, though nobody asked for it and nothing judges it', async () => {
    at.job.release('v0.1.0', { tool: 'tool' }, false);
    at.befall((request, response, next, server) => {
      if (server !== 'storage') return next();
      assert.equal(request.headers['accept-encoding'], 'identity');
      gives(200, 'tool', { ...bin, 'content-encoding': 'gzip' })(response);
    });
    assertEnded(
      await at.download('tool --tag v0.1.0'),
      7,
      /comes encoded \(content-encoding\), which nobody asked for/,
    );
    assert.deepEqual(at.list(), []);
  });

  test('a list of digests that is a page', async () => {
    at.befall((_, response, next, server) =>
      server === 'storage' ? gives(200, '<html>', { 'content-type': 'text/html' })(response) : next(),
    );
    assertEnded(await at.download(AMD), 4, /a web page came in the place of "SHA256SUMS"/);
  });
});
