// Proves on the binary that a download which is cut goes on where it was, in the same run and in the next, that a file of two
// is never made of it, and that the target is the old file or the new one whole at whatever moment the run ends.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { assertDone, assertEnded, downloads } from '../harness/downloads.ts';
import { pseudoRandom } from '../harness/release.ts';

const at = downloads();
const AMD = 'civault-linux-amd64';
const SUMS = 'SHA-256 as in SHA256SUMS of the release';
const bytes = () => at.job.files.get(AMD) ?? assert.fail();
const digestOf = (content: Buffer) => createHash('sha256').update(content).digest('hex');
const isAsset = (path = '') => path.includes(digestOf(bytes()));
const ranges = () =>
  at
    .fetched('storage')
    .filter(({ path }) => isAsset(path))
    .map(({ headers }) => headers.range);

/** Sends so many bytes of the asset and no more, and keeps the connection. */
function hold(size: number, held: (response: ServerResponse) => void = () => undefined): void {
  at.befall(({ url }, response, next, server) => {
    if (server !== 'storage' || !isAsset(url)) return next();
    response.writeHead(200, { 'content-length': bytes().length, etag: '"held"' });
    response.write(bytes().subarray(0, size));
    held(response);
  });
}

/** Runs it, and ends it with a signal once so much is in the part. */
async function endedAt(size: number, signal: NodeJS.Signals, ...args: string[]) {
  hold(size);
  const part = join(at.here, `${AMD}.part`);
  const outcome = await at.start([AMD, ...args], {
    started: async (pid) => {
      while ((statSync(part, { throwIfNoEntry: false })?.size ?? 0) < size) await sleep(5);
      process.kill(pid, signal);
    },
  });
  at.job.gitlab.intercept = undefined;
  at.job.gitlab.requests.length = 0;
  return outcome;
}

describe('in the same run', () => {
  test('goes on after each cut, and asks GitLab for the address each time', async () => {
    at.job.gitlab.storage.cutAfter = 100_000;
    const run = await at.download(AMD);
    assertDone(run, /retry 1 of 5 in .*wrote civault-linux-amd64 \(300\.0 kB\), SHA-256 as in SHA256SUMS/s);
    assert.deepEqual(ranges().slice(0, 3), [undefined, 'bytes=100000-', 'bytes=200000-']);
    const sent = at.fetched('storage').filter(({ path }) => isAsset(path));
    assert.match(`${sent[1]?.headers['if-range']}`, /^"[0-9a-f]{32}"$/);
    const own = at.fetched('gitlab').filter(({ path }) => path.endsWith(AMD));
    assert.equal(own.length, sent.length, 'each try begins at GitLab');
    assert.ok(new Set(sent.map(({ path }) => path)).size > 1, 'the address is signed anew');
    assert.deepEqual([at.list(), at.read(AMD)], [[AMD], bytes()]);
  });

  test('an address that expired before it was followed is told as what it is', async () => {
    at.job.gitlab.storage.ahead = 3_600_000;
    const run = await at.download(`${AMD} --sha256 ${digestOf(bytes())}`);
    assertEnded(
      run,
      4,
      /the storage of "civault-linux-amd64" refuses the address that leads to it \(403\): AccessDenied/,
    );
    assert.doesNotMatch(run.stderr, /Signature|Expires/);
  });

  test('a file that changed in between, of which the server does not tell, is fetched anew once', async () => {
    let asked = 0;
    at.befall(({ url, headers }, response, next, server) => {
      if (server !== 'storage' || !isAsset(url)) return next();
      asked += 1;
      const wrong = Buffer.alloc(100_000, 'x');
      if (asked === 1) {
        response.writeHead(200, { 'content-length': bytes().length, etag: 'W/"weak"' });
        return response.write(wrong, () => setImmediate(() => response.destroy()));
      }
      assert.equal(headers['if-range'], undefined);
      next();
    });
    const run = await at.download(AMD);
    assertDone(run, /the parts of civault-linux-amd64 are not of one file: fetching it anew/);
    assert.deepEqual(at.read(AMD), bytes());
    assert.equal(ranges().length, 3);
  });

  test('--retries 0 ends at the first cut, and the part is kept', async () => {
    at.job.gitlab.storage.cutAfter = 100_000;
    const run = await at.download(`${AMD} --retries 0`);
    assertEnded(run, 6, /100\.0 kB are kept in civault-linux-amd64\.part: another run goes on there/);
    assert.deepEqual(at.list(), [`${AMD}.part`]);
    assert.equal(at.modeOf(`${AMD}.part`), '600');
  });

  test('--timeout ends a run that stands still', async () => {
    hold(1000);
    const run = await at.download(`${AMD} --timeout 1`);
    assertEnded(run, 6, /waited for the rest of the answer until the time limit of 1 s was over/);
    assert.ok(run.milliseconds < 3000, `${run.milliseconds} ms`);
  });

  test('--timeout ends a run to which bytes without end come', async () => {
    at.befall(({ url }, response, next, server) => {
      if (server !== 'storage' || !isAsset(url)) return next();
      response.writeHead(200);
      const more = () => {
        if (!response.destroyed) response.write(Buffer.alloc(65_536), () => setImmediate(more));
      };
      more();
    });
    const run = await at.download(`${AMD} --timeout 1 --retries 0 --sha256 ${'0'.repeat(64)}`);
    assertEnded(run, 6, /time limit of 1 s/);
    assert.ok(run.milliseconds < 4000, `${run.milliseconds} ms`);
  });
});

describe('in the next run', () => {
  for (const [signal, status] of [
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIGKILL', 137],
  ] as const) {
    test(`goes on after ${signal}`, async () => {
      writeFileSync(join(at.here, AMD), 'old');
      const ended = await endedAt(120_000, signal);
      assert.equal(ended.status, status, ended.stderr);
      assert.deepEqual([at.list(), at.read(AMD).toString()], [[AMD, `${AMD}.part`], 'old']);
      const run = await at.download(AMD);
      assertDone(
        run,
        /^civault: going on with civault-linux-amd64\.part, 120\.0 kB are there\ncivault: wrote/,
      );
      assert.deepEqual([ranges(), at.list(), at.read(AMD)], [['bytes=120000-'], [AMD], bytes()]);
    });
  }

  test('nothing is kept where no digest will judge it', async () => {
    at.job.release('v0.1.0', { [AMD]: bytes() }, false);
    const ended = await endedAt(120_000, 'SIGTERM', '--tag', 'v0.1.0');
    assert.deepEqual([ended.status, at.list()], [143, []]);
    writeFileSync(join(at.here, `${AMD}.part`), bytes().subarray(0, 9), { mode: 0o600 });
    assertDone(await at.download(`${AMD} --tag v0.1.0`), /^civault: wrote .*not checked/);
    assert.deepEqual(ranges(), [undefined]);
  });

  for (const [what, left] of [
    ['another file', () => Buffer.alloc(5000, 'x')],
    ['a longer file', () => Buffer.concat([bytes(), Buffer.from('more')])],
  ] as const) {
    test(`a part of ${what} is found out, and the file is fetched anew`, async () => {
      writeFileSync(join(at.here, `${AMD}.part`), left(), { mode: 0o600 });
      assertDone(await at.download(AMD), /wrote civault-linux-amd64/);
      assert.deepEqual([at.list(), at.read(AMD)], [[AMD], bytes()]);
    });
  }

  test('a part that is whole already is not fetched at all', async () => {
    writeFileSync(join(at.here, `${AMD}.part`), bytes(), { mode: 0o600 });
    assertDone(await at.download(`${AMD} --sha256 ${digestOf(bytes())}`), /wrote .*, SHA-256 as in --sha256/);
    assert.deepEqual([at.fetched('gitlab'), at.list()], [[], [AMD]]);
  });

  test('a part that others may write is not gone on with', async () => {
    writeFileSync(join(at.here, `${AMD}.part`), bytes().subarray(0, 9));
    chmodSync(join(at.here, `${AMD}.part`), 0o666);
    assertDone(await at.download(AMD), `civault: wrote ${AMD} (300.0 kB), ${SUMS}\n`);
    assert.deepEqual(ranges(), [undefined]);
  });
});

test('two runs of one file at once both have it in the end', async () => {
  let first: ServerResponse | undefined;
  const isHeld = new Promise<void>((resolve) => {
    hold(100_000, (response) => {
      first = response;
      resolve();
    });
  });
  const slow = at.download(AMD);
  await isHeld;
  at.job.gitlab.intercept = undefined;
  const quick = await at.download(AMD);
  assertDone(quick, /wrote/);
  assert.deepEqual(at.read(AMD), bytes());
  first?.end(bytes().subarray(100_000));
  assertDone(await slow, /wrote/);
  assert.deepEqual([at.list(), at.read(AMD)], [[AMD], bytes()]);
});

test('of several files all are put into their places, or none', async () => {
  const names = ['civault-linux-arm64', AMD];
  for (const name of names) writeFileSync(join(at.here, name), 'old');
  const ended = await endedAt(50_000, 'SIGTERM', 'civault-linux-arm64', 'notes.txt');
  assert.equal(ended.status, 143);
  for (const name of names) assert.equal(at.read(name).toString(), 'old');
  assert.ok(!existsSync(join(at.here, 'notes.txt')));
  assertDone(await at.download(`civault-linux-arm64 notes.txt ${AMD}`));
  assert.deepEqual(at.list(), [AMD, 'civault-linux-arm64', 'notes.txt']);
  for (const name of at.list()) assert.deepEqual(at.read(name), at.job.files.get(name));
});

test('a signal at any moment leaves the old file or the new one, and the next run ends it', async () => {
  const fresh = pseudoRandom(400_000, 7);
  at.job.release('v3.0.0', { tool: fresh });
  at.befall(({ url = '' }, response, next, server) => {
    if (server !== 'storage' || !url.includes(digestOf(fresh))) return next();
    // Over some 100 ms, so that signals meet it on its way.
    let size = 0;
    response.writeHead(200, { 'content-length': fresh.length });
    const timer = setInterval(() => {
      response.write(fresh.subarray(size, size + 40_000));
      size += 40_000;
      if (size >= fresh.length) {
        clearInterval(timer);
        response.end();
      }
    }, 10);
    response.on('close', () => clearInterval(timer));
  });
  for (let round = 0; round < 12; round += 1) {
    const wait = Math.floor(Math.random() * 350);
    const signal = round % 2 === 0 ? 'SIGTERM' : 'SIGKILL';
    writeFileSync(join(at.here, 'tool'), 'old');
    const run = await at.start(['tool'], {
      started: (pid) =>
        void sleep(wait).then(() => {
          try {
            process.kill(pid, signal);
          } catch {
            // It was faster.
          }
        }),
    });
    const now = readFileSync(join(at.here, 'tool'));
    const isNew = now.equals(fresh);
    assert.ok(isNew || now.toString() === 'old', `${signal} after ${wait} ms: ${now.length} bytes`);
    assert.ok(run.status !== 0 || isNew, `${signal} after ${wait} ms: done, and the file is the old one`);
  }
  at.job.gitlab.intercept = undefined;
  // SIGKILL between two renames leaves a file that might be another run's, until it is a minute old.
  for (const name of at.list()) utimesSync(join(at.here, name), new Date(0), new Date(0));
  writeFileSync(join(at.here, 'tool'), 'old');
  assertDone(await at.download('tool'));
  assert.deepEqual([at.list(), at.read('tool')], [['tool'], fresh]);
});
