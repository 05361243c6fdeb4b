// Everything a Vault knows, in one place, and nothing of HTTP.

import { randomBytes, randomUUID } from 'node:crypto';
import { createEntityStore, type EntityStore } from './entities.ts';
import type { NodeState } from './health.ts';
import { hexEnd, rootTokenId } from './identifiers.ts';
import { createLeaseStore, type LeaseStore } from './leases.ts';
import { createMountTable, type MountTable } from './mounts.ts';
import { createPolicyStore, type PolicyStore } from './policies.ts';
import { createQuotas, type Quotas } from './quotas.ts';
import { createTokenStore, type Token, type TokenStore } from './tokens.ts';

export interface Core {
  readonly clock: () => number;
  readonly hasLeasedKv: boolean;
  readonly mounts: MountTable;
  readonly policies: PolicyStore;
  readonly entities: EntityStore;
  readonly tokens: TokenStore;
  readonly leases: LeaseStore;
  readonly quotas: Quotas;
  /** What was wrapped, by the id of the token that unwraps it. */
  readonly wrapped: Map<string, Wrapped>;
  readonly root: Token;
  readonly unsealKey: string;
  readonly clusterId: string;
  readonly clusterName: string;
  sealed: boolean;
  node: NodeState;
  /** Where a standby sends its callers. */
  activeAddress: string | undefined;
}

export interface Wrapped {
  readonly body: string;
  readonly path: string;
  readonly ttl: number;
  readonly createdAt: number;
}

/** A Vault just initialised and unsealed, with a root token and nothing mounted. */
export function createCore(clock: () => number, hasLeasedKv = true): Core {
  const leases = createLeaseStore(clock);
  const wrapped = new Map<string, Wrapped>();
  const tokens = createTokenStore(clock, (ended) => {
    leases.revokeWhere((lease) => lease.holder === ended);
    wrapped.delete(ended);
  });
  const root = tokens.create({
    id: rootTokenId(),
    policies: ['root'],
    path: 'auth/token/root',
    displayName: 'root',
    ttl: 0,
    renewable: false,
  });
  return {
    clock,
    hasLeasedKv,
    mounts: createMountTable(),
    policies: createPolicyStore(),
    entities: createEntityStore(),
    tokens,
    leases,
    quotas: createQuotas(clock),
    wrapped,
    root,
    unsealKey: randomBytes(32).toString('hex'),
    clusterId: randomUUID(),
    clusterName: `vault-cluster-${hexEnd()}`,
    sealed: false,
    node: 'active',
    activeAddress: undefined,
  };
}
