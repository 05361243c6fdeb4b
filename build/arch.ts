// The architectures that civault is built for, by Docker's names and by pkg's.

import { BuildError } from './say.ts';

/** An architecture. */
export interface Arch {
  /** Docker's name (TARGETARCH), used in the names of releases. */
  readonly docker: 'amd64' | 'arm64';
  /** pkg's and Node's name. */
  readonly node: 'x64' | 'arm64';
  /** The kernel's name (uname -m). */
  readonly machine: 'x86_64' | 'aarch64';
}

/** All of them. */
export const ARCHES: readonly Arch[] = [
  { docker: 'amd64', node: 'x64', machine: 'x86_64' },
  { docker: 'arm64', node: 'arm64', machine: 'aarch64' },
];

/** The architecture of that name, by default this machine's. */
export function findArch(name: string = process.arch): Arch {
  const found = ARCHES.find((arch) => Object.values(arch).includes(name));
  if (found === undefined) throw new BuildError(`there is no civault for ${name}: ARCH is amd64 or arm64`);
  return found;
}
