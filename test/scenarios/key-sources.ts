// Scenarios of where a jwt mount has an issuer's keys from: given, a JWKS URL, or OIDC discovery, in reach and out of it.

import assert from 'node:assert/strict';
import type { Bench, Scenario } from './bench.ts';
import { type GitLab, startGitLab } from './gitlab.ts';
import { answerTo, failed, REF, refused, VALUE, wrote } from './steps.ts';

/** A scenario with a GitLab of its own, and a mount for its tokens. */
function withGitLab(name: string, play: (bench: Bench, gitlab: GitLab) => Promise<void>): Scenario {
  return {
    name,
    play: async (bench) => {
      const gitlab = await startGitLab();
      bench.afterwards(gitlab.close);
      await bench.setUp('POST', 'sys/auth/other', { type: 'jwt' });
      bench.afterwards(() => bench.setUp('DELETE', 'sys/auth/other'));
      await play(bench, gitlab);
    },
  };
}

async function defineRole(bench: Bench): Promise<void> {
  await bench.setUp('POST', 'auth/other/role/nexus-ci', {
    role_type: 'jwt',
    user_claim: 'user_login',
    bound_audiences: [bench.guide.audience],
    token_policies: ['nexus-ci'],
  });
}

async function get(bench: Bench, gitlab: GitLab, options = {}) {
  const VAULT_ID_TOKEN = await gitlab.issuer.mint({}, { issuedAt: bench.now(), ...options });
  return bench.run(`civault get ${REF} --auth-path other`, { VAULT_ID_TOKEN });
}

export const keySources: readonly Scenario[] = [
  withGitLab(
    'keys by a JWKS URL: fetched, kept, and missed where they are out of reach',
    async (bench, gitlab) => {
      await bench.setUp('POST', 'auth/other/config', { jwks_url: gitlab.keysUrl, jwks_ca_pem: gitlab.ca });
      await defineRole(bench);
      wrote(await get(bench, gitlab), VALUE);
      const foreign = await get(bench, gitlab, { key: 'foreign' });
      failed(foreign, 4, /does not know the key that signed the ID token/);
      refused(answerTo(foreign, 'auth/other/login'), 400, 'failed to verify id token signature');

      gitlab.reach(false);
      wrote(await get(bench, gitlab), VALUE);
      const unknown = await get(bench, gitlab, { key: 'foreign' });
      failed(unknown, 4, /cannot fetch the keys of the GitLab it trusts/);
      refused(answerTo(unknown, 'auth/other/login'), 400, 'fetching keys oidc: get keys failed');
      const again = { jwks_url: `${gitlab.keysUrl}/elsewhere`, jwks_ca_pem: gitlab.ca };
      const config = await bench.askRoot('POST', 'auth/other/config', again);
      assert.equal(config.status, 400, config.text);
    },
  ),
  withGitLab('keys by OIDC discovery: asked for at the first login', async (bench, gitlab) => {
    const url = gitlab.issuer.issuer;
    const config = { oidc_discovery_url: url, oidc_discovery_ca_pem: gitlab.ca };
    await bench.setUp('POST', 'auth/other/config', config);
    await defineRole(bench);
    wrote(await get(bench, gitlab), VALUE);
    await bench.setUp('POST', 'auth/other/config', config);
    gitlab.reach(false);
    const run = await get(bench, gitlab);
    failed(run, 4, /cannot fetch the keys of the GitLab it trusts/);
    refused(answerTo(run, 'auth/other/login'), 400, 'error configuring token validator');
    refused(
      await bench.askRoot('POST', 'auth/other/config', config),
      400,
      'error checking oidc discovery URL',
    );
  }),
  withGitLab('keys behind a certificate that Vault does not know', async (bench, gitlab) => {
    const config = { oidc_discovery_url: gitlab.issuer.issuer };
    refused(
      await bench.askRoot('POST', 'auth/other/config', config),
      400,
      'error checking oidc discovery URL',
    );
  }),
  withGitLab('a configuration with two sources of keys, or none', async (bench, gitlab) => {
    const write = (config: object) => bench.askRoot('POST', 'auth/other/config', config);
    const two = { jwks_url: gitlab.keysUrl, jwt_validation_pubkeys: [bench.issuer.publicKeyPem] };
    refused(await write(two), 400, 'exactly one of');
    refused(await write({ bound_issuer: 'x' }), 400, 'exactly one of');
    refused(await write({ jwt_validation_pubkeys: ['no key'] }), 400, 'error parsing public key');
  }),
];
