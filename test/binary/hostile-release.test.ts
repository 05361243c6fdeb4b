// Proves on the binary what a release gains whose names, links and list of digests were made to do harm: no file outside of the
// folder, none in the place of another, no line of its own in the log, and no token. (download-links.test.ts has names that lead
// elsewhere and links of other schemes.)

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { assertDone, assertEnded, downloads } from '../harness/downloads.ts';

const at = downloads();
const AMD = 'civault-linux-amd64';
const FORGED = 'tool\r\u001b[2Kcivault: wrote tool\u202e\u2028';

interface Link {
  readonly name: string;
  readonly url: string;
  readonly direct_asset_url?: string;
}

/** Has GitLab tell of a release of these links, whatever they are. */
function releaseOf(links: readonly unknown[], tag = 'v9'): void {
  at.befall(({ url = '' }, response, next) => {
    if (!/\/releases\//.test(url)) return next();
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ tag_name: tag, assets: { links } }));
  });
}

const good = (name: string): Link => ({ name, url: at.job.urlOf(AMD) });
const plain = (text: string) =>
  assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e]/);

describe('names', () => {
  test('that differ by case or by how Unicode composes them are files of their own', async () => {
    const names = ['tool', 'Tool', 'caf\u00e9', 'cafe\u0301'];
    releaseOf(names.map(good));
    assertDone(await at.download(`'*' --output out/`));
    assert.deepEqual(at.list(), ['out', ...names.map((name) => `out/${name}`)].sort());
  });

  test('that begin with a dash, hold a backslash or a space are names and nothing else', async () => {
    const names = ['-rf', '--output=x', 'C:\\x', '\\..\\x', 'a b', '$(touch X)', '%2e%2e%2fx'];
    releaseOf(names.map(good));
    assertDone(await at.download(`'*'`));
    assert.deepEqual(at.list(), [...names].sort());
  });

  test('that begin with a dot come by their own names alone', async () => {
    releaseOf(['.bashrc', 'x/.profile', 'ok'].map(good));
    assertDone(await at.download(`'*' --output out/`));
    assert.deepEqual(at.list(), ['out', 'out/ok']);
  });

  for (const name of ['', '.', '..', 'a/', '/', FORGED, 'nul\0', 'a\nb', '\u007f']) {
    test(`${JSON.stringify(name)} makes no file, and no line in the log`, async () => {
      releaseOf([
        good(name),
        { ...good('ok'), direct_asset_url: `https://x/-/releases/v9/downloads/${encodeURIComponent(name)}` },
      ]);
      const run = await at.download(`'*' --output out/`);
      plain(run.stderr);
      for (const line of run.stderr.split('\n')) assert.match(line, /^(?:civault: (?!wrote tool)|$)/);
      assert.deepEqual(
        at.list().filter((file) => !['out', 'out/ok'].includes(file)),
        [],
      );
    });
  }

  test('by a direct asset path lead no further', async () => {
    const direct_asset_url = 'https://x/-/releases/v9/downloads/%2e%2e%2f..%2f../etc/x';
    releaseOf([{ ...good('y'), direct_asset_url }]);
    assertDone(await at.download(`'../../../etc/x' --output out/`));
    assert.deepEqual(at.list(), ['out', 'out/x']);
  });

  test('of a megabyte, and a tag that is hostile, are told in few words', async () => {
    releaseOf([good('x'.repeat(1_000_000)), good(FORGED)], FORGED);
    const run = await at.download('none');
    assertEnded(run, 5, /has no asset "none"/);
    plain(run.stderr);
    assert.ok(run.stderr.length < 3000, `${run.stderr.length} characters`);
  });

  test('of a hundred thousand dashes do not hold a pattern up', async () => {
    releaseOf([good('-'.repeat(100_000)), good('a-b-c.tgz')]);
    const run = await at.download(`'*-*-*-*-*z' '*-*-*z' --retries 0`);
    assertEnded(run, 5, /no asset that fits/);
    assert.ok(run.milliseconds < 20_000);
  });
});

describe('what lies in the folder', () => {
  test('as a symbolic link where the part is to be: what it points to stays', async () => {
    writeFileSync(join(at.here, 'victim'), 'mine');
    symlinkSync('victim', join(at.here, `${AMD}.part`));
    const run = await at.download(AMD);
    assert.equal(readFileSync(join(at.here, 'victim'), 'utf8'), 'mine', run.stderr);
    if (run.status === 0) assert.equal(lstatSync(join(at.here, AMD)).isFile(), true);
    else assertEnded(run, 2, /is in the way/);
  });

  test('as a folder of that name is no place for the file', async () => {
    mkdirSync(join(at.here, 'out', 'tool'), { recursive: true });
    releaseOf([good('tool')]);
    assertEnded(await at.download('tool --output out/'), 2, /that is a folder|no regular file/);
    assert.deepEqual(at.list(), ['out', 'out/tool']);
  });
});

describe('a list of digests', () => {
  const digest = (text: string) => createHash('sha256').update(text).digest('hex');
  const right = () =>
    createHash('sha256')
      .update(at.job.files.get(AMD) ?? '')
      .digest('hex');
  const listing = (text: string) => {
    at.befall(({ url = '' }, response, next) => (url.endsWith('/SHA256SUMS') ? response.end(text) : next()));
  };

  for (const [what, list] of [
    ['of another folder', () => `${digest('evil')}  ../evil/${AMD}\n${right()}  ${AMD}\n`],
    ['before the one of the very name', () => `${digest('evil')}  /etc/${AMD}\n${right()}  ./${AMD}\n`],
  ] as const) {
    test(`that has a forged line ${what} counts by the line of the name`, async () => {
      listing(list());
      assertDone(await at.download(AMD), /SHA-256 as in SHA256SUMS of the release/);
    });
  }

  test('that names two digests of one file is believed in neither', async () => {
    listing(`${digest('evil')}  ${AMD}\n${right()} *${AMD}\n`);
    assertEnded(await at.download(AMD), 7, /names several digests/);
    assert.deepEqual(at.list(), []);
  });

  test('with control characters in it says nothing of its own in the log', async () => {
    listing(`\u001b[31m${FORGED}\n`);
    const run = await at.download(AMD);
    assertEnded(run, 7, /is no list of SHA-256 digests/);
    plain(run.stderr);
  });
});

// That no token is where it should not be, the harness looks for after each test, at the object storage as well.
describe('links', () => {
  for (const [what, url] of [
    [
      'a host that only begins like GitLab',
      () => at.job.gitlab.origin.replace('https://127.0.0.1', 'https://127.0.0.1.evil.invalid'),
    ],
    ['the addresses of a cloud', () => 'http://169.254.169.254/latest/meta-data'],
    ['a port of loopback', () => 'http://localhost:1/'],
    ['a file', () => 'file:///etc/passwd'],
    ['text with line breaks', () => `https://x\r\nJOB-TOKEN: y/${FORGED}`],
    ['nothing', () => ''],
  ] as const) {
    test(`to ${what} make no file, and tell no more than that`, async () => {
      releaseOf([{ name: 'tool', url: url() }]);
      const run = await at.download('tool --retries 0 --timeout 5');
      assert.ok([6, 7].includes(run.status), run.stderr);
      plain(run.stderr);
      assert.deepEqual(at.list(), []);
    });
  }

  test("to another port of GitLab's own host are asked for without the token", async () => {
    releaseOf([{ name: 'tool', url: `${at.job.gitlab.storageOrigin}/tool` }]);
    const run = await at.download('tool --retries 0');
    assert.notEqual(run.status, 0, run.stderr);
    const asked = at.job.gitlab.requests.filter(({ server }) => server === 'storage');
    assert.equal(asked.length, 1);
    assert.equal(asked[0]?.headers['job-token'], undefined);
  });
});
