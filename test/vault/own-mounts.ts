// The mounts that every Vault has, as it describes them.

import type { Core } from './core.ts';
import type { MountSpec } from './mounts.ts';
import { routed } from './routes.ts';
import { createSys } from './sys.ts';
import { createTokenAuth } from './token-auth.ts';

const system: MountSpec = {
  type: 'system',
  description: 'system endpoints used for control, policy and debugging',
  options: null,
  sealWrap: true,
  config: { passthrough_request_headers: ['Accept'] },
};
const tokenStore: MountSpec = {
  type: 'token',
  description: 'token based credentials',
  options: null,
  config: { token_type: 'default-service' },
};
const cubbyhole: MountSpec = {
  type: 'cubbyhole',
  description: 'per-token private secret storage',
  options: null,
  local: true,
};
const identity: MountSpec = {
  type: 'identity',
  description: 'identity store',
  options: null,
  config: { passthrough_request_headers: ['Authorization'] },
};

/** Mounts them. */
export function mountOwn(core: Core): void {
  core.mounts.add('sys/', system, () => createSys(core));
  core.mounts.add('auth/token/', tokenStore, () => createTokenAuth(core));
  // Listed, for who asks; nothing here uses them.
  core.mounts.add('cubbyhole/', cubbyhole, () => ({ handle: routed([]) }));
  core.mounts.add('identity/', identity, () => ({ handle: routed([]) }));
}
