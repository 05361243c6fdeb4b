// A table of an engine's paths: the first pattern that fits decides, as in Vault's plugin framework.

import { failure } from './reply.ts';
import type { EngineRequest, Operation, Outcome } from './request.ts';

export type Handler = (request: EngineRequest, ...captures: string[]) => Outcome;
export type Route = readonly [RegExp, Partial<Record<Operation, Handler>>];

/** Makes an engine's `handle`: 404 for a path it does not have, 405 for what the path cannot do. */
export function routed(routes: readonly Route[]): (request: EngineRequest) => Outcome {
  return (request) => {
    for (const [pattern, operations] of routes) {
      const found = pattern.exec(request.rest);
      if (!found) continue;
      // Without an existence check Vault calls every write an update, so one handler serves both.
      const handler =
        operations[request.operation] ?? (request.operation === 'create' ? operations.update : undefined);
      if (!handler) throw failure(405, 'unsupported operation');
      return handler(request, ...found.slice(1));
    }
    throw failure(404, 'unsupported path');
  };
}
