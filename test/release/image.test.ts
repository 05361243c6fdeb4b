// Proves the image, as the Dockerfile and buildah make it: both platforms, one file each, which runs with nothing else.

import assert from 'node:assert/strict';
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { packageVersion } from '../../build/version.ts';
import { CIVAULT, makeBusyboxRoot, whyNoRoot } from '../harness/busybox-root.ts';
import { runCommand } from '../harness/command.ts';
import { findProgram, run } from '../harness/registry.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ARCHES = ['amd64', 'arm64'] as const;
const MACHINES = { amd64: 62, arm64: 183 };
const missing = ['buildah', 'skopeo'].filter((name) => findProgram(name) === undefined);
const skip =
  process.arch !== 'x64'
    ? 'the other platform’s file is made up on amd64 alone'
    : (whyNoRoot() ?? (missing.length > 0 && `there is no ${missing.join(', no ')} (Debian has them)`));

interface Config {
  readonly architecture: string;
  readonly os: string;
  readonly created: string;
  readonly config: {
    readonly Entrypoint: readonly string[];
    readonly Env?: readonly string[];
    readonly Labels: Readonly<Record<string, string>>;
  };
}

describe('the image', { skip, concurrency: 1 }, () => {
  let folder: string;
  let layout: string;
  let hasBoth = false;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'civault-image-'));
    layout = `oci:${join(folder, 'image')}:latest`;
    hasBoth = makeContext(folder);
    const { status, stdout, stderr } = await buildImage(layout);
    assert.equal(status, 0, `${stdout}${stderr}`);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const buildImage = (destination: string, env: Readonly<Record<string, string>> = {}) =>
    runCommand('sh', [join(ROOT, 'build/image.sh'), destination], {
      env: { PATH: process.env['PATH'] ?? '', HOME: folder, CIVAULT_CONTEXT: folder, ...env },
      limit: 120_000,
    });
  const inspect = async (arch: string, what: '--config' | '--raw' = '--config'): Promise<Config> => {
    const { stdout, stderr } = await run('skopeo', [
      ...['--override-os', 'linux', '--override-arch', arch],
      ...['inspect', what, layout],
    ]);
    assert.equal(stderr, '');
    return JSON.parse(stdout.toString());
  };
  /** An image's one layer, unpacked. */
  const unpack = async (arch: string): Promise<string> => {
    const single = join(folder, `single-${arch}`);
    if (!existsSync(single)) {
      const copied = await run('skopeo', ['--override-arch', arch, 'copy', layout, `dir:${single}`]);
      assert.equal(copied.status, 0, copied.stderr);
    }
    const { layers } = JSON.parse(readFileSync(join(single, 'manifest.json'), 'utf8'));
    assert.equal(layers.length, 1, 'one layer');
    const root = join(folder, `root-${arch}`);
    mkdirSync(root, { recursive: true });
    const bytes = readFileSync(join(single, layers[0].digest.replace('sha256:', '')));
    writeFileSync(join(folder, 'layer.tar'), bytes[0] === 0x1f ? gunzipSync(bytes) : bytes);
    const { status, stderr } = await runCommand('tar', ['-xpf', join(folder, 'layer.tar'), '-C', root], {
      env: { PATH: process.env['PATH'] ?? '' },
    });
    assert.equal(status, 0, stderr);
    return root;
  };

  for (const arch of ARCHES) {
    test(`for ${arch} says what it is, and starts civault`, async () => {
      const { architecture, os, config } = await inspect(arch);
      assert.deepEqual([architecture, os, config.Entrypoint], [arch, 'linux', ['/civault']]);
      assert.equal(config.Labels['org.opencontainers.image.version'], packageVersion());
      assert.match(config.Labels['org.opencontainers.image.source'] ?? '', /^https:\/\/.*\/civault$/);
    });

    test(`for ${arch} holds one file, for that machine, which all may run`, async () => {
      const root = await unpack(arch);
      assert.deepEqual(readdirSync(root), ['civault']);
      assert.equal(statSync(join(root, 'civault')).mode & 0o7777, 0o755);
      assert.equal(readFileSync(join(root, 'civault')).readUInt16LE(0x12), MACHINES[arch]);
    });
  }

  test('runs with nothing but its own file, by its entry point', async () => {
    const root = await unpack('amd64');
    const { Entrypoint } = (await inspect('amd64')).config;
    const chroot = findProgram('chroot') ?? 'chroot';
    const { status, stdout, stderr } = await runCommand(chroot, [root, ...Entrypoint, '--version'], {});
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
    assert.match(stdout.toString(), /^civault /);
  });

  test('gives its file to another image: COPY --from, and it runs beside BusyBox', async () => {
    const root = makeBusyboxRoot();
    try {
      mkdirSync(join(root.path, 'usr/local/bin'), { recursive: true });
      copyFileSync(join(await unpack('amd64'), 'civault'), join(root.path, 'usr/local/bin/civault'));
      const { status, stdout } = await root.run('/usr/local/bin/civault --version');
      assert.equal(status, 0);
      assert.match(stdout.toString(), /^civault /);
    } finally {
      root.remove();
    }
  });

  test('is the same image each time', async () => {
    const again = `oci:${join(folder, 'again')}:latest`;
    assert.equal((await buildImage(again)).status, 0);
    const digests = await Promise.all(
      [layout, again].map(async (image) =>
        (await run('skopeo', ['inspect', '--raw', image])).stdout.toString(),
      ),
    );
    assert.equal(digests[0], digests[1]);
  });

  test('is not built where a platform’s file is missing', async (t) => {
    if (hasBoth) t.diagnostic('the file for arm64 is the real one');
    rmSync(join(folder, 'dist/civault-linux-arm64'));
    const { status, stderr } = await buildImage(`oci:${join(folder, 'none')}:latest`);
    assert.match(stderr, /^image: there is no dist\/civault-linux-arm64: make release first\n$/);
    assert.deepEqual([status, existsSync(join(folder, 'none'))], [1, false]);
  });

  test('is built of the files of a release alone: .dockerignore lets nothing else in', () => {
    const lines = readFileSync(join(ROOT, '.dockerignore'), 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    assert.deepEqual(lines, ['*', ...ARCHES.map((arch) => `!dist/civault-linux-${arch}`)]);
  });
});

/**
 * Puts both files where the Dockerfile looks for them.
 * @returns whether that for arm64 is real; else it is an ELF header for that machine, and no program
 */
function makeContext(folder: string): boolean {
  mkdirSync(join(folder, 'dist'));
  linkOrCopy(CIVAULT, join(folder, 'dist/civault-linux-amd64'));
  const arm64 = join(ROOT, 'dist/civault-linux-arm64');
  const target = join(folder, 'dist/civault-linux-arm64');
  if (existsSync(arm64)) {
    copyFileSync(arm64, target);
    return true;
  }
  console.log('# there is no dist/civault-linux-arm64 here: an ELF header for that machine stands in for it');
  const header = Buffer.alloc(64);
  header.write('\x7fELF\x02\x01\x01', 'latin1');
  header.writeUInt16LE(2, 0x10);
  header.writeUInt16LE(MACHINES.arm64, 0x12);
  writeFileSync(target, header);
  return false;
}

function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
  }
}
