// Proves on the binary where the links of a release may lead and what is told where they may not; that the token goes to GitLab
// alone; and that no asset's name leads out of the folder.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { makeRelease } from '../gitlab/releases.ts';
import type { Outcome } from '../harness/command.ts';
import { assertDone, assertEnded, downloads } from '../harness/downloads.ts';
import { type FaultyServer, startFaultyServer } from '../harness/faulty-server.ts';

const at = downloads();
const AMD = 'civault-linux-amd64';
/** Another server, by plain http. */
let elsewhere: FaultyServer;
before(async () => {
  elsewhere = await startFaultyServer({
    onData: (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ngood'),
  });
});
after(() => elsewhere.close());

/** A release of one link. */
function link(url: string, name = 'tool'): Promise<Outcome> {
  makeRelease(at.job.project, 'v9', Date.now(), [{ name, url }]);
  return at.download('tool --output tool');
}

describe('where a link leads', () => {
  test('to a page of GitLab: it asks to sign in', async () => {
    const run = await link(`${at.job.gitlab.origin}/platform/civault/-/jobs/1/artifacts/raw/tool`);
    assertEnded(
      run,
      4,
      /asks to sign in: the asset's link leads to a page/,
      /hint: let the release link the file by/,
    );
  });
  for (const [what, url, status, says] of [
    ['another scheme', 'ftp://127.0.0.1/tool', 7, /the link of "tool" leads to no https address/],
    ['a user and a password', 'https://u:hunter2@127.0.0.1/tool', 7, /the link of "tool" holds a user name/],
    ['plain http, without a digest', 'http://127.0.0.1:1/tool', 7, /the link of "tool" is plain http/],
  ] as const) {
    test(`to ${what}`, async () => {
      const run = await link(url);
      assertEnded(run, status, says);
      assert.doesNotMatch(run.stderr, /hunter2/);
    });
  }

  test('plain http of GitLab itself, as one behind a proxy writes it, is asked over TLS', async () => {
    const path = `/api/v4/projects/${at.job.project.id}/packages/generic/civault/1.2.3/${AMD}`;
    assertDone(await link(`http://127.0.0.1${path}`), /^civault: wrote tool/);
  });

  test('elsewhere by plain http, with a digest: without the token', async () => {
    makeRelease(at.job.project, 'v9', Date.now(), [
      { name: 'tool', url: `http://127.0.0.1:${elsewhere.port}/x` },
    ]);
    for (const [content, status] of [
      ['good', 0],
      ['evil', 7],
    ] as const) {
      const sum = createHash('sha256').update(content).digest('hex');
      assert.equal((await at.download(`tool --output ${content} --sha256 ${sum}`)).status, status);
    }
    assert.deepEqual(at.list(), ['good']);
    assert.doesNotMatch(elsewhere.received, /token/i);
    assert.match(elsewhere.received, /^GET \/x HTTP/);
  });

  test('a list of digests by plain http vouches for nothing', async () => {
    const http = `http://127.0.0.1:${elsewhere.port}`;
    makeRelease(at.job.project, 'v9', Date.now(), [
      { name: 'tool', url: `${http}/x` },
      { name: 'SHA256SUMS', url: `${http}/sums` },
    ]);
    assertEnded(await at.download('tool'), 7, /the link of "SHA256SUMS" is plain http/);
    assert.doesNotMatch(elsewhere.received, /sums/);
  });

  test('in circles: five redirects are followed', async () => {
    let hops = 0;
    at.befall(({ url = '' }, response, next) => {
      if (!url.startsWith('/circle')) return next();
      hops += 1;
      response.writeHead(302, { location: `/circle?${hops}` }).end();
    });
    assertEnded(await link(`${at.job.gitlab.origin}/circle`), 7, /redirected more than 5 times/);
    assert.equal(hops, 6);
  });

  test('away from GitLab and back: without the token, so that it is refused', async () => {
    const seen: IncomingMessage[] = [];
    const redirect = (response: ServerResponse, location: string) =>
      response.writeHead(302, { location }).end();
    at.befall((request, response, next, server) => {
      if (request.url === '/away' && server === 'gitlab')
        redirect(response, `${at.job.gitlab.storageOrigin}/away`);
      else if (request.url === '/away') redirect(response, `${at.job.gitlab.origin}/back`);
      else if (request.url === '/back') {
        seen.push(request);
        response.writeHead(403).end();
      } else next();
    });
    assertEnded(await link(`${at.job.gitlab.origin}/away`), 4, /the file of "tool" is refused \(403\)/);
    assert.deepEqual(
      seen.map(({ headers }) => headers['job-token']),
      [undefined],
    );
  });

  test('to a server that nobody reaches', async () => {
    makeRelease(at.job.project, 'v9', Date.now(), [{ name: 'tool', url: 'https://127.0.0.1:9/x' }]);
    const run = await at.download('tool --retries 0');
    assertEnded(
      run,
      6,
      /^civault: cannot get an answer from 127\.0\.0\.1:9: it refuses connections/,
      /hint: check the address that GitLab names/,
    );
  });
});

test('names that lead elsewhere stay in the folder, or are refused', async () => {
  const url = at.job.urlOf(AMD);
  makeRelease(
    at.job.project,
    'v9',
    Date.now(),
    ['../../etc/x', '/abs/y', 'a/..', 'line\nbreak', '.profile'].map((name) => ({ name, url })),
  );
  assertDone(await at.download(`'../../etc/x' '/abs/y'`));
  assert.deepEqual(at.list(), ['x', 'y']);
  assertEnded(await at.download(`'a/..'`), 7, /has a name that no file should have/, /--output FILE/);
  assertDone(await at.download(`'a/..' --output named`), /wrote named/);
  assertEnded(
    await at.download(`'line*'`),
    7,
    /the asset "line\\u000abreak" has a name that no file should have/,
  );
  assertEnded(await at.download(`'?profile'`), 5, /no asset that fits "\?profile"/);
  assert.deepEqual(at.list(), ['named', 'x', 'y']);
});
