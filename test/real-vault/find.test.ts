// Proves which server the tests take, how one is built and kept, and what is said where there is none.

import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../harness/command.ts';
import { startRealVault } from './start.ts';

const FIND = fileURLToPath(new URL('find.ts', import.meta.url));

describe('the server to test with', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'civault-find-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));
  beforeEach(() => {
    for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
  });

  const program = (name: string, script = 'exit 0'): string => {
    const file = join(folder, name);
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
    return file;
  };
  const find = async (env: Readonly<Record<string, string>> = {}) => {
    const surroundings = { PATH: folder, XDG_CACHE_HOME: join(folder, 'cache'), ...env };
    const { status, stdout, stderr } = await runCommand(process.execPath, ['--import', 'tsx', FIND], {
      env: surroundings,
    });
    return { status, stdout: stdout.toString(), stderr };
  };

  test('is VAULT_BIN before all others', async () => {
    program('vault');
    const mine = program('mine');
    assert.deepEqual(await find({ VAULT_BIN: mine }), { status: 0, stdout: mine, stderr: '' });
  });

  test('is none where VAULT_BIN is none', async () => {
    const missing = join(folder, 'missing');
    const { status, stdout, stderr } = await find({ VAULT_BIN: missing });
    assert.deepEqual([status, stdout], [1, '']);
    assert.equal(stderr, `VAULT_BIN: ${missing} is not there, or not to be executed\n`);
  });

  test('is vault, then bao', async () => {
    const bao = program('bao');
    assert.equal((await find()).stdout, bao);
    const vault = program('vault');
    assert.equal((await find()).stdout, vault);
  });

  test('is built by go, kept, and not built again', async () => {
    program(
      'go',
      'while [ "$1" != -o ]; do shift; done; echo server > "$2"; chmod +x "$2"'.replace(
        'chmod',
        '/bin/chmod',
      ),
    );
    const built = await find();
    assert.equal(built.status, 0, built.stderr);
    assert.match(built.stdout, /\/cache\/civault\/vault-server-\w+-[0-9a-f]{16}$/);
    assert.match(built.stderr, /^Building a Vault server from its source: some minutes the first time/);
    program('go', 'exit 1');
    assert.deepEqual(await find(), { status: 0, stdout: built.stdout, stderr: '' });
  });

  test('is none where go cannot build it, and what go said is shown', async () => {
    program('go', 'echo "main.go:1: no such module" >&2; exit 1');
    const { status, stdout, stderr } = await find();
    assert.deepEqual([status, stdout], [1, '']);
    assert.match(stderr, /main\.go:1: no such module\ngo build failed/);
    assert.deepEqual(readdirSync(join(folder, 'cache', 'civault')), []);
  });

  test('is none where there is nothing, and what to install is said', async () => {
    const { status, stdout, stderr } = await find();
    assert.deepEqual([status, stdout], [1, '']);
    assert.match(stderr, /There is no real Vault server to test with.*\n.*Go 1\.25\.3 or later/);
  });

  test('is told not to come up where it ends at once', async () => {
    const file = program('no-vault', 'echo "this is no Vault" >&2; exit 3');
    await assert.rejects(startRealVault(file), (error: Error) => {
      assert.match(error.message, /no-vault did not come up: Error: it ended\nthis is no Vault/);
      return true;
    });
  });
});
