// Proves the upload: to GitLab's registry of generic packages by its API, once, over TLS, with the token in no argument.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ASSETS, PROVENANCE, SIGNATURES, SUMS } from '../../build/assets.ts';
import { uploadOnce } from '../../build/generic-packages.ts';
import { sumsOf } from '../../build/sums.ts';
import { packageVersion } from '../../build/version.ts';
import { type Outcome, runCommand } from '../harness/command.ts';
import { type PackageRegistry, startPackageRegistry } from '../harness/package-registry.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TOKEN = `job-${randomBytes(12).toString('hex')}`;
const VERSION = packageVersion();
const FOLDER = `/api/v4/projects/42/packages/generic/civault/${VERSION}/`;
const PROJECT = 'https://gitlab.example.com/platform/civault';
const COMMIT = '1'.repeat(40);
const FILES = ASSETS.filter((name) => name !== SUMS);

describe('the upload', { concurrency: 1 }, () => {
  let folder: string;
  let registry: PackageRegistry;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'civault-publish-'));
    registry = await startPackageRegistry(TOKEN);
    writeFileSync(join(folder, 'ca.pem'), registry.caPem);
  });
  after(() => {
    registry?.close();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    registry.requests.length = 0;
    registry.stored.clear();
    registry.instead = () => undefined;
    for (const name of [...SIGNATURES, PROVENANCE]) rmSync(join(folder, name), { force: true });
    for (const name of FILES) writeFileSync(join(folder, name), `the bytes of ${name}`);
    writeFileSync(join(folder, SUMS), await sumsOf(folder, FILES));
    writeFileSync(join(folder, 'civault-metadata.json'), JSON.stringify(statementOf(FILES)));
  });

  const publish = (
    env: Readonly<Record<string, string>> = {},
    ...flags: readonly string[]
  ): Promise<Outcome> =>
    runCommand(
      process.execPath,
      [
        '--import',
        'tsx',
        'build/publish.ts',
        '--dist',
        folder,
        '--provenance',
        join(folder, 'civault-metadata.json'),
        ...flags,
      ],
      {
        cwd: ROOT,
        env: {
          PATH: process.env['PATH'] ?? '',
          NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem'),
          CI_API_V4_URL: `${registry.origin}/api/v4`,
          CI_PROJECT_ID: '42',
          CI_JOB_TOKEN: TOKEN,
          CI_COMMIT_TAG: `v${VERSION}`,
          CI_PROJECT_URL: PROJECT,
          CI_COMMIT_SHA: COMMIT,
          ...env,
        },
      },
    );
  const statementOf = (names: readonly string[]) => ({
    _type: 'https://in-toto.io/Statement/v0.1',
    predicateType: 'https://slsa.dev/provenance/v1',
    subject: names.map((name) => ({ name: `dist/${name}`, digest: { sha256: sha256(join(folder, name)) } })),
    predicate: {
      buildDefinition: {
        externalParameters: { source: PROJECT },
        resolvedDependencies: [{ uri: PROJECT, digest: { sha256: COMMIT } }],
      },
    },
  });
  const puts = () =>
    registry.requests.filter(({ method }) => method === 'PUT').map(({ path }) => path.replace(FOLDER, ''));

  test('puts every file where the release links to, SHA256SUMS last, and reads each back', async () => {
    const { status, stdout, stderr } = await publish();
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
    assert.deepEqual(puts(), [...FILES, PROVENANCE, SUMS]);
    for (const name of [...FILES, SUMS])
      assert.deepEqual(registry.stored.get(FOLDER + name), readFileSync(join(folder, name)), name);
    assert.deepEqual(
      registry.stored.get(FOLDER + PROVENANCE),
      readFileSync(join(folder, 'civault-metadata.json')),
    );
    assert.equal(stdout.toString().includes(TOKEN), false);
  });

  test('gives the token to GitLab and to nobody that it redirects to', async () => {
    await publish();
    const [own, others] = [true, false].map((isOwn) =>
      registry.requests.filter(({ at }) => (at === 'registry') === isOwn),
    );
    assert.deepEqual(new Set(own?.map(({ token }) => token)), new Set([TOKEN]));
    assert.deepEqual(new Set(others?.map(({ token }) => token)), new Set([undefined]));
  });

  test('takes cosign’s bundles along where there are some', async () => {
    for (const name of SIGNATURES) writeFileSync(join(folder, name), '{}');
    assert.equal((await publish()).status, 0);
    assert.deepEqual(puts(), [...FILES, PROVENANCE, ...SIGNATURES, SUMS]);
  });

  test('done again, puts nothing: the same bytes are there', async () => {
    await publish();
    registry.requests.length = 0;
    const { status, stdout } = await publish();
    assert.equal(status, 0);
    assert.deepEqual(puts(), []);
    assert.match(stdout.toString(), /SHA256SUMS is there already, with these bytes/);
  });

  test('goes on where it was cut off', async () => {
    registry.instead = ({ method, path }) => (method === 'PUT' && path.endsWith('arm64') ? 403 : undefined);
    const { status, stderr } = await publish();
    assert.match(stderr, /^build: civault-linux-arm64 is refused: 403 /);
    assert.equal(status, 1);
    registry.instead = () => undefined;
    const before = puts().length;
    assert.equal((await publish()).status, 0);
    assert.deepEqual(puts().slice(before), [
      ...FILES.slice(FILES.indexOf('civault-linux-arm64')),
      PROVENANCE,
      SUMS,
    ]);
  });

  test('never replaces other bytes', async () => {
    registry.stored.set(`${FOLDER}civault-linux-amd64`, Buffer.from('other'));
    const { status, stderr } = await publish();
    assert.match(
      stderr,
      /^build: civault-linux-amd64 \S+ is there already, with other bytes .* published once\n$/,
    );
    assert.equal(status, 1);
    assert.deepEqual(
      [puts(), registry.stored.get(`${FOLDER}civault-linux-amd64`)?.toString()],
      [[], 'other'],
    );
  });

  test('tries again where GitLab is not there for a moment', async () => {
    let bad = 2;
    registry.instead = () => {
      bad -= 1;
      return bad >= 0 ? 502 : undefined;
    };
    assert.equal((await publish()).status, 0);
    assert.deepEqual(puts(), [...FILES, PROVENANCE, SUMS]);
  });

  test('tries again where GitLab wants it slower', async () => {
    let bad = 2;
    registry.instead = () => {
      bad -= 1;
      return bad >= 0 ? 429 : undefined;
    };
    assert.equal((await publish()).status, 0);
    assert.deepEqual(puts(), [...FILES, PROVENANCE, SUMS]);
  });

  test('checks alone, without a token, and puts the provenance beside the files', async () => {
    const { status, stderr, stdout } = await publish({ CI_JOB_TOKEN: '' }, '--check');
    assert.deepEqual([status, stderr, registry.requests], [0, '', []]);
    assert.match(stdout.toString(), /check +all of \S+ is there/);
    assert.deepEqual(
      readFileSync(join(folder, PROVENANCE)),
      readFileSync(join(folder, 'civault-metadata.json')),
    );
  });

  test('does not take a registry at its word', async () => {
    registry.instead = ({ method }) => (method === 'PUT' ? 201 : undefined);
    const { status, stderr } = await publish();
    assert.match(stderr, /was uploaded and is not what comes back \(SHA-256 none\)/);
    assert.equal(status, 1);
  });

  for (const [what, env, says] of [
    ['no tag', { CI_COMMIT_TAG: '' }, /^build: CI_COMMIT_TAG is not set/],
    ['the tag of another version', { CI_COMMIT_TAG: 'v99.0.0' }, /^build: the tag is v99\.0\.0/],
    [
      'the commit of another pipeline',
      { CI_COMMIT_SHA: '2'.repeat(40) },
      /^build: .* is of another commit: 1+,/,
    ],
    ['no token', { CI_JOB_TOKEN: '' }, /^build: CI_JOB_TOKEN is not set/],
    [
      'plain http',
      { CI_API_V4_URL: 'http://localhost:1/api/v4' },
      /^build: CI_API_V4_URL is no https address/,
    ],
  ] as const) {
    test(`is refused with ${what}, and nothing is sent`, async () => {
      const { status, stderr } = await publish(env);
      assert.match(stderr, says);
      assert.deepEqual([status, registry.requests], [1, []]);
    });
  }

  for (const [what, spoil, says] of [
    ['a file missing', () => rmSync(join(folder, 'civault-linux-arm64')), /: civault-linux-arm64\n$/],
    [
      'a file that was changed',
      () => writeFileSync(join(folder, 'civault-linux-amd64.xz'), 'x'),
      /civault-linux-amd64\.xz is not the file that SHA256SUMS names/,
    ],
    ['no provenance', () => rmSync(join(folder, 'civault-metadata.json')), /the runner wrote no provenance/],
    [
      'provenance of less',
      () => writeFileSync(join(folder, 'civault-metadata.json'), JSON.stringify(statementOf(FILES.slice(1)))),
      /the runner's provenance does not name civault-linux-amd64/,
    ],
  ] as const) {
    test(`is refused with ${what}, and nothing is sent`, async () => {
      spoil();
      const { status, stderr } = await publish();
      assert.match(stderr, says);
      assert.deepEqual([status, registry.requests], [1, []]);
    });
  }

  test('is refused by a server whose certificate is not trusted', async () => {
    const { status, stderr } = await publish({ NODE_EXTRA_CA_CERTS: '' });
    assert.match(stderr, /cannot be reached: .*certificate/);
    assert.deepEqual([status, registry.requests], [1, []]);
  });
});

test('an upload waits as long as GitLab says that it has to', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'civault-limit-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'x');
  writeFileSync(path, 'x');
  const asked: number[] = [];
  t.mock.method(globalThis, 'fetch', async () => {
    asked.push(performance.now());
    if (asked.length === 1) return new Response('', { status: 429, headers: { 'retry-after': '1' } });
    return new Response('x', { status: 200 });
  });
  const registry = { api: 'https://gitlab.example.com/api/v4', project: '42', token: TOKEN, pauses: [1] };
  assert.equal(await uploadOnce(registry, '1.2.3', { name: 'x', path, sha256: sha256(path) }), false);
  const [first = 0, second = 0, ...more] = asked;
  assert.deepEqual(more, []);
  assert.ok(second - first >= 990, `${second - first} ms`);
});

function sha256(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}
