// What is asked of Vault once a read was refused, so that the message can name the cause: which engine is on the mount,
// what the token may do, and which version of a secret is the newest. Best effort: what Vault does not tell is not told.

import type { SendOptions } from '../http/client.ts';
import { JsonNumber, type JsonValue, member } from '../json.ts';
import { isUnknownToken, type VaultAnswer } from './answer.ts';
import type { Findings } from './diagnosis.ts';
import { lookUpMount } from './mounts.ts';
import type { ReadPlan } from './requests.ts';
import { lookUpToken, type Session } from './session.ts';

// That it was refused is known by then: nobody should wait long, nor for a second try, to have it said better.
const SHORTLY: SendOptions = { retries: 0, within: 3_000 };

/** Asks what a refusal leaves open. Never throws. */
export async function inquire(session: Session, plan: ReadPlan, refusal: VaultAnswer): Promise<Findings> {
  // Each question is a use of the token, and a read beside this one may need it.
  if (session.limits !== undefined && session.limits.uses > 0) return {};
  const isRefused = refusal.status === 403 && !isUnknownToken(refusal);
  const isAbsent = refusal.status === 404 && !refusal.json.has('data') && refusal.errors.length === 0;
  if (!isRefused && !isAbsent) return {};
  // A login told of its token; of one that was handed in, Vault knows more.
  const own = isRefused && session.policies === undefined ? await ownToken(session) : {};
  if (own.isDoubtful || own.isLimited) return own;
  const [mount, newest, isAllowed] = await Promise.all([
    plan.told === undefined ? mountOf(session, plan) : undefined,
    isAbsent && plan.version !== undefined ? newestVersion(session, plan) : undefined,
    isRefused ? mayRead(session, plan) : undefined,
  ]);
  return { ...own, mount, newest, isAllowed };
}

async function mountOf(session: Session, { path }: ReadPlan): Promise<Findings['mount']> {
  try {
    return await lookUpMount(session, path, SHORTLY);
  } catch {
    return undefined;
  }
}

async function ownToken(session: Session): Promise<Findings & { readonly isLimited?: boolean }> {
  try {
    const limits = await lookUpToken(session, SHORTLY);
    return limits === undefined
      ? { isDoubtful: true }
      : { policies: limits.policies, isLimited: limits.uses !== 0 };
  } catch {
    return {};
  }
}

// A policy may allow a path and still refuse how it is asked for (Vault's documentation, "Policies": min_wrapping_ttl).
async function mayRead(session: Session, { path }: ReadPlan): Promise<boolean | undefined> {
  const name = path.join('/');
  const asked = new Map<string, JsonValue>([['paths', [name]]]);
  const answer = await session.write(['sys', 'capabilities-self'], asked, SHORTLY).catch(() => undefined);
  const capabilities = member(member(answer?.json, 'data'), name);
  return Array.isArray(capabilities)
    ? capabilities.some((each) => each === 'read' || each === 'root')
    : undefined;
}

// Of the answer only the number is looked at: the newest version's values were not asked for.
async function newestVersion(session: Session, { path }: ReadPlan): Promise<string | undefined> {
  const answer = await session.read(path, '', SHORTLY).catch(() => undefined);
  const version = member(member(member(answer?.json, 'data'), 'metadata'), 'version');
  return version instanceof JsonNumber ? version.text : undefined;
}
