// Response wrapping: the answer is kept, and a token that opens it once is given out instead.

import type { Core } from './core.ts';
import { textField } from './fields.ts';
import { toJsonObject } from './json-text.ts';
import { envelope, failure, type Reply, refusal } from './reply.ts';
import type { EngineRequest, VaultRequest } from './request.ts';
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

/** The routes of `sys/wrapping/`. */
export function wrappingRoutes(core: Core): Route[] {
  // The wrapping token comes in the body, or is itself the token of the request.
  const sought = (request: EngineRequest): string => textField(request.fields, 'token') || request.token;
  const find = (request: EngineRequest) => {
    const wrapped = core.wrapped.get(sought(request));
    if (!wrapped) throw refusal(400, 'wrapping token is not valid or does not exist');
    return wrapped;
  };

  return [
    [
      /^wrapping\/unwrap$/,
      {
        update: (request) => {
          const { body } = find(request);
          core.tokens.revoke(sought(request));
          return { raw: body };
        },
      },
    ],
    [
      /^wrapping\/lookup$/,
      {
        update: (request) => {
          const { path, ttl, createdAt } = find(request);
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
