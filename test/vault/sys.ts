// `sys/…` behind the token check: policies, leases, limits, capabilities, and the mounts' own file.

import type { Core } from './core.ts';
import { flagField, listField, secondsField, textField } from './fields.ts';
import { toJsonObject } from './json-text.ts';
import { listReply } from './kv-v1.ts';
import type { Lease } from './leases.ts';
import { capabilitiesOn } from './policy.ts';
import { type Reply, refusal } from './reply.ts';
import type { Engine, EngineRequest } from './request.ts';
import { type Route, routed } from './routes.ts';
import { mountRoutes } from './sys-mounts.ts';
import { grant } from './time-to-live.ts';
import { longestFor } from './tokens.ts';
import { wrappingRoutes } from './wrapping.ts';

/** Makes the system engine. */
export function createSys(core: Core): Engine {
  return {
    isOpen: (rest) => rest.startsWith('internal/ui/mounts/'),
    needsSudo: (rest) => /^(?:auth\/|leases\/(?:revoke-prefix|revoke-force|lookup)\/)/.test(rest),
    handle: routed([
      ...mountRoutes(core),
      ...policyRoutes(core),
      ...leaseRoutes(core),
      ...quotaRoutes(core),
      ...wrappingRoutes(core),
      [/^capabilities-self$/, { update: (request) => capabilities(core, request) }],
    ]),
  };
}

function policyRoutes(core: Core): Route[] {
  return [
    [
      /^polic(?:ies\/acl|y)\/?$/,
      { list: () => listReply(core.policies.names(), ''), read: () => listReply(core.policies.names(), '') },
    ],
    [
      /^polic(?:ies\/acl|y)\/(.+)$/,
      {
        read: (_request, name = '') => {
          const policy = core.policies.get(name);
          return policy === undefined ? null : { data: toJsonObject({ name: name.toLowerCase(), policy }) };
        },
        update: (request, name = '') => {
          const text = textField(request.fields, 'policy');
          if (text === '') throw refusal(400, "'policy' parameter not supplied or empty");
          core.policies.set(name, /[{}"\s]/.test(text) ? text : Buffer.from(text, 'base64').toString());
          return null;
        },
        delete: (_request, name = '') => {
          core.policies.delete(name);
          return null;
        },
      },
    ],
  ];
}

function leaseRoutes(core: Core): Route[] {
  const leaseOf = (request: EngineRequest, name: string, unknown: string): Lease => {
    const id = name || textField(request.fields, 'lease_id');
    if (id === '') throw refusal(400, 'lease_id must be specified');
    const lease = core.leases.find(id);
    if (!lease) throw refusal(400, unknown);
    return lease;
  };

  const renew = (request: EngineRequest, name = ''): Reply => {
    const lease = leaseOf(request, name, 'lease not found');
    if (!lease.renewable) throw refusal(400, 'lease is not renewable');
    const granted = grant(
      {
        increment: secondsField(request.fields, 'increment'),
        usual: lease.reply.secret?.duration ?? 0,
        max: lease.maxTtl,
      },
      lease.issuedAt,
      core.clock(),
    );
    const { warnings } = granted;
    const seconds = Math.min(granted.seconds, longestFor(core.tokens.find(lease.holder), core.clock()));
    core.leases.renew(lease, seconds);
    return { ...lease.reply, secret: { duration: seconds, renewable: true, id: lease.id }, warnings };
  };

  const lookUp = (request: EngineRequest): Reply => {
    const lease = leaseOf(request, '', 'invalid lease');
    const time = (milliseconds: number | null) =>
      milliseconds === null ? null : new Date(milliseconds).toISOString();
    return {
      data: toJsonObject({
        expire_time: time(lease.expiresAt),
        id: lease.id,
        issue_time: time(lease.issuedAt),
        last_renewal: time(lease.renewedAt),
        renewable: lease.renewable,
        ttl: Math.max(0, Math.floor((lease.expiresAt - core.clock()) / 1000)),
      }),
    };
  };

  // Revoking a lease that is already gone is no mistake.
  const revoke = (request: EngineRequest, name = ''): null => {
    const id = name || textField(request.fields, 'lease_id');
    if (id === '') throw refusal(400, 'lease_id must be specified');
    core.leases.revoke(id);
    return null;
  };

  const below = (prefix: string) => (lease: Lease) => lease.id.startsWith(prefix);

  return [
    [
      /^leases\/lookup\/(.*)$/,
      {
        list: (_request, prefix = '') =>
          listReply(
            core.leases.live().map((lease) => lease.id),
            prefix,
          ),
      },
    ],
    [/^leases\/lookup$/, { update: lookUp }],
    [/^(?:leases\/)?renew(?:\/(.+))?$/, { update: renew }],
    [
      /^leases\/revoke-(?:prefix|force)\/(.+)$/,
      {
        update: (_request, prefix = '') => {
          core.leases.revokeWhere(below(prefix));
          return null;
        },
      },
    ],
    [/^(?:leases\/)?revoke(?:\/(.+))?$/, { update: revoke }],
  ];
}

function quotaRoutes(core: Core): Route[] {
  return [
    [
      /^quotas\/config$/,
      {
        read: () => ({
          data: toJsonObject({ enable_rate_limit_response_headers: core.quotas.responseHeaders }),
        }),
        update: (request) => {
          core.quotas.responseHeaders = flagField(request.fields, 'enable_rate_limit_response_headers');
          return null;
        },
      },
    ],
    [/^quotas\/rate-limit\/?$/, { list: () => listReply(core.quotas.names(), '') }],
    [
      /^quotas\/rate-limit\/(.+)$/,
      {
        read: (_request, name = '') => {
          const quota = core.quotas.get(name);
          return quota
            ? { data: toJsonObject({ type: 'rate-limit', block_interval: 0, role: '', ...quota }) }
            : null;
        },
        update: (request, name = '') => {
          const rate = Number(textField(request.fields, 'rate'));
          if (!(rate > 0)) throw refusal(400, "'rate' is invalid");
          const interval = secondsField(request.fields, 'interval') || 1;
          core.quotas.set({ name, rate, interval, path: textField(request.fields, 'path') });
          return null;
        },
        delete: (_request, name = '') => {
          core.quotas.delete(name);
          return null;
        },
      },
    ],
  ];
}

function capabilities(core: Core, request: EngineRequest): Reply {
  const paths = [...listField(request.fields, 'paths'), ...listField(request.fields, 'path')];
  if (paths.length === 0) throw refusal(400, 'paths must be supplied');
  const { holder } = request;
  const acl = core.policies.aclOf(holder?.policies ?? [], core.entities.find(holder?.entityId ?? ''));
  const found = Object.fromEntries(paths.map((path) => [path, capabilitiesOn(acl, path)]));
  const [only] = paths;
  const single = paths.length === 1 && only !== undefined ? { capabilities: found[only] } : {};
  return { data: toJsonObject({ ...found, ...single }), atTopLevel: true };
}
