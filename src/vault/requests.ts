// What is asked of Vault, as values: how to log in, what to read, and the requests that do it.

import type { IdToken } from '../gitlab/id-token.ts';
import type { HttpRequest } from '../http/request.ts';
import { compactJson } from '../json.ts';

/** How a job logs in. */
export interface SessionSettings {
  /** A path such as `jwt` or `gitlab/prod`, segment by segment. */
  readonly authPath: readonly string[];
  /** Empty: Vault takes the mount's default_role. */
  readonly role: string;
  readonly namespace: string | undefined;
}

/** The kinds of secrets engines that are told apart. */
export type EngineKind = 'kv2' | 'kv1' | 'other';

/** A secrets engine. */
export interface Mount {
  readonly path: readonly string[];
  readonly kind: EngineKind;
}

/** What Vault tells of a path's mount: `nothing` where the token may use nothing on it, or where there is none. */
export type MountLookup = Mount | 'nothing';

/** One read of a secret. */
export interface ReadPlan {
  /** The API path below `/v1`, segment by segment. */
  readonly path: readonly string[];
  readonly kind: EngineKind;
  readonly version: number | undefined;
  /** What Vault told of the mount, where it was asked before the read; without that it was taken from the path. */
  readonly told?: MountLookup;
}

/** `/v1/` and a path, each segment encoded by itself so that none can reach beyond it. */
export function apiPath(segments: readonly string[]): string {
  return `/v1/${segments.map(encodeURIComponent).join('/')}`;
}

/** The headers of every request. */
export function baseHeaders({ namespace }: SessionSettings): Record<string, string> {
  // A Vault Agent that is told to demand X-Vault-Request refuses requests without it (412).
  return {
    'x-vault-request': 'true',
    ...(namespace === undefined ? {} : { 'x-vault-namespace': namespace }),
  };
}

/** The login request (Vault's API documentation, "JWT/OIDC auth method", JWT login). It bears no Vault token. */
export function loginRequest(settings: SessionSettings, idToken: IdToken): HttpRequest {
  const body = new Map([['jwt', idToken.token.reveal()]]);
  if (settings.role !== '') body.set('role', settings.role);
  return {
    method: 'POST',
    path: apiPath(['auth', ...settings.authPath, 'login']),
    headers: baseHeaders(settings),
    body: compactJson(body),
  };
}
