// Who logged in: one entity for each name at each auth mount.

import { randomUUID } from 'node:crypto';
import { base62 } from './identifiers.ts';

export interface Entity {
  readonly id: string;
  readonly name: string;
  readonly mountAccessor: string;
  readonly aliasName: string;
  /** From the role's claim_mappings, as of the last login. */
  readonly metadata: Readonly<Record<string, string>>;
}

export interface EntityStore {
  /** The entity of a name at a mount, made at its first login. */
  loggedIn(mountAccessor: string, aliasName: string, metadata: Readonly<Record<string, string>>): Entity;
  find(id: string): Entity | undefined;
}

/** Makes an empty store. */
export function createEntityStore(): EntityStore {
  const entities = new Map<string, Entity>();
  return {
    loggedIn(mountAccessor, aliasName, metadata) {
      const known = [...entities.values()].find(
        (entity) => entity.mountAccessor === mountAccessor && entity.aliasName === aliasName,
      );
      const id = known?.id ?? randomUUID();
      const name = known?.name ?? `entity_${base62(8).toLowerCase()}`;
      const entity = { id, name, mountAccessor, aliasName, metadata };
      entities.set(id, entity);
      return entity;
    },
    find: (id) => entities.get(id),
  };
}
