// Secrets of any engine: which path a REF means, one read for each, and the fields and the lease in its answer.
//
// KV v2 is known by its path (MOUNT/data/…) or its mount, never guessed from the answer: a KV v1 secret may well have
// a field named `data`.

import { AppError, printable } from '../errors.ts';
import { isJsonObject, JsonNumber, type JsonObject, member, numberMember, stringMember } from '../json.ts';
import type { VaultAnswer } from './answer.ts';
import { type Asker, readRefused } from './diagnosis.ts';
import { inquire } from './inquiry.ts';
import { lookUpMount, startsWith } from './mounts.ts';
import type { Reference } from './reference.ts';
import type { Mount, MountLookup, ReadPlan } from './requests.ts';
import type { Session } from './session.ts';

/** A secret as it was read. */
export interface SecretRead {
  readonly fields: JsonObject;
  /** Present for a dynamic secret: it dies with the token that read it. */
  readonly lease: Lease | undefined;
  /** The number of a KV v2 secret's version, as Vault wrote it. */
  readonly version: string | undefined;
}

/** How long a dynamic secret lives. */
export interface Lease {
  readonly id: string;
  /** The path that was read, for messages. */
  readonly path: string;
  readonly seconds: number;
  readonly renewable: boolean;
}

const NEAR = 10;

/**
 * Reads the secrets of all references, each path once. From a server that is near it reads one after another, which takes
 * less than the handshakes of several connections do (six secrets: -11 %); once an answer is longer in coming, all that are
 * left are read side by side.
 * @param near milliseconds within which a server that is near answers
 * @returns the secrets, in the order of the references
 * @throws {AppError} the first failure, in that order
 */
export async function readSecrets(
  session: Session,
  references: readonly Reference[],
  near = NEAR,
): Promise<SecretRead[]> {
  const plans = await planReads(session, references);
  const reads = new Map<string, Promise<SecretRead>>();
  const started: Promise<SecretRead>[] = [];
  let isNear = true;
  for (const plan of plans) {
    const key = JSON.stringify([plan.path, plan.version]);
    const known = reads.get(key);
    const read = known ?? readSecret(session, plan);
    reads.set(key, read);
    started.push(read);
    if (isNear && known === undefined && started.length < plans.length) isNear = await endsWithin(near, read);
  }
  // All are awaited before the first failure is told: a read that is still under way must not outlive the run's token.
  const settled = await Promise.allSettled(started);
  const failed = settled.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw await inFull(session, failed.reason);
  return settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}

function endsWithin(milliseconds: number, work: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), milliseconds);
    const ended = () => {
      clearTimeout(timer);
      resolve(true);
    };
    work.then(ended, ended);
  });
}

/** A read that Vault refused: of several, one alone is told, and only that one is asked about. */
class RefusedRead extends Error {
  readonly answer: VaultAnswer;
  readonly plan: ReadPlan;

  constructor(answer: VaultAnswer, plan: ReadPlan) {
    super('refused');
    this.answer = answer;
    this.plan = plan;
  }
}

async function inFull(session: Session, reason: unknown): Promise<unknown> {
  if (!(reason instanceof RefusedRead)) return reason;
  const { answer, plan } = reason;
  return readRefused(answer, plan, session, await inquire(session, plan, answer));
}

/** Finds the path that each reference means, asking for each mount once. */
async function planReads(session: Session, references: readonly Reference[]): Promise<ReadPlan[]> {
  const known: Mount[] = [];
  const asked = new Map<string, MountLookup | undefined>();
  const plans: ReadPlan[] = [];
  for (const reference of references) {
    const named = knownMount(reference);
    if (named !== undefined) {
      plans.push(planRead(reference, named));
      continue;
    }
    const path = reference.path.join('/');
    let told = known.find((mount) => startsWith(reference.path, mount.path)) ?? asked.get(path);
    if (told === undefined && !asked.has(path)) {
      told = await lookUpMount(session, reference.path);
      asked.set(path, told);
      if (isMount(told)) known.push(told);
    }
    const plan = planRead(reference, isMount(told) ? told : assumedMount(reference.path));
    plans.push(told === undefined ? plan : { ...plan, told });
  }
  return plans;
}

function isMount(told: MountLookup | undefined): told is Mount {
  return told !== undefined && told !== 'nothing';
}

const OWN_MOUNTS = ['auth', 'sys', 'identity'];

// GitLab's form names its mount; `MOUNT/data/…` with a mount of one segment is how policies write a KV v2 path.
function knownMount({ path, mount }: Reference): Mount | undefined {
  if (mount !== undefined) return { path: mount, kind: 'kv2' };
  // Vault's own, which no secrets engine can stand at.
  if (OWN_MOUNTS.includes(path[0] ?? '')) return { path: path.slice(0, 1), kind: 'other' };
  return path.length > 2 && path[1] === 'data' ? { path: path.slice(0, 1), kind: 'kv2' } : undefined;
}

// Where Vault does not tell: an API path if it can be one, else the CLI's path on a mount of one segment.
function assumedMount(path: readonly string[]): Mount {
  const data = path.indexOf('data', 1);
  return { path: path.slice(0, data > 0 && data < path.length - 1 ? data : 1), kind: 'kv2' };
}

/** The read that a reference means on a mount. */
export function planRead(reference: Reference, mount: Mount): ReadPlan {
  const { version } = reference;
  const below = reference.mount === undefined ? reference.path.slice(mount.path.length) : reference.path;
  if (mount.kind !== 'kv2') {
    if (version === undefined) return { path: reference.path, kind: mount.kind, version };
    throw new AppError(
      'USAGE',
      `${printable(mount.path.join('/'))} keeps no versions: it is not KV v2`,
      'leave ?version= off',
    );
  }
  const isApiPath = reference.mount === undefined && below[0] === 'data' && below.length > 1;
  return { path: [...mount.path, ...(isApiPath ? [] : ['data']), ...below], kind: 'kv2', version };
}

async function readSecret(session: Session, plan: ReadPlan): Promise<SecretRead> {
  const query = plan.version === undefined ? '' : `?version=${plan.version}`;
  const answer = await session.read(plan.path, query);
  if (answer.status !== 200) throw new RefusedRead(answer, plan);
  if (plan.kind !== 'kv2' || isVersioned(answer)) return secretFrom(answer, plan, session);
  // A path that looks like KV v2's can lie on another engine. The mount decides; the answer alone would be a guess.
  const told = await lookUpMount(session, plan.path);
  return secretFrom(answer, { ...plan, kind: isMount(told) ? told.kind : 'kv2' }, session);
}

// What KV v2 always answers beside the fields, and no KV v1 secret by chance.
function isVersioned(answer: VaultAnswer): boolean {
  const data = member(answer.json, 'data');
  const metadata = member(data, 'metadata');
  const isVersion =
    member(metadata, 'version') instanceof JsonNumber && stringMember(metadata, 'created_time') !== undefined;
  return isVersion && member(data, 'data') !== undefined;
}

/**
 * Takes the fields out of Vault's answer to a read.
 * @throws {AppError} PERMISSION_DENIED, SECRET_NOT_FOUND, UNAVAILABLE, BAD_RESPONSE
 */
export function secretFrom(answer: VaultAnswer, plan: ReadPlan, asker: Asker): SecretRead {
  if (answer.status !== 200) throw readRefused(answer, plan, asker);
  const path = printable(plan.path.join('/'));
  if (isJsonObject(member(answer.json, 'wrap_info'))) {
    throw new AppError(
      'PERMISSION_DENIED',
      `Vault gives ${path} out only wrapped (a policy sets min_wrapping_ttl)`,
      'whoever owns the policy must allow it unwrapped',
    );
  }
  const data = member(answer.json, 'data');
  const fields = plan.kind === 'kv2' ? member(data, 'data') : data;
  if (!isJsonObject(fields)) {
    throw new AppError(
      'BAD_RESPONSE',
      `the answer for ${path} holds no secret`,
      'check that the path names a secret, and that the address is the one of Vault',
    );
  }
  const version = plan.kind === 'kv2' ? member(member(data, 'metadata'), 'version') : undefined;
  return {
    fields,
    lease: leaseFrom(answer, path),
    version: version instanceof JsonNumber ? version.text : undefined,
  };
}

// KV v1 answers a lease_duration with an empty lease_id: not a lease.
function leaseFrom({ json }: VaultAnswer, path: string): Lease | undefined {
  const id = stringMember(json, 'lease_id') ?? '';
  if (id === '') return undefined;
  return {
    id,
    path,
    seconds: numberMember(json, 'lease_duration'),
    renewable: member(json, 'renewable') === true,
  };
}
