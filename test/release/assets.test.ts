// Proves that two clean builds of a commit give the same files, and that BusyBox checks, unpacks and runs them.

import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { findArch } from '../../build/arch.ts';
import { ASSETS, SBOM, SUMS } from '../../build/assets.ts';
import { compress } from '../../build/compress.ts';
import { BuildError } from '../../build/say.ts';
import { readSums } from '../../build/sums.ts';
import { type BusyboxRoot, makeBusyboxRoot, whyNoRoot } from '../harness/busybox-root.ts';
import { type Outcome, runCommand } from '../harness/command.ts';
import { findProgram } from '../harness/registry.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const OWN = `civault-linux-${findArch().docker}`;
// Everything that the build's tools are set up by, and nothing of a pipeline's.
const env = Object.fromEntries(
  Object.entries(process.env).flatMap(([name, value]) =>
    value === undefined || /^(CI|GITLAB|NODE)_|^NODE_|^CI$/.test(name) ? [] : [[name, value]],
  ),
);
const missing = ['git', 'xz', 'gzip'].filter((name) => findProgram(name) === undefined);
const skip =
  missing.length > 0
    ? `there is no ${missing.join(', no ')} (Debian: xz-utils)`
    : !existsSync(join(ROOT, '.git')) && 'this is no clone: a release is made of a commit';

describe('the files of a release', { skip, concurrency: 1 }, () => {
  let made: string;
  let twice: Outcome;
  let root: BusyboxRoot | undefined;

  before(async () => {
    made = mkdtempSync(join(tmpdir(), 'civault-release-'));
    // On a machine that reaches npm alone, the one Node.js to be had is end-of-life: that is no release, but made alike.
    twice = await runCommand('sh', [join(ROOT, 'build/reproducible.sh')], {
      env: { ...env, ALLOW_EOL: 'yes', KEEP: made },
      limit: 900_000,
    });
    if (whyNoRoot() !== undefined) return;
    root = makeBusyboxRoot();
    for (const name of readdirSync(made)) copyFileSync(join(made, name), join(root.path, name));
  });
  after(() => {
    rmSync(made, { recursive: true, force: true });
    root?.remove();
  });

  test('are the same from two clones with other paths, umasks, homes, time zones and locales', () => {
    assert.deepEqual({ status: twice.status, stderr: twice.stderr }, { status: 0, stderr: '' });
    assert.match(twice.stdout.toString(), /\nreproducible: [0-9a-f]{40} gives the same files twice\n$/);
  });

  test('are those of the list, each with its SHA-256', () => {
    const sums = readSums(readFileSync(join(made, SUMS), 'utf8'));
    const names = readdirSync(made).filter((name) => name !== 'civault');
    assert.deepEqual(names.sort(), [...sums.keys(), SUMS].sort());
    assert.deepEqual(
      names.filter((name) => !ASSETS.includes(name)),
      [],
    );
    for (const name of [OWN, `${OWN}.gz`, `${OWN}.xz`, SBOM]) assert.ok(sums.has(name), name);
  });

  test('have a bill of materials that is CycloneDX, with the SHA-256 of the binary', async () => {
    const text = readFileSync(join(made, SBOM), 'utf8');
    assert.equal(await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text), null);
    assert.ok(text.includes(readSums(readFileSync(join(made, SUMS), 'utf8')).get(OWN) ?? 'none'));
  });

  test('are checked, unpacked and run by BusyBox', async (t) => {
    if (root === undefined) return t.skip(whyNoRoot());
    const script = `set -e
      sha256sum -c ${SUMS} >&2
      for kind in gz xz; do
        mkdir $kind && cp ${OWN}.$kind $kind && cd $kind
        case $kind in gz) gunzip ${OWN}.gz ;; xz) unxz ${OWN}.xz ;; esac
        cmp ${OWN} ../${OWN} && chmod +x ${OWN} && ./${OWN} --version
        cd ..
      done`;
    const { status, stdout, stderr } = await root.run(script);
    assert.equal(status, 0, stderr);
    assert.match(stdout.toString(), /^(civault \S+ \([^\n]+\)\n|civault [^\n]+\n){2}$/);
    assert.equal(stderr.includes('FAILED'), false);
  });

  for (const block of blocksOf('docs/release.md').filter((one) => !/^(# needs |make )/.test(one))) {
    test(`are checked by what docs/release.md says: ${block.split('\n')[0]}`, async (t) => {
      if (root === undefined) return t.skip(whyNoRoot());
      const { status, stdout, stderr } = await root.run(
        `set -e\n${block.replaceAll('civault-linux-amd64', OWN)}`,
      );
      assert.deepEqual([status, stderr], [0, '']);
      assert.match(stdout.toString(), /^civault-linux-\S+: OK\n(civault \S+ .*\n)?$/);
    });
  }

  test('are found to be spoilt by BusyBox', async (t) => {
    if (root === undefined) return t.skip(whyNoRoot());
    const { status, stdout } = await root.run(`echo x >>${SBOM}; sha256sum -c ${SUMS}`);
    assert.notEqual(status, 0);
    assert.match(stdout.toString(), new RegExp(`^${SBOM}: FAILED$`, 'm'));
  });
});

describe('make release', { skip, concurrency: 1 }, () => {
  const release = (args: readonly string[], more: Record<string, string> = {}) =>
    runCommand(process.execPath, ['--import', 'tsx', 'build/release.ts', ...args], {
      cwd: ROOT,
      env: { ...env, ...more },
    });

  for (const [what, args, more, says] of [
    [
      'refuses a Node.js that is end-of-life',
      ['--node', 'node20'],
      {},
      /^build: Node\.js 20\.\d+\.\d+ is end-of-life: its support ended on 2026-04-30: no release .* unless ALLOW_EOL=yes\n$/,
    ],
    [
      'refuses the tag of another version',
      [],
      { CI_COMMIT_TAG: 'v99.0.0' },
      /^build: the tag is v99\.0\.0 and package\.json says /,
    ],
    ['takes yes and no alone', ['--allow-eol', 'true'], {}, /^build: ALLOW_EOL is yes or no, not "true"\n$/],
    [
      'fails where all is to be made and something cannot be had',
      ['--all', 'yes', '--allow-eol', 'yes'],
      {
        PKG_NODE_PATH: '',
        PKG_CACHE_PATH: '/dev/null/cache',
        PATH: '/nonexistent',
        HTTPS_PROXY: 'http://127.0.0.1:1',
      },
      /^build: not everything can be made here:\namd64: node-v24\.\S+ cannot be had here.*\narm64: /,
    ],
  ] as const) {
    test(`${what}, and leaves dist/ as it was`, async () => {
      const before = stamp();
      const { status, stderr } = await release(args, more);
      assert.match(stderr, says);
      assert.equal(status, 1);
      assert.deepEqual(stamp(), before);
    });
  }
});

describe('docs/release.md', () => {
  const blocks = blocksOf('docs/release.md');

  test('marks what the tests cannot run', () => {
    assert.ok(blocks.length >= 8);
    for (const block of blocks) {
      const wants = /\b(cosign|trivy|jq|git push|curl|docker)\b/.test(block);
      assert.equal(block.startsWith('# needs '), wants, block);
    }
  });

  for (const line of blocks
    .filter((block) => block.startsWith('make '))
    .flatMap((block) => block.split('\n'))) {
    test(`names a target that there is: ${line}`, async () => {
      const { status, stderr } = await runCommand('make', ['-n', ...line.split(' ').slice(1)], {
        cwd: ROOT,
        env,
      });
      assert.deepEqual([status, stderr], [0, '']);
    });
  }
});

describe('the compressed forms', { skip }, () => {
  test('are not changed by what the environment tells the programs', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'civault-compress-'));
    try {
      const digests = [];
      for (const options of [{}, { XZ_OPT: '-0', XZ_DEFAULTS: '--check=sha256', GZIP: '-1' }]) {
        Object.assign(process.env, options);
        copyFileSync(join(ROOT, 'package-lock.json'), join(folder, 'file'));
        digests.push((await compress(join(folder, 'file'))).map((file) => readFileSync(file, 'base64')));
      }
      assert.deepEqual(digests[0], digests[1]);
    } finally {
      for (const name of ['XZ_OPT', 'XZ_DEFAULTS', 'GZIP']) delete process.env[name];
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('are not made without the program, and nothing is left', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'civault-compress-'));
    const { PATH } = process.env;
    try {
      copyFileSync(join(ROOT, 'package.json'), join(folder, 'file'));
      process.env['PATH'] = '/nonexistent';
      await assert.rejects(
        compress(join(folder, 'file')),
        (error) => error instanceof BuildError && /cannot run (gzip|xz) \(Debian: /.test(error.message),
      );
    } finally {
      process.env['PATH'] = PATH;
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

/** The blocks of shell commands of a page. */
function blocksOf(page: string): string[] {
  const text = readFileSync(join(ROOT, page), 'utf8');
  return [...text.matchAll(/^( *)```sh\n(.*?)\n\1```$/gms)].map(([, indent = '', block = '']) =>
    block.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  );
}

function stamp(): readonly string[] {
  return existsSync(join(ROOT, 'dist')) ? readdirSync(join(ROOT, 'dist')) : [];
}
