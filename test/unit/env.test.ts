// Proves what `env` settles before it asks Vault for anything, and what standard output gets when it fails.

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { run } from '../../src/cli.ts';
import { env } from '../../src/commands/env.ts';
import { leaveNothing } from '../harness/leftovers.ts';
import { fakeIo } from './fakes.ts';

const folder = mkdtempSync(join(tmpdir(), 'civault-env-'));
after(leaveNothing(() => rmSync(folder, { recursive: true, force: true })));

for (const [args, evaluated] of [
  [[], true],
  [['A=b'], true],
  [['--format', 'sh'], true],
  [['--format=sh'], true],
  [['--format=bogus'], true],
  [['--format', 'constructor'], true],
  [['--format='], true],
  [['--format'], true],
  [['--format', 'json'], false],
  [['--format=json'], false],
  [['A=b', '--format', 'dotenv', 'C=d'], false],
  [['--format=docker', '--bogus'], false],
  [['--', '--format=json'], true],
  [['A=b', '--', '--output', 'x'], true],
  [['--role=--format', 'json'], true],
  [['--output', 'file'], false],
  [['--output=file'], false],
  [['--output='], false],
  [['--output', '-'], true],
  [['--output=-'], true],
  [['--output'], true],
  [['--output', 'file', '--format', 'sh'], false],
  [['--output', '-', '--format', 'json'], false],
  [['--format', 'bogus', '--output=x'], false],
] as const) {
  test(`env ${args.join(' ')} that fails gives ${evaluated ? '(exit 6)' : 'nothing'}`, () => {
    assert.equal(env.onFailure?.(6, args), evaluated ? '(exit 6)\n' : '');
  });
}

const AGENT = { VAULT_ADDR: 'unix:/nonexistent/agent.sock' };

async function failed(args: readonly string[], environment: Readonly<Record<string, string>> = AGENT) {
  const io = fakeIo();
  const status = await run(['env', '--retries=0', ...args], environment, io);
  return { status, written: io.written.join(''), messages: io.messages };
}

for (const format of ['dot', 'SH', 'env', '', 'toString', '__proto__']) {
  test(`the format ${JSON.stringify(format)} is refused, and the hint names those there are`, async () => {
    const { status, written, messages } = await failed([`--format=${format}`, 'A=secret/a#b']);
    assert.deepEqual([status, written], [2, '(exit 2)\n']);
    assert.deepEqual(messages, [
      `unknown format "${format}"`,
      'hint: the formats are sh, dotenv, docker, json (docs/errors.md#usage)',
    ]);
  });
}

const WARNING =
  'warning: as artifacts:reports:dotenv, GitLab would store these values unmasked, to be downloaded';

for (const [what, format, environment, warned] of [
  ['in a GitLab job', 'dotenv', { GITLAB_CI: 'true' }, true],
  ['elsewhere', 'dotenv', {}, false],
  ['where GITLAB_CI is empty', 'dotenv', { GITLAB_CI: '' }, false],
  ['in a GitLab job', 'sh', { GITLAB_CI: 'true' }, false],
  ['in a GitLab job', 'docker', { GITLAB_CI: 'true' }, false],
  ['in a GitLab job', 'json', { GITLAB_CI: 'true' }, false],
] as const) {
  test(`--format ${format} ${what} ${warned ? 'warns of reports' : 'warns of nothing'}`, async () => {
    const { status, messages } = await failed(['--format', format, 'A=secret/a#b'], {
      ...AGENT,
      ...environment,
    });
    assert.equal(status, 6);
    assert.equal(messages[0] === WARNING, warned, messages[0]);
    assert.equal(messages[1]?.startsWith('hint: let each job that needs them run civault itself;'), warned);
  });
}

test('a warning of a report is no more than that: where nothing can be made, only the mistake is told', async () => {
  const { messages } = await failed(['--format=dotenv', 'bogus'], { ...AGENT, GITLAB_CI: 'true' });
  assert.match(messages[0] ?? '', /^"bogus" is no MAPPING/);
});

test('a file that cannot be written is told before Vault is asked', async () => {
  const { status, written, messages } = await failed(['--output', join(folder, 'none/x'), 'A=secret/a#b']);
  assert.deepEqual([status, written], [2, '']);
  assert.match(messages[0] ?? '', /^cannot write .*none\/x: there is no such folder \(ENOENT\)$/);
});

test('a run that fails leaves the old file alone, and makes no new one', async () => {
  const old = join(folder, 'old.env');
  writeFileSync(old, 'OLD=1\n');
  for (const file of [old, join(folder, 'new.env')]) {
    const { status, written } = await failed(['--output', file, '--format', 'dotenv', 'A=secret/a#b']);
    assert.deepEqual([status, written], [6, '']);
  }
  assert.deepEqual(readdirSync(folder), ['old.env']);
  assert.equal(existsSync(old), true);
});
