// Proves that the build depends on the sources alone, and refuses a base that is not the pinned one.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { COMPILED } from '../../build/built-ins.ts';
import { type Outcome, runCommand } from '../harness/command.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
// A source archive has no .git: the build calls its commit unknown.
const NEEDED = ['package.json', 'package-lock.json', 'src', 'build', 'test', '.git'].filter((part) =>
  existsSync(join(ROOT, part)),
);

// The base that npm has is known to the last instruction: none of what is done to it for speed may be left out.
const CHANGES =
  process.arch === 'x64'
    ? [
        /MADV_FREE dropped, malloc keeps its groups, no wait for threads at the end, no destructors at the end\n/,
        new RegExp(`${COMPILED.length} of Node's modules compiled whole\n`),
        /kB of compiled code\n/,
      ]
    : [];

describe('the build', { concurrency: 1 }, () => {
  test('gives the same bytes in two folders', async () => {
    const digests = [];
    for (const name of ['one', 'a much longer name with spaces']) {
      const folder = copyOfProject(name);
      try {
        const { status, stdout, stderr } = await build(folder);
        assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
        for (const change of CHANGES) assert.match(stdout.toString(), change);
        digests.push(
          createHash('sha256')
            .update(readFileSync(join(folder, 'dist/civault')))
            .digest('hex'),
        );
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    }
    assert.equal(digests[0], digests[1]);
  });

  for (const [name, args, env, says] of [
    [
      'a base with another SHA-256 is named',
      [],
      { PKG_NODE_PATH: '/etc/hostname' },
      /^build: \/etc\/hostname is not the base that pkg-fetch [\d.]+ pins:\n {2}SHA-256 [0-9a-f]{64}\n {2}wanted {2}[0-9a-f]{64}\n$/,
    ],
    [
      'a base that cannot be read is named',
      [],
      { PKG_NODE_PATH: '/not/there' },
      /^build: cannot read the base \/not\/there: ENOENT/,
    ],
    [
      'an architecture that is not known',
      ['--arch', 'mips'],
      {},
      /^build: there is no civault for mips: ARCH is amd64 or arm64\n$/,
    ],
  ] as const) {
    test(`${name} and nothing is built`, async () => {
      const folder = copyOfProject('refused');
      try {
        const { status, stderr } = await build(folder, args, env);
        assert.match(stderr, says);
        assert.equal(status, 1);
        assert.throws(() => readFileSync(join(folder, 'dist/civault')), { code: 'ENOENT' });
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  }

  test('a spoilt file in the cache is named', async () => {
    const folder = copyOfProject('spoilt');
    try {
      const cache = join(folder, 'cache');
      const { stdout } = await build(folder);
      const cached = /from the cache: (\S+)/.exec(stdout.toString())?.[1] ?? '';
      const spoilt = cached.replace(/^.*(?=\/v[\d.]+\/fetched-)/, cache);
      cpSync(cached, spoilt);
      writeFileSync(spoilt, 'x', { flag: 'a' });
      const { status, stderr } = await build(folder, [], { PKG_CACHE_PATH: cache });
      assert.match(stderr, /fetched-v[\d.]+-linuxstatic-\S+ is not the base that pkg-fetch/);
      assert.equal(status, 1);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

function copyOfProject(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `civault ${name} `));
  for (const part of NEEDED) cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

function build(
  folder: string,
  args: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<Outcome> {
  const { PATH = '', HOME = '', PKG_CACHE_PATH } = process.env;
  return runCommand(process.execPath, ['--import', 'tsx', 'build/build.ts', ...args], {
    cwd: folder,
    env: { PATH, HOME, ...(PKG_CACHE_PATH === undefined ? {} : { PKG_CACHE_PATH }), ...env },
    limit: 300_000,
  });
}
