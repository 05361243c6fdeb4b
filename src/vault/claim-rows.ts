// What Vault says of a role that is not for a job: its audience, subject, issuer and other claims are not what the role
// wants (vault-plugin-auth-jwt, hashicorp/cap).
//
// Vault never says what it expected nor what it got. The claims tell what it got.

import { printable } from '../errors.ts';
import { idTokensBlock } from '../gitlab/missing.ts';
import { ROLE_OWNER as OWNER, type Refusal } from './refusal.ts';

/** What is known of a refused login. */
export interface LoginFacts {
  /** The role as it was sent, in quotes, or that none was. */
  readonly role: string;
  /** The same in lower case, which is how Vault looks for it; undefined where it was sent so. */
  readonly lowerCased: string | undefined;
  readonly authPath: string;
  readonly namespace: string | undefined;
  /** The variable that holds the ID token. */
  readonly variable: string;
  /** A claim of the ID token, ready to be shown. */
  readonly claim: (name: string) => string;
  /** What makes GitLab set a claim, or to what; undefined for one that GitLab does not know. */
  readonly note: (name: string) => string | undefined;
  /** Which key signed the ID token, ready to be shown. */
  readonly key: string;
  readonly algorithm: string;
  /** How Vault's clock and this machine's differ, as a sentence; empty where Vault did not tell its time. */
  readonly clocks: string;
  /** Whose clock is likely wrong, as a hint. */
  readonly wrongClock: string;
}

/** What Vault says, with 500, where the claim that user_claim names is empty. */
const EMPTY_NAME = /missing name in alias/;

const USER_CLAIM = `${OWNER} must set user_claim to a claim that every job has, such as project_path`;
const and = (note: string | undefined) => (note === undefined ? '' : `; ${note}`);

/** The rows of claims. */
export const CLAIM_ROWS: readonly Refusal<LoginFacts>[] = [
  {
    says: /invalid audience \(aud\) claim/,
    code: 'LOGIN_DENIED',
    message: ({ claim, role }) =>
      `the role ${role} does not accept this job's audience: its aud is ${claim('aud')}`,
    hint: ({ variable }) =>
      `set the audience that the role is bound to (bound_audiences; ${OWNER} knows it):\n${idTokensBlock(variable)}`,
  },
  {
    says: /audience claim found in JWT but no audiences bound to the role/,
    code: 'LOGIN_DENIED',
    message: ({ role, claim }) =>
      `the role ${role} has no bound_audiences, yet the ID token has an aud: ${claim('aud')}`,
    hint: ({ claim }) => `${OWNER} must set bound_audiences to ${claim('aud')}`,
  },
  {
    says: /error validating claims: claim "([^"]*)" does not match/,
    code: 'LOGIN_DENIED',
    message: ({ role, name, claim }) =>
      `the role ${role} is not for this job: its ${printable(name)} is ${claim(name)}`,
    hint: ({ name, note }) =>
      `run the job where the role allows it, or ask ${OWNER} to change bound_claims for ${printable(name)}${and(note(name))}`,
  },
  {
    says: /error validating claims: claim "([^"]*)" is missing/,
    code: 'LOGIN_DENIED',
    message: ({ role, name }) =>
      `the role ${role} wants the claim ${printable(name)}, and this job's ID token has none`,
    hint: ({ name, note }) =>
      note(name) ?? `GitLab has no such claim: ask ${OWNER} to take ${printable(name)} out of bound_claims`,
  },
  {
    says: /error validating claims: received claim is not/,
    code: 'LOGIN_DENIED',
    message: ({ role }) => `the role ${role} has bound_claims for a claim that is an object in this job`,
    hint: () => `${OWNER} must bind what is in it, by a JSON Pointer such as /user_identities/saml/uid`,
  },
  {
    says: /"([^"]*)" claim (?:not found in token|could not be converted to string list)/,
    code: 'LOGIN_DENIED',
    message: ({ role, name, claim }) =>
      `the role ${role} takes groups from the claim ${printable(name)}, which is ${claim(name)} in this job`,
    hint: ({ name, note }) => `${OWNER} must change groups_claim${and(note(name))}`,
  },
  {
    says: /groups claim could not be parsed as string/,
    code: 'LOGIN_DENIED',
    message: ({ role }) =>
      `the role ${role} takes groups from a claim that is no list of texts in this job (groups_claim)`,
    hint: () => `${OWNER} must change groups_claim`,
  },
  {
    says: /error converting claim '([^']*)' to string/,
    code: 'LOGIN_DENIED',
    message: ({ role, name, claim }) =>
      `the role ${role} copies the claim ${printable(name)}, which must be a text and is ${claim(name)} in this job`,
    hint: ({ name }) => `${OWNER} must take ${printable(name)} out of claim_mappings`,
  },
  {
    says: /claim "([^"]*)" (?:not found in token|could not be converted to string)/,
    code: 'LOGIN_DENIED',
    message: ({ role, name, claim }) =>
      `the role ${role} names users by the claim ${printable(name)}, which is ${claim(name)} in this job`,
    hint: ({ name, note }) => `${USER_CLAIM}${and(note(name))}`,
  },
  {
    status: 500,
    says: EMPTY_NAME,
    code: 'LOGIN_DENIED',
    message: ({ role }) => `the role ${role} names users by a claim (user_claim) that is empty in this job`,
    hint: () => USER_CLAIM,
  },
  {
    says: /invalid subject \(sub\) claim/,
    code: 'LOGIN_DENIED',
    message: ({ role, claim }) =>
      `the role ${role} is for another subject: this job's sub is ${claim('sub')}`,
    hint: () =>
      `run the job on the branch or tag that the role is for, or ask ${OWNER} to change bound_subject`,
  },
  {
    says: /invalid issuer \(iss\) claim/,
    code: 'LOGIN_DENIED',
    message: ({ claim, authPath }) =>
      `auth/${authPath} trusts another GitLab: this job's iss is ${claim('iss')}`,
    hint: ({ authPath }) =>
      `check --auth-path: each GitLab has its own; bound_issuer says whom it trusts: vault read auth/${authPath}/config`,
  },
];
