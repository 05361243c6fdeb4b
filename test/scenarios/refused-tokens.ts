// The ID tokens and roles by which Vault refuses a login: what it answers, and what civault makes of it.

import type { Bench, Keys } from './bench.ts';

const HOUR = 3600;
const INVALID = 'error validating token: ';

/** A job that is refused. */
export interface Refusal {
  readonly name: string;
  /** The job's ID token; a good one unless said. */
  readonly mint?: (bench: Bench) => Promise<string>;
  /** Fields of a role for it; nexus-ci unless said. */
  readonly role?: Readonly<Record<string, unknown>>;
  /** 400 unless said. */
  readonly answers?: number;
  /** A part of what Vault answers, for each way that it has the keys. */
  readonly says: string | Readonly<Record<Keys, string>>;
  /** civault's exit status: 3 for the ID token, 4 for a refusal. */
  readonly status: 3 | 4;
  /** What civault makes of it. */
  readonly explains: RegExp;
  /** civault sees it beforehand, and does not ask Vault at all. */
  readonly unasked?: true;
}

const unsigned = {
  given: `${INVALID}error verifying token signature: no known key successfully validated the token signature`,
  fetched: `${INVALID}error verifying token signature: failed to verify id token signature`,
};

export const REFUSALS: readonly Refusal[] = [
  {
    name: 'no audience',
    mint: (bench) => bench.mint({ aud: undefined }),
    says: `${INVALID}invalid audience (aud) claim`,
    status: 4,
    explains: /does not accept this job's audience: its aud is absent/,
  },
  {
    name: 'another audience',
    mint: (bench) => bench.mint({ aud: 'https://elsewhere' }),
    says: `${INVALID}invalid audience (aud) claim: audience claim does not match any expected audience`,
    status: 4,
    explains: /does not accept this job's audience: its aud is "https:\/\/elsewhere"/,
  },
  {
    name: 'a list of other audiences',
    mint: (bench) => bench.mint({ aud: ['a', 'b'] }),
    says: `${INVALID}invalid audience (aud) claim: audience claim does not match any expected audience`,
    status: 4,
    explains: /its aud is "a", "b"/,
  },
  {
    name: 'a role that binds no audience',
    role: { bound_audiences: [], bound_claims: { ref: 'main' } },
    says: 'audience claim found in JWT but no audiences bound to the role',
    status: 4,
    explains: /has no bound_audiences, yet the ID token has an aud: "https:\/\/gitlab\.shared\.cwiq\.io"/,
  },
  {
    name: 'a bound claim that is missing',
    role: { bound_claims: { environment: 'production' } },
    says: 'error validating claims: claim "environment" is missing',
    status: 4,
    explains: /wants the claim environment, and this job's ID token has none\n.*`environment:`/,
  },
  {
    name: 'a bound claim that does not match',
    mint: (bench) => bench.mint({ namespace_path: 'other' }),
    says: 'error validating claims: claim "namespace_path" does not match any associated bound claim values',
    status: 4,
    explains: /is not for this job: its namespace_path is "other"/,
  },
  {
    name: 'a bound claim given as a truth value where the role has text',
    mint: (bench) => bench.mint({ ref_protected: true }),
    says: 'error validating claims: claim "ref_protected" does not match any associated bound claim values',
    status: 4,
    explains: /is not for this job: its ref_protected is/,
  },
  {
    name: 'another subject',
    role: { bound_subject: 'project_path:other/project:ref_type:branch:ref:main' },
    says: `${INVALID}invalid subject (sub) claim`,
    status: 4,
    explains: /this job's sub is "project_path:orchestrator\/orchestrator-api:ref_type:branch:ref:main"/,
  },
  {
    name: 'another issuer',
    mint: (bench) => bench.mint({ iss: 'https://elsewhere' }),
    says: `${INVALID}invalid issuer (iss) claim`,
    status: 4,
    explains: /trusts another GitLab: this job's iss is "https:\/\/elsewhere"/,
  },
  {
    name: 'a key that Vault does not know',
    mint: (bench) => bench.mint({}, { key: 'foreign' }),
    says: unsigned,
    status: 4,
    explains: /does not know the key that signed the ID token/,
  },
  {
    name: 'claims that were changed after they were signed',
    mint: async (bench) => {
      const [header, , signature] = (await bench.mint()).split('.');
      const [, claims] = (await bench.mint({ project_path: 'someone/else' })).split('.');
      return `${header}.${claims}.${signature}`;
    },
    says: unsigned,
    status: 4,
    explains: /does not know the key that signed the ID token/,
  },
  {
    name: 'the public key taken for a secret (HS256)',
    mint: (bench) => bench.mint({}, { algorithm: 'HS256' }),
    says: INVALID,
    status: 4,
    explains: /does not (?:know the key|accept the algorithm) that/,
  },
  {
    name: 'an ID token that expired five minutes ago',
    mint: (bench) => bench.mint({}, { issuedAt: bench.now() - HOUR - 300 }),
    says: `${INVALID}invalid expiration time (exp) claim: token is expired`,
    status: 3,
    explains: /the ID token in VAULT_ID_TOKEN expired 5 min ago/,
    unasked: true,
  },
  {
    name: 'an ID token that is not yet valid',
    mint: (bench) => bench.mint({}, { issuedAt: bench.now() + HOUR }),
    says: `${INVALID}invalid not before (nbf) claim: token not yet valid`,
    status: 3,
    explains: /holds the ID token for not yet valid: its nbf is \d{4}-/,
  },
  {
    name: 'an ID token that was issued in the future',
    mint: (bench) => bench.mint({ iat: bench.now() + HOUR, nbf: bench.now(), exp: bench.now() + 2 * HOUR }),
    says: `${INVALID}invalid issued at (iat) claim: token issued in the future`,
    status: 3,
    explains: /holds the ID token for not yet valid: .* its iat \d{4}-/,
  },
  {
    name: 'a user_claim that the job does not have',
    mint: (bench) => bench.mint({ user_login: undefined }),
    says: 'claim "user_login" not found in token',
    status: 4,
    explains: /names users by the claim user_login, which is absent in this job/,
  },
  {
    name: 'a user_claim that is a number',
    mint: (bench) => bench.mint({ user_login: 7 }),
    says: 'claim "user_login" could not be converted to string',
    status: 4,
    explains: /names users by the claim user_login, which is 7 in this job/,
  },
  {
    name: 'a role for logins in a browser',
    role: { role_type: 'oidc', allowed_redirect_uris: 'http://localhost' },
    says: 'role with oidc role_type is not allowed',
    status: 4,
    explains: /is for logins in a browser/,
  },
  {
    name: 'an ID token without any time',
    mint: (bench) => bench.mint({ iat: undefined, nbf: undefined, exp: undefined }),
    says: `${INVALID}no issued at (iat), not before (nbf), or expiration time (exp) claims in token`,
    status: 4,
    explains: /login refused by Vault \(400\): .*no issued at \(iat\)/,
  },
  {
    name: 'a user_claim that is empty',
    mint: (bench) => bench.mint({ user_login: '' }),
    says: 'missing name in alias',
    answers: 500,
    status: 4,
    explains: /names users by a claim \(user_claim\) that is empty in this job/,
  },
  {
    name: 'groups that the job does not have',
    role: { groups_claim: 'groups_direct' },
    says: 'failed to fetch groups: "groups_direct" claim not found in token',
    status: 4,
    explains: /login refused by Vault \(400\): failed to fetch groups: "groups_direct" claim not found/,
  },
  {
    name: 'groups that are no list of texts',
    mint: (bench) => bench.mint({ groups_direct: [7] }),
    role: { groups_claim: 'groups_direct' },
    says: 'groups claim could not be parsed as string',
    status: 4,
    explains: /login refused by Vault \(400\)/,
  },
  {
    name: 'a mapped claim that is no text',
    role: { claim_mappings: { runner_id: 'runner' } },
    says: "error converting claim 'runner_id' to string",
    status: 4,
    explains: /login refused by Vault \(400\)/,
  },
  {
    name: 'an ID token that is no JWT',
    mint: async () => 'abc',
    says: {
      given: 'compact JWS format must have three parts',
      fetched: 'oidc: malformed jwt',
    },
    status: 3,
    explains: /does not hold an ID token/,
    unasked: true,
  },
  {
    name: 'an ID token whose three parts hold nothing',
    mint: async () => 'YQ.YQ.YQ',
    says: INVALID,
    status: 3,
    explains: /does not hold an ID token/,
    unasked: true,
  },
  {
    name: 'an empty ID token',
    mint: async () => '',
    says: 'missing token',
    status: 3,
    explains: /there is no ID token: VAULT_ID_TOKEN is empty/,
    unasked: true,
  },
];
