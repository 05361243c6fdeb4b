// ID tokens that Vault takes for no good: forged, out of time, from elsewhere, or none at all.

import { INVALID, type Refusal } from './refusal.ts';

const HOUR = 3600;

const unsigned = {
  given: `${INVALID}error verifying token signature: no known key successfully validated the token signature`,
  fetched: `${INVALID}error verifying token signature: failed to verify id token signature`,
};

export const refusedTokens: readonly Refusal[] = [
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
    name: 'an ID token without any time',
    mint: (bench) => bench.mint({ iat: undefined, nbf: undefined, exp: undefined }),
    says: `${INVALID}no issued at (iat), not before (nbf), or expiration time (exp) claims in token`,
    status: 3,
    explains: /the JWT in VAULT_ID_TOKEN has no time \(iat, nbf, exp\)/,
  },
  {
    name: 'an audience that is a number',
    mint: (bench) => bench.mint({ aud: 7 }),
    says: `${INVALID}go-jose/go-jose/jwt: expected string or array value to unmarshal to Audience`,
    status: 3,
    explains: /does not take what VAULT_ID_TOKEN holds for an ID token: .*expected string or array value/,
  },
  {
    name: 'a subject that is a number',
    mint: (bench) => bench.mint({ sub: 7 }),
    says: `${INVALID}json: cannot unmarshal number into Go struct field Claims.sub of type string`,
    status: 3,
    explains: /does not take what VAULT_ID_TOKEN holds for an ID token: .*cannot unmarshal number/,
  },
  {
    name: 'an expiry that is a text',
    mint: (bench) => bench.mint({ exp: 'soon' }),
    says: `${INVALID}go-jose/go-jose/jwt: expected number value to unmarshal NumericDate`,
    status: 3,
    explains: /does not take what VAULT_ID_TOKEN holds for an ID token: .*expected number value/,
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
