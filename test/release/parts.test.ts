// Proves the parts of a release: how long a Node.js is supported, which tag a version has, what the notes are, what the
// sums and the runner's provenance must say.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { findArch } from '../../build/arch.ts';
import { isEndOfLife, lastDayOf, supportOf } from '../../build/node-lines.ts';
import { notesOf } from '../../build/notes.ts';
import { pkgFetchFor } from '../../build/pkg-fetch.ts';
import { expectProvenance } from '../../build/provenance.ts';
import { BuildError } from '../../build/say.ts';
import { readSums, sumsOf } from '../../build/sums.ts';
import { expectTag } from '../../build/version.ts';

const refused = (says: RegExp) => (error: unknown) => error instanceof BuildError && says.test(error.message);

describe('how long a Node.js is supported', () => {
  for (const [version, day] of [
    ['v20.20.0', '2026-04-30'],
    ['22.22.0', '2027-04-30'],
    ['v24.20.0', '2028-04-30'],
  ] as const) {
    test(`${version} until ${day}, that day included`, () => {
      assert.equal(lastDayOf(version), day);
      assert.equal(isEndOfLife(version, Date.parse(`${day}T23:59:59Z`)), false);
      assert.equal(isEndOfLife(version, Date.parse(`${day}T00:00:00Z`) + 86_400_000), true);
    });
  }

  test('is said', () => {
    const now = Date.parse('2026-11-23');
    assert.match(supportOf('v20.20.0', now), /^Node\.js 20\.20\.0 is end-of-life: .* ended on 2026-04-30$/);
    assert.match(supportOf('v24.20.0', now), /^Node\.js 24\.20\.0 is supported until 2028-04-30$/);
  });

  test('is not guessed for a line that is not in the table', () => {
    assert.throws(() => lastDayOf('v25.1.0'), refused(/until when is Node\.js v25\.1\.0 supported/));
  });
});

describe('the bases', () => {
  for (const line of ['node20', 'node24']) {
    for (const arch of ['amd64', 'arm64']) {
      test(`of ${line} for ${arch} is pinned, and its line is in the table`, () => {
        const { nodeVersion, pins } = pkgFetchFor(line);
        assert.match(pins[`node-${nodeVersion}-linuxstatic-${findArch(arch).node}`] ?? '', /^[0-9a-f]{64}$/);
        assert.match(lastDayOf(nodeVersion), /^\d{4}-\d\d-\d\d$/);
      });
    }
  }
});

describe('the tag of a version', () => {
  test('is that version', () => {
    for (const tag of [undefined, '', 'v1.2.3']) assert.doesNotThrow(() => expectTag('1.2.3', tag));
    for (const tag of ['1.2.3', 'v1.2.4', 'v1.2.3-rc1', 'latest'])
      assert.throws(() => expectTag('1.2.3', tag), refused(/the tag of this version is v1\.2\.3/));
  });
});

describe('the notes of a release', () => {
  const changelog =
    '# Changelog\n\n## Unreleased\n\n- next\n\n## [1.2.3] - 2026-11-23\n\n- this\n\n## 1.2.2\n\n- old\n\n## 1.2.1\n';

  test('are its section of the changelog', () => {
    assert.equal(notesOf('1.2.3', changelog), '- this\n');
    assert.equal(notesOf('1.2.2', changelog), '- old\n');
  });

  test('must be there', () => {
    for (const version of ['1.2.4', '1.2', '1.2.1'])
      assert.throws(() => notesOf(version, changelog), refused(/CHANGELOG\.md says nothing of/));
  });
});

describe('SHA256SUMS', () => {
  test('is what sha256sum writes, and is read back', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'civault-sums-'));
    try {
      writeFileSync(join(folder, 'a'), '');
      writeFileSync(join(folder, 'b.gz'), 'abc');
      const text = await sumsOf(folder, ['a', 'b.gz']);
      assert.deepEqual(
        [...readSums(text)],
        [
          ['a', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
          ['b.gz', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
        ],
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('with another line is refused', () => {
    for (const line of ['x', `${'0'.repeat(63)}  a`, `${'0'.repeat(64)}  ../a`, `${'0'.repeat(64)}  a b`])
      assert.throws(() => readSums(`${line}\n`), refused(/SHA256SUMS has a line that is none/));
  });
});

describe("the runner's provenance", () => {
  const sums = new Map([
    ['one', 'a'.repeat(64)],
    ['two', 'b'.repeat(64)],
  ]);
  const origin = { project: 'https://gitlab.example.com/platform/civault', commit: '1'.repeat(40) };
  // As the runner writes them: SLSA 0.2, and 1.
  const sourced = (uri: string, sha: string) => ({ uri, digest: { sha256: sha } });
  const before1 = (uri: string, sha: string) => ({
    predicateType: 'https://slsa.dev/provenance/v0.2',
    predicate: { invocation: { configSource: { ...sourced(uri, sha), entryPoint: 'assets' } } },
  });
  const since1 = (source: string, uri: string, sha: string) => ({
    predicate: {
      buildDefinition: { externalParameters: { source }, resolvedDependencies: [sourced(uri, sha)] },
    },
  });
  const statement = (changes: object = {}) =>
    JSON.stringify({
      _type: 'https://in-toto.io/Statement/v0.1',
      predicateType: 'https://slsa.dev/provenance/v1',
      subject: [
        { name: 'dist/two', digest: { sha256: 'b'.repeat(64) } },
        { name: 'dist/one', digest: { sha256: 'a'.repeat(64) } },
        { name: 'dist/more', digest: { sha256: 'c'.repeat(64) } },
      ],
      ...changes,
    });

  test('names every file with its SHA-256', () => {
    assert.doesNotThrow(() => expectProvenance(statement(), sums, origin));
  });

  for (const [what, changes] of [
    ['SLSA 0.2', before1(origin.project, origin.commit)],
    ['SLSA 1', since1(origin.project, origin.project, origin.commit)],
    ['the address of the repository', since1(origin.project, `${origin.project}.git`, origin.commit)],
    ['nothing of its source', { predicate: {} }],
  ] as const) {
    test(`is taken with ${what}`, () => {
      assert.doesNotThrow(() => expectProvenance(statement(changes), sums, origin));
    });
  }

  const fork = 'https://gitlab.example.com/mallory/civault';
  for (const [what, text, says] of [
    ['another project, SLSA 0.2', statement(before1(fork, origin.commit)), /of another project: .*mallory/],
    [
      'another commit, SLSA 0.2',
      statement(before1(origin.project, '2'.repeat(40))),
      /of another commit: 2+,/,
    ],
    [
      'another project, SLSA 1',
      statement(since1(fork, origin.project, origin.commit)),
      /of another project: .*mallory/,
    ],
    [
      'the sources of another project, SLSA 1',
      statement(since1(origin.project, fork, origin.commit)),
      /of another project: it does not name https/,
    ],
    [
      'another commit, SLSA 1',
      statement(since1(origin.project, origin.project, '2'.repeat(40))),
      /of another commit: 2+,/,
    ],
    ['no JSON', 'x', /is not JSON/],
    ['null', 'null', /no in-toto statement/],
    ['another statement', statement({ _type: 'https://example.com' }), /no in-toto statement/],
    ['another predicate', statement({ predicateType: 'https://spdx.dev/Document' }), /no in-toto statement/],
    ['no subject', statement({ subject: {} }), /does not name one/],
    [
      'a file missing',
      statement({ subject: [{ name: 'two', digest: { sha256: 'b'.repeat(64) } }] }),
      /not name one/,
    ],
    [
      'another file of that name',
      statement({ subject: [{ name: 'one', digest: { sha256: 'c'.repeat(64) } }] }),
      /is of another one/,
    ],
    ['no digest', statement({ subject: [{ name: 'one' }] }), /is of another one/],
  ] as const) {
    test(`is refused with ${what}`, () => {
      assert.throws(() => expectProvenance(text, sums, origin), refused(says));
    });
  }
});
