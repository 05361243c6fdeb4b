// Proves on the binary, in a BusyBox-only root where this user can make one, that download gets the assets that are named,
// whatever way they are named, into the place that is named, and says by what they were checked.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { contentOf } from '../gitlab/server.ts';
import { assertDone, assertEnded, downloads } from '../harness/downloads.ts';

const at = downloads();
const AMD = 'civault-linux-amd64';
const ARM = 'civault-linux-arm64';
const SUMS = 'SHA-256 as in SHA256SUMS of the release';
const bytesOf = (name: string) => at.job.files.get(name) ?? assert.fail(`no ${name}`);
const digestOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

describe('which asset', () => {
  for (const [what, name] of [
    ['its name', AMD],
    ['its direct asset path', `bin/${AMD}`],
    ['the same with a slash before it', `/bin/${AMD}`],
  ] as const) {
    test(`by ${what}, of the newest release`, async () => {
      assertDone(await at.download(name), `civault: wrote ${AMD} (300.0 kB), ${SUMS}\n`);
      assert.deepEqual(at.read(AMD), bytesOf(AMD));
      assert.deepEqual(at.list(), [AMD]);
      const [permalink] = at.asked();
      assert.match(permalink ?? '', /^gitlab .*\/releases\/permalink\/latest$/);
    });
  }

  test('latest is the newest by its date, and --tag names any', async () => {
    at.job.release('v0.9.0', { tool: 'the older fix of an old line, released last\n' });
    assertDone(await at.download('tool'));
    assert.match(at.read('tool').toString(), /released last/);
    assertDone(await at.download(`notes.txt --tag v1.2.3`), /wrote notes\.txt \(12 bytes\)/);
    assertEnded(await at.download('tool --tag v1.2.3'), 5, /the release "v1\.2\.3" has no asset "tool"/);
  });

  test('a tag that would lead elsewhere is refused', async () => {
    assertEnded(await at.download('tool --tag ..'), 2, /--tag is "\.\.": no tag has that name/);
    assert.deepEqual(at.asked(), []);
  });

  for (const tag of ['release/1.0', 'v1.0%2F', 'v1+é ü', 'a?b#c']) {
    test(`the tag ${JSON.stringify(tag)} is asked for as it is`, async () => {
      at.job.release(tag, { tool: tag });
      assertDone(await at.download(`tool --tag '${tag}' --sha256 ${digestOf(Buffer.from(tag))}`));
      assert.equal(at.read('tool').toString(), tag);
    });
  }

  test('several by one call, and by a pattern: one list of digests, each file once', async () => {
    const run = await at.download(`'civault-linux-*' ${AMD} notes.txt --output out/`);
    assertDone(run);
    assert.deepEqual(at.list(), ['out', `out/${AMD}`, `out/${ARM}`, 'out/notes.txt']);
    for (const name of [AMD, ARM, 'notes.txt']) assert.deepEqual(at.read(`out/${name}`), bytesOf(name));
    assert.equal(at.fetched('gitlab').filter(({ path }) => path.endsWith('SHA256SUMS')).length, 1);
    assert.equal(at.fetched('storage').length, 4);
  });

  test('the project by its path and by its number, and a file that is there already is not fetched', async () => {
    assertDone(await at.download(`${AMD} --project platform/civault`));
    at.job.gitlab.requests.length = 0;
    assertDone(
      await at.download(`${AMD} --project ${at.job.project.id}`),
      `civault: ${AMD} is there already, ${SUMS}\n`,
    );
    assert.ok(!at.asked().some((line) => line.endsWith(AMD)), at.asked().join('\n'));
  });

  test('a file of a generic package, checked by what GitLab says of it', async () => {
    at.job.project.packages.set('app/2.0/data.bin', contentOf('data'));
    at.job.project.storage = 'own';
    assertDone(
      await at.download('--package app/2.0/data.bin'),
      'civault: wrote data.bin (4 bytes), SHA-256 as in X-Checksum-SHA256 of the answer\n',
    );
    at.job.project.packages.set(
      'app/2.0/SHA256SUMS',
      contentOf(`${digestOf(Buffer.from('data'))}  data.bin\n`),
    );
    assertDone(await at.download('--package app/2.0/data.bin'), /SHA-256 as in SHA256SUMS of the package/);
    assertDone(await at.download('--package app/2.0/SHA256SUMS'), /X-Checksum/);
  });

  test('an empty file', async () => {
    at.job.release('v0.0.1', { nothing: '' });
    assertDone(
      await at.download('nothing --tag v0.0.1'),
      /wrote nothing \(0 bytes\), SHA-256 as in SHA256SUMS/,
    );
    assert.equal(at.read('nothing').length, 0);
  });
});

describe('by what it is checked', () => {
  const right = () => digestOf(bytesOf(AMD));
  const without = (files: Readonly<Record<string, string>>, storage: 'own' | 'object' = 'object') => {
    at.job.release('v0.1.0', { tool: 'tool\n', ...files }, false);
    at.job.project.storage = storage;
    return at.download('tool --tag v0.1.0');
  };
  const SUM = digestOf(Buffer.from('tool\n'));

  test('--sha256 before all else: no list is asked for', async () => {
    assertDone(await at.download(`${AMD} --sha256 ${right().toUpperCase()}`), /SHA-256 as in --sha256\n$/);
    assert.ok(!at.asked().some((line) => line.endsWith('SHA256SUMS')));
  });
  for (const [what, files, storage, says] of [
    ['ASSET.sha256', { 'tool.sha256': `${SUM}  dist/tool\n` }, 'object', 'as in tool.sha256 of the release'],
    ['ASSET.sha256 of a digest alone', { 'tool.sha256': `${SUM}\n` }, 'object', 'as in tool.sha256 of'],
    ['a list that names a folder', { SHA256SUMS: `${SUM}  dist/tool\n` }, 'object', 'as in SHA256SUMS of'],
    ['a list in the form of BSD', { 'checksums.txt': `SHA256 (tool) = ${SUM}\n` }, 'own', 'checksums.txt of'],
    [
      'GitLab, where the list does not name it',
      { SHA256SUMS: `${SUM}  other\n` },
      'own',
      'X-Checksum-SHA256',
    ],
    [
      'GitLab, where the list has other digests',
      { 'checksums.txt': 'd41d8cd9  tool\n' },
      'own',
      'X-Checksum',
    ],
    ['nothing', {}, 'object', `not checked: nothing says what it should be; its SHA-256 is ${SUM}`],
  ] as const) {
    test(what, async () => {
      const run = await without(files, storage);
      assertDone(run);
      assert.ok(run.stderr.includes(says), run.stderr);
      assert.equal(at.read('tool').toString(), 'tool\n');
    });
  }

  for (const [what, files, storage, args, says] of [
    ['--sha256', {}, 'object', `--sha256 ${'0'.repeat(64)}`, /--sha256 says 0{64}/],
    [
      'SHA256SUMS',
      { SHA256SUMS: `${'1'.repeat(64)} *tool\n` },
      'object',
      '',
      /SHA256SUMS of the release says 1/,
    ],
    ['ASSET.sha256', { 'tool.sha256': '2'.repeat(64) }, 'object', '', /tool\.sha256 of the release says 2/],
  ] as const) {
    test(`a wrong digest by ${what}: the file is as it was, and nothing stays beside it`, async () => {
      at.job.release('v0.1.0', { tool: 'tool\n', ...files }, false);
      at.job.project.storage = storage;
      writeFileSync(join(at.here, 'tool'), 'old');
      const run = await at.download(`tool --tag v0.1.0 ${args}`);
      assertEnded(
        run,
        7,
        says,
        new RegExp(`is not what it should be: its SHA-256 is ${SUM}`),
        /hint: nothing was kept/,
      );
      assert.deepEqual([at.list(), at.read('tool').toString()], [['tool'], 'old']);
    });
  }

  for (const [what, list, says] of [
    ['is none', '<html>', /"SHA256SUMS" is no list of SHA-256 digests/],
    ['is empty', '', /is no list/],
    [
      'names two digests',
      `${'1'.repeat(64)}  tool\n${'2'.repeat(64)}  tool\n`,
      /names several digests of tool/,
    ],
  ] as const) {
    test(`a list that ${what} is told, and nothing is downloaded`, async () => {
      assertEnded(await without({ SHA256SUMS: list }), 7, says);
      assert.deepEqual(at.list(), []);
    });
  }
});

describe('where it goes', () => {
  test('--output FILE, DIR/, a folder that is there, a folder to be made', async () => {
    mkdirSync(join(at.here, 'there'));
    for (const [output, file] of [
      ['renamed', 'renamed'],
      ['there', `there/${AMD}`],
      ['new/deep/', `new/deep/${AMD}`],
      ['./a b é', 'a b é'],
    ] as const) {
      assertDone(await at.download(`${AMD} --output '${output}'`));
      assert.deepEqual(at.read(file), bytesOf(AMD));
    }
  });

  for (const [args, status, says] of [
    [`${AMD} ${ARM} --output one`, 2, /2 files cannot be written to "one"\n.*--output one\//],
    [`${AMD} --output ''`, 2, /--output is empty/],
    [`${AMD} --output -`, 2, /download writes no standard output/],
    [`${AMD} --output no/such/folder`, 2, /there is no such folder \(ENOENT\)/],
    [`${AMD} --output file/`, 2, /cannot write to file\/: that is no folder/],
    [`${AMD} --output file/x/`, 2, /ENOTDIR/],
    [`${AMD} --output file/x`, 2, /ENOTDIR/],
    [`${AMD} --output pipe`, 2, /what is there is no regular file/],
    [`'civault-*' --sha256 ${'0'.repeat(64)}`, 2, /--sha256 is for one file, and 2 are meant/],
  ] as const) {
    test(`${args} is refused before a file is fetched`, async () => {
      writeFileSync(join(at.here, 'file'), 'old');
      await at.run('mkfifo pipe');
      assertEnded(await at.download(args), status, says);
      assert.deepEqual(at.list(), ['file', 'pipe']);
      assert.deepEqual(at.fetched('storage'), []);
    });
  }

  test('a link stays, and the file that it points to is replaced', async () => {
    writeFileSync(join(at.here, 'real'), 'old');
    symlinkSync('real', join(at.here, 'link'));
    assertDone(await at.download(`${AMD} --output link`));
    assert.ok(lstatSync(join(at.here, 'link')).isSymbolicLink());
    assert.deepEqual(at.read('real'), bytesOf(AMD));
    assert.deepEqual(at.list(), ['link', 'real']);
  });
});
