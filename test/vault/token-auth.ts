// `auth/token/…`: a token looks at, renews and ends itself or others.

import type { Core } from './core.ts';
import { flagField, listField, mapField, secondsField, textField } from './fields.ts';
import { toJsonObject } from './json-text.ts';
import { systemTtl } from './mounts.ts';
import { failure, type Reply, refusal } from './reply.ts';
import type { Engine, EngineRequest } from './request.ts';
import { routed } from './routes.ts';
import { grant } from './time-to-live.ts';
import { authBlock, secondsLeft, type Token, tidyPolicies } from './tokens.ts';

/** Makes the method that is always mounted. */
export function createTokenAuth(core: Core): Engine {
  const holderOf = (request: EngineRequest): Token => {
    if (!request.holder) throw failure(403, 'permission denied');
    return request.holder;
  };
  // As it is once this request is counted among its uses.
  const now = (token: Token): Token => core.tokens.find(token.id) ?? token;
  const named = (request: EngineRequest): Token => {
    const token = core.tokens.find(textField(request.fields, 'token'));
    if (!token) throw refusal(403, 'bad token');
    return token;
  };
  const byAccessor = (request: EngineRequest): Token => {
    const token = core.tokens.findByAccessor(textField(request.fields, 'accessor'));
    if (!token) throw failure(400, 'invalid accessor');
    return token;
  };

  const create = (request: EngineRequest, orphan: boolean): Reply => {
    const parent = holderOf(request);
    const { fields } = request;
    const isRoot = parent.policies.includes('root');
    const asked = listField(fields, 'policies');
    const inherited = asked.length === 0 ? parent.policies : asked;
    const policies = tidyPolicies(inherited, !flagField(fields, 'no_default_policy'));
    if (!isRoot && !policies.every((policy) => parent.policies.includes(policy))) {
      throw refusal(400, 'child policies must be subset of parent');
    }
    const forEver = policies.includes('root') && secondsField(fields, 'ttl') === 0;
    const explicitMax = secondsField(fields, 'explicit_max_ttl');
    const period = secondsField(fields, 'period');
    const usual = secondsField(fields, 'ttl') || systemTtl;
    const { seconds, warnings } = grant(
      { usual, period, max: systemTtl, explicitMax },
      core.clock(),
      core.clock(),
    );
    const token = core.tokens.create({
      type: textField(fields, 'type') === 'batch' ? 'batch' : 'service',
      policies,
      path: 'auth/token/create',
      displayName: ['token', textField(fields, 'display_name')].filter((part) => part !== '').join('-'),
      meta: 'meta' in fields ? (mapField(fields, 'meta') as Record<string, string>) : null,
      ttl: forEver ? 0 : seconds,
      explicitMaxTtl: explicitMax,
      period,
      numUses: secondsField(fields, 'num_uses'),
      renewable: !forEver && fields['renewable'] !== false,
      parent: orphan || (isRoot && flagField(fields, 'no_parent')) ? '' : parent.id,
      ...(isRoot && textField(fields, 'id') !== '' ? { id: textField(fields, 'id') } : {}),
    });
    const auth = authBlock(token, core.clock());
    return { auth, warnings };
  };

  const renew = (token: Token, request: EngineRequest): Reply => {
    if (token.type === 'batch') throw refusal(400, 'batch tokens cannot be renewed');
    if (isSpent(now(token))) throw refusal(400, 'token not found');
    if (!token.renewable) throw refusal(400, 'lease is not renewable');
    const times = core.mounts.match(token.path)?.engine.renewal?.(token) ?? {
      usual: token.ttl,
      period: token.period,
      max: token.maxTtl,
      explicitMax: token.explicitMaxTtl,
    };
    const { seconds, warnings } = grant(
      { ...times, increment: secondsField(request.fields, 'increment') },
      token.issuedAt,
      core.clock(),
    );
    const auth = authBlock(core.tokens.renew(token, seconds), core.clock());
    return { auth, warnings };
  };

  const revoke = (token: Token): null => {
    if (token.type === 'batch') throw refusal(400, 'batch tokens cannot be revoked');
    core.tokens.revoke(token.id);
    return null;
  };

  // Ending a token that is already gone is no mistake.
  const revokeNamed = (request: EngineRequest): null => {
    const token = core.tokens.find(textField(request.fields, 'token'));
    return token ? revoke(token) : null;
  };

  const lookUp = (token: Token): Reply => ({ data: toJsonObject(describe(token, core.clock())) });

  return {
    needsSudo: (rest) => rest === 'accessors' || rest === 'accessors/' || rest === 'create-orphan',
    handle: routed([
      [/^create$/, { update: (request) => create(request, false) }],
      [/^create-orphan$/, { update: (request) => create(request, true) }],
      [/^lookup-self$/, { read: (request) => lookUp(now(holderOf(request))) }],
      [/^renew-self$/, { update: (request) => renew(holderOf(request), request) }],
      [/^revoke-self$/, { update: (request) => revoke(holderOf(request)) }],
      [/^lookup$/, { update: (request) => lookUp(named(request)) }],
      [/^renew$/, { update: (request) => renew(named(request), request) }],
      [/^revoke$/, { update: revokeNamed }],
      // Who knows an accessor is not told the token.
      [/^lookup-accessor$/, { update: (request) => lookUp({ ...byAccessor(request), id: '' }) }],
      [/^revoke-accessor$/, { update: (request) => revoke(byAccessor(request)) }],
      [/^accessors\/?$/, { list: () => ({ data: toJsonObject({ keys: accessors(core) }) }) }],
    ]),
  };
}

function accessors(core: Core): string[] {
  return core.tokens
    .live()
    .map((token) => token.accessor)
    .filter((accessor) => accessor !== '');
}

/** Whether its last use is the request under way. */
function isSpent({ numUses, usesLeft }: Token): boolean {
  return numUses > 0 && usesLeft === 0;
}

function describe(token: Token, now: number): Record<string, unknown> {
  const time = (milliseconds: number | null) =>
    milliseconds === null ? null : new Date(milliseconds).toISOString();
  // The first root token of all is no lease; a root token that was made by another is one, without an end.
  const leased = token.path !== 'auth/token/root';
  return {
    accessor: token.accessor,
    creation_time: Math.floor(token.issuedAt / 1000),
    creation_ttl: token.ttl,
    display_name: token.displayName,
    entity_id: token.entityId,
    expire_time: time(token.expiresAt),
    explicit_max_ttl: token.explicitMaxTtl,
    id: token.id,
    issue_time: leased ? time(token.issuedAt) : undefined,
    last_renewal: token.renewedAt === null ? undefined : time(token.renewedAt),
    last_renewal_time: token.renewedAt === null ? undefined : Math.floor(token.renewedAt / 1000),
    meta: token.meta,
    num_uses: isSpent(token) ? -1 : token.usesLeft,
    orphan: token.parent === '',
    path: token.path,
    period: token.period || undefined,
    policies: token.policies,
    renewable: leased ? token.renewable : undefined,
    ttl: secondsLeft(token, now),
    type: token.type,
    bound_cidrs: token.boundCidrs.length > 0 ? token.boundCidrs : undefined,
  };
}
