// The paths that answer without a mount, sealed or not: health, seal status, seal and unseal.

import type { Core } from './core.ts';
import { health, version } from './health.ts';
import { permits } from './policy.ts';
import { refusal } from './reply.ts';

/** What one of these paths answers; a null body has no content. */
export interface PlainAnswer {
  readonly status: number;
  readonly body: Record<string, unknown> | null;
}

/** Answers a path of this file's, or undefined for all others. */
export function answerPlainly(
  core: Core,
  method: string,
  path: string,
  query: URLSearchParams,
  request: { readonly token: string; readonly body: string },
): PlainAnswer | undefined {
  const write = method === 'PUT' || method === 'POST';
  switch (path) {
    case 'sys/health':
      return health(core, query);
    case 'sys/seal-status':
      return { status: 200, body: sealStatus(core) };
    case 'sys/leader':
      return {
        status: 200,
        body: { ha_enabled: false, is_self: false, leader_address: '', leader_cluster_address: '' },
      };
    case 'sys/seal':
      if (!write) throw refusal(405);
      return seal(core, request.token);
    case 'sys/unseal':
      if (!write) throw refusal(405);
      return unseal(core, request.body);
    default:
      return undefined;
  }
}

function sealStatus(core: Core): Record<string, unknown> {
  return {
    type: 'shamir',
    initialized: true,
    sealed: core.sealed,
    t: 1,
    n: 1,
    progress: 0,
    nonce: '',
    version,
    build_date: '2026-01-01T00:00:00Z',
    migration: false,
    ...(core.sealed ? {} : { cluster_name: core.clusterName, cluster_id: core.clusterId }),
    recovery_seal: false,
    storage_type: 'inmem',
  };
}

function seal(core: Core, tokenId: string): PlainAnswer {
  if (core.sealed) throw refusal(503, 'Vault is sealed');
  const token = core.tokens.find(tokenId);
  const acl = core.policies.aclOf(token?.policies ?? [], undefined);
  if (!permits(acl, 'sys/seal', 'update', 0, true)) throw refusal(403, 'permission denied');
  core.sealed = true;
  return { status: 204, body: null };
}

function unseal(core: Core, body: string): PlainAnswer {
  let key: unknown;
  try {
    key = (JSON.parse(body) as { key?: unknown }).key;
  } catch {
    throw refusal(400, 'failed to parse JSON input');
  }
  if (typeof key !== 'string' || key === '') {
    throw refusal(400, "'key' must be specified in request body as JSON, or 'reset' set to true");
  }
  if (core.sealed && key !== core.unsealKey) {
    throw refusal(400, 'Unseal failed, invalid key');
  }
  core.sealed = false;
  return { status: 200, body: sealStatus(core) };
}
