// Leases: secrets that end, at their time or with the token that asked for them.

import { base62 } from './identifiers.ts';
import type { Reply } from './reply.ts';

export interface Lease {
  readonly id: string;
  readonly path: string;
  readonly holder: string;
  readonly renewable: boolean;
  /** Milliseconds since 1970. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly renewedAt: number | null;
  readonly maxTtl: number;
  readonly reply: Reply;
}

export interface LeaseStore {
  /** Keeps a lease of an engine's answer, and gives the answer back with the lease's name in it. */
  register(path: string, holder: string, maxTtl: number, reply: Reply): Reply;
  find(id: string): Lease | undefined;
  /** Gives a lease so many seconds from now. */
  renew(lease: Lease, seconds: number): Lease;
  revoke(id: string): void;
  revokeWhere(condition: (lease: Lease) => boolean): void;
  live(): readonly Lease[];
}

/** Makes an empty store. */
export function createLeaseStore(clock: () => number): LeaseStore {
  const leases = new Map<string, Lease>();

  const sweep = (): void => {
    for (const { id, expiresAt } of [...leases.values()]) if (expiresAt <= clock()) leases.delete(id);
  };

  return {
    register(path, holder, maxTtl, reply) {
      if (!reply.secret) return reply;
      const { renewable } = reply.secret;
      const duration = Math.min(reply.secret.duration, maxTtl);
      const id = `${path}/${base62(24)}`;
      const issuedAt = clock();
      const expiresAt = issuedAt + duration * 1000;
      const named = { ...reply, register: false, secret: { duration, renewable, id } };
      leases.set(id, {
        id,
        path,
        holder,
        renewable,
        issuedAt,
        expiresAt,
        renewedAt: null,
        maxTtl,
        reply: named,
      });
      return named;
    },
    find(id) {
      sweep();
      return leases.get(id);
    },
    renew(lease, seconds) {
      const renewed = { ...lease, expiresAt: clock() + seconds * 1000, renewedAt: clock() };
      leases.set(lease.id, renewed);
      return renewed;
    },
    revoke: (id) => void leases.delete(id),
    revokeWhere(condition) {
      for (const lease of [...leases.values()]) if (condition(lease)) leases.delete(lease.id);
    },
    live() {
      sweep();
      return [...leases.values()];
    },
  };
}
