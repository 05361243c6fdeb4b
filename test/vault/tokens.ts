// The tokens a Vault has given out and still honours.

import { accessorId, batchTokenId, serviceTokenId } from './identifiers.ts';
import { systemTtl } from './mounts.ts';
import type { AuthBlock } from './reply.ts';

export interface TokenSpec {
  readonly policies: readonly string[];
  /** The path that made it, `auth/jwt/login` or `auth/token/create`. */
  readonly path: string;
  readonly displayName: string;
  readonly type?: 'service' | 'batch';
  readonly meta?: Readonly<Record<string, string>> | null;
  /** Seconds; 0 lasts for ever, which only a root token may. */
  readonly ttl: number;
  readonly maxTtl?: number;
  readonly explicitMaxTtl?: number;
  readonly period?: number;
  readonly numUses?: number;
  readonly renewable?: boolean;
  readonly entityId?: string;
  /** The token that made this one: when it goes, this one goes too. */
  readonly parent?: string;
  readonly boundCidrs?: readonly string[];
  readonly id?: string;
}

export interface Token extends Required<TokenSpec> {
  readonly accessor: string;
  /** Milliseconds since 1970, as are the two below. */
  readonly issuedAt: number;
  readonly expiresAt: number | null;
  readonly renewedAt: number | null;
  readonly usesLeft: number;
}

export interface TokenStore {
  create(spec: TokenSpec): Token;
  /** A token that is known and has not expired. */
  find(id: string): Token | undefined;
  findByAccessor(accessor: string): Token | undefined;
  /** Counts one use; false when this was the last. */
  use(token: Token): boolean;
  /** Gives a token so many seconds from now. */
  renew(token: Token, seconds: number): Token;
  /** Ends a token, its children, and through `onEnd` all that hangs on it. */
  revoke(id: string): void;
  live(): readonly Token[];
}

/** Makes an empty store; `onEnd` hears of every token that ends, by its id. */
export function createTokenStore(clock: () => number, onEnd: (id: string) => void): TokenStore {
  const tokens = new Map<string, Token>();

  const revoke = (id: string): void => {
    if (!tokens.delete(id)) return;
    onEnd(id);
    for (const child of [...tokens.values()]) if (child.parent === id) revoke(child.id);
  };

  // Expired tokens are swept when somebody looks, so that no timer keeps a test alive.
  const sweep = (): void => {
    for (const { id, expiresAt } of [...tokens.values()]) {
      if (expiresAt !== null && expiresAt <= clock()) revoke(id);
    }
  };

  const find = (id: string): Token | undefined => {
    sweep();
    return tokens.get(id);
  };

  return {
    create(spec) {
      const batch = spec.type === 'batch';
      const token: Token = {
        type: 'service',
        meta: null,
        maxTtl: systemTtl,
        explicitMaxTtl: 0,
        period: 0,
        numUses: 0,
        entityId: '',
        parent: '',
        boundCidrs: [],
        id: batch ? batchTokenId() : serviceTokenId(),
        ...spec,
        renewable: !batch && (spec.renewable ?? true),
        accessor: batch ? '' : accessorId(),
        issuedAt: clock(),
        expiresAt: spec.ttl === 0 ? null : clock() + spec.ttl * 1000,
        renewedAt: null,
        usesLeft: spec.numUses ?? 0,
      };
      tokens.set(token.id, token);
      return token;
    },
    find,
    findByAccessor(accessor) {
      sweep();
      return accessor === '' ? undefined : [...tokens.values()].find((token) => token.accessor === accessor);
    },
    use(token) {
      if (token.numUses === 0) return true;
      tokens.set(token.id, { ...token, usesLeft: token.usesLeft - 1 });
      return token.usesLeft > 1;
    },
    renew(token, seconds) {
      const renewed = { ...token, expiresAt: clock() + seconds * 1000, renewedAt: clock() };
      tokens.set(token.id, renewed);
      return renewed;
    },
    revoke,
    live() {
      sweep();
      return [...tokens.values()];
    },
  };
}

/** Seconds until a token expires; 0 for one that never does. */
export function secondsLeft(token: Token, now: number): number {
  return token.expiresAt === null ? 0 : Math.max(0, Math.floor((token.expiresAt - now) / 1000));
}

/** The seconds for which a lease can be renewed, by its holder: nothing ends a batch token, so its leases end with it. */
export function longestFor(holder: Token | undefined, now: number): number {
  return holder?.type === 'batch' && holder.expiresAt !== null
    ? secondsLeft(holder, now)
    : Number.POSITIVE_INFINITY;
}

/** The `auth` part of the answer that hands out a token. */
export function authBlock(token: Token, now: number): AuthBlock {
  return {
    client_token: token.id,
    accessor: token.accessor,
    policies: token.policies,
    token_policies: token.policies,
    metadata: token.meta,
    // What was granted a moment ago, whole seconds: nothing of it is spent yet.
    lease_duration: token.expiresAt === null ? 0 : Math.round((token.expiresAt - now) / 1000),
    renewable: token.renewable,
    entity_id: token.entityId,
    token_type: token.type,
    orphan: token.parent === '',
    mfa_requirement: null,
    num_uses: token.numUses,
  };
}

/** Policy names as Vault keeps them: lower case, each once, sorted, with `default` unless unwanted. */
export function tidyPolicies(names: readonly string[], withDefault: boolean): string[] {
  const lower = names.map((name) => name.trim().toLowerCase()).filter((name) => name !== '');
  if (lower.includes('root')) return ['root'];
  return [...new Set(withDefault ? ['default', ...lower] : lower)].sort();
}
