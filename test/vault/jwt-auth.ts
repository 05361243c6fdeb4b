// The jwt auth method: configuration, roles, and logins that check a signed ID token for real.

import { isAllowedAddress } from './addresses.ts';
import type { Core } from './core.ts';
import { textField } from './fields.ts';
import { toJsonObject } from './json-text.ts';
import {
  checkAudienceIsBound,
  checkBoundClaims,
  checkGroups,
  checkToken,
  mappedClaims,
  userName,
} from './jwt-check.ts';
import { checkKeySettings, createVerify, type Verify } from './jwt-keys.ts';
import {
  describeConfig,
  describeRole,
  type JwtConfig,
  type JwtRole,
  parseConfig,
  parseRole,
} from './jwt-role.ts';
import { listReply } from './kv-v1.ts';
import { defaultTtl, type Mount, maxTtl } from './mounts.ts';
import { failure, type Reply, refusal } from './reply.ts';
import type { Engine, EngineRequest } from './request.ts';
import { routed } from './routes.ts';
import { grant, type Wanted } from './time-to-live.ts';
import { authBlock, tidyPolicies } from './tokens.ts';

/** Makes the method for one mount. */
export function createJwtAuth(core: Core, mount: Omit<Mount, 'engine'>): Engine {
  const roles = new Map<string, JwtRole>();
  let config: JwtConfig | undefined;
  let verify: Verify | undefined;

  const configure = async (request: EngineRequest): Promise<null> => {
    const wanted = parseConfig(request.fields);
    await checkKeySettings(wanted.keySettings);
    config = wanted;
    verify = undefined;
    return null;
  };

  const roleFor = (request: EngineRequest, settings: JwtConfig): JwtRole => {
    const name = textField(request.fields, 'role').toLowerCase() || settings.defaultRole;
    if (name === '') throw refusal(400, 'missing role');
    const role = roles.get(name);
    if (!role) throw refusal(400, `role "${name}" could not be found`);
    if (role.type === 'oidc') throw refusal(400, 'role with oidc role_type is not allowed');
    return role;
  };

  const login = async (request: EngineRequest): Promise<Reply> => {
    if (!config) throw refusal(400, 'could not load configuration');
    const role = roleFor(request, config);
    const jwt = textField(request.fields, 'jwt');
    if (jwt === '') throw refusal(400, 'missing token');
    if (!isAllowedAddress(request.remoteAddress, role.boundCidrs)) throw failure(403, 'permission denied');

    verify ??= await createVerify(config.keySettings);
    const claims = await checkToken(jwt, verify, config, role, core.clock() / 1000);
    checkAudienceIsBound(claims, role);
    const name = userName(claims, role);
    const metadata = mappedClaims(claims, role);
    checkGroups(claims, role);
    checkBoundClaims(claims, role);
    // The plugin lets it pass; the identity store does not.
    if (name === '') throw refusal(500, 'missing name in alias');
    return withIgnored(request, giveToken(role, name, metadata));
  };

  const timesOf = (role: JwtRole): Omit<Wanted, 'increment'> => ({
    usual: role.ttl || defaultTtl(mount),
    period: role.period,
    max: role.maxTtl > 0 ? Math.min(role.maxTtl, maxTtl(mount)) : maxTtl(mount),
    explicitMax: role.explicitMaxTtl,
  });

  const giveToken = (role: JwtRole, name: string, metadata: Record<string, string>): Reply => {
    const entity = core.entities.loggedIn(mount.accessor, name, metadata);
    const times = timesOf(role);
    const { seconds, warnings } = grant(times, core.clock(), core.clock());
    const token = core.tokens.create({
      type: /batch$/.test(role.tokenType) ? 'batch' : 'service',
      policies: tidyPolicies(role.policies, !role.noDefaultPolicy),
      path: `${mount.path}login`,
      // `jwt-jdoe`: the mount's path, with dashes, before the name.
      displayName: `${mount.path.replace(/^auth\//, '').replaceAll('/', '-')}${name}`,
      meta: { ...metadata, role: role.name },
      ttl: seconds,
      maxTtl: times.max,
      explicitMaxTtl: role.explicitMaxTtl,
      period: role.period,
      numUses: role.numUses,
      entityId: entity.id,
      boundCidrs: role.boundCidrs,
    });
    const auth = authBlock(token, core.clock());
    return { auth, warnings };
  };

  // Told where all else went well.
  const withIgnored = (request: EngineRequest, reply: Reply): Reply => {
    const ignored = [...request.data.keys()].filter(
      (key) => !['role', 'jwt', 'distributed_claim_access_token'].includes(key),
    );
    if (ignored.length === 0) return reply;
    const warning = `Endpoint ignored these unrecognized parameters: [${ignored.sort().join(' ')}]`;
    return { ...reply, warnings: [...(reply.warnings ?? []), warning] };
  };

  return {
    renewal: ({ meta }) => {
      const name = meta?.['role'] ?? '';
      const role = roles.get(name);
      if (!role) throw failure(500, `failed to renew entry: role ${name} does not exist during renewal`);
      return timesOf(role);
    },
    isOpen: (rest) => rest === 'login',
    exists: (rest) => {
      const name = /^role\/(.+)$/.exec(rest)?.[1];
      return name === undefined ? undefined : roles.has(name.toLowerCase());
    },
    handle: routed([
      [/^login$/, { update: login }],
      [
        /^config$/,
        {
          read: () => (config ? { data: toJsonObject(describeConfig(config)) } : null),
          update: configure,
        },
      ],
      [/^role\/?$/, { list: () => listReply([...roles.keys()], '') }],
      [
        /^role\/(\w(?:[\w.-]*\w)?)$/,
        {
          read: (_request, name = '') => {
            const role = roles.get(name.toLowerCase());
            return role ? { data: toJsonObject(describeRole(role)) } : null;
          },
          update: (request, name = '') => {
            const lower = name.toLowerCase();
            roles.set(lower, parseRole(lower, request.fields, roles.get(lower)));
            return null;
          },
          delete: (_request, name = '') => {
            roles.delete(name.toLowerCase());
            return null;
          },
        },
      ],
    ]),
  };
}
