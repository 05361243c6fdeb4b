// The doctor's steps for who the job is: its ID token, how its clock differs from Vault's, and the token it gets.

import { AppError, printable, quoted, shownNames } from '../errors.ts';
import { isoTime, shownClaim } from '../gitlab/claims.ts';
import type { IdToken } from '../gitlab/id-token.ts';
import { isJsonObject, type JsonValue } from '../json.ts';
import { clockSentence, duration } from '../times.ts';
import type { VaultAnswer } from '../vault/answer.ts';
import type { SessionSettings } from '../vault/requests.ts';
import type { Credential, Session, TokenLimits } from '../vault/session.ts';
import { fail, namesFact, numberFact, type Outcome, ok, type Step, skip } from './step.ts';

const MOST_POLICIES = 20;
const MOST_ITEMS = 100;
// Seconds (vault-plugin-auth-jwt, clock_skew_leeway).
const GRANTED = 60;

// What roles are bound to, in the order in which a person asks.
const CLAIMS = ['aud', 'iss', 'sub', 'project_path', 'ref', 'ref_protected', 'environment'];

/** Tells what the job shows of itself. */
export function credentialStep(credential: Outcome<Credential> | undefined, now: number): Step {
  if (credential === undefined) return skip('ID token', 'not without the settings');
  if ('error' in credential) return fail('ID token', credential.error);
  if (credential.value.kind === 'token') return skip('ID token', 'VAULT_TOKEN is used in its place');
  if (credential.value.kind === 'agent') return skip('ID token', 'the Vault Agent adds a token of its own');
  return idTokenStep(credential.value.idToken, now);
}

function idTokenStep({ variable, claims, expires }: IdToken, now: number): Step {
  const left = expires === undefined ? 'for ever' : `for ${duration(expires - now)}`;
  return ok('ID token', `${printable(variable)} holds one, valid ${left}`, {
    facts: {
      variable: printable(variable),
      expires: expires === undefined ? undefined : isoTime(expires),
      claims: new Map(
        CLAIMS.flatMap((name) => (claims.has(name) ? [[name, claimFact(claims.get(name))] as const] : [])),
      ),
    },
    lines: CLAIMS.map((name) => [name, shownClaim(claims, name)]),
  });
}

// As it is, where that is no more than a line: whoever issued the token may not be GitLab.
function claimFact(claim: JsonValue | undefined): JsonValue {
  if (typeof claim === 'string') return printable(claim);
  if (Array.isArray(claim)) return claim.slice(0, MOST_ITEMS).map((item) => claimFact(item));
  return isJsonObject(claim) || claim === undefined ? null : claim;
}

/** Tells how the clocks differ: what is told of times holds by one of them. */
export function clockStep(answer: VaultAnswer | undefined, now: number, obstacle: string | undefined): Step {
  if (answer?.date === undefined) return skip('clock', obstacle ?? 'Vault did not tell its time');
  const ahead = Math.round((answer.date - now) / 1000);
  const much = Math.abs(ahead) > GRANTED ? ': more than the minute that Vault grants a token' : '';
  return ok('clock', `${clockSentence(ahead * 1000)}${much}`, {
    facts: { seconds_ahead: numberFact(ahead) },
  });
}

/** Tells of the token that a session has. */
export function tokenStep(
  session: Session,
  limits: TokenLimits | undefined,
  { authPath, role }: SessionSettings,
): Step {
  const who = session.ownsToken
    ? `as ${role === '' ? 'the default role' : quoted(role)} at auth/${printable(authPath.join('/'))}`
    : session.token === undefined
      ? 'by the Vault Agent'
      : 'by VAULT_TOKEN';
  if (limits === undefined) return ok('login', `${who}; Vault does not tell more of the token`);
  const time = limits.seconds === 0 ? 'without an end' : `for ${duration(limits.seconds * 1000)}`;
  // What Vault answers to a look that was the last use.
  if (limits.uses < 0) return fail('login', spentByLooking());
  const uses = limits.uses > 0 ? `, ${limits.uses} use${limits.uses === 1 ? '' : 's'} left` : '';
  const named =
    limits.policies.length === 0 ? 'no policies' : `policies ${shownNames(limits.policies, MOST_POLICIES)}`;
  return ok('login', `${who}, ${time}${uses}; ${named}`, {
    facts: {
      policies: namesFact(limits.policies),
      policy_count: numberFact(limits.policies.length),
      seconds: numberFact(limits.seconds),
    },
  });
}

function spentByLooking(): AppError {
  return new AppError(
    'PERMISSION_DENIED',
    'the token in VAULT_TOKEN was good for one more use, and this look at it was that',
    'use one that is good for more, or log in with the ID token',
  );
}
