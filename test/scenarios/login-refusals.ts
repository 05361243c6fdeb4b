// Scenarios of every login that Vault refuses: what it answers, and what civault makes of it.

import type { Bench, Keys, Scenario } from './bench.ts';
import { answerTo, defineRole, failed, invalidToken, refused, refusedExactly } from './steps.ts';

const LOGIN = 'auth/jwt/login';
const REF = 'secret/data/sonarqube/svc-orchestrator#url';
const HOUR = 3600;
const INVALID = 'error validating token: ';

/** A job that is refused. */
interface Refusal {
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

const REFUSALS: readonly Refusal[] = [
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
    // Not a failure of the server, though it looks like one.
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

function scenarioOf({ name, mint, role, says, answers = 400, status, explains, unasked }: Refusal): Scenario {
  return {
    name: `refused: ${name}`,
    play: async (bench) => {
      const roleName = role === undefined ? bench.guide.role : 'refusing';
      if (role !== undefined) {
        await defineRole(bench, roleName, role);
      }
      const jwt = mint === undefined ? await bench.mint() : await mint(bench);
      const run = await bench.run(`civault get ${REF} --role ${roleName} --retries 0`, {
        VAULT_ID_TOKEN: jwt,
      });
      failed(run, status, explains);
      // What civault does not ask, another client would have been told.
      const answer = unasked
        ? await bench.ask('', 'POST', LOGIN, { role: roleName, jwt })
        : answerTo(run, LOGIN);
      refused(answer, answers, typeof says === 'string' ? says : says[bench.keys]);
      if (role !== undefined) await bench.setUp('DELETE', `auth/jwt/role/${roleName}`);
    },
  };
}

export const loginRefusals: readonly Scenario[] = [
  ...REFUSALS.map(scenarioOf),
  {
    name: 'refused: a role that is not there, and none at all',
    play: async (bench) => {
      const unknown = await bench.run(`civault get ${REF} --role Nope`);
      failed(unknown, 4, /auth\/jwt has no role "Nope" \(Vault lower-cases names\)/);
      refusedExactly(answerTo(unknown, LOGIN), 400, 'role "nope" could not be found');
      const none = await bench.run(`civault get ${REF} --role ''`);
      failed(none, 4, /no role was named, and auth\/jwt has no default_role/);
      refusedExactly(answerTo(none, LOGIN), 400, 'missing role');
    },
  },
  {
    name: 'refused: an address that the role does not allow (CIDR)',
    play: async (bench) => {
      await defineRole(bench, 'elsewhere', { token_bound_cidrs: ['10.0.0.0/8'] });
      const run = await bench.run(`civault get ${REF} --role elsewhere`);
      failed(run, 4, /no auth method at auth\/jwt, or Vault refuses this address \(bound CIDR, lockout\)/);
      refusedExactly(answerTo(run, LOGIN), 403, 'permission denied');
    },
  },
  {
    name: 'refused: an auth mount that is not there',
    play: async (bench) => {
      const run = await bench.run(`civault get ${REF} --auth-path gitlab/prod`);
      failed(run, 4, /no auth method at auth\/gitlab\/prod/);
      refusedExactly(answerTo(run, 'auth/gitlab/prod/login'), 403, 'permission denied');
      const body = { role: bench.guide.role, jwt: await bench.mint() };
      const answer = await bench.ask('hvs.wrong', 'POST', 'auth/gitlab/prod/login', body);
      refusedExactly(answer, 403, invalidToken);
    },
  },
  {
    name: 'refused: an auth mount that was never configured',
    play: async (bench) => {
      await bench.setUp('POST', 'sys/auth/bare', { type: 'jwt' });
      const run = await bench.run(`civault get ${REF} --auth-path bare`);
      failed(run, 4, /auth\/bare is not set up, or Vault cannot reach GitLab/);
      refusedExactly(answerTo(run, 'auth/bare/login'), 400, 'could not load configuration');
      await bench.setUp('DELETE', 'sys/auth/bare');
    },
  },
  {
    name: 'refused: an algorithm that the mount does not allow',
    play: async (bench) => {
      await bench.setUp('POST', 'sys/auth/strict', { type: 'jwt' });
      await bench.setUp('POST', 'auth/strict/config', {
        jwt_validation_pubkeys: [bench.issuer.publicKeyPem],
        jwt_supported_algs: ['ES256'],
      });
      const role = { role_type: 'jwt', user_claim: 'sub', bound_audiences: [bench.guide.audience] };
      await bench.setUp('POST', 'auth/strict/role/nexus-ci', role);
      const run = await bench.run(`civault get ${REF} --auth-path strict`);
      failed(run, 4, /auth\/strict does not accept the algorithm/);
      refused(answerTo(run, 'auth/strict/login'), 400, 'unexpected algorithm');
      await bench.setUp('DELETE', 'sys/auth/strict');
    },
  },
];
