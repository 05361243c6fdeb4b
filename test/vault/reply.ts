// What an engine answers, and the envelope Vault puts around it.

import { type JsonObject, toJson, writeJson, writeMembers } from './json-text.ts';

/** The `auth` part of an answer: a token that was just made or renewed. */
export interface AuthBlock {
  readonly client_token: string;
  readonly accessor: string;
  readonly policies: readonly string[];
  readonly token_policies: readonly string[];
  readonly metadata: Readonly<Record<string, string>> | null;
  readonly lease_duration: number;
  readonly renewable: boolean;
  readonly entity_id: string;
  readonly token_type: 'service' | 'batch';
  readonly orphan: boolean;
  readonly mfa_requirement: null;
  readonly num_uses: number;
}

export interface WrapInfo {
  readonly token: string;
  readonly accessor: string;
  readonly ttl: number;
  readonly creation_time: string;
  readonly creation_path: string;
  readonly wrapped_accessor?: string;
}

export interface Reply {
  readonly data?: JsonObject | null;
  readonly auth?: AuthBlock;
  readonly warnings?: readonly string[];
  readonly wrapInfo?: WrapInfo;
  readonly mountType?: string;
  /** How long the secret lasts; with `register`, Vault keeps a lease of it and names it in the answer. */
  readonly secret?: { readonly duration: number; readonly renewable: boolean; readonly id?: string };
  readonly register?: boolean;
  /** Any status but 200, with the envelope as its body (a deleted version, a path without `data/`). */
  readonly status?: number;
  /** `sys/mounts` and its like show their data a second time, at the top. */
  readonly atTopLevel?: boolean;
  /** A body that is sent as it stands: what was wrapped, unwrapped again. */
  readonly raw?: string;
}

/** A refusal with Vault's own status and text; an empty text gives `{"errors":[]}`. */
export class Refusal extends Error {
  readonly status: number;
  /** Go errors reach the caller inside a list (`1 error occurred: …`), error answers as they are. */
  readonly listed: boolean;

  constructor(status: number, text = '', listed = false) {
    super(text);
    this.status = status;
    this.listed = listed;
  }
}

/** A refusal that an engine answers: its text stands alone. */
export function refusal(status: number, text?: string): Refusal {
  return new Refusal(status, text);
}

/** A refusal that comes as a Go error: behind a token check it becomes a list of one. */
export function failure(status: number, text: string): Refusal {
  return new Refusal(status, text, true);
}

/** Go's text for several errors at once. */
export function errorList(...texts: readonly string[]): string {
  const count = texts.length === 1 ? '1 error occurred:' : `${texts.length} errors occurred:`;
  return `${count}\n${texts.map((text) => `\t* ${text}\n`).join('')}\n`;
}

/** The answer's body, its members in the order of Vault's own structs. */
export function envelope(requestId: string, reply: Reply): string {
  const members = [
    inOrder('request_id', reply.wrapInfo ? '' : requestId),
    inOrder('lease_id', reply.secret?.id ?? ''),
    inOrder('renewable', reply.secret?.renewable ?? false),
    inOrder('lease_duration', reply.secret?.duration ?? 0),
    `"data":${reply.data ? writeJson(reply.data) : 'null'}`,
    inOrder('wrap_info', reply.wrapInfo ?? null),
    inOrder('warnings', reply.warnings?.length ? reply.warnings : null),
    inOrder('auth', reply.auth ?? null),
    inOrder('mount_type', reply.mountType ?? ''),
  ];
  const first = reply.atTopLevel && reply.data ? [...reply.data] : [];
  const injected = first.map(([key, value]) => `${writeJson(key)}:${writeJson(value)}`);
  return `{${[...injected, ...members].join(',')}}`;
}

// An object here is one of Go's structs: its members keep the order they were made in.
function inOrder(key: string, value: unknown): string {
  const json = toJson(value);
  return `"${key}":${json instanceof Map ? writeMembers([...json]) : writeJson(json)}`;
}

/** The body of a refusal. */
export function errorBody(text: string): string {
  return `{"errors":${writeJson(text === '' ? [] : [text])}}`;
}
