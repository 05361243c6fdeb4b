// What Vault says when it refuses a login, and what each of its sentences means (vault-plugin-auth-jwt, hashicorp/cap): of
// claims in claim-rows.ts, of all else here.

import { idTokensBlock } from '../gitlab/missing.ts';
import { CLAIM_ROWS, type LoginFacts } from './claim-rows.ts';
import type { Refusal } from './refusal.ts';
import { DISASTER_RECOVERY } from './serving-rows.ts';

const CONFIG = (authPath: string) => `whoever owns Vault must look at it: vault read auth/${authPath}/config`;

/** The table. */
export const LOGIN_ROWS: readonly Refusal<LoginFacts>[] = [
  DISASTER_RECOVERY,
  ...CLAIM_ROWS,
  {
    says: /error configuring token validator|fetching keys oidc: get keys failed/,
    code: 'LOGIN_DENIED',
    message: ({ authPath, words }) =>
      `auth/${authPath} cannot fetch the keys of the GitLab it trusts: Vault does not reach it, or not its CA${words}`,
    hint: ({ authPath }) => `check --auth-path; ${CONFIG(authPath)}`,
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
    hint: ({ wrongClock }) => wrongClock,
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
