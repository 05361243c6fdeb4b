// The doctor's steps that take a token: the login, each secret, and the end of the token.

import { endLate, REVOKE_WITHIN } from '../commands/vault-run.ts';
import type { Client } from '../http/client.ts';
import { startDeadline } from '../http/deadline.ts';
import { newProgress } from '../http/progress.ts';
import { type Io, orCutShort, orShortly } from '../io.ts';
import type { Reference } from '../vault/reference.ts';
import { endLeases } from '../vault/renewal.ts';
import type { SessionSettings } from '../vault/requests.ts';
import type { Lease } from '../vault/secrets.ts';
import { type Credential, lookUpToken, openSession, type Session } from '../vault/session.ts';
import { tokenStep } from './identity.ts';
import { readEach, secretStep, unread } from './secrets.ts';
import { attemptLater, fail, ok, type Step, skip, type Tell } from './step.ts';

/** What a token is tried with. */
export interface Trial {
  readonly client: Client;
  readonly settings: SessionSettings;
  readonly credential: Credential;
  readonly references: readonly Reference[];
  /** Whether the token of the login is to be ended. */
  readonly revoke: boolean;
  readonly io: Io;
}

const LIVES_ON =
  'the run was asked to end, and there was no time left for it: the token lives until its time is up';

/** Logs in, reads each secret, and ends the token, also where a signal asks the run to end. */
export async function tryToken(trial: Trial, tell: Tell): Promise<void> {
  const { client, settings, credential, references, io } = trial;
  const login = newProgress();
  const opening = attemptLater(openSession(client, settings, credential, io.now, login));
  const opened = await orCutShort(opening, io).catch(async (error: unknown) => {
    const ending = opening.then(async (late) => {
      if ('value' in late) await endToken(late.value, new Set(), trial);
    });
    await endLate(ending, login, io);
    throw error;
  });
  if ('error' in opened) {
    tell(fail('login', opened.error));
    for (const reference of references) tell(unread(reference, 'not without a login'));
    return;
  }
  const session = opened.value;
  const leases = new Set<Lease>();
  try {
    await orCutShort(useToken(session, trial, leases, tell), io);
  } finally {
    const ended = await orShortly(endToken(session, leases, trial), io);
    tell(ended ?? skip('revocation', LIVES_ON));
  }
  // A signal that came while the token was ended counts as well.
  await orCutShort(undefined, io);
}

async function useToken(
  session: Session,
  { settings, references }: Trial,
  leases: Set<Lease>,
  tell: Tell,
): Promise<void> {
  const looked =
    session.limits === undefined ? await attemptLater(lookUpToken(session)) : { value: session.limits };
  if ('error' in looked) {
    tell(fail('login', looked.error));
    for (const reference of references) tell(unread(reference, 'not without a token'));
    return;
  }
  const step = tokenStep(session, looked.value, settings);
  tell(step);
  if (step.result === 'FAIL') {
    for (const reference of references) tell(unread(reference, 'not without a token'));
    return;
  }
  const asker = { ...session, policies: looked.value?.policies };
  const outcomes = await readEach(asker, references, (lease) => leases.add(lease));
  for (const { reference, outcome } of outcomes) tell(secretStep(reference, outcome));
}

async function endToken(session: Session, leases: ReadonlySet<Lease>, { revoke, io }: Trial): Promise<Step> {
  if (!revoke && session.ownsToken) return skip('revocation', 'the token is left alive, as --no-revoke says');
  if (!session.endsLeases) {
    const notes: string[] = [];
    if (revoke) await endLeases(session, [...leases], { ...io, writeMessage: (note) => notes.push(note) });
    const whose = session.ownsToken ? 'a batch token ends by itself' : "the token is not this run's to end";
    return skip('revocation', [whose, ...notes.map((note) => note.replace(/^note: /, ''))].join('; '));
  }
  const failure = await session.revoke(startDeadline(REVOKE_WITHIN, io.elapsed));
  return failure === undefined ? ok('revocation', 'the token is ended') : fail('revocation', failure);
}
