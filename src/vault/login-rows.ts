// What Vault says when it refuses a login, and what each of its sentences means. A new one is one more row.
//
// Texts are matched by a part that has been stable over Vault's releases (vault-plugin-auth-jwt, hashicorp/cap). The
// first row that fits counts, so a narrow one stands before a wide one.

import { type ErrorCode, printable } from '../errors.ts';
import { idTokensBlock } from '../gitlab/id-token.ts';

/** What is known of a refused login. */
export interface LoginFacts {
  readonly role: string;
  readonly authPath: string;
  readonly namespace: string;
  readonly variable: string;
  /** A claim of the ID token, ready to be shown. */
  readonly claim: (name: string) => string;
  /** What the pattern's group found: a claim's name. */
  readonly found: string;
}

/** A row: what Vault says, and what that means. */
export interface LoginRow {
  readonly says: RegExp;
  readonly code?: ErrorCode;
  readonly message: (facts: LoginFacts) => string;
  readonly hint: (facts: LoginFacts) => string;
}

/** What Vault says, with 500, where the claim that user_claim names is empty: it would at any other try as well. */
export const EMPTY_NAME = /missing name in alias/;

const OWNER = 'whoever owns the role in Vault';
const MEND_USER_CLAIM = `${OWNER} must set user_claim to a claim that every job has, such as project_path`;

/** The table of refusals. */
export const LOGIN_ROWS: readonly LoginRow[] = [
  {
    says: /invalid audience \(aud\) claim/,
    message: ({ claim, role }) =>
      `the role ${role} does not accept this job's audience: its aud is ${claim('aud')}`,
    hint: ({ variable }) =>
      `set the audience that the role is bound to (bound_audiences):\n${idTokensBlock(variable)}`,
  },
  {
    says: /audience claim found in JWT but no audiences bound to the role/,
    message: ({ role, claim }) =>
      `the role ${role} has no bound_audiences, yet the ID token has an aud: ${claim('aud')}`,
    hint: ({ claim }) => `${OWNER} must set bound_audiences to ${claim('aud')}`,
  },
  {
    says: /error validating claims: claim "([^"]*)" does not match/,
    message: ({ role, found, claim }) =>
      `the role ${role} is not for this job: its ${printable(found)} is ${claim(found)}`,
    hint: ({ found }) =>
      `run the job where the role allows it, or ask ${OWNER} to change bound_claims for ${printable(found)}`,
  },
  {
    says: /error validating claims: claim "([^"]*)" is missing/,
    message: ({ role, found }) =>
      `the role ${role} wants the claim ${printable(found)}, and this job's ID token has none`,
    hint: ({ found }) =>
      /environment|deployment/.test(found)
        ? 'GitLab adds it to jobs with an `environment:`'
        : `ask ${OWNER} to take ${printable(found)} out of bound_claims`,
  },
  {
    says: /claim "([^"]*)" (?:not found in token|could not be converted to string)/,
    message: ({ role, found, claim }) =>
      `the role ${role} names users by the claim ${printable(found)}, which is ${claim(found)} in this job`,
    hint: () => MEND_USER_CLAIM,
  },
  {
    says: EMPTY_NAME,
    message: ({ role }) => `the role ${role} names users by a claim (user_claim) that is empty in this job`,
    hint: () => MEND_USER_CLAIM,
  },
  {
    says: /invalid subject \(sub\) claim/,
    message: ({ role, claim }) =>
      `the role ${role} is for another subject: this job's sub is ${claim('sub')}`,
    hint: () => `${OWNER} must change bound_subject`,
  },
  {
    says: /invalid issuer \(iss\) claim/,
    message: ({ claim, authPath }) =>
      `auth/${authPath} trusts another GitLab: this job's iss is ${claim('iss')}`,
    hint: ({ authPath }) =>
      `check --auth-path; whoever owns Vault sets bound_issuer at auth/${authPath}/config`,
  },
  {
    says: /no known key successfully validated the token signature|failed to verify id token signature|failed to verify signature/,
    message: ({ claim, authPath }) =>
      `auth/${authPath} does not know the key that signed the ID token of ${claim('iss')}`,
    hint: () =>
      'check --auth-path: each GitLab has its own; or the keys of GitLab were changed since Vault fetched them',
  },
  {
    says: /unexpected algorithm|unsupported signing algorithm|unexpected signature algorithm/,
    message: ({ authPath }) =>
      `auth/${authPath} does not accept the algorithm that the ID token is signed with`,
    hint: () => 'GitLab signs with RS256: whoever owns Vault must allow it (jwt_supported_algs)',
  },
  {
    says: /token is expired|invalid expiration time \(exp\)/,
    code: 'ID_TOKEN_INVALID',
    message: ({ claim }) => `Vault holds the ID token for expired: its exp is ${claim('exp')}`,
    hint: () =>
      "the job has outlived its token: read secrets earlier, raise the job's timeout, or check the clocks",
  },
  {
    says: /invalid not before \(nbf\)|issued in the future/,
    code: 'ID_TOKEN_INVALID',
    message: ({ claim }) =>
      `Vault holds the ID token for not yet valid: its nbf is ${claim('nbf')}, its iat ${claim('iat')}`,
    hint: () => 'the clocks of GitLab and Vault differ',
  },
  {
    says: /role "?.*"? could not be found/,
    message: ({ role, authPath }) => `auth/${authPath} has no role ${role} (Vault lower-cases names)`,
    hint: () => 'check --role (VAULT_AUTH_ROLE) and --auth-path (VAULT_AUTH_PATH)',
  },
  {
    says: /missing role/,
    message: ({ authPath }) => `no role was named, and auth/${authPath} has no default_role`,
    hint: () => 'name one: --role ROLE, or VAULT_AUTH_ROLE',
  },
  {
    says: /role with oidc role_type is not allowed/,
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
    says: /malformed jwt|compact JWS format must have three parts|error parsing token/,
    code: 'ID_TOKEN_INVALID',
    message: ({ variable }) => `Vault does not take what ${variable} holds for an ID token`,
    hint: ({ variable }) => `let GitLab fill it in the job:\n${idTokensBlock(variable)}`,
  },
  {
    says: /could not load configuration|error configuring token validator|fetching keys oidc: get keys failed/,
    message: ({ authPath }) =>
      `auth/${authPath} is not set up, or Vault cannot reach GitLab to fetch its keys`,
    hint: ({ authPath }) => `whoever owns Vault must look at auth/${authPath}/config`,
  },
  {
    says: /namespace not found|no namespace/,
    message: ({ namespace }) => `Vault has no namespace ${namespace}`,
    hint: () => 'check --namespace (VAULT_NAMESPACE)',
  },
  {
    says: /namespaces feature not enabled/,
    message: () => 'this Vault has no namespaces (they are part of Vault Enterprise)',
    hint: () => 'leave --namespace and VAULT_NAMESPACE out',
  },
  {
    says: /permission denied|missing client token/,
    message: ({ authPath }) =>
      `there is no auth method at auth/${authPath}, or Vault refuses this address (bound CIDR, lockout)`,
    hint: ({ authPath }) =>
      `check --auth-path (VAULT_AUTH_PATH), now ${authPath}; then token_bound_cidrs of the role`,
  },
];
