// Proves that build/reproducible.sh compares builds of this commit or fails: its builds themselves are in assets.test.ts.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../harness/command.ts';
import { findProgram } from '../harness/registry.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const git = findProgram('git');

describe('reproducible.sh', { skip: git === undefined && 'there is no git', concurrency: 1 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'civault-reproducible-'));
  const project = join(folder, 'project');
  after(() => rmSync(folder, { recursive: true, force: true }));
  let commit: string;

  // A project whose release is the commit that it was made of, and which notes each time that it is made.
  before(() => {
    mkdirSync(join(project, 'build'), { recursive: true });
    copyFileSync(join(ROOT, 'build/reproducible.sh'), join(project, 'build/reproducible.sh'));
    const lines = ['release:', 'mkdir dist', 'git rev-parse HEAD >dist/civault', 'echo made >>"$$MADE"'];
    writeFileSync(join(project, 'Makefile'), `${lines.join('\n\t')}\n`);
    const run = (...args: string[]) =>
      execFileSync('git', args, { cwd: project, encoding: 'utf8', env: env() });
    run('init', '-q', '-b', 'main');
    for (const number of [1, 2]) {
      writeFileSync(join(project, 'number'), `${number}`);
      run('add', '.');
      run('-c', 'user.name=jdoe', '-c', 'user.email=jdoe@example.com', 'commit', '-qm', `${number}`);
    }
    commit = run('rev-parse', 'HEAD').trim();
    mkdirSync(join(folder, 'bin'));
  });

  const env = (): Record<string, string> => ({
    PATH: `${join(folder, 'bin')}:${process.env['PATH']}`,
    HOME: folder,
    MADE: join(folder, 'made'),
    GIT_CONFIG_NOSYSTEM: '1',
  });
  /** Runs it with a git that does something else for one of its commands. */
  const compare = async (command = 'none', instead = '') => {
    const wrapper = `#!/bin/sh
case " $* " in *" ${command} "*) ${instead || ':'} ;; esac
exec ${git} "$@"
`;
    writeFileSync(join(folder, 'bin/git'), wrapper, { mode: 0o755 });
    rmSync(join(folder, 'made'), { force: true });
    const outcome = await runCommand('sh', [join(project, 'build/reproducible.sh')], { env: env() });
    const made = existsSync(join(folder, 'made')) ? readFileSync(join(folder, 'made'), 'utf8') : '';
    return { ...outcome, made };
  };

  test('makes this commit twice', async () => {
    const { status, stdout, stderr, made } = await compare();
    assert.deepEqual([status, stderr, made], [0, '', 'made\nmade\n']);
    assert.ok(stdout.toString().endsWith(`reproducible: ${commit} gives the same files twice\n`));
  });

  for (const [what, command, instead, says] of [
    ['cannot be cloned', 'clone', 'echo "fatal: no clone" >&2; exit 128', /fatal: no clone/],
    ['cannot be checked out', 'checkout', 'echo "fatal: no checkout" >&2; exit 128', /fatal: no checkout/],
    [
      'is not what was checked out',
      'checkout',
      `exec ${git} -C "$2" checkout -q HEAD~1`,
      /the clone is at [0-9a-f]{40}, and not at [0-9a-f]{40}/,
    ],
  ] as const) {
    test(`fails, and makes nothing, where it ${what}`, async () => {
      const { status, stderr, made } = await compare(command, instead);
      assert.match(stderr, /^reproducible: one was not built\n/);
      assert.match(stderr, says);
      assert.deepEqual([status, made], [1, '']);
    });
  }
});
