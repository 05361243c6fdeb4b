// The doctor's steps for who the job is: its ID token, how its clock differs from Vault's, and the token it gets.

import { printable, quoted, shownNames } from '../errors.ts';
import { shownClaim } from '../gitlab/claims.ts';
import type { IdToken } from '../gitlab/id-token.ts';
import { JsonNumber } from '../json.ts';
import type { OtherSettings } from '../settings.ts';
import { clockSentence, duration } from '../times.ts';
import type { VaultAnswer } from '../vault/answer.ts';
import type { Session, TokenLimits } from '../vault/session.ts';
import { ok, type Step, skip } from './step.ts';

const MOST_POLICIES = 20;

// What roles are bound to, in the order in which a person asks.
const CLAIMS = ['aud', 'iss', 'sub', 'project_path', 'ref', 'ref_protected', 'environment'];

/** Tells of an ID token that is one. */
export function idTokenStep({ variable, claims, expires }: IdToken, now: number): Step {
  const left = expires === undefined ? 'for ever' : `for ${duration(expires - now)}`;
  return ok('ID token', `${printable(variable)} holds one, valid ${left}`, {
    facts: {
      variable: printable(variable),
      expires: expires === undefined ? undefined : new Date(expires).toISOString(),
      claims: new Map(
        CLAIMS.flatMap((name) => (claims.has(name) ? [[name, claims.get(name) ?? null] as const] : [])),
      ),
    },
    lines: CLAIMS.map((name) => [name, shownClaim(claims, name)]),
  });
}

/** Tells how the clocks differ: what is told of times holds by one of them. */
export function clockStep(answer: VaultAnswer | undefined, now: number): Step {
  if (answer?.date === undefined) return skip('clock', 'Vault did not tell its time');
  const ahead = Math.round((answer.date - now) / 1000);
  return ok('clock', clockSentence(ahead * 1000), {
    facts: { seconds_ahead: new JsonNumber(String(ahead)) },
  });
}

/** Tells of the token that a session has. */
export function tokenStep(session: Session, limits: TokenLimits | undefined, settings: OtherSettings): Step {
  const { authPath, role } = settings.session;
  const who = session.ownsToken
    ? `as ${role === '' ? 'the default role' : quoted(role)} at auth/${printable(authPath.join('/'))}`
    : session.token === undefined
      ? 'by the Vault Agent'
      : 'by VAULT_TOKEN';
  if (limits === undefined) return ok('login', `${who}; Vault does not tell more of the token`);
  const policies = limits.policies.map((name) => printable(name));
  const time = limits.seconds === 0 ? 'without an end' : `for ${duration(limits.seconds * 1000)}`;
  const uses = limits.uses > 0 ? `, ${limits.uses} uses` : '';
  const named =
    policies.length === 0 ? 'no policies' : `policies ${shownNames(limits.policies, MOST_POLICIES)}`;
  return ok('login', `${who}, ${time}${uses}; ${named}`, {
    facts: { policies, seconds: new JsonNumber(String(limits.seconds)) },
  });
}
