// Why Vault refused: its answer, what was asked, and who asked → AppError. What each answer means stands in tables:
// login-rows.ts with claim-rows.ts, read-rows.ts and, for a Vault that is not there to answer, serving-rows.ts.

import { AppError, printable, quoted, shownNames } from '../errors.ts';
import { claimNote, shownClaim } from '../gitlab/claims.ts';
import type { IdToken } from '../gitlab/id-token.ts';
import type { HttpResponse } from '../http/request.ts';
import { JsonNumber, member, stringMember } from '../json.ts';
import { clockSentence } from '../times.ts';
import { isUnknownToken, type VaultAnswer } from './answer.ts';
import type { LoginFacts } from './claim-rows.ts';
import { fieldMeant } from './foreign-reference.ts';
import { LOGIN_ROWS } from './login-rows.ts';
import { READ_ROWS, type ReadFacts } from './read-rows.ts';
import { explain, isFinal } from './refusal.ts';
import type { MountLookup, ReadPlan, SessionSettings } from './requests.ts';
import { SERVING_ROWS } from './serving-rows.ts';

/** Who asks: what is known of the token of a request. A session is one. */
export interface Asker {
  /** The ID token of its login; undefined where there was none. */
  readonly idToken: IdToken | undefined;
  /** Undefined for a Vault Agent's own. */
  readonly token: object | undefined;
  /** Its policies, where Vault told them. */
  readonly policies: readonly string[] | undefined;
  readonly namespace: string | undefined;
}

/** What was asked of Vault since a refusal, to tell more (inquiry.ts). */
export interface Findings {
  readonly mount?: MountLookup | undefined;
  /** Whether the policies allow the read, though it was refused. */
  readonly isAllowed?: boolean | undefined;
  /** Whether Vault refuses a token that was handed in even a look at itself. */
  readonly isDoubtful?: boolean;
  /** The policies of a token that was handed in. */
  readonly policies?: readonly string[] | undefined;
  /** The number of the newest version of a KV v2 secret. */
  readonly newest?: string | undefined;
}

/**
 * Explains a login that Vault did not accept.
 * @param now milliseconds since 1970, by this machine's clock
 */
export function loginRefused(
  answer: VaultAnswer,
  settings: SessionSettings,
  idToken: IdToken,
  now: number,
): AppError {
  const { role } = settings;
  const lowerCased = role.toLowerCase();
  const facts: LoginFacts = {
    role: role === '' ? '(the default)' : quoted(role),
    lowerCased: lowerCased === role ? undefined : quoted(lowerCased),
    authPath: printable(settings.authPath.join('/')),
    namespace: shownNamespace(settings.namespace),
    variable: printable(idToken.variable),
    claim: (name) => shownClaim(idToken.claims, name),
    note: claimNote,
    key: `key ${shownClaim(idToken.header, 'kid')}`,
    algorithm: shownClaim(idToken.header, 'alg'),
    clocks: answer.date === undefined ? '' : `; ${clockSentence(answer.date - now)}`,
    wrongClock: wrongClock(answer.date === undefined ? 0 : answer.date - now),
  };
  const refused = explain(LOGIN_ROWS, answer, facts);
  if (refused === undefined) return notServing(answer);
  return new AppError(refused.code, `login refused: ${refused.message}`, refused.hint);
}

// A token that GitLab has just issued is too young for Vault where Vault's clock is behind, or GitLab's is ahead.
function wrongClock(ahead: number): string {
  return ahead < -MUCH
    ? "whoever runs Vault must set its clock, unless it is this machine's and GitLab's that are wrong"
    : "GitLab's clock is ahead of Vault's: whoever runs them must set the one that is wrong";
}

/** Whether an answer would be the same at any other try, though its status says otherwise. */
export function isFinalRefusal({ status, body }: HttpResponse): boolean {
  return isFinal([...LOGIN_ROWS, ...READ_ROWS], status, body.toString('utf8', 0, 2000));
}

/**
 * Explains a read that gave no secret.
 * @param findings what was asked of Vault since, to tell more
 */
export function readRefused(
  answer: VaultAnswer,
  plan: ReadPlan,
  asker: Asker,
  findings: Findings = {},
): AppError {
  const facts = readFacts(answer, plan, asker, findings);
  return explain(READ_ROWS, answer, facts) ?? notServing(answer, ` for ${facts.path}`);
}

function readFacts(answer: VaultAnswer, plan: ReadPlan, asker: Asker, findings: Findings): ReadFacts {
  const { path } = plan;
  const told = plan.told ?? findings.mount;
  const mount = told === undefined || told === 'nothing' ? path.slice(0, 1) : told.path;
  const below = path.slice(mount.length);
  const namespace = shownNamespace(asker.namespace);
  const meant = fieldMeant(path);
  return {
    path: joined(path),
    inNamespace: namespace === undefined ? '' : ` in the namespace ${namespace}`,
    mount: joined(mount),
    told: told === undefined || told === 'nothing' ? told : told.kind,
    withoutData: below[0] === 'data' && below.length > 1 ? joined([...mount, ...below.slice(1)]) : undefined,
    withData: joined([...mount, 'data', ...below]),
    perhaps: meant === undefined ? '' : `; perhaps ${printable(meant)} was meant`,
    policies: shownPolicies(asker.policies ?? findings.policies),
    token: asker.idToken !== undefined ? 'login' : asker.token !== undefined ? 'own' : 'agent',
    isUnknownToken: isUnknownToken(answer),
    isDoubtful: findings.isDoubtful === true,
    isAllowed: findings.isAllowed === true,
    version: versionFacts(answer, plan, findings),
  };
}

function versionFacts(answer: VaultAnswer, plan: ReadPlan, { newest }: Findings): ReadFacts['version'] {
  const metadata = member(member(answer.json, 'data'), 'metadata');
  const number = member(metadata, 'version');
  const deletion = stringMember(metadata, 'deletion_time') ?? '';
  const when = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)/.exec(deletion);
  return {
    asked: plan.version,
    answered: number instanceof JsonNumber ? `version ${printable(number.text)}` : 'this version',
    newest: newest === undefined ? undefined : printable(newest),
    isDestroyed: member(metadata, 'destroyed') === true,
    deleted: deletion === '' ? undefined : when === null ? '' : ` at ${when[1]} ${when[2]} UTC`,
  };
}

/**
 * Explains that Vault is not there to answer.
 * @param what the question, for an answer that is none
 */
export function notServing(answer: Pick<VaultAnswer, 'status' | 'errors'>, what = ''): AppError {
  const hint = 'check that the address is the one of Vault';
  // Every status that is a refusal has a row: what is left is none that Vault answers with.
  return (
    explain(SERVING_ROWS, answer, {}) ??
    new AppError('BAD_RESPONSE', `Vault answered ${answer.status}${what}`, hint)
  );
}

const MOST_POLICIES = 10;
// Milliseconds by which two clocks differ that are not both right.
const MUCH = 30_000;

function shownPolicies(policies: readonly string[] | undefined): string {
  if (policies === undefined) return '';
  if (policies.length === 0) return ' (it has none)';
  return ` (${shownNames(policies, MOST_POLICIES)})`;
}

function shownNamespace(namespace: string | undefined): string | undefined {
  return namespace === undefined ? undefined : quoted(namespace);
}

function joined(path: readonly string[]): string {
  return printable(path.join('/'));
}
