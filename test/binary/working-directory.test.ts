// Proves that nothing in the working directory, in HOME or beside the binary is taken for a setting or for code: no package.json,
// no node_modules, no .npmrc, .env, openssl.cnf or whatever else Node.js and its tools look for.

import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, mkdirSync, symlinkSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { CIVAULT } from '../harness/busybox-root.ts';
import { runCommand } from '../harness/command.ts';
import { type Job, startJob } from '../harness/job.ts';
import { assertFetched, assertNoToken, REF } from '../harness/judged-run.ts';
import { layTraps, makeTraps, type TrapFolder } from '../harness/traps.ts';
import { createAuthority } from '../vault/authority.ts';

let job: Job;
let traps: TrapFolder;
let stranger: string;
let untouched: string[];

before(async () => {
  job = await startJob();
  traps = makeTraps();
  stranger = (await createAuthority('A stranger')).certificatePem;
  mkdirSync(traps.at('bin'));
  layTraps(traps.at('bin'));
  copyFileSync(CIVAULT, traps.at('bin/civault'));
  chmodSync(traps.at('bin/civault'), 0o755);
  mkdirSync(traps.at('links'));
  layTraps(traps.at('links'));
  symlinkSync('../bin/civault', traps.at('links/civault'));
  // Where tools of Node.js keep what is the user's.
  for (const folder of [
    '.config',
    '.npm',
    '.node_modules',
    '.node_libraries',
    '.cache',
    '.pkg-cache',
    '.ssh',
    '.docker',
  ]) {
    mkdirSync(traps.at(`home/${folder}`));
    if (folder !== '.docker') layTraps(traps.at(`home/${folder}`));
  }
  untouched = traps.state();
});
after(async () => {
  traps.remove();
  await job.end();
});

describe('what lies around changes nothing', { concurrency: 2 }, () => {
  for (const [what, program, cwd] of [
    ['in the working directory and in HOME', () => CIVAULT, '.'],
    ['in a HOME that is the working directory', () => CIVAULT, 'home'],
    ['beside the binary', () => traps.at('bin/civault'), 'tmp'],
    ['beside the binary, which is where the run is', () => './civault', 'bin'],
    ['beside a symlink to it', () => traps.at('links/civault'), 'links'],
    ['in the folder of PATH that it is found by', () => 'civault', 'home'],
  ] as const) {
    const options = (env: Readonly<Record<string, string>> = {}) => {
      const PATH = `${traps.at('bin')}:/usr/bin:/bin`;
      const own = { HOME: traps.at('home'), TMPDIR: traps.at('tmp'), PATH };
      return { env: { ...job.env, ...own, ...env }, cwd: traps.at(cwd) };
    };
    // By a shell, so that PATH and the working directory are those of the run.
    const run = async (args: string, env?: Readonly<Record<string, string>>) => {
      const given = options(env);
      const outcome = await runCommand('/bin/sh', ['-c', `${program()} ${args}`], given);
      assertNoToken(outcome, given.env);
      return outcome;
    };

    test(`${what}: every command does what it does elsewhere`, async () => {
      assertFetched(await run(`get '${REF}'`));
      const other = await run(`get '${REF}'`, { VAULT_CACERT_BYTES: stranger });
      assert.deepEqual([other.status, other.stdout.toString()], [7, '']);
      // Its .env, its .vault-token and its proxies are none of ours.
      const alone = await run(`get '${REF}'`, { VAULT_ADDR: '', VAULT_ID_TOKEN: '' });
      assert.equal(alone.status, 2);
      assert.match(alone.stderr, /there is no address of Vault: VAULT_ADDR is empty/);
      const noToken = await run(`get '${REF}'`, { VAULT_ID_TOKEN: '' });
      assert.equal(noToken.status, 3);
      const version = await run('--version');
      assert.match(version.stdout.toString(), /^civault \d+\.\d+\.\d+ [^\n]*\n$/);
      const executed = await run(`exec 'A=${REF}' -- sh -c 'test -n "$A" && echo got'`);
      assert.deepEqual([executed.status, executed.stdout.toString(), executed.stderr], [0, 'got\n', '']);
      const examined = await run(`doctor '${REF}'`);
      assert.equal(examined.status, 0, examined.stderr);
      assert.doesNotMatch(`${examined.stdout}${examined.stderr}`, /EVIL/);
      assert.deepEqual(traps.state(), untouched, 'a file was written');
    });
  }
});
