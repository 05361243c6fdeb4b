// Proves how the image of a release gets into a registry, a real one: each version once, and `latest` where it belongs.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../harness/command.ts';
import { findProgram, type Registry, startRegistry, whyNoRegistry } from '../harness/registry.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const missing = ['buildah', 'skopeo'].filter((name) => findProgram(name) === undefined);
const skip =
  missing.length > 0 ? `there is no ${missing.join(', no ')} (Debian has them)` : (whyNoRegistry() ?? false);

describe('push-image.sh', { skip, concurrency: 1 }, () => {
  let folder: string;
  let registry: Registry;
  let env: Record<string, string>;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'civault-push-'));
    registry = await startRegistry('ci', 'marked');
    for (const name of ['build', 'Dockerfile', '.dockerignore', 'package.json'])
      cpSync(join(ROOT, name), join(folder, name), { recursive: true });
    mkdirSync(join(folder, 'dist'));
    const insecure = `[[registry]]\nlocation = "${registry.host}"\ninsecure = true\n`;
    mkdirSync(join(folder, '.config/containers'), { recursive: true });
    writeFileSync(join(folder, '.config/containers/registries.conf'), insecure);
    const auth = Buffer.from('ci:marked').toString('base64');
    writeFileSync(join(folder, 'auth.json'), JSON.stringify({ auths: { [registry.host]: { auth } } }));
    env = {
      PATH: process.env['PATH'] ?? '',
      HOME: folder,
      SOURCE_DATE_EPOCH: '0',
      REGISTRY_AUTH_FILE: join(folder, 'auth.json'),
    };
  });
  after(async () => {
    await registry?.end();
    rmSync(folder, { recursive: true, force: true });
  });

  const push = async (version: string, bytes = version, more: Record<string, string> = {}) => {
    // What is in the image does not matter here; its platforms and its label do.
    for (const arch of ['amd64', 'arm64'])
      writeFileSync(join(folder, `dist/civault-linux-${arch}`), `${arch} ${bytes}`);
    const file = join(folder, 'dist/civault-image.txt');
    rmSync(file, { force: true });
    const { status, stdout, stderr } = await runCommand(
      'sh',
      [join(folder, 'build/push-image.sh'), `${registry.host}/platform/civault`, version, file],
      { env: { ...env, ...more }, limit: 120_000 },
    );
    const said = stdout
      .toString()
      .split('\n')
      .filter((line) => line.startsWith('image: '))
      .join('\n');
    return { status, said, stderr, image: existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined };
  };
  const at = async (tag: string): Promise<string> => {
    const raw = await runCommand(
      'skopeo',
      ['inspect', '--raw', `docker://${registry.host}/platform/civault:${tag}`],
      { env },
    );
    if (raw.status !== 0) return raw.stderr;
    return `sha256:${createHash('sha256').update(raw.stdout).digest('hex')}`;
  };

  test('pushes both platforms into a registry without one yet, and says by which digest', async () => {
    const { status, said, stderr, image } = await push('1.9.0');
    assert.equal(status, 0, stderr);
    const digest = await at('1.9.0');
    assert.match(digest, /^sha256:[0-9a-f]{64}$/);
    assert.equal(image, `${registry.host}/platform/civault:1.9.0@${digest}`);
    assert.ok(said.includes(`image: ${image}`), said);
    assert.equal(await at('latest'), digest);
  });

  test('done again, changes nothing', async () => {
    const before = await at('1.9.0');
    const { status, said, image } = await push('1.9.0');
    assert.equal(status, 0);
    assert.match(said, /1\.9\.0 is there already, with this digest/);
    assert.deepEqual(
      [image?.endsWith(before), await at('1.9.0'), await at('latest')],
      [true, before, before],
    );
  });

  test('never replaces a version by another image', async () => {
    const before = await at('1.9.0');
    const { status, stderr, image } = await push('1.9.0', 'other bytes');
    assert.match(stderr, /1\.9\.0 is there already, and is another image \(sha256:.*published once\n$/);
    assert.deepEqual([status, image], [1, undefined]);
    assert.deepEqual([await at('1.9.0'), await at('latest')], [before, before]);
  });

  for (const [version, moves] of [
    ['1.10.0', true],
    ['1.9.1', false],
    ['2.0.0-rc.1', false],
    ['1.10.1', true],
    ['10.0.0', true],
    ['9.99.99', false],
  ] as const) {
    test(`latest ${moves ? 'becomes' : 'is not'} ${version}`, async () => {
      const before = await at('latest');
      const { status, said, stderr } = await push(version);
      assert.equal(status, 0, stderr);
      assert.match(said, moves ? /:latest is / : /:latest stays as it is/);
      assert.equal(await at('latest'), moves ? await at(version) : before);
      assert.notEqual(await at(version), before);
    });
  }

  test('pushes nothing where the registry cannot be asked what it has', async () => {
    writeFileSync(join(folder, 'none.json'), '{}');
    const { status, stderr, image } = await push('11.0.0', '11', {
      REGISTRY_AUTH_FILE: join(folder, 'none.json'),
    });
    assert.match(stderr, /authentication required|unauthorized/i);
    assert.deepEqual([status === 0, image], [false, undefined]);
    assert.match(await at('11.0.0'), /manifest unknown/);
  });
});
