// What the tests of files share: processes of their own to write from, as another user or with limits, and a look at all
// that is in a folder.

import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { type Outcome, runCommand } from '../harness/command.ts';

/** Nobody's, in most systems, and without an account in the others. */
export const OTHER_USER = 65_534;

/** What writing takes of the world. */
export const WORLD = { random: Math.random, whileSignalsEnd: <T>(write: () => T) => write() };

/** Why a process cannot become another user's here; false where it can. */
export const whyNoOtherUser = process.getuid?.() === 0 ? false : 'only root can become another user';

const PRELUDE = `
  import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
  import { assertWritable, followLinks, writeFile } from './file.ts';
  import { writeAll } from './write-all.ts';
  const [folder] = process.argv.slice(1);
  const becomeOther = () => {
    process.setgroups([]);
    process.setgid(${OTHER_USER});
    process.setuid(${OTHER_USER});
  };
  const outcome = (call) => {
    try {
      call();
      return 'done';
    } catch (error) {
      return error.code + ': ' + error.message;
    }
  };
  const WORLD = { random: Math.random, whileSignalsEnd: (write) => write() };
  const both = (path, content = 'new') => [
    outcome(() => assertWritable(path)),
    outcome(() => writeFile(path, content, WORLD)),
  ];
  const tell = (value) => console.log(JSON.stringify(value));
`;

/**
 * Runs a script that is given the functions of src/output/file.ts, and those above.
 * @param folder the script's `folder`
 * @param shell how to run it, as `"$@"`, in sh
 */
export function runScript(script: string, folder: string, shell = 'exec "$@"'): Promise<Outcome> {
  const { outputFiles } = buildSync({
    stdin: {
      contents: PRELUDE + script,
      resolveDir: fileURLToPath(new URL('../../src/output', import.meta.url)),
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
  });
  const node = [process.execPath, '--input-type=module', '-e', outputFiles[0]?.text ?? '', folder];
  return runCommand('/bin/sh', ['-c', shell, 'sh', ...node], { env: { PATH: process.env['PATH'] ?? '' } });
}

/** What such a script tells, which is all that it writes. */
export async function told(script: string, folder: string, shell?: string): Promise<unknown> {
  const { status, stdout, stderr } = await runScript(script, folder, shell);
  if (status !== 0 || stderr !== '') throw new Error(`status ${status}: ${stderr}`);
  return JSON.parse(stdout.toString());
}

/** What a folder has in it, by name. */
export interface Found {
  readonly isFolder: boolean;
  readonly seen: readonly unknown[];
}

/** All that is in a folder and in those in it, without following links, so that any change shows. */
export function lookAround(folder: string, within = ''): Map<string, Found> {
  const all = new Map<string, Found>();
  for (const entry of readdirSync(join(folder, within))) {
    const name = join(within, entry);
    const path = join(folder, name);
    const stats = lstatSync(path);
    const isFolder = stats.isDirectory();
    const content = stats.isFile()
      ? readFileSync(path, 'latin1')
      : stats.isSymbolicLink() && readlinkSync(path);
    all.set(name, { isFolder, seen: [stats.ino, stats.mode, stats.uid, stats.mtimeMs, content] });
    if (isFolder) for (const [inner, found] of lookAround(folder, name)) all.set(inner, found);
  }
  return all;
}
