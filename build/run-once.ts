// Runs a binary that the build made only to be run: here, or by an emulator where it is of another architecture.

import { execFile } from 'node:child_process';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import type { Arch } from './arch.ts';
import { BuildError } from './say.ts';

/** What runs a program of another architecture, where the kernel alone does not. */
export const EMULATORS: Readonly<Record<Arch['node'], string>> = {
  x64: 'qemu-x86_64-static',
  arm64: 'qemu-aarch64-static',
};

// An emulator takes its time.
const MOST = 300_000;

/**
 * Runs a binary, which writes what it has to say to files.
 * @returns false where this machine cannot run it at all
 * @throws {BuildError} when it fails
 */
export async function runOnce(
  binary: string,
  arch: Arch,
  options: Parameters<typeof execFile>[2],
): Promise<boolean> {
  const isForeign = arch.node !== process.arch;
  const ways = [[binary], ...(isForeign ? [[EMULATORS[arch.node], binary]] : [])];
  for (const [program = '', ...args] of ways) {
    try {
      await promisify(execFile)(program, args, { ...options, timeout: MOST });
      return true;
    } catch (error) {
      const { code, stderr } = error as { code?: unknown; stderr?: string };
      if (isForeign && ['ENOEXEC', 'ENOENT'].includes(String(code))) continue;
      throw new BuildError(`${basename(binary)}, which the build runs, failed (${code}): ${stderr}`);
    }
  }
  return false;
}
