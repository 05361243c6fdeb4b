// Response wrapping: the answer is kept, and a token that opens it once is given out instead.

import type { Core, Wrapped } from './core.ts';
import { textField } from './fields.ts';
import { toJsonObject } from './json-text.ts';
import { envelope, failure, type Reply, refusal } from './reply.ts';
import type { VaultRequest } from './request.ts';
import type { Route } from './routes.ts';

/** Keeps an answer and gives back the one that leads to it. */
export function wrap(core: Core, request: VaultRequest, reply: Reply): Reply {
  const token = core.tokens.create({
    policies: ['response-wrapping'],
    path: request.path,
    displayName: '',
    ttl: request.wrapTtl,
    explicitMaxTtl: request.wrapTtl,
    numUses: 1,
    renewable: false,
  });
  const createdAt = core.clock();
  core.wrapped.set(token.id, {
    body: envelope(request.id, reply),
    path: request.path,
    ttl: request.wrapTtl,
    createdAt,
  });
  return {
    wrapInfo: {
      token: token.id,
      accessor: token.accessor,
      ttl: request.wrapTtl,
      creation_time: new Date(createdAt).toISOString(),
      creation_path: request.path,
      ...(reply.auth && reply.auth.accessor !== '' ? { wrapped_accessor: reply.auth.accessor } : {}),
    },
  };
}

/** Before the policy is asked: a wrapping token that was used is refused as such, not as a bad token. */
export function checkWrappingToken(core: Core, request: VaultRequest): void {
  if (!/^sys\/wrapping\/(?:unwrap|lookup|rewrap)$/.test(request.path)) return;
  find(core, request);
}

function find(core: Core, request: VaultRequest): { id: string; wrapped: Wrapped } {
  // It comes in the body, or is itself the token of the request.
  const id = textField(request.fields, 'token') || request.token;
  const wrapped = core.tokens.find(id) && core.wrapped.get(id);
  if (!wrapped) throw refusal(400, 'wrapping token is not valid or does not exist');
  return { id, wrapped };
}

/** The routes of `sys/wrapping/`. */
export function wrappingRoutes(core: Core): Route[] {
  return [
    [
      /^wrapping\/unwrap$/,
      {
        update: (request) => {
          const { id, wrapped } = find(core, request);
          core.tokens.revoke(id);
          return { raw: wrapped.body };
        },
      },
    ],
    [
      /^wrapping\/lookup$/,
      {
        update: (request) => {
          const { path, ttl, createdAt } = find(core, request).wrapped;
          const creation_time = new Date(createdAt).toISOString();
          return { data: toJsonObject({ creation_path: path, creation_time, creation_ttl: ttl }) };
        },
      },
    ],
    [
      /^wrapping\/wrap$/,
      {
        update: (request) => {
          if (request.wrapTtl === 0) throw failure(400, 'endpoint requires response wrapping to be used');
          return { data: request.data };
        },
      },
    ],
  ];
}
