// A Vault token for the length of one run: got by login or handed in, used for every request, revoked at the end.

import { AppError, printable } from '../errors.ts';
import type { IdToken } from '../gitlab/id-token.ts';
import type { Client, SendOptions } from '../http/client.ts';
import type { Deadline } from '../http/deadline.ts';
import { newProgress, type Progress } from '../http/progress.ts';
import type { HttpRequest } from '../http/request.ts';
import { compactJson, isJsonObject, type JsonValue, member, numberMember, stringMember } from '../json.ts';
import { Secret } from '../secret.ts';
import { isUnknownToken, readAnswer, strings, type VaultAnswer } from './answer.ts';
import { type Asker, isFinalRefusal, loginRefused, notServing, readRefused } from './diagnosis.ts';
import { apiPath, baseHeaders, loginRequest, type SessionSettings } from './requests.ts';

/** How the job shows who it is. */
export type Credential =
  | { readonly kind: 'id-token'; readonly idToken: IdToken }
  /** VAULT_TOKEN: the job's own, used and left alone */
  | { readonly kind: 'token'; readonly token: Secret }
  /** a Vault Agent's socket, which adds a token itself */
  | { readonly kind: 'agent' };

/** How long a token is good for, and for what. */
export interface TokenLimits {
  /** How often it can be used; 0 is as often as one likes. */
  readonly uses: number;
  /** How long it lasts; 0 is for ever. */
  readonly seconds: number;
  readonly renewable: boolean;
  readonly policies: readonly string[];
}

/** An open session. */
export interface Session extends Asker {
  /** Reads a path below `/v1`. */
  readonly read: (path: readonly string[], query?: string, options?: SendOptions) => Promise<VaultAnswer>;
  /** Writes to a path below `/v1`. */
  readonly write: (
    path: readonly string[],
    body: ReadonlyMap<string, JsonValue>,
    options?: SendOptions,
  ) => Promise<VaultAnswer>;
  /** The token of every request; undefined where an Agent adds its own. */
  readonly token: Secret | undefined;
  /** Whether the token was got by a login of this run, and is this run's to end. */
  readonly ownsToken: boolean;
  /** Whether `revoke` ends the token, and with it all leases that it made. */
  readonly endsLeases: boolean;
  /** What the login said of its token. */
  readonly limits: TokenLimits | undefined;
  /** Ends the token that a login got, and says why it could not; there is nothing to do for any other. Never throws. */
  readonly revoke: (deadline: Deadline) => Promise<AppError | undefined>;
}

/**
 * Opens a session, by login where the job has no token yet.
 * @param now milliseconds since 1970, for messages about clocks
 * @throws {AppError} LOGIN_DENIED, BAD_RESPONSE, UNAVAILABLE, TLS_UNTRUSTED
 */
export async function openSession(
  client: Client,
  settings: SessionSettings,
  credential: Credential,
  now: () => number,
  progress = newProgress(),
): Promise<Session> {
  const base = baseHeaders(settings);
  const login =
    credential.kind === 'id-token'
      ? await logIn(client, settings, credential.idToken, now, progress)
      : undefined;
  const token = login?.token ?? (credential.kind === 'token' ? credential.token : undefined);
  const tokens = token === undefined ? [] : [token];
  const headers = token === undefined ? base : { ...base, 'x-vault-token': token.reveal() };
  const post = (path: string, body: string, options?: SendOptions) => {
    const request: HttpRequest = { method: 'POST', path, headers, body };
    return client.send(request, options).then((response) => readAnswer(response, tokens));
  };
  return {
    read: async (path, query = '', options = {}) => {
      const request: HttpRequest = { method: 'GET', path: `${apiPath(path)}${query}`, headers };
      return readAnswer(await client.send(request, { isFinal: isFinalRefusal, ...options }), tokens);
    },
    write: (path, body, options) => post(apiPath(path), compactJson(body), options),
    token,
    idToken: credential.kind === 'id-token' ? credential.idToken : undefined,
    policies: login?.limits.policies,
    namespace: settings.namespace,
    ownsToken: login !== undefined,
    endsLeases: login?.revocable === true,
    limits: login?.limits,
    revoke: async (deadline) => {
      if (login === undefined || !login.revocable) return undefined;
      const answered = post('/v1/auth/token/revoke-self', '', { deadline, retries: 0 });
      return answered.then(revocationFailure, foreseen);
    },
  };
}

function revocationFailure(answer: VaultAnswer): AppError | undefined {
  // One that Vault knows no more has ended: by its time, or by its last use.
  if (answer.status < 300 || isUnknownToken(answer)) return undefined;
  if (answer.status !== 403) return notServing(answer);
  return new AppError(
    'PERMISSION_DENIED',
    'the policies do not allow the token to revoke itself',
    'let whoever owns the policy allow it, as the policy "default" does:\n    path "auth/token/revoke-self" { capabilities = ["update"] }',
  );
}

function foreseen(error: unknown): AppError {
  return error instanceof AppError ? error : new AppError('INTERNAL', 'an error that nobody foresaw');
}

interface Login {
  readonly token: Secret;
  /** A batch token is not. */
  readonly revocable: boolean;
  readonly limits: TokenLimits;
}

async function logIn(
  client: Client,
  settings: SessionSettings,
  idToken: IdToken,
  now: () => number,
  progress: Progress,
): Promise<Login> {
  const response = await client.send(loginRequest(settings, idToken), { isFinal: isFinalRefusal, progress });
  const answer = readAnswer(response, [idToken.token]);
  if (answer.status >= 300) throw loginRefused(answer, settings, idToken, now());
  const auth = member(answer.json, 'auth');
  const token = stringMember(auth, 'client_token') ?? '';
  if (!/^[\x21-\x7e]+$/.test(token)) {
    const mfa = member(auth, 'mfa_requirement');
    if (mfa !== undefined && mfa !== null) {
      throw new AppError(
        'LOGIN_DENIED',
        `Vault wants a second factor for the role ${printable(settings.role)}, which no job can give`,
        'whoever owns Vault must take the login MFA off this auth method',
      );
    }
    throw new AppError(
      'BAD_RESPONSE',
      'what answered the login is not Vault: there is no token in its answer',
      'check that the address is the one of Vault',
    );
  }
  return {
    token: new Secret(token),
    revocable: stringMember(auth, 'token_type') !== 'batch',
    limits: limitsIn(auth, 'lease_duration'),
  };
}

/**
 * What Vault says of a session's token.
 * @returns undefined where a policy forbids the question
 * @throws {AppError} PERMISSION_DENIED for a token that Vault does not know; UNAVAILABLE, BAD_RESPONSE
 */
export async function lookUpToken(session: Session, options?: SendOptions): Promise<TokenLimits | undefined> {
  const path = ['auth', 'token', 'lookup-self'];
  const answer = await session.read(path, '', options);
  if (answer.status === 403 && !isUnknownToken(answer)) return undefined;
  if (answer.status !== 200) {
    throw readRefused(answer, { path, kind: 'other', version: undefined }, session);
  }
  return limitsIn(member(answer.json, 'data'), 'ttl');
}

function limitsIn(token: JsonValue | undefined, seconds: 'ttl' | 'lease_duration'): TokenLimits {
  return {
    uses: numberMember(token, 'num_uses'),
    seconds: numberMember(token, seconds),
    renewable: member(token, 'renewable') === true,
    policies: policiesIn(token),
  };
}

// A look-up keeps those of the token's entity apart; a login names all of them together.
function policiesIn(token: JsonValue | undefined): string[] {
  if (!isJsonObject(token)) return [];
  return [...new Set([...strings(token, 'policies'), ...strings(token, 'identity_policies')])];
}
