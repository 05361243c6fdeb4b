// The way of a request through Vault: limit, seal, mount, token, policy, engine, lease, wrapping. The
// order is Vault's, since it decides which of two refusals a caller gets to see.

import { isAllowedAddress } from './addresses.ts';
import type { Core } from './core.ts';
import { type Mount, maxTtl } from './mounts.ts';
import { permits } from './policy.ts';
import { errorList, failure, Refusal, type Reply, refusal } from './reply.ts';
import type { EngineRequest, VaultRequest } from './request.ts';
import type { Token } from './tokens.ts';
import { checkWrappingToken, wrap } from './wrapping.ts';

/** Answers a request; null is an answer without a body, a Refusal is thrown. */
export async function dispatch(core: Core, request: VaultRequest): Promise<Reply | null> {
  if (core.sealed || core.node === 'uninitialized') throw refusal(503, 'Vault is sealed');
  if (core.node === 'standby') {
    throw refusal(500, 'local node not active but active cluster node not found');
  }
  if (core.node === 'dr-secondary') throw refusal(400, 'path disabled in replication DR secondary mode');
  if (request.path.endsWith('/') && (request.operation === 'update' || request.operation === 'patch')) {
    throw refusal(400, "cannot write to a path ending in '/'");
  }
  checkWrappingToken(core, request);
  const mount = core.mounts.match(request.path);
  const rest = mount ? request.path.slice(mount.path.length) : '';
  const open = mount?.engine.isOpen?.(rest) ?? false;
  const reply =
    open && mount ? await ask(core, mount, request, undefined) : await behindToken(core, mount, request);
  return reply && request.wrapTtl > 0 && !reply.wrapInfo && !reply.raw ? wrap(core, request, reply) : reply;
}

async function behindToken(
  core: Core,
  mount: Mount | undefined,
  request: VaultRequest,
): Promise<Reply | null> {
  const token = authenticate(core, request);
  const lastUse = !core.tokens.use(token);
  try {
    authorise(core, token, mount, request);
    if (!mount) throw refusal(404, `no handler for route "${request.path}". route entry not found.`);
    const reply = await ask(core, mount, request, token);
    if (lastUse && reply?.secret?.id !== undefined) {
      const reason = 'token had one use left, so leased credentials were immediately revoked.';
      throw refusal(400, `Secret cannot be returned; ${reason}`);
    }
    return reply;
  } catch (reason) {
    if (!(reason instanceof Refusal) || !reason.listed) throw reason;
    throw new Refusal(reason.status, errorList(reason.message));
  } finally {
    if (lastUse) core.tokens.revoke(token.id);
  }
}

const noNamespace = 'error performing token check: failed to look up namespace from the token: no namespace';

function authenticate(core: Core, request: VaultRequest): Token {
  if (request.token === '') throw refusal(403, 'permission denied');
  const token = core.tokens.find(request.token);
  // Behind a dot, Vault looks for a namespace.
  if (!token && request.token.replace(/^hv[sb]\./, '').includes('.')) throw refusal(500, noNamespace);
  if (!token) throw refusal(403, errorList('permission denied', 'invalid token'));
  if (!isAllowedAddress(request.remoteAddress, token.boundCidrs)) throw refusal(403, 'permission denied');
  return token;
}

// Before the mount is looked at: without a policy for it, nobody learns that a path does not exist.
function authorise(core: Core, token: Token, mount: Mount | undefined, request: VaultRequest): void {
  const acl = core.policies.aclOf(token.policies, core.entities.find(token.entityId));
  const rest = request.path.slice(mount?.path.length ?? 0);
  const sudo = mount?.engine.needsSudo?.(rest) ?? false;
  const operation = kindOfWrite(mount, request);
  if (permits(acl, request.path, operation, request.wrapTtl, sudo)) return;
  throw failure(403, 'permission denied');
}

// Nothing can end a batch token before its time: its leases are cut to it beforehand.
function cutTo(holder: Token | undefined, now: number, reply: Reply): Reply {
  if (holder?.type !== 'batch' || holder.expiresAt === null || !reply.secret) return reply;
  const duration = Math.min(reply.secret.duration, Math.ceil((holder.expiresAt - now) / 1000));
  return { ...reply, secret: { ...reply.secret, duration } };
}

function kindOfWrite(mount: Mount | undefined, request: VaultRequest): VaultRequest['operation'] {
  if (request.operation !== 'update' || !mount) return request.operation;
  const exists = mount.engine.exists?.(request.path.slice(mount.path.length));
  return exists === false ? 'create' : 'update';
}

async function ask(
  core: Core,
  mount: Mount,
  request: VaultRequest,
  holder: Token | undefined,
): Promise<Reply | null> {
  const asked: EngineRequest = {
    ...request,
    operation: kindOfWrite(mount, request),
    rest: request.path.slice(mount.path.length),
    holder,
  };
  const reply: Reply | null = await mount.engine.handle(asked);
  if (!reply) return null;
  const kept: Reply = reply.register
    ? core.leases.register(request.path, holder?.id ?? '', maxTtl(mount), cutTo(holder, core.clock(), reply))
    : reply;
  // An answer with a status of its own is made by the engine, which does not know its mount's type; neither does what
  // needs no token, a login among it.
  return kept.status === undefined && holder !== undefined ? { ...kept, mountType: mount.type } : kept;
}
