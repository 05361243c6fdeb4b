// What every command that asks Vault does around its own work: settle the settings, open a session, read, hand the
// result on, and end the token.

import { AppError } from '../errors.ts';
import { readIdToken } from '../gitlab/id-token.ts';
import { variableIn } from '../gitlab/missing.ts';
import type { Endpoint } from '../http/address.ts';
import type { Client } from '../http/client.ts';
import { type Deadline, startDeadline, untilCutShort } from '../http/deadline.ts';
import { beginConnection, type HeadStart } from '../http/head-start.ts';
import { newProgress, type Progress, wasSent } from '../http/progress.ts';
import { proxyFor } from '../http/proxy.ts';
import { prepareTrust, type Trust } from '../http/trust.ts';
import { type Environment, hearSignals, Interrupted, type Io, orCutShort, orShortly } from '../io.ts';
import { type IdentitySettings, readSettings, type SettingFlags, type Settings } from '../settings.ts';
import { eachOnce } from '../timing.ts';
import type { Reference } from '../vault/reference.ts';
import { type Lease, readSecrets, type SecretRead } from '../vault/secrets.ts';
import { type Credential, openSession, type Session } from '../vault/session.ts';
import type { Context } from './command.ts';

/** Milliseconds: all is done by then but to end the token, and nobody should wait long for a server that does not answer. */
export const REVOKE_WITHIN = 2_000;

/** A run with an open session. */
export interface VaultRun {
  readonly settings: Settings;
  readonly session: Session;
  /** The run's time limit. */
  readonly deadline: Deadline;
  /** When the session began to be opened, by `io.elapsed()`: no time that Vault grants began earlier. */
  readonly since: number;
  /** Reads secrets, in the order of the references. */
  readonly read: (references: readonly Reference[]) => Promise<readonly SecretRead[]>;
  /** The leases of what was read. */
  readonly leases: readonly Lease[];
  /** Leaves the token alive at the end of the run. */
  readonly keepToken: () => void;
  /** Ends the token, unless it is kept or the job's own. Once: the end of the run does nothing more. */
  readonly end: () => Promise<void>;
}

/**
 * Does some work with an open session, and ends the token afterwards, however the work ends.
 * @throws {AppError} whatever stands between the job and Vault
 */
export async function withVault<T>(
  flags: SettingFlags,
  context: Context,
  work: (run: VaultRun) => Promise<T>,
): Promise<T> {
  const { environment, io } = context;
  const settings = readSettings(flags, environment);
  for (const warning of settings.warnings) io.writeMessage(`warning: ${warning}`);
  const credential = findCredential(settings, settings.endpoint, environment, io.now());
  const trust = prepareTrust(settings.trust, io);
  io.mark('settings');
  const deadline = untilCutShort(startDeadline(settings.timeout, io.elapsed), io.cutShort);
  const mark = eachOnce(io.mark);
  const start = await orCutShort(begin(settings, trust, mark), io);
  // Nobody closes its connections: the kernel does, when the process ends. To destroy a socket, Node looks at process.stderr, and to
  // be looked at that is made a stream, which takes over a millisecond.
  const client = await orCutShort(openClient(settings, trust, deadline, { ...io, mark }, start), io);
  io.mark('https');
  const since = io.elapsed();
  const login = newProgress();
  const opening = openSession(client, settings.session, credential, io.now, login);
  const opened = opening.then((session) => startRun(session, settings, deadline, since, context));
  const run = await orCutShort(opened, io).catch(async (error: unknown) => {
    if (error instanceof Interrupted) await endLate(opened.then(endToken), login, io);
    throw error;
  });
  io.mark('login');
  let result: T;
  try {
    result = await orCutShort(work(run), io);
  } finally {
    // A signal cuts the work short, but not the end of the token.
    const isDone = await orShortly(endToken(run), io);
    if (isDone === undefined) io.writeMessage(`warning: ${NOT_REVOKED}: there was no time left for it`);
  }
  // A signal that came while the token was ended counts as well.
  await orCutShort(undefined, io);
  return result;
}

/**
 * Reads the secrets of some references with one login and gives them to `use`, which writes the result. Afterwards the
 * token is revoked, unless it is the job's own or a lease hangs on it: that is told.
 * @throws {AppError} whatever stands between the job and its secrets
 */
export function withSecrets(
  references: readonly Reference[],
  flags: SettingFlags,
  context: Context,
  use: (secrets: readonly SecretRead[], deadline: Deadline) => void | Promise<void>,
): Promise<void> {
  return withVault(flags, context, async (run) => {
    const secrets = await run.read(references);
    context.io.mark('read');
    await hearSignals(context.io);
    await use(secrets, run.deadline);
    context.io.mark('write');
    if (run.leases.length === 0 || !run.session.ownsToken) return;
    run.keepToken();
    context.io.writeMessage(tokenKept(run.leases, run.session));
  });
}

/**
 * Waits, after a signal, for the end of what a login that is under way may still be granted: it would have nobody to end it.
 * Where there is no time left for that, it is told.
 * @param ending rejects where there is nothing to end
 */
export async function endLate(ending: Promise<unknown>, login: Progress, io: Io): Promise<void> {
  const known = ending.then(
    () => true,
    () => true,
  );
  if ((await orShortly(known, io)) === undefined && wasSent(login))
    io.writeMessage(`warning: ${MAY_LIVE_ON}`);
}

const MAY_LIVE_ON =
  'there was no time left to hear whether Vault granted a token, and to revoke it: it would live until its time is up';
const NOT_REVOKED = 'the Vault token could not be revoked, it lives until its time is up';

async function endToken(run: VaultRun): Promise<boolean> {
  await run.end();
  return true;
}

function startRun(
  session: Session,
  settings: Settings,
  deadline: Deadline,
  since: number,
  { io }: Context,
): VaultRun {
  const leases: Lease[] = [];
  let isKept = !settings.revoke;
  let ended: Promise<void> | undefined;
  const revoke = async () => {
    const failure = await session.revoke(startDeadline(REVOKE_WITHIN, io.elapsed));
    if (session.endsLeases) io.mark('revoke');
    if (failure === undefined) return;
    io.writeMessage(`warning: ${NOT_REVOKED}: ${failure.message}`);
  };
  return {
    settings,
    session,
    deadline,
    since,
    leases,
    read: async (references) => {
      const secrets = await orCutShort(readSecrets(session, references), io);
      // Several references may have shared one read.
      const reads = [...new Set(secrets)];
      const found = reads.flatMap(({ lease }) => (lease === undefined ? [] : [lease]));
      if (found.length > 0) assertNotSpent(session, reads.length);
      leases.push(...found);
      return secrets;
    },
    keepToken: () => {
      isKept = true;
    },
    end: () => {
      if (!isKept) ended ??= revoke();
      return ended ?? Promise.resolve();
    },
  };
}

/** Begins the first connection, where it is one to Vault itself by TLS. */
async function begin(
  { endpoint, proxy }: Settings,
  trust: Trust,
  mark: Io['mark'],
): Promise<HeadStart | undefined> {
  const isDirect = endpoint.scheme === 'https' && proxyFor(endpoint, proxy) === undefined;
  return isDirect ? beginConnection(endpoint, trust.options, mark) : undefined;
}

/**
 * A client for the server of some settings.
 * @param start its first connection, where it was begun before
 */
export async function openClient(
  settings: Pick<Settings, 'endpoint' | 'proxy' | 'retries'>,
  trust: Trust,
  deadline: Deadline,
  io: Io,
  start?: HeadStart,
): Promise<Client> {
  // Node's modules for HTTP are loaded here, while the connection comes about.
  const { createClient } = await import('../http/client.ts');
  return createClient({
    endpoint: settings.endpoint,
    proxy: settings.proxy,
    trust,
    retry: { retries: settings.retries, random: io.random, now: io.now, tell: io.writeMessage },
    deadline,
    mark: io.mark,
    start,
  });
}

/**
 * What a job shows of itself: VAULT_TOKEN where there is one, else its ID token.
 * @throws {AppError} ID_TOKEN_MISSING, ID_TOKEN_INVALID
 */
export function findCredential(
  settings: IdentitySettings,
  endpoint: Endpoint | undefined,
  environment: Environment,
  now: number,
): Credential {
  if (settings.ownToken !== undefined) return { kind: 'token', token: settings.ownToken };
  const behindAgent =
    endpoint?.scheme === 'unix' && (variableIn(settings.idTokenVariable, environment) ?? '') === '';
  if (behindAgent) return { kind: 'agent' };
  return { kind: 'id-token', idToken: readIdToken(settings.idTokenVariable, environment, now) };
}

// The last use of a token ends it, and a lease ends with its token: what was read is worth nothing then.
function assertNotSpent({ limits }: Session, reads: number): void {
  if (limits === undefined || limits.uses === 0 || reads < limits.uses) return;
  throw new AppError(
    'PERMISSION_DENIED',
    `the token is good for ${limits.uses} uses: the last read ended it, and the leased secret with it`,
    'whoever owns the role must raise its token_num_uses',
  );
}

function tokenKept(leases: readonly Lease[], { limits }: Session): string {
  const [first, ...more] = leases;
  const shortest = Math.min(...leases.map(({ seconds }) => seconds));
  const what =
    first !== undefined && more.length === 0
      ? `the lease of ${first.path} (${shortest} s)`
      : `${leases.length} leases (the shortest ${shortest} s)`;
  const tokens = limits?.seconds ?? 0;
  // A lease ends with its token.
  const all = leases.length === 1 ? 'both' : 'all';
  const end = tokens > 0 && tokens < shortest ? `; ${all} end after ${tokens} s` : '';
  return `note: the Vault token is left alive for ${what}${end}`;
}
