// Plays renewals against a clock that a test holds: what is asked of a Vault that answers as it is told, and when.

import { setImmediate as settle } from 'node:timers/promises';
import { AppError } from '../../src/errors.ts';
import type { Client } from '../../src/http/client.ts';
import type { HttpResponse } from '../../src/http/request.ts';
import { keepAlive } from '../../src/vault/renewal.ts';
import type { Lease } from '../../src/vault/secrets.ts';
import { type Credential, openSession } from '../../src/vault/session.ts';
import { clock, idToken, response } from './fakes.ts';

export const RENEW_LEASE = '/v1/sys/leases/renew';
export const RENEW_TOKEN = '/v1/auth/token/renew-self';
const LOOK_UP = '/v1/auth/token/lookup-self';

/** A request for more time: when, in seconds, and how long its answer was waited for. */
export interface Asked {
  readonly at: number;
  readonly path: string;
  readonly body: string;
  readonly within: number | undefined;
}

interface Play {
  readonly leases?: readonly Lease[];
  /** The time that the lease of each request is granted, or what else comes of it. A silent server is `undefined`. */
  readonly renew?: (asked: Asked, index: number) => number | HttpResponse | AppError | undefined;
  /** What the login says of its token; a token without an end unless said. */
  readonly auth?: Readonly<Record<string, unknown>>;
  readonly credential?: Credential;
  readonly lookUp?: HttpResponse;
  readonly random?: number;
  /** The longest that a timer sleeps, in seconds. */
  readonly longest?: number;
  /** Makes every sleep that passes this moment last until the other: the process was stopped. */
  readonly stopped?: readonly [from: number, until: number];
  /** When the renewals begin, in seconds; all times were granted at 0. */
  readonly begins?: number;
  /** When the play ends, in seconds. */
  readonly until: number;
}

/** A lease of so many seconds. */
export const lease = (seconds: number, changes: Partial<Lease> = {}): Lease => ({
  id: 'database/creds/ci/abc',
  path: 'database/creds/ci',
  seconds,
  renewable: true,
  ...changes,
});

/** Plays renewals until a moment, and gives what was asked and told, each with its time in seconds. */
export async function play({ leases = [], renew = () => 0, auth = {}, random = 0.5, ...rest }: Play) {
  let now = (rest.begins ?? 0) * 1000;
  const sleepers: { at: number; wake: () => void }[] = [];
  const asked: Asked[] = [];
  const messages: string[] = [];
  const [from, to] = rest.stopped ?? [Number.POSITIVE_INFINITY, 0];
  const sleep = (milliseconds: number) =>
    new Promise<void>((wake) => {
      const at = now + Math.min(milliseconds, (rest.longest ?? Number.POSITIVE_INFINITY) * 1000);
      sleepers.push({ at: at > from * 1000 && now <= from * 1000 ? Math.max(at, to * 1000) : at, wake });
    });
  const client: Client = {
    close: () => undefined,
    send: async ({ path, body = '' }, options) => {
      if (path.endsWith('/login')) return response(200, { auth: { client_token: 'hvs.x', ...auth } });
      if (path === LOOK_UP && rest.lookUp !== undefined) return rest.lookUp;
      const within = options?.deadline?.remaining();
      const request = { at: now / 1000, path, body, within: within && within / 1000 };
      const outcome = renew(request, asked.push(request) - 1);
      if (outcome === undefined) await sleep(within ?? 0);
      if (outcome === undefined) throw new AppError('UNAVAILABLE', 'vault took too long');
      if (outcome instanceof AppError) throw outcome;
      if (typeof outcome !== 'number') return outcome;
      return response(200, { lease_duration: outcome, auth: { lease_duration: outcome } });
    },
  };
  const byLogin: Credential = { kind: 'id-token', idToken: idToken() };
  const settings = { authPath: ['jwt'], role: 'r', namespace: undefined };
  const session = await openSession(client, settings, rest.credential ?? byLogin, clock);
  const writeMessage = (line: string) => void messages.push(`${Math.round(now / 100) / 10}: ${line}`);
  let isOver = false;
  void keepAlive(session, leases, 0, { elapsed: () => now, random: () => random, sleep, writeMessage }).then(
    () => {
      isOver = true;
    },
  );
  for (;;) {
    await settle();
    const [next] = sleepers.sort((a, b) => a.at - b.at);
    if (next === undefined || next.at > rest.until * 1000) break;
    sleepers.shift();
    now = next.at;
    next.wake();
  }
  return { asked, messages, isOver, times: asked.map(({ at }) => Math.round(at * 10) / 10) };
}
