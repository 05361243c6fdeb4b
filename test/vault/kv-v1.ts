// KV version 1, and the same engine with leases: a secret is what was last written, digit for digit.

import { toSeconds } from './fields.ts';
import { type Json, type JsonObject, toJsonObject, toPlain } from './json-text.ts';
import { defaultTtl, type MountSpec } from './mounts.ts';
import { failure, type Reply, refusal } from './reply.ts';
import type { Engine } from './request.ts';
import { routed } from './routes.ts';

/** Makes the engine; with `leases`, every read is a secret of its own that ends. */
export function createKvV1(mount: MountSpec, leases: boolean): Engine {
  const secrets = new Map<string, JsonObject>();

  const read = (path: string): Reply | null => {
    if (path.split('/').includes('..')) throw failure(500, 'read failed: relative paths not supported');
    const data = secrets.get(path);
    if (!data) return null;
    const ttl = data.get('ttl') ?? data.get('lease');
    // Only a secret with a ttl of its own is renewable; the others get the mount's.
    const renewable = leases && ttl !== undefined;
    return { data, secret: { duration: durationOf(ttl) ?? defaultTtl(mount), renewable }, register: leases };
  };

  const write = (path: string, data: JsonObject): null => {
    if (path === '') throw refusal(400, 'missing path');
    if (data.size === 0) throw refusal(400, 'missing data fields');
    secrets.set(path, data);
    return null;
  };

  return {
    exists: (rest) => secrets.has(rest),
    handle: routed([
      [
        /^(.*)$/,
        {
          read: (_request, path = '') => read(path),
          update: (request, path = '') => write(path, request.data),
          delete: (_request, path = '') => {
            secrets.delete(path);
            return null;
          },
          list: (_request, path = '') => listReply([...secrets.keys()], path),
        },
      ],
    ]),
  };
}

/** The answer to a list: what lies directly below a folder, folders with a slash; null when nothing does. */
export function listReply(paths: readonly string[], folder: string): Reply | null {
  const prefix = folder === '' || folder.endsWith('/') ? folder : `${folder}/`;
  const below = paths.filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length));
  const keys = new Set(below.map((path) => path.replace(/\/.*$/s, '/')));
  return keys.size === 0 ? null : { data: toJsonObject({ keys: [...keys].sort() }) };
}

function durationOf(ttl: Json | undefined): number | undefined {
  try {
    return ttl === undefined ? undefined : toSeconds(toPlain(ttl));
  } catch {
    return undefined; // a field named ttl that is no duration is only a field
  }
}
