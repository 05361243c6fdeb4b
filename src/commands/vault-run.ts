// What every command that reads secrets does around its own work: settle the settings, open a session, read, hand the
// result on, and end the token.

import { AppError } from '../errors.ts';
import { readIdToken, variableIn } from '../gitlab/id-token.ts';
import { type Client, createClient } from '../http/client.ts';
import { startDeadline } from '../http/deadline.ts';
import { prepareTrust } from '../http/trust.ts';
import type { Environment } from '../io.ts';
import { readSettings, type SettingFlags, type Settings } from '../settings.ts';
import type { Reference } from '../vault/reference.ts';
import { readSecrets, type SecretRead } from '../vault/secrets.ts';
import { type Credential, openSession, type Session } from '../vault/session.ts';
import type { Context } from './command.ts';

// All is done by then but to say how it ended: nobody should wait long for a server that does not answer.
const REVOKE_WITHIN = 2_000;

/**
 * Reads the secrets of some references with one login and gives them to `use`, which writes the result. Afterwards the
 * token is revoked, unless it is the job's own or a lease hangs on it.
 * @throws {AppError} whatever stands between the job and its secrets
 */
export async function withSecrets(
  references: readonly Reference[],
  flags: SettingFlags,
  context: Context,
  use: (secrets: readonly SecretRead[]) => void,
): Promise<void> {
  const { environment, io } = context;
  const settings = readSettings(flags, environment);
  for (const warning of settings.warnings) io.writeMessage(`warning: ${warning}`);
  const credential = findCredential(settings, environment, io.now());
  const client = openClient(settings, context);
  // A signal cuts the work short, but not the end of the token.
  const orCutShort = <T>(work: Promise<T>) => Promise.race([work, io.cutShort]);
  try {
    const session = await orCutShort(openSession(client, settings.session, credential));
    let leases: number[] = [];
    try {
      const secrets = await orCutShort(readSecrets(session, references));
      // Several references may have shared one read.
      const reads = [...new Set(secrets)];
      const found = reads.flatMap(({ lease }) => (lease === undefined ? [] : [lease.seconds]));
      if (found.length > 0) assertNotSpent(session, reads.length);
      use(secrets);
      leases = found;
    } finally {
      if (leases.length > 0 && session.ownsToken) io.writeMessage(tokenKept(leases, session));
      else if (settings.revoke && !(await session.revoke(startDeadline(REVOKE_WITHIN, io.elapsed)))) {
        io.writeMessage('warning: the Vault token could not be revoked: it lives until its time is up');
      }
    }
  } finally {
    client.close();
  }
}

function openClient(settings: Settings, { io }: Context): Client {
  return createClient({
    endpoint: settings.endpoint,
    proxy: settings.proxy,
    trust: prepareTrust(settings.trust, io),
    retry: { retries: settings.retries, random: io.random, now: io.now, tell: io.writeMessage },
    deadline: startDeadline(settings.timeout, io.elapsed),
  });
}

function findCredential(settings: Settings, environment: Environment, now: number): Credential {
  if (settings.ownToken !== undefined) return { kind: 'token', token: settings.ownToken };
  const behindAgent =
    settings.endpoint.scheme === 'unix' && (variableIn(settings.idTokenVariable, environment) ?? '') === '';
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

function tokenKept(leases: readonly number[], { limits }: Session): string {
  const [what, which] =
    leases.length === 1 ? ['a lease', 'the lease'] : [`${leases.length} leases`, 'the shortest'];
  const shortest = Math.min(...leases);
  const kept = `note: the Vault token is kept alive, for ${what} would end with it`;
  const tokens = limits?.seconds ?? 0;
  if (tokens > 0 && tokens < shortest) return `${kept}, which it does after ${tokens} s`;
  return `${kept}; ${which} lasts ${shortest} s`;
}
