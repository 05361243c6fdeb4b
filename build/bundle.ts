// src/ as one script, with the release it belongs to written in.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build, type Metafile } from 'esbuild';
import { BuildError } from './say.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The script, and which file imports which. */
export interface Bundle {
  readonly text: string;
  readonly metafile: Metafile;
}

/** Bundles src/main.ts. The text depends on the sources, the version and the commit, and on no folder or clock. */
export async function bundle(nodeVersion: string): Promise<Bundle> {
  const { version }: { version: string } = JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8'));
  const { outputFiles, metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: ['src/main.ts'],
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    // White space only: the names of functions are all that a report of a bug in civault shows.
    minifyWhitespace: true,
    define: { CIVAULT_RELEASE: JSON.stringify({ version, commit: commit(), node: nodeVersion }) },
  });
  const text = outputFiles.map(({ text }) => text).join('');
  // esbuild escapes what it may. V8 is given the bytes one by one, which is how it keeps text of ASCII as well.
  const odd = /.{0,20}[^\x00-\x7f].{0,20}/.exec(text);
  if (odd !== null) throw new BuildError(`the bundle is to be ASCII, write \\u escapes: ${odd[0]}`);
  return { text, metafile };
}

function commit(): string {
  try {
    const args = ['describe', '--always', '--dirty', '--exclude=*', '--abbrev=12'];
    return execFileSync('git', args, {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return process.env['CI_COMMIT_SHA']?.slice(0, 12) ?? 'unknown';
  }
}
