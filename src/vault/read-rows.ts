// What Vault says when it gives no secret, and what that means for a path, a policy or a version.
//
// A policy hides what is there: a path that it does not allow, a mount that does not exist and a wrong namespace are all
// 403. What could be asked besides (inquiry.ts) tells some of them apart.

import type { Refusal } from './refusal.ts';
import { DISASTER_RECOVERY } from './serving-rows.ts';

/** What is known of a read that was refused. All of it is fit to be shown. */
export interface ReadFacts {
  /** The path as a policy writes it, with `/data/`. */
  readonly path: string;
  /** ` in the namespace "x"`, or nothing. */
  readonly inNamespace: string;
  /** What the path's first segments name: the mount as far as it is known. */
  readonly mount: string;
  /** What Vault tells of the mount: its kind, or that this token may use nothing on it; undefined where it was not asked. */
  readonly told: 'kv1' | 'kv2' | 'other' | 'nothing' | undefined;
  /** The path as it would be without `/data/`, or with it. */
  readonly withoutData: string | undefined;
  readonly withData: string;
  /** `; perhaps PATH#FIELD was meant`, where the path looks like that; or nothing. */
  readonly perhaps: string;
  /** The token's policies in brackets, ` (default, nexus-ci)`, or nothing. */
  readonly policies: string;
  /** Whose token it is: of a login, of VAULT_TOKEN, or a Vault Agent's own. */
  readonly token: 'login' | 'own' | 'agent';
  /** Whether it is the token that Vault refuses, and not what it is used for. */
  readonly isUnknownToken: boolean;
  /** Whether the policies allow the read, though it was refused. */
  readonly isAllowed: boolean;
  /** Whether Vault refuses the token a look at itself, which any policy but a bare one allows. */
  readonly isDoubtful: boolean;
  /** What became of the version that was asked for. */
  readonly version: {
    readonly asked: number | undefined;
    readonly answered: string;
    readonly newest: string | undefined;
    readonly isDestroyed: boolean;
    /** When it was deleted, or that it was; undefined where it was not. */
    readonly deleted: string | undefined;
  };
}

const POLICY_OWNER = 'whoever owns the policy';
const CHECK_PATH = 'check the path';
const OTHER_VERSION = 'ask for another: PATH?version=N#FIELD';
const stanza = (path: string) => `    path "${path}" { capabilities = ["read"] }`;

/** The table. */
export const READ_ROWS: readonly Refusal<ReadFacts>[] = [
  DISASTER_RECOVERY,
  {
    // What Vault says of a token with a dot in it that is none of its own.
    status: 500,
    says: /failed to look up namespace from the token/,
    code: 'PERMISSION_DENIED',
    message: () => 'what VAULT_TOKEN holds is no Vault token',
    hint: () => 'mend it, or unset it to log in with the ID token',
  },
  {
    status: 403,
    when: ({ isUnknownToken, token }) => isUnknownToken && token === 'login',
    code: 'PERMISSION_DENIED',
    message: () => 'Vault does not know the token that the login gave: it is expired, revoked or used up',
    hint: () => 'whoever owns the role must look at its token_ttl and token_num_uses',
  },
  {
    status: 403,
    when: ({ isUnknownToken, token }) => isUnknownToken && token === 'own',
    code: 'PERMISSION_DENIED',
    message: () => 'Vault does not know the token in VAULT_TOKEN: it is wrong, expired, revoked or used up',
    hint: () => 'unset VAULT_TOKEN to log in with the ID token; behind an Agent, look at its auto-auth',
  },
  {
    status: 403,
    when: ({ isUnknownToken }) => isUnknownToken,
    code: 'PERMISSION_DENIED',
    message: () =>
      'Vault does not know the token that the Vault Agent adds: it is expired, revoked or used up',
    hint: () => "look at the Agent's auto-auth, or set VAULT_ID_TOKEN to log in by it",
  },
  {
    // OpenBao tells a bad token in no other way.
    status: 403,
    when: ({ isDoubtful }) => isDoubtful,
    code: 'PERMISSION_DENIED',
    message: ({ path, token }) =>
      `Vault refuses ${token === 'own' ? 'the token in VAULT_TOKEN' : "the Vault Agent's token"} both ${path} and a look at itself: it is wrong, expired or revoked, or its policies allow neither`,
    hint: () => 'unset VAULT_TOKEN to log in with the ID token; behind an Agent, look at its auto-auth',
  },
  {
    status: [400, 403],
    says: /missing client token/,
    code: 'PERMISSION_DENIED',
    message: () => 'the Vault Agent adds no token of its own, and the job has none',
    hint: () => 'let the Agent add one (use_auto_auth_token in its api_proxy block), or set VAULT_ID_TOKEN',
  },
  {
    status: 403,
    says: /namespaces feature not enabled/,
    code: 'PERMISSION_DENIED',
    message: () => 'this Vault has no namespaces (they are part of Vault Enterprise)',
    hint: () => 'leave --namespace and VAULT_NAMESPACE out',
  },
  {
    status: 403,
    when: ({ isAllowed }) => isAllowed,
    code: 'PERMISSION_DENIED',
    message: ({ path, policies }) =>
      `the token's policies${policies} allow to read ${path}, but not as it is: perhaps only wrapped (min_wrapping_ttl)`,
    hint: () => `let ${POLICY_OWNER} take min_wrapping_ttl off that path, for no job can unwrap it`,
  },
  {
    status: 403,
    when: ({ told, withoutData }) => told === 'kv1' && withoutData !== undefined,
    code: 'PERMISSION_DENIED',
    message: ({ path, policies, mount }) =>
      `the token's policies${policies} do not allow to read ${path}; and ${mount} is KV v1, where data/ is a folder like any other`,
    hint: ({ path, withoutData = '' }) =>
      `write ${withoutData}; if that folder is meant, let ${POLICY_OWNER} allow it:\n${stanza(path)}`,
  },
  {
    status: 403,
    when: ({ told }) => told === 'nothing',
    code: 'PERMISSION_DENIED',
    message: ({ path, policies, inNamespace }) =>
      `the token's policies${policies} allow nothing on the mount of ${path}${inNamespace}, or there is no such mount`,
    hint: ({ path, perhaps }) =>
      `check the path${perhaps}; then let ${POLICY_OWNER} allow it:\n${stanza(path)}`,
  },
  {
    status: 403,
    code: 'PERMISSION_DENIED',
    message: ({ path, policies, inNamespace }) =>
      `the token's policies${policies} do not allow to read ${path}${inNamespace}, or there is no such path`,
    hint: ({ path, perhaps }) =>
      `check the path${perhaps}; then let ${POLICY_OWNER} allow it:\n${stanza(path)}`,
  },
  {
    status: 404,
    when: ({ version }) => version.isDestroyed,
    code: 'SECRET_NOT_FOUND',
    message: ({ path, version }) => `${version.answered} of ${path} was destroyed: its values are gone`,
    hint: () => OTHER_VERSION,
  },
  {
    status: 404,
    when: ({ version }) => version.deleted !== undefined,
    code: 'SECRET_NOT_FOUND',
    message: ({ path, version }) => `${version.answered} of ${path} was deleted${version.deleted}`,
    hint: () => `${OTHER_VERSION}; or have it undeleted: vault kv undelete`,
  },
  {
    status: 404,
    says: /Invalid path for a versioned K\/V secrets engine/,
    code: 'SECRET_NOT_FOUND',
    message: ({ path }) => `${path} is on a KV v2 engine, where secrets are below /data/`,
    hint: ({ withData }) => `write ${withData}`,
  },
  {
    status: 404,
    says: /no handler for route/,
    code: 'SECRET_NOT_FOUND',
    message: ({ path, inNamespace }) => `there is no secrets engine for ${path}${inNamespace}`,
    hint: () => 'check the mount: the first part of the path',
  },
  {
    status: 404,
    says: /namespace not found|no namespace/,
    code: 'SECRET_NOT_FOUND',
    message: ({ inNamespace }) => `Vault finds nothing${inNamespace}: there is no such namespace`,
    hint: () => 'check --namespace (VAULT_NAMESPACE)',
  },
  {
    status: 404,
    says: /unsupported path/,
    code: 'SECRET_NOT_FOUND',
    message: ({ path }) => `the engine does not know the path ${path}`,
    hint: () => CHECK_PATH,
  },
  {
    status: 404,
    when: ({ told, withoutData }) => told === 'kv1' && withoutData !== undefined,
    code: 'SECRET_NOT_FOUND',
    message: ({ path, mount }) =>
      `there is no secret at ${path}: ${mount} is KV v1, where data/ is a folder like any other`,
    hint: ({ withoutData = '' }) => `write ${withoutData}, or check the path if that folder is meant`,
  },
  {
    status: 404,
    when: ({ version }) => version.asked !== undefined && version.newest !== undefined,
    code: 'SECRET_NOT_FOUND',
    message: ({ path, version }) =>
      `${path} has no version ${version.asked}: the newest is version ${version.newest}`,
    hint: ({ version: { asked = 0, newest } }) =>
      asked > Number(newest)
        ? 'ask for one that there is, or leave ?version= off for the newest'
        : 'old versions go when there are more than the secret keeps (max_versions)',
  },
  {
    status: 404,
    code: 'SECRET_NOT_FOUND',
    message: ({ path, inNamespace, version }) =>
      `there is no secret at ${path}${inNamespace}${version.asked === undefined ? '' : `, or it has no version ${version.asked}`}`,
    hint: ({ perhaps }) => `${CHECK_PATH}, upper and lower case included${perhaps}`,
  },
  {
    says: /unsupported operation/,
    code: 'SECRET_NOT_FOUND',
    message: ({ path }) => `${path} cannot be read: the engine there does not answer that`,
    hint: () => CHECK_PATH,
  },
  {
    status: 405,
    code: 'SECRET_NOT_FOUND',
    message: ({ path }) => `${path} cannot be read: the engine there does not answer that`,
    hint: () => CHECK_PATH,
  },
  {
    status: 400,
    says: /token had one use left/,
    code: 'PERMISSION_DENIED',
    message: ({ path }) => `the token's last use is too little for ${path}: its lease would end at once`,
    hint: () => 'whoever owns the role must raise its token_num_uses',
  },
  {
    status: 400,
    code: 'SECRET_NOT_FOUND',
    message: ({ path, words }) => `Vault cannot make sense of the read of ${path}${words}`,
    hint: () => CHECK_PATH,
  },
  {
    code: 'BAD_RESPONSE',
    message: ({ path, status, words }) => `Vault answered ${status} for ${path}${words}`,
    hint: () => 'check that the address is the one of Vault',
  },
];
