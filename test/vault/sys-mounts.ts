// `sys/mounts`, `sys/auth` and the question of every `vault kv`: which mount serves this path?

import type { Core } from './core.ts';
import { mapField, secondsField, textField } from './fields.ts';
import { type Json, toJsonObject } from './json-text.ts';
import { createJwtAuth } from './jwt-auth.ts';
import { createKvV1 } from './kv-v1.ts';
import { createKvV2 } from './kv-v2.ts';
import { defaultTtl, type Mount, type MountSpec, maxTtl } from './mounts.ts';
import { reachesMount } from './policy.ts';
import { failure, type Reply, refusal } from './reply.ts';
import type { Engine, EngineRequest } from './request.ts';
import type { Route } from './routes.ts';

type Build = (mount: Omit<Mount, 'engine'>) => Engine;

/** The routes of `sys/` that have to do with mounts. */
export function mountRoutes(core: Core): Route[] {
  const enable = (path: string, request: EngineRequest, build: (spec: MountSpec) => Build): null => {
    const spec = mountSpec(request);
    core.mounts.add(path, spec, build(spec));
    return null;
  };
  const disable = (path: string): null => {
    core.mounts.remove(path);
    core.leases.revokeWhere((lease) => lease.path.startsWith(path));
    return null;
  };
  const listed = (auth: boolean): Reply => {
    const shown = core.mounts.list().filter((mount) => mount.path.startsWith('auth/') === auth);
    const entries = shown.map((mount): [string, Json] => [shortPath(mount), toJsonObject(describe(mount))]);
    return { data: new Map(entries), atTopLevel: true };
  };
  const one = (path: string): Reply => {
    const mount = core.mounts.list().find((each) => each.path === path);
    if (!mount) throw refusal(400, `No secret engine mount at ${path}`);
    return { data: toJsonObject(describe(mount)), atTopLevel: true };
  };

  return [
    [/^mounts$/, { read: () => listed(false) }],
    [
      /^mounts\/(.+?)\/?$/,
      {
        read: (_request, path) => one(`${path}/`),
        update: (request, path) => enable(`${path}/`, request, (spec) => engineOf(core, spec)),
        delete: (_request, path) => disable(`${path}/`),
      },
    ],
    [/^auth$/, { read: () => listed(true) }],
    [
      /^auth\/(.+?)\/?$/,
      {
        read: (_request, path) => one(`auth/${path}/`),
        update: (request, path) => enable(`auth/${path}/`, request, (spec) => methodOf(core, spec)),
        delete: (_request, path) => disable(`auth/${path}/`),
      },
    ],
    [/^internal\/ui\/mounts\/(.+)$/, { read: (request, path = '') => mountServing(core, request, path) }],
  ];
}

// One answer for "no such mount" and "not yours", so that nobody learns of mounts by asking.
function mountServing(core: Core, request: EngineRequest, path: string): Reply {
  const token = request.token === '' ? undefined : core.tokens.find(request.token);
  if (!token) throw failure(403, 'permission denied');
  const sought = path.endsWith('/') ? path : `${path}/`;
  const mount = core.mounts.match(sought);
  const acl = core.policies.aclOf(token.policies, core.entities.find(token.entityId));
  if (!mount || !reachesMount(acl, mount.path)) {
    const advice = "please ensure client's policies grant access to path";
    throw refusal(403, `preflight capability check returned 403, ${advice} "${sought}"`);
  }
  const effective = { default_lease_ttl: defaultTtl(mount), max_lease_ttl: maxTtl(mount) };
  const { config, ...rest } = describe(mount);
  const data = { ...rest, config: { ...(config as object), ...effective }, path: shortPath(mount) };
  return { data: toJsonObject(data) };
}

function shortPath(mount: Mount): string {
  return mount.path.replace(/^auth\//, '');
}

function mountSpec(request: EngineRequest): MountSpec {
  const { fields } = request;
  const type = textField(fields, 'type');
  if (type === '') throw refusal(400, 'backend type must be specified as a string');
  const config = mapField(fields, 'config');
  const isLogin = request.rest.startsWith('auth/');
  const options = Object.entries(mapField(fields, 'options')).map(([key, value]) => [key, String(value)]);
  // `kv-v2` is another way to say `kv` with version 2.
  const versioned = /^kv-v([12])$/.exec(type)?.[1];
  return {
    type: versioned === undefined ? type : 'kv',
    description: textField(fields, 'description'),
    ...(isLogin ? { config: { token_type: 'default-service' } } : {}),
    options: { ...Object.fromEntries(options), ...(versioned === undefined ? {} : { version: versioned }) },
    defaultTtl: secondsField(config, 'default_lease_ttl'),
    maxTtl: secondsField(config, 'max_lease_ttl'),
  };
}

function engineOf(core: Core, spec: MountSpec): Build {
  const leases = spec.type === 'leased-kv' || spec.options?.['leased_passthrough'] === 'true';
  if (spec.type !== 'kv' && !(spec.type === 'leased-kv' && core.hasLeasedKv)) {
    throw refusal(400, `plugin not found in the catalog: ${spec.type}`);
  }
  return spec.options?.['version'] === '2'
    ? () => createKvV2(core.clock)
    : (mount) => createKvV1(mount, leases);
}

function methodOf(core: Core, spec: MountSpec): Build {
  if (spec.type !== 'jwt') throw refusal(400, `plugin not found in the catalog: ${spec.type}`);
  return (mount) => createJwtAuth(core, mount);
}

function describe(mount: Mount): Record<string, unknown> {
  return {
    accessor: mount.accessor,
    config: {
      default_lease_ttl: mount.defaultTtl ?? 0,
      force_no_cache: false,
      max_lease_ttl: mount.maxTtl ?? 0,
      ...mount.config,
    },
    deprecation_status: 'supported',
    description: mount.description ?? '',
    external_entropy_access: false,
    local: mount.local ?? false,
    options: mount.options ?? null,
    plugin_version: '',
    running_plugin_version: 'v1.21.4+builtin.vault',
    running_sha256: '',
    seal_wrap: mount.sealWrap ?? false,
    type: mount.type,
    uuid: mount.uuid,
  };
}
