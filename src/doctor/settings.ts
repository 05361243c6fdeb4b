// The doctor's steps for what the user set: the address, and all else that is told beside it.

import { printable, quoted } from '../errors.ts';
import { addressName, type Endpoint, originOf } from '../http/address.ts';
import type { SessionSettings } from '../vault/requests.ts';
import type { Way } from './server.ts';
import { ok, type Step } from './step.ts';

/** Tells of an address that is one. */
export function addressStep(endpoint: Endpoint): Step {
  const source = addressName(endpoint);
  const address = printable(originOf(endpoint) + endpoint.basePath);
  return ok('address', `${address}, from ${source}`, { facts: { address, source } });
}

/** Tells of settings that are well. */
export function settingsStep(session: SessionSettings | undefined, way: Way | undefined): Step {
  const { role = '', authPath = [], namespace } = session ?? {};
  const path = `auth/${printable(authPath.join('/'))}`;
  const parts = [
    role === '' ? 'no role' : `role ${quoted(role)}`,
    path,
    ...(namespace === undefined ? [] : [`namespace ${quoted(namespace)}`]),
    ...(way?.proxy === undefined ? [] : [`proxy from ${way.proxy.source}`]),
    ...(way?.network.trust.skipVerify ? ['VAULT_SKIP_VERIFY: whoever answers gets the token'] : []),
  ];
  return ok('settings', parts.join(', '), {
    facts: {
      role: printable(role),
      auth_path: path,
      namespace: namespace === undefined ? undefined : printable(namespace),
      proxy: way?.proxy?.source,
    },
  });
}
