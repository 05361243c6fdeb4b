// What Vault says when it refuses a login, and what each of its sentences means (vault-plugin-auth-jwt, hashicorp/cap).
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
}

/** What Vault says, with 500, where the claim that user_claim names is empty. */
const EMPTY_NAME = /missing name in alias/;

const USER_CLAIM = `${OWNER} must set user_claim to a claim that every job has, such as project_path`;
const CONFIG = (authPath: string) => `whoever owns Vault must look at it: vault read auth/${authPath}/config`;
const and = (note: string | undefined) => (note === undefined ? '' : `; ${note}`);

/** The table. */
export const LOGIN_ROWS: readonly Refusal<LoginFacts>[] = [
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
  {
    says: /no known key successfully validated the token signature|failed to verify id token signature|failed to verify signature/,
    code: 'LOGIN_DENIED',
    message: ({ claim, key, authPath }) =>
      `auth/${authPath} does not know the key that signed the ID token: ${key} of ${claim('iss')}`,
    hint: ({ authPath, claim }) =>
      `check --auth-path: each GitLab has its own; or the keys of ${claim('iss')} were changed since Vault was given them (whom it trusts: vault read auth/${authPath}/config)`,
  },
  {
    says: /unexpected algorithm|unsupported signing algorithm|unexpected signature algorithm/,
    code: 'LOGIN_DENIED',
    message: ({ authPath, algorithm }) =>
      `auth/${authPath} does not accept the algorithm that the ID token is signed with: ${algorithm}`,
    hint: () => 'GitLab signs with RS256: whoever owns Vault must allow it (jwt_supported_algs)',
  },
  {
    says: /token is expired|invalid expiration time \(exp\)/,
    code: 'ID_TOKEN_INVALID',
    message: ({ claim, clocks }) =>
      `Vault holds the ID token for expired: its exp is ${claim('exp')}${clocks}`,
    hint: () =>
      "the job has outlived its token, or a clock is wrong: read secrets earlier, raise the job's timeout, or set the clock",
  },
  {
    says: /invalid not before \(nbf\)|issued in the future/,
    code: 'ID_TOKEN_INVALID',
    message: ({ claim, clocks }) =>
      `Vault holds the ID token for not yet valid: its nbf is ${claim('nbf')}, its iat ${claim('iat')}${clocks}`,
    hint: () => "GitLab's clock is ahead of Vault's: whoever runs them must set the one that is wrong",
  },
  {
    says: /no issued at \(iat\), not before \(nbf\), or expiration time \(exp\) claims in token/,
    code: 'ID_TOKEN_INVALID',
    message: ({ variable }) => `the JWT in ${variable} has no time (iat, nbf, exp): GitLab did not issue it`,
    hint: ({ variable }) => `let GitLab fill it in the job:\n${idTokensBlock(variable)}`,
  },
  {
    says: /role "?.*"? could not be found/,
    code: 'LOGIN_DENIED',
    message: ({ role, lowerCased, authPath }) =>
      lowerCased === undefined
        ? `auth/${authPath} has no role ${role}`
        : `auth/${authPath} has no role ${lowerCased} (sent as ${role}: Vault looks for it in lower case)`,
    hint: () => 'check --role (VAULT_AUTH_ROLE) and --auth-path (VAULT_AUTH_PATH)',
  },
  {
    says: /missing role/,
    code: 'LOGIN_DENIED',
    message: ({ authPath }) => `no role was named, and auth/${authPath} has no default_role`,
    hint: () => 'name one: --role ROLE, or VAULT_AUTH_ROLE',
  },
  {
    says: /role with oidc role_type is not allowed/,
    code: 'LOGIN_DENIED',
    message: ({ role }) => `the role ${role} is for logins in a browser (role_type oidc), not for jobs`,
    hint: () => 'name a role of role_type jwt: --role ROLE',
  },
  {
    says: /missing token/,
    code: 'ID_TOKEN_MISSING',
    message: () => 'Vault got an empty ID token',
    hint: ({ variable }) => `check what ${variable} holds`,
  },
  {
    says: /malformed jwt|compact JWS format must have three parts|error parsing token|go-jose|json: cannot unmarshal|looking for beginning of value/,
    code: 'ID_TOKEN_INVALID',
    message: ({ variable, words }) => `Vault does not take what ${variable} holds for an ID token${words}`,
    hint: ({ variable }) => `let GitLab fill it in the job:\n${idTokensBlock(variable)}`,
  },
  {
    says: /could not load configuration/,
    code: 'LOGIN_DENIED',
    message: ({ authPath }) => `auth/${authPath} is there, but was never configured`,
    hint: ({ authPath }) => `check --auth-path; ${CONFIG(authPath)}`,
  },
  {
    says: /error configuring token validator|fetching keys oidc: get keys failed/,
    code: 'LOGIN_DENIED',
    message: ({ authPath, words }) =>
      `auth/${authPath} cannot fetch the keys of the GitLab it trusts: Vault does not reach it, or not its CA${words}`,
    hint: ({ authPath }) => `check --auth-path; ${CONFIG(authPath)}`,
  },
  {
    status: [400, 404],
    says: /namespace not found|no namespace/,
    code: 'LOGIN_DENIED',
    message: ({ namespace }) => `Vault has no namespace ${namespace ?? 'of that name'}`,
    hint: () => 'check --namespace (VAULT_NAMESPACE)',
  },
  {
    says: /namespaces feature not enabled/,
    code: 'LOGIN_DENIED',
    message: () => 'this Vault has no namespaces (they are part of Vault Enterprise)',
    hint: () => 'leave --namespace and VAULT_NAMESPACE out',
  },
  {
    says: /permission denied|missing client token/,
    code: 'LOGIN_DENIED',
    message: ({ authPath, namespace, status }) =>
      `there is no auth method at auth/${authPath}${namespace === undefined ? '' : ` in the namespace ${namespace}`}, or Vault refuses this job's address (${status})`,
    hint: ({ authPath, role }) =>
      `check --auth-path (VAULT_AUTH_PATH), now ${authPath}; then, in Vault, token_bound_cidrs of the role ${role}`,
  },
  {
    status: 500,
    says: /malformed JSON|duplicate key .* in object/,
    code: 'BAD_RESPONSE',
    message: ({ words }) => `what Vault got was not what civault sent (500)${words}`,
    hint: () => 'look for a proxy or a firewall before Vault that changes requests',
  },
  {
    says: /unsupported operation|unsupported path/,
    code: 'LOGIN_DENIED',
    message: ({ authPath }) => `the auth method at auth/${authPath} is none for JWTs`,
    hint: () => 'check --auth-path (VAULT_AUTH_PATH): vault auth list shows those of type jwt',
  },
  {
    code: 'LOGIN_DENIED',
    message: ({ status, words }) => `Vault answered ${status}${words}`,
    hint: () => 'check the role, the audience and the auth path: civault doctor shows what was sent',
  },
];
