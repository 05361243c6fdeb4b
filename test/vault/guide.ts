// The Vault of the CI guide: its mounts, its role nexus-ci, its policy, its six secrets. Made through
// the HTTP API alone, so that a real server can be prepared by the same calls.

import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { VaultAnswer, VaultClient } from './client.ts';
import type { Issuer } from './id-token.ts';

export const audience = 'https://gitlab.shared.cwiq.io';
export const role = 'nexus-ci';

export interface GuideOptions {
  /** Fields of the role nexus-ci to set or replace. */
  readonly role?: Readonly<Record<string, unknown>>;
  /** How Vault knows the issuer's keys, fields of `auth/jwt/config`; they are given to it unless said. */
  readonly keys?: Readonly<Record<string, unknown>>;
  /** What to fill it with, where two servers are to hold the same; made up unless said. */
  readonly contents?: GuideContents;
}

/** The secrets by their API paths, and the fields of the leased ones. */
export interface GuideContents {
  readonly secrets: Readonly<Record<string, Values>>;
  readonly leased: Readonly<Record<string, Values>>;
}

export interface Values {
  readonly [field: string]: string | number | boolean | null | Values | readonly (string | number)[];
}

/** What was written where, for tests to compare with. */
export interface Guide {
  readonly audience: string;
  readonly role: string;
  /** By API path, `secret/data/nexus/svc-orchestrator`: the fields as they were written. */
  readonly secrets: Readonly<Record<string, Values>>;
  /** By path, `legacy/app`: the body as it was written, whose numbers JSON.parse would spoil. */
  readonly legacy: Readonly<Record<string, string>>;
  /** The paths that answer with a lease; none where the server has no engine for that. */
  readonly leased: readonly string[];
  readonly policy: string;
}

/** Mounts, configures and fills a fresh Vault as the guide describes it. */
export async function prepareGuide(
  vault: Pick<VaultClient, 'request'>,
  issuer: Issuer,
  options: GuideOptions = {},
): Promise<Guide> {
  const put = (path: string, body: unknown) => write(vault, path, body);

  await put('sys/mounts/secret', { type: 'kv', options: { version: '2' } });
  await put('sys/mounts/team/a/kv', { type: 'kv', options: { version: '2' } });
  await put('sys/mounts/legacy', { type: 'kv', options: { version: '1' } });
  const leases = await vault.request('POST', 'sys/mounts/database', { type: 'leased-kv' });
  // Vault's own program does not have this engine: only what is built for the tests does.
  const hasLeases = leases.status < 300;
  await put('sys/auth/jwt', { type: 'jwt' });
  await put('auth/jwt/config', {
    bound_issuer: issuer.issuer,
    ...(options.keys ?? { jwt_validation_pubkeys: [issuer.publicKeyPem] }),
  });
  await put(`sys/policies/acl/${role}`, { policy });
  await put(`auth/jwt/role/${role}`, {
    role_type: 'jwt',
    user_claim: 'user_login',
    bound_audiences: [audience],
    bound_claims: { namespace_path: 'orchestrator', ref_protected: 'true' },
    token_policies: [role],
    token_ttl: '15m',
    ...options.role,
  });

  const { secrets, leased } = options.contents ?? makeContents();
  for (const [path, data] of Object.entries(secrets)) await put(path, { data });
  for (const [path, body] of Object.entries(legacy)) await put(path, body);
  if (hasLeases) for (const [path, data] of Object.entries(leased)) await put(path, data);
  return { audience, role, secrets, legacy, leased: hasLeases ? Object.keys(leased) : [], policy };
}

/** Makes up secrets. */
export function makeContents(): GuideContents {
  const credentials = (ttl: string) => ({
    username: `v-jwt-ci-${randomText(8)}`,
    password: randomText(20),
    ttl,
  });
  return {
    secrets: generateSecrets(),
    leased: {
      'database/creds/ci-readonly': credentials('1h'),
      'database/creds/ci-short': credentials('2s'),
    },
  };
}

const policy = `
# Paths accessible under nexus-ci
path "secret/data/nexus/svc-orchestrator"        { capabilities = ["read"] }
path "secret/data/nexus/svc-executor"            { capabilities = ["read"] }
path "secret/data/sonarqube/svc-orchestrator"    { capabilities = ["read"] }
path "secret/data/defectdojo/svc-orchestrator"   { capabilities = ["read"] }
path "secret/data/orchestrator/e2e-test-user"    { capabilities = ["read"] }
path "secret/data/reportportal/svc-orchestrator" { capabilities = ["read"] }

# Beyond the guide: what the tests read besides
path "secret/data/ci/*"    { capabilities = ["read"] }
path "team/a/kv/data/*"    { capabilities = ["read"] }
path "legacy/*"            { capabilities = ["read"] }
path "database/creds/*"    { capabilities = ["read"] }
`;

// Written as text: these are the numbers that a careless reader rounds, and the keys that trip one.
const legacy: Readonly<Record<string, string>> = {
  'legacy/app':
    '{"user":"legacy-app","version":1.10,"serial":12345678901234567890,"data":"a field named data"}',
  'legacy/odd-keys':
    '{"":"empty","__proto__":"prototype","with.dot":"dot","with-dash":"dash","with space":"space"}',
};

function generateSecrets(): Record<string, Values> {
  return {
    'secret/data/nexus/svc-orchestrator': { username: 'svc-orchestrator', password: awkwardText() },
    'secret/data/nexus/svc-executor': { username: 'svc-executor', password: randomText(24) },
    'secret/data/sonarqube/svc-orchestrator': {
      token: `squ_${randomBytes(20).toString('hex')}`,
      url: 'https://sonarqube.shared.cwiq.io',
    },
    'secret/data/defectdojo/svc-orchestrator': { token: randomBytes(20).toString('hex') },
    'secret/data/orchestrator/e2e-test-user': { username: 'e2e-admin@example.com', password: awkwardText() },
    'secret/data/reportportal/svc-orchestrator': { api_key: `orchestrator_${randomText(43)}` },
    // Not in the guide's policy: what a refused path looks like.
    'secret/data/nexus/admin': { username: 'admin', password: randomText(24) },
    'secret/data/ci/everything': {
      text: awkwardText(),
      multiline: `-----BEGIN FAKE KEY-----\n${randomText(64)}\n${randomText(64)}\n-----END FAKE KEY-----\n`,
      empty: '',
      nothing: null,
      number: 42,
      flag: true,
      list: ['a', 2],
      nested: { user: 'inner', 'a/b': { 'c~d': randomText(12) } },
    },
    'team/a/kv/data/app': { token: randomText(32) },
  };
}

/** A value with everything that shells, dotenv files and JSON readers stumble over. */
function awkwardText(): string {
  return `p'a"s$s \`w\`o\\r{d}!#&;|<>*?~=%n\t${randomText(12)}\né€😀 `;
}

function randomText(length: number): string {
  return randomBytes(length).toString('base64url').slice(0, length);
}

async function write(vault: Pick<VaultClient, 'request'>, path: string, body: unknown): Promise<VaultAnswer> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await vault.request('POST', path, body);
    if (answer.status < 300) return answer;
    // A real KV v2 mount upgrades itself for a moment before it takes its first write.
    if (!answer.text.includes('Upgrading from non-versioned') || attempt === 50) {
      throw new Error(`${path}: ${answer.status} ${answer.text}`);
    }
    await sleep(100);
  }
}
