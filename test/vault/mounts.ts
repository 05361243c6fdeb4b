// The table of mounts, secrets engines and auth methods alike: the longest prefix serves a path.

import { randomUUID } from 'node:crypto';
import { hexEnd } from './identifiers.ts';
import { refusal } from './reply.ts';
import type { Engine } from './request.ts';

/** 768 hours: what Vault gives and allows where nothing else is said. */
export const systemTtl = 2_764_800;

export interface MountSpec {
  readonly type: string;
  readonly description?: string;
  readonly options?: Readonly<Record<string, string>> | null;
  readonly defaultTtl?: number;
  readonly maxTtl?: number;
  /** Further members of its `config`, as Vault shows them. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly local?: boolean;
  readonly sealWrap?: boolean;
}

export interface Mount extends MountSpec {
  /** With a slash at its end; auth methods start with `auth/`. */
  readonly path: string;
  readonly accessor: string;
  readonly uuid: string;
  readonly engine: Engine;
}

export interface MountTable {
  add(path: string, spec: MountSpec, build: (mount: Omit<Mount, 'engine'>) => Engine): Mount;
  remove(path: string): Mount | undefined;
  /** The mount that serves a path; `secret` alone means `secret/`. */
  match(path: string): Mount | undefined;
  list(): readonly Mount[];
}

/** Makes an empty table. */
export function createMountTable(): MountTable {
  const mounts = new Map<string, Mount>();

  const longestPrefix = (path: string): Mount | undefined => {
    let best: Mount | undefined;
    for (const mount of mounts.values()) {
      if (path.startsWith(mount.path) && mount.path.length > (best?.path.length ?? -1)) best = mount;
    }
    return best;
  };

  const refuseConflict = (path: string): void => {
    const above = longestPrefix(path);
    if (above) throw refusal(400, `path is already in use at ${above.path}`);
    const below = [...mounts.keys()].find((existing) => existing.startsWith(path));
    if (below !== undefined) throw refusal(400, `path is already in use at ${below}`);
  };

  return {
    add(path, spec, build) {
      refuseConflict(path);
      const kind = path.startsWith('auth/') ? 'auth_' : '';
      const entry = {
        ...spec,
        path,
        accessor: `${kind}${spec.type}_${hexEnd()}`,
        uuid: randomUUID(),
      };
      const mount = { ...entry, engine: build(entry) };
      mounts.set(path, mount);
      return mount;
    },
    remove(path) {
      const mount = mounts.get(path);
      mounts.delete(path);
      return mount;
    },
    match: (path) => longestPrefix(path) ?? (path.endsWith('/') ? undefined : longestPrefix(`${path}/`)),
    list: () => [...mounts.values()].sort((a, b) => (a.path < b.path ? -1 : 1)),
  };
}

/** How long a secret or token of this mount lasts unless it says so itself. */
export function defaultTtl(mount: MountSpec): number {
  return mount.defaultTtl || systemTtl;
}

/** The longest that a secret or token of this mount may last. */
export function maxTtl(mount: MountSpec): number {
  return mount.maxTtl || systemTtl;
}
