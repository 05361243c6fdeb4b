// What keeps leases alive while a program uses them: each is renewed at two thirds of its time, and so is the token on
// which they hang.

import { AppError, printable } from '../errors.ts';
import { startDeadline } from '../http/deadline.ts';
import type { Io } from '../io.ts';
import { JsonNumber, type JsonValue, member, numberMember } from '../json.ts';
import { isUnknownToken, type VaultAnswer } from './answer.ts';
import type { Lease } from './secrets.ts';
import { lookUpToken, type Session, type TokenLimits } from './session.ts';

/** What renewing is given of the world. */
export interface RenewalWorld extends Pick<Io, 'elapsed' | 'random' | 'writeMessage'> {
  /** Resolves after so many milliseconds or, where those are weeks, earlier; or never. */
  readonly sleep: (milliseconds: number) => Promise<void>;
}

const TOKEN = 'the Vault token, and with it every lease of its own,';

const RENEW_AT = 2 / 3;
// Of the time that a renewal grants, how far it must move the end: less means that a longest time is reached.
const LEAST_MOVE = 1 / 6;
// An answer that does not come is given up in time for another try.
const ANSWER_WITHIN = 30_000;
// That there was no answer within less says nothing that earlier tries did not.
const UNHURRIED = 1_000;
const FIRST_WAIT = 1_000;
const SHORTEST_WAIT = 500;
const LONGEST_WAIT = 30_000;
const LEAST_LEFT = 100;
// All is done by then but this.
const END_WITHIN = 2_000;
// What is left when nobody said why: whoever stopped this process stopped its renewals.
const TOO_LATE = 'its time was over before it could be renewed';

/** Something that ends unless it is renewed. */
interface Held {
  readonly what: string;
  readonly seconds: number;
  /** Why it cannot be renewed; undefined where it can. */
  readonly fixed: string | undefined;
  /** Asks Vault for more time, within so many milliseconds. */
  readonly renew: (within: number) => Promise<VaultAnswer>;
  /** The seconds that an answer grants. */
  readonly granted: (answer: VaultAnswer) => number;
}

/**
 * Keeps leases alive, and the token that they hang on, for as long as `world` sleeps. A renewal that fails is tried again
 * until the time is up, and then told; what runs meanwhile is left alone.
 * @param since when their times began at the earliest, by `world.elapsed()`
 */
export async function keepAlive(
  session: Session,
  leases: readonly Lease[],
  since: number,
  world: RenewalWorld,
): Promise<void> {
  // A time of 0 is none that could be over.
  const ending = leases.filter(({ seconds }) => seconds > 0);
  const limits = session.limits ?? (await limitsOfOwn(session));
  // What Vault answers to a question that was the last use.
  if (limits !== undefined && limits.uses < 0)
    return tellEnded(TOKEN, 'to look at it was its last use', world);
  const held = ending.map((lease) => heldLease(session, lease, limits?.uses ?? 0, world));
  if (limits !== undefined && limits.seconds > 0) held.push(heldToken(session, limits, world));
  await Promise.all(held.map((each) => keep(each, since, world)));
}

/** What Vault says of the job's own token; undefined for an Agent's, which is the Agent's to renew. */
async function limitsOfOwn(session: Session): Promise<TokenLimits | undefined> {
  return session.token === undefined ? undefined : lookUpToken(session).catch(() => undefined);
}

async function keep(held: Held, since: number, world: RenewalWorld): Promise<void> {
  const { elapsed } = world;
  let ends = since + held.seconds * 1000;
  let failures = 0;
  let isFixed = held.fixed !== undefined;
  let reason = held.fixed ?? TOO_LATE;
  while (elapsed() < ends) {
    await sleepUntil(isFixed ? ends : nextTry(ends, failures, world), world);
    const left = ends - elapsed();
    if (isFixed || left <= 0) continue;
    // Half of what is left, so that a connection that is dead without a word costs no more than that.
    const within = Math.min(ANSWER_WITHIN, Math.ceil(left / 2));
    const outcome = await attempt(held, within);
    if (typeof outcome === 'string') {
      if (failures === 0 || within >= UNHURRIED) reason = outcome;
      failures += 1;
      continue;
    }
    failures = 0;
    const extended = elapsed() + outcome * 1000;
    // Vault counts whole seconds: the same end comes out a little sooner or later each time.
    isFixed = outcome <= 0 || Math.abs(extended - ends) < outcome * 1000 * LEAST_MOVE;
    reason = isFixed ? 'Vault grants it no more time' : TOO_LATE;
    ends = isFixed ? Math.max(ends, extended) : extended;
  }
  tellEnded(held.what, reason, world);
}

function tellEnded(what: string, reason: string, { writeMessage }: RenewalWorld): void {
  writeMessage(`warning: ${what} has ended while the command runs: ${reason}`);
}

async function sleepUntil(time: number, { elapsed, sleep }: RenewalWorld): Promise<void> {
  for (let left = time - elapsed(); left > 0; left = time - elapsed()) await sleep(left);
}

/** When to ask for more time; after failures soon, and for as long as there is any left. */
function nextTry(ends: number, failures: number, { elapsed, random }: RenewalWorld): number {
  const left = ends - elapsed();
  if (failures === 0) return elapsed() + left * RENEW_AT;
  const bound = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (failures - 1), Math.max(left / 2, SHORTEST_WAIT));
  const next = elapsed() + bound * (0.5 + random() / 2);
  return ends - next < LEAST_LEFT ? ends : next;
}

/** @returns the seconds granted, or why there are none */
async function attempt({ renew, granted }: Held, within: number): Promise<number | string> {
  try {
    const answer = await renew(within);
    if (answer.status === 200) return granted(answer);
    const words = printable(answer.errors.join('; ').replace(/\s+/g, ' ').trim());
    return `Vault refused to renew it (${answer.status})${words === '' ? '' : `: ${words}`}`;
  } catch (error) {
    if (error instanceof AppError) return error.message;
    throw error;
  }
}

function heldLease(session: Session, lease: Lease, uses: number, world: RenewalWorld): Held {
  const body = new Map<string, JsonValue>([
    ['lease_id', lease.id],
    ['increment', new JsonNumber(String(lease.seconds))],
  ]);
  return {
    what: `the lease of ${lease.path}`,
    seconds: lease.seconds,
    fixed: whyFixed(lease.renewable, uses, 'its token'),
    renew: (within) => session.write(['sys', 'leases', 'renew'], body, oneTry(within, world)),
    granted: ({ json }) => numberMember(json, 'lease_duration'),
  };
}

function heldToken(session: Session, { seconds, renewable, uses }: TokenLimits, world: RenewalWorld): Held {
  return {
    what: TOKEN,
    seconds,
    fixed: whyFixed(renewable, uses, 'it'),
    renew: (within) => session.write(['auth', 'token', 'renew-self'], new Map(), oneTry(within, world)),
    granted: ({ json }) => numberMember(member(json, 'auth'), 'lease_duration'),
  };
}

function whyFixed(renewable: boolean, uses: number, whose: string): string | undefined {
  // A renewal would be one of them, and the last ends the token and all its leases before their time.
  if (uses > 0) return `${whose} is good for ${uses} uses, so that it is not renewed`;
  return renewable ? undefined : 'it cannot be renewed';
}

function oneTry(within: number, { elapsed }: RenewalWorld) {
  return { deadline: startDeadline(within, elapsed), retries: 0 };
}

/**
 * Ends leases one by one, where the end of the token does not: one that is not this run's to end, or a batch token. What is
 * not ended is told.
 */
export async function endLeases(
  session: Session,
  leases: readonly Lease[],
  { elapsed, writeMessage }: Pick<Io, 'elapsed' | 'writeMessage'>,
): Promise<void> {
  const options = { deadline: startDeadline(END_WITHIN, elapsed), retries: 0 };
  const end = async ({ id, path, seconds }: Lease) => {
    const answer = await session
      .write(['sys', 'leases', 'revoke'], new Map([['lease_id', id]]), options)
      .catch(() => undefined);
    // With a token that has ended, its leases have.
    if (answer !== undefined && (answer.status < 300 || isUnknownToken(answer))) return;
    const why =
      answer?.status === 403 ? 'the policy does not allow sys/leases/revoke' : 'it could not be ended';
    writeMessage(`note: the lease of ${path} may live on, for ${seconds} s at a time: ${why}`);
  };
  await Promise.all(leases.map(end));
}
