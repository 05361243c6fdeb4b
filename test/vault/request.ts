// A request as Vault's core sees it, after HTTP and before any engine.

import type { Fields } from './fields.ts';
import type { JsonObject } from './json-text.ts';
import type { Reply } from './reply.ts';
import type { Wanted } from './time-to-live.ts';
import type { Token } from './tokens.ts';

export type Operation = 'read' | 'list' | 'create' | 'update' | 'patch' | 'delete';

export interface VaultRequest {
  readonly id: string;
  readonly operation: Operation;
  /** The path after `/v1/`, decoded. */
  readonly path: string;
  /** The body's members, or for a read the query's. */
  readonly data: JsonObject;
  /** The same as ordinary values, for fields that hold no large numbers. */
  readonly fields: Fields;
  readonly token: string;
  /** Seconds of `X-Vault-Wrap-TTL`, when the caller asks for a wrapped answer. */
  readonly wrapTtl: number;
  readonly remoteAddress: string;
}

/** A request on its way through an engine. */
export interface EngineRequest extends VaultRequest {
  /** The path within the mount. */
  readonly rest: string;
  /** Who asks; undefined only on paths that need no token. */
  readonly holder: Token | undefined;
}

/** What an engine gives back: null is "nothing there" for a read and "done" for a write. */
export type Outcome = Reply | null | Promise<Reply | null>;

export interface Engine {
  handle(request: EngineRequest): Outcome;
  /** Whether a write here updates something or creates it; undefined where Vault does not look: an update. */
  exists?(rest: string): boolean | undefined;
  /** Paths that need no token: logins, and `sys/internal/ui/mounts`. */
  isOpen?(rest: string): boolean;
  /** What a token that was made here is renewed by; without it, by what it was made with. */
  renewal?(token: Token): Omit<Wanted, 'increment'>;
  /** Paths that need `sudo`. */
  needsSudo?(rest: string): boolean;
}
