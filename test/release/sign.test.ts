// Proves what build/sign.sh asks of cosign, and that it asks nothing before the files were checked. The signatures themselves
// want Sigstore, which the tests do not have.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ASSETS, PROVENANCE, SIGNATURES, SUMS } from '../../build/assets.ts';
import { sumsOf } from '../../build/sums.ts';
import { packageVersion } from '../../build/version.ts';
import { runCommand } from '../harness/command.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FILES = ASSETS.filter((name) => name !== SUMS);
const PROJECT = 'https://gitlab.example.com/platform/civault';
const IDENTITY = [
  ...['--certificate-identity', `${PROJECT}//.gitlab-ci.yml@refs/tags/v${packageVersion()}`],
  ...['--certificate-oidc-issuer', 'https://gitlab.example.com'],
];

describe('sign.sh', { concurrency: 1 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'civault-sign-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  const at = (name: string) => join(folder, name);
  beforeEach(async () => {
    rmSync(folder, { recursive: true, force: true });
    for (const name of ['dist', 'bin']) mkdirSync(at(name), { recursive: true });
    for (const name of ['build', 'package.json', 'tsconfig.json'])
      cpSync(join(ROOT, name), at(name), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), at('node_modules'));
    for (const name of FILES) writeFileSync(at(`dist/${name}`), `the bytes of ${name}`);
    writeFileSync(at(`dist/${SUMS}`), await sumsOf(at('dist'), FILES));
    provenance('1'.repeat(40));
    // A stand-in: real signatures want Sigstore. It writes down what it is told.
    const cosign = '#!/bin/sh\n{ for word; do printf "%s\\n" "$word"; done; echo; } >>"$CALLS"\n';
    writeFileSync(at('bin/cosign'), cosign, { mode: 0o755 });
  });

  function provenance(commit: string): void {
    const subject = FILES.map((name) => {
      const sha256 = createHash('sha256').update(`the bytes of ${name}`).digest('hex');
      return { name: `dist/${name}`, digest: { sha256 } };
    });
    const predicate = {
      buildDefinition: { resolvedDependencies: [{ uri: PROJECT, digest: { sha256: commit } }] },
    };
    const types = {
      _type: 'https://in-toto.io/Statement/v0.1',
      predicateType: 'https://slsa.dev/provenance/v1',
    };
    writeFileSync(at('civault-metadata.json'), JSON.stringify({ ...types, subject, predicate }));
  }

  const sign = async (args: readonly string[], more: Readonly<Record<string, string>>) => {
    const outcome = await runCommand('sh', [at('build/sign.sh'), ...args], {
      env: {
        PATH: `${at('bin')}:${dirname(process.execPath)}:/usr/bin:/bin`,
        CALLS: at('calls'),
        CI_COMMIT_TAG: `v${packageVersion()}`,
        CI_COMMIT_SHA: '1'.repeat(40),
        CI_PROJECT_URL: PROJECT,
        CI_SERVER_URL: 'https://gitlab.example.com',
        ...more,
      },
    });
    const text = existsSync(at('calls')) ? readFileSync(at('calls'), 'utf8') : '';
    const calls = text
      .split('\n\n')
      .filter((call) => call !== '')
      .map((call) => call.split('\n'));
    return { ...outcome, calls };
  };
  const token = { SIGSTORE_ID_TOKEN: 'marked' };

  test('signs SHA256SUMS and the provenance, and verifies both as this tag’s pipeline', async () => {
    const { status, stderr, stdout, calls } = await sign([], { ...token, SIGSTORE_TRUSTED_ROOT: '/a b' });
    assert.deepEqual([status, stderr], [0, '']);
    const expected = [SUMS, PROVENANCE].flatMap((name) => [
      ['sign-blob', '--yes', '--bundle', `dist/${name}.sigstore.json`, `dist/${name}`],
      [
        ...['verify-blob', '--trusted-root', '/a b', ...IDENTITY],
        ...['--bundle', `dist/${name}.sigstore.json`, `dist/${name}`],
      ],
    ]);
    assert.deepEqual(calls, expected);
    assert.deepEqual(readFileSync(at(`dist/${PROVENANCE}`)), readFileSync(at('civault-metadata.json')));
    assert.equal(
      `${stdout}${JSON.stringify(calls)}`.includes('marked'),
      false,
      'the token is in no argument',
    );
    assert.deepEqual(
      [SUMS, PROVENANCE].map((name) => `${name}.sigstore.json`),
      SIGNATURES,
    );
  });

  test('signs the image by its digest, and verifies it as this tag’s pipeline', async () => {
    const image = `registry.example.com/platform/civault:1.2.3@sha256:${'a'.repeat(64)}`;
    writeFileSync(at('image.txt'), `${image}\n`);
    const { status, stderr, calls } = await sign([at('image.txt')], {
      ...token,
      SIGSTORE_SIGNING_CONFIG: '/c d',
    });
    assert.deepEqual([status, stderr], [0, '']);
    assert.deepEqual(calls, [
      ['sign', '--yes', '--signing-config', '/c d', image],
      ['verify', ...IDENTITY, image],
    ]);
  });

  for (const [what, args, spoil, env, says] of [
    ['no ID token', [], () => undefined, { SIGSTORE_ID_TOKEN: '' }, /^sign: there is no SIGSTORE_ID_TOKEN/],
    [
      'a file that was changed',
      [],
      () => writeFileSync(at('dist/civault-linux-amd64.gz'), 'x'),
      {},
      /^build: civault-linux-amd64\.gz is not the file that SHA256SUMS names/,
    ],
    [
      'no provenance',
      [],
      () => rmSync(at('civault-metadata.json')),
      {},
      /^build: the runner wrote no provenance/,
    ],
    [
      'provenance of another commit',
      [],
      () => provenance('2'.repeat(40)),
      {},
      /^build: the runner's provenance is of another commit/,
    ],
    [
      'the tag of another version',
      [],
      () => undefined,
      { CI_COMMIT_TAG: 'v99.0.0' },
      /^build: the tag is v99/,
    ],
    [
      'an image by its tag alone',
      ['image.txt'],
      () => writeFileSync(at('image.txt'), 'registry.example.com/platform/civault:1.2.3\n'),
      {},
      /^sign: image\.txt holds no image by its digest/,
    ],
  ] as const) {
    test(`signs nothing with ${what}`, async () => {
      spoil();
      const { status, stderr, calls } = await sign(args, { ...token, ...env });
      assert.match(stderr, says);
      assert.deepEqual([status, calls], [1, []]);
    });
  }
});
