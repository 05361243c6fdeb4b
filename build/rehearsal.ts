// V8's code cache of the bundle: commands as jobs run them are run once, in a binary of their own against stand-ins of Vault
// and GitLab, and what V8 has compiled by then is put into the file. Without it every run compiles that anew: gained on
// x64, a third of the instructions of `--version` and more than a quarter of those of a secret (docs/performance.md).
//
// pkg's patch of V8 takes out what would compare a cache with its source and its flags: V8's version alone is compared. So the
// build makes both at once, of the very bytes that stand beside the cache, and nothing puts other bytes there.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Arch } from './arch.ts';
import { runOnce } from './run-once.ts';

/** V8 writes what it compiled in the order of its hashes: with a seed of its own, each build would give another file. */
export const REHEARSAL_OPTIONS = ['--hash-seed=1'];

// What is not among them is compiled when it is wanted: every further function is loaded by those who do not want it, too.
const SECRET = 'secret/data/nexus/svc-orchestrator#password';
const COMMANDS = [
  ['--version'],
  ['get', SECRET],
  ['env', `PASSWORD=${SECRET}`],
  ['exec', `PASSWORD=${SECRET}`, '--', 'true'],
  ['download', '--package', 'civault/1.2.3/civault-linux-amd64'],
];

/**
 * Runs the commands and gives V8's code cache, or undefined where this machine cannot run them.
 * @param binary a binary whose prelude is build/rehearsal.js
 * @param text what the cache is of, byte by byte as the binary holds it
 * @throws {BuildError} where a command fails
 */
export async function rehearse(binary: string, text: Buffer, arch: Arch): Promise<Buffer | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'civault-rehearsal-'));
  const at = (name: string) => join(folder, name);
  // Here alone: what is imported from this file is of use without them, too.
  const { startJob } = await import('../test/harness/job.ts');
  const { startReleaseJob } = await import('../test/harness/release.ts');
  const vault = await startJob();
  const { gitlab, env } = await startReleaseJob();
  try {
    writeFileSync(at('text'), text);
    writeFileSync(at('gitlab.pem'), gitlab.authority.certificatePem);
    const isRun = await runOnce(binary, arch, {
      cwd: folder,
      env: {
        PATH: '/usr/bin:/bin',
        ...vault.env,
        ...env,
        CI_SERVER_TLS_CA_FILE: at('gitlab.pem'),
        REHEARSAL: JSON.stringify({ text: at('text'), cache: at('cache'), commands: COMMANDS }),
      },
    });
    return isRun ? readFileSync(at('cache')) : undefined;
  } finally {
    await vault.end();
    await gitlab.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
