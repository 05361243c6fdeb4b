// A root folder that holds BusyBox, civault and nothing else: no libc, no /etc, no /proc, no /tmp, no /dev.

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CommandOptions, type Outcome, runCommand } from './command.ts';
import { leaveNothing } from './leftovers.ts';

/** The static file as `make build` left it. */
export const CIVAULT = fileURLToPath(new URL('../../dist/civault', import.meta.url));

// Named in full: inside the root, PATH is the root's.
const CHROOT = ['/usr/sbin/chroot', '/usr/bin/chroot', '/sbin/chroot'].find(existsSync) ?? 'chroot';

/** A root folder, and how to run a script in it. */
export interface BusyboxRoot {
  readonly path: string;
  /** Puts a file into the root. */
  readonly put: (path: string, text: string) => void;
  /** Runs a script in BusyBox's ash, with civault on its PATH and only the variables given. */
  readonly run: (script: string, options?: CommandOptions & { user?: string }) => Promise<Outcome>;
  readonly remove: () => void;
}

/** Why there can be no BusyBox root here; undefined where there can. */
export function whyNoRoot(): string | undefined {
  if (process.getuid?.() !== 0) return 'chroot needs root';
  return findBusybox() === undefined ? 'there is no static busybox (Debian: busybox-static)' : undefined;
}

/** Makes a root. `whyNoRoot` says beforehand whether that is possible. */
export function makeBusyboxRoot(): BusyboxRoot {
  const busybox = findBusybox();
  if (busybox === undefined) throw new Error('there is no static busybox');
  const path = mkdtempSync(join(tmpdir(), 'civault-root-'));
  chmodSync(path, 0o755);
  mkdirSync(join(path, 'bin'));
  copyFileSync(busybox, join(path, 'bin/busybox'));
  // As in an image: a program that is not the shell finds them by their names only.
  const applets = execFileSync(busybox, ['--list'], { encoding: 'utf8' }).trim().split('\n');
  for (const applet of applets) if (applet !== 'busybox') symlinkSync('busybox', join(path, 'bin', applet));
  linkOrCopy(CIVAULT, join(path, 'bin/civault'));
  return {
    path,
    put: (file, text) => {
      mkdirSync(dirname(join(path, file)), { recursive: true });
      writeFileSync(join(path, file), text);
    },
    run: (script, { user, env, ...options } = {}) => {
      const who = user === undefined ? [] : [`--userspec=${user}`];
      const args = [...who, path, '/bin/busybox', 'ash', '-c', script];
      return runCommand(CHROOT, args, { ...options, env: { PATH: '/bin', ...env } });
    },
    remove: leaveNothing(() => rmSync(path, { recursive: true, force: true })),
  };
}

function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    // The temporary folder is on another file system.
    copyFileSync(from, to);
  }
}

/** A static busybox of this machine, whose children no variable of a dynamic linker reaches; undefined where there is none. */
export function findBusybox(): string | undefined {
  return ['/bin/busybox', '/usr/bin/busybox'].find((file) => {
    try {
      return isStatic(readFileSync(file));
    } catch {
      return false;
    }
  });
}

// A program that wants a dynamic linker has a PT_INTERP segment (elf(5)).
function isStatic(elf: Buffer): boolean {
  const headers = Number(elf.readBigUInt64LE(0x20));
  const size = elf.readUInt16LE(0x36);
  const count = elf.readUInt16LE(0x38);
  const types = Array.from({ length: count }, (_, index) => elf.readUInt32LE(headers + index * size));
  return !types.includes(3);
}
