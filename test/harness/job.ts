// A job's surroundings: a Vault prepared as the guide describes, and the variables that GitLab gives a job.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Guide, prepareGuide, type Values } from '../vault/guide.ts';
import { createIssuer, type Issuer } from '../vault/id-token.ts';
import { startVault, type VaultOptions, type VaultStandIn } from '../vault/server.ts';
import { markSecrets } from './leaks.ts';
import { leaveNothing } from './leftovers.ts';

/** A Vault with the guide's secrets, and what a job needs to read them. */
export interface Job {
  readonly vault: VaultStandIn;
  readonly issuer: Issuer;
  readonly guide: Guide;
  /** VAULT_ADDR, VAULT_ID_TOKEN and the CA, by its bytes so that it reaches into any root. */
  readonly env: Readonly<Record<string, string>>;
  /** The CA as a file outside of any root, for tools that want one. */
  readonly caFile: string;
  readonly end: () => Promise<void>;
}

/** Starts a Vault and mints an ID token for a job on it. */
export async function startJob(options: VaultOptions = {}): Promise<Job> {
  const vault = await startVault(options);
  const issuer = await createIssuer('https://gitlab.shared.cwiq.io');
  const guide = await prepareGuide(vault, issuer);
  markSecrets(Object.values(guide.secrets).flatMap(secretValues));
  const folder = mkdtempSync(join(tmpdir(), 'civault-job-'));
  const putAway = leaveNothing(() => rmSync(folder, { recursive: true, force: true }));
  const caFile = join(folder, 'ca.pem');
  writeFileSync(caFile, vault.authority.certificatePem);
  return {
    vault,
    issuer,
    guide,
    env: {
      VAULT_ADDR: vault.address,
      VAULT_ID_TOKEN: await issuer.mint({}),
      VAULT_CACERT_BYTES: vault.authority.certificatePem,
    },
    caFile,
    end: async () => {
      putAway();
      await vault.close();
    },
  };
}

// User names and addresses are in paths and messages by right.
function secretValues(values: Values): string[] {
  return Object.entries(values).flatMap(([field, value]) => {
    if (typeof value === 'string') return /^(user|username|url)$/.test(field) ? [] : [value];
    return value !== null && typeof value === 'object' && !Array.isArray(value)
      ? secretValues(value as Values)
      : [];
  });
}
