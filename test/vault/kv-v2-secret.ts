// A secret of KV version 2: its versions, and what Vault tells about them.

import { toSeconds } from './fields.ts';
import { type JsonObject, toJsonObject } from './json-text.ts';
import { refusal } from './reply.ts';

export interface Version {
  readonly data: JsonObject;
  readonly createdAt: string;
  deletedAt: string;
  destroyed: boolean;
}

export interface Secret {
  readonly versions: Map<number, Version>;
  current: number;
  oldest: number;
  readonly createdAt: string;
  updatedAt: string;
  customMetadata: Record<string, unknown> | null;
  casRequired: boolean;
  maxVersions: number;
  /** Seconds; 0 is never. */
  deleteAfter: number;
}

/** A secret before its first version. */
export function emptySecret(createdAt: string): Secret {
  return {
    versions: new Map(),
    current: 0,
    oldest: 0,
    createdAt,
    updatedAt: createdAt,
    customMetadata: null,
    casRequired: false,
    maxVersions: 0,
    deleteAfter: 0,
  };
}

/** Refuses a write that was meant for another version than the current one. */
export function checkCas(secret: Secret, cas: unknown): void {
  if (cas !== undefined && toSeconds(cas) !== secret.current) {
    throw refusal(400, 'check-and-set parameter did not match the current version');
  }
  if (cas === undefined && secret.casRequired) {
    throw refusal(400, 'check-and-set parameter required for this call');
  }
}

/** What an answer says of one version. */
export function describeVersion(number: number, version: Version, secret: Secret): JsonObject {
  return toJsonObject({
    created_time: version.createdAt,
    custom_metadata: secret.customMetadata,
    deletion_time: version.deletedAt,
    destroyed: version.destroyed,
    version: number,
  });
}

/** What `metadata/` answers. */
export function describeSecret(secret: Secret): JsonObject {
  const versions = [...secret.versions].map(([number, { createdAt, deletedAt, destroyed }]) => [
    String(number),
    { created_time: createdAt, deletion_time: deletedAt, destroyed },
  ]);
  return toJsonObject({
    cas_required: secret.casRequired,
    created_time: secret.createdAt,
    current_version: secret.current,
    custom_metadata: secret.customMetadata,
    delete_version_after: `${secret.deleteAfter}s`,
    max_versions: secret.maxVersions,
    oldest_version: secret.oldest,
    updated_time: secret.updatedAt,
    versions: Object.fromEntries(versions),
  });
}
