// Root folders that are as a job's image is: which shell, which programs, which folders, which user. None holds civault unless that is said: the
// job fetches it. Programs that a job is about are replaced by small ones (tools.ts).

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { CIVAULT, makeBusyboxRoot, whyNoRoot } from '../harness/busybox-root.ts';
import { leaveNothing } from '../harness/leftovers.ts';
import { findProgram } from '../harness/registry.ts';

/** What a job finds in its image. */
export interface Image {
  readonly named: string;
  /** BusyBox alone; BusyBox in /busybox, and no /tmp; or glibc with bash, coreutils and curl, without wget. */
  readonly base: 'busybox' | 'kaniko' | 'glibc';
  /** `UID:GID`; root unless said. */
  readonly user?: string;
  readonly env: Readonly<Record<string, string>>;
  /** Programs of this machine, with the libraries they want, by the folder that they are put into. */
  readonly borrowed?: Readonly<Record<string, string>>;
  /** Whether civault was put into it when it was made; not, unless said. */
  readonly holdsCivault?: boolean;
}

const PATH = '/opt/sonar-scanner/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export const ALPINE: Image = { named: 'Alpine', base: 'busybox', env: { PATH, HOME: '/root' } };
export const ALPINE_WITH_CURL: Image = {
  named: 'Alpine with curl, uid 100',
  base: 'busybox',
  user: '100:101',
  env: { PATH, HOME: '/home/curl_user' },
  borrowed: { curl: '/usr/bin' },
};
export const SONAR_ALPINE: Image = {
  named: 'sonar-scanner-cli on Alpine, uid 1000',
  base: 'busybox',
  user: '1000:1000',
  env: { PATH, HOME: '/tmp' },
};
export const SONAR_GLIBC: Image = {
  named: 'sonar-scanner-cli on glibc, uid 1000, no BusyBox, no wget',
  base: 'glibc',
  user: '1000:1000',
  env: { PATH, HOME: '/tmp' },
};
// As kaniko's deploy/Dockerfile has it.
export const KANIKO: Image = {
  named: "Kaniko's debug image, no /tmp",
  base: 'kaniko',
  env: {
    PATH: '/usr/local/bin:/kaniko:/busybox',
    HOME: '/root',
    USER: 'root',
    SSL_CERT_DIR: '/kaniko/ssl/certs',
    DOCKER_CONFIG: '/kaniko/.docker/',
  },
};

const GLIBC_PROGRAMS = [
  'bash',
  'curl',
  'sha256sum',
  'chmod',
  'mkdir',
  'mktemp',
  'cat',
  'cut',
  'sed',
  'cp',
  'stat',
];

/** Why no image can be made here; undefined where it can. */
export function whyNoImages(): string | undefined {
  const missing = ['curl', 'rsync', 'git'].find((name) => findProgram(name) === undefined);
  if (missing !== undefined) return `there is no ${missing} (Debian: ${missing})`;
  return whyNoRoot() ?? whyNoDevices();
}

function whyNoDevices(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'civault-device-'));
  try {
    makeDevice(join(folder, 'null'), '3');
    return undefined;
  } catch {
    return 'this root may not make /dev/null (CAP_MKNOD)';
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function makeDevice(path: string, minor: string): void {
  execFileSync('mknod', ['-m', '666', path, 'c', '1', minor], { stdio: 'pipe' });
}

export interface Root {
  readonly path: string;
  readonly remove: () => void;
}

/** Makes the root of an image, with programs of a test's own by their path in it. */
export function makeRoot(image: Image, programs: Readonly<Record<string, string>>): Root {
  const root = image.base === 'glibc' ? glibcRoot() : busyboxRoot();
  const at = (path: string): string => join(root.path, path);
  if (image.base === 'kaniko') {
    renameSync(at('bin'), at('busybox'));
    mkdirSync(at('bin'));
    symlinkSync('/busybox/sh', at('bin/sh'));
    mkdirSync(at('kaniko/.docker'), { recursive: true });
    mkdirSync(at('kaniko/ssl/certs'), { recursive: true });
    chmodSync(at('kaniko'), 0o777);
  } else {
    mkdirSync(at('tmp'));
    chmodSync(at('tmp'), 0o1777);
    mkdirSync(at('usr/local/bin'), { recursive: true });
    mkdirSync(at('root'));
  }
  // What every container has.
  mkdirSync(at('dev'));
  makeDevice(at('dev/null'), '3');
  makeDevice(at('dev/urandom'), '9');
  for (const [name, folder] of Object.entries(image.borrowed ?? {})) borrow(root.path, name, folder);
  if (image.holdsCivault) copyFileSync(CIVAULT, at('usr/local/bin/civault'));
  mkdirSync(at('seen'));
  chmodSync(at('seen'), 0o777);
  for (const [path, text] of Object.entries(programs)) {
    mkdirSync(dirname(at(path)), { recursive: true });
    writeFileSync(at(path), text, { mode: 0o755 });
  }
  return root;
}

function busyboxRoot(): Root {
  const root = makeBusyboxRoot();
  rmSync(join(root.path, 'bin/civault'));
  return root;
}

function glibcRoot(): Root {
  const path = mkdtempSync(join(tmpdir(), 'civault-glibc-'));
  const remove = leaveNothing(() => rmSync(path, { recursive: true, force: true }));
  chmodSync(path, 0o755);
  for (const name of GLIBC_PROGRAMS) borrow(path, name, '/usr/bin');
  symlinkSync('usr/bin', join(path, 'bin'));
  symlinkSync('bash', join(path, 'usr/bin/sh'));
  return { path, remove };
}

function borrow(root: string, name: string, folder: string): void {
  const program = findProgram(name);
  if (program === undefined) throw new Error(`there is no ${name} on this machine`);
  copy(realpathSync(program), join(root, folder, name));
  const needs = execFileSync('ldd', [realpathSync(program)], { encoding: 'utf8' });
  for (const [library] of needs.matchAll(/\/[^\s()]+/g)) copy(realpathSync(library), join(root, library));
}

function copy(from: string, to: string): void {
  if (existsSync(to)) return;
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
}
