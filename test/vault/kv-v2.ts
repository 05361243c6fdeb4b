// KV version 2: versions, and paths with `data/`, `metadata/` and the like in them.

import { countField, flagField, listField, mapField, secondsField } from './fields.ts';
import { type Json, type JsonObject, throughFloat64 } from './json-text.ts';
import { listReply } from './kv-v1.ts';
import {
  checkCas,
  describeSecret,
  describeVersion,
  emptySecret,
  type Secret,
  type Version,
} from './kv-v2-secret.ts';
import { type Reply, refusal } from './reply.ts';
import type { Engine, EngineRequest } from './request.ts';
import { routed } from './routes.ts';

const keptVersions = 10;

/** Makes the engine. */
export function createKvV2(clock: () => number): Engine {
  const secrets = new Map<string, Secret>();
  // Go writes nine decimals; the clock here has three of them.
  const time = (milliseconds: number): string => new Date(milliseconds).toISOString().replace('Z', '000000Z');
  const now = (): string => time(clock());
  // A version's end may be known from its beginning.
  const isGone = ({ destroyed, deletedAt }: Version): boolean =>
    destroyed || (deletedAt !== '' && deletedAt <= now());

  const read = (path: string, wanted: number): Reply | null => {
    const secret = secrets.get(path);
    const number = wanted > 0 ? wanted : (secret?.current ?? 0);
    const version = secret?.versions.get(number);
    if (!secret || !version) return null;
    const gone = isGone(version);
    return {
      data: new Map<string, Json>([
        ['data', gone ? null : version.data],
        ['metadata', describeVersion(number, version, secret)],
      ]),
      ...(gone ? { status: 404 } : {}),
    };
  };

  const write = (path: string, request: EngineRequest): Reply => {
    const data = request.data.get('data');
    if (!(data instanceof Map)) throw refusal(400, 'no data provided');
    const secret = secrets.get(path) ?? emptySecret(now());
    checkCas(secret, mapField(request.fields, 'options')['cas']);
    secrets.set(path, secret);
    secret.current += 1;
    secret.updatedAt = now();
    const version = {
      data: throughFloat64(data) as JsonObject,
      createdAt: now(),
      deletedAt: secret.deleteAfter > 0 ? time(clock() + secret.deleteAfter * 1000) : '',
      destroyed: false,
    };
    secret.versions.set(secret.current, version);
    while (secret.versions.size > (secret.maxVersions || keptVersions)) {
      secret.oldest = Math.min(...secret.versions.keys()) + 1;
      secret.versions.delete(secret.oldest - 1);
    }
    return { data: describeVersion(secret.current, version, secret) };
  };

  const eachVersion = (path: string, request: EngineRequest, change: (version: Version) => void): null => {
    const numbers = listField(request.fields, 'versions').map(Number);
    if (numbers.length === 0) throw refusal(400, 'No version number provided');
    for (const number of numbers) {
      const version = secrets.get(path)?.versions.get(number);
      if (version) change(version);
    }
    return null;
  };

  const markDeleted = (version: Version): void => {
    if (!isGone(version)) version.deletedAt = now();
  };

  const deleteCurrent = (path: string): null => {
    const secret = secrets.get(path);
    const version = secret?.versions.get(secret.current);
    if (version) markDeleted(version);
    return null;
  };

  const readMetadata = (path: string): Reply | null => {
    const secret = secrets.get(path);
    return secret ? { data: describeSecret(secret) } : null;
  };

  const writeMetadata = (path: string, request: EngineRequest): null => {
    const secret = secrets.get(path) ?? emptySecret(now());
    secrets.set(path, secret);
    if (request.data.has('custom_metadata'))
      secret.customMetadata = mapField(request.fields, 'custom_metadata');
    if (request.data.has('cas_required')) secret.casRequired = flagField(request.fields, 'cas_required');
    if (request.data.has('max_versions')) secret.maxVersions = countField(request.fields, 'max_versions');
    if (request.data.has('delete_version_after')) {
      secret.deleteAfter = secondsField(request.fields, 'delete_version_after');
    }
    return null;
  };

  const wrongPath = (verb: string) => (): Reply => ({
    status: 404,
    warnings: [
      'Invalid path for a versioned K/V secrets engine. See the API docs for the appropriate API endpoints ' +
        `to use. If using the Vault CLI, use 'vault kv ${verb}' for this operation.`,
    ],
  });

  const wrongRoot = (): Reply => ({
    status: 404,
    warnings: ['Non-listing operations on the root of a K/V v2 mount are not supported.'],
  });

  return {
    exists: (rest) => {
      const path = /^(?:data|metadata)\/(.+)$/s.exec(rest)?.[1];
      return path === undefined ? undefined : secrets.has(path);
    },
    handle: routed([
      [
        /^data\/(.*[^/])$/s,
        {
          read: (request, path = '') => read(path, countField(request.fields, 'version')),
          update: (request, path = '') => write(path, request),
          delete: (_request, path = '') => deleteCurrent(path),
        },
      ],
      [
        /^metadata\/?(.*)$/s,
        {
          read: (_request, path = '') => readMetadata(path),
          list: (_request, path = '') => listReply([...secrets.keys()], path),
          update: (request, path = '') => writeMetadata(path, request),
          delete: (_request, path = '') => {
            secrets.delete(path);
            return null;
          },
        },
      ],
      [/^delete\/(.+)$/s, { update: (request, path = '') => eachVersion(path, request, markDeleted) }],
      [
        /^undelete\/(.+)$/s,
        {
          update: (request, path = '') =>
            eachVersion(path, request, (version) => {
              version.deletedAt = '';
            }),
        },
      ],
      [
        /^destroy\/(.+)$/s,
        {
          update: (request, path = '') =>
            eachVersion(path, request, (version) => {
              version.data.clear();
              version.destroyed = true;
            }),
        },
      ],
      [/^(?:data|delete|undelete|destroy)\/?$/, { read: wrongRoot, update: wrongRoot, delete: wrongRoot }],
      [
        /^/,
        {
          read: wrongPath('get'),
          update: wrongPath('put'),
          delete: wrongPath('delete'),
          list: wrongPath('list'),
        },
      ],
    ]),
  };
}
