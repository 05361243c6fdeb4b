// Help texts, each one literal that reads as it prints, at most 80 columns wide; those of commands are in help/.

import { ENV } from './help/env.ts';
import { GET } from './help/get.ts';
import { RELEASE } from './release.ts';

const OVERVIEW = `civault turns a job's GitLab ID token into secrets from Vault.

Usage:
  civault get REF                 write one field, or a whole secret as JSON
  civault env MAPPING...          write assignments for a shell to eval
  civault COMMAND --help          more on a command
  civault --version

In a job:
  id_tokens:
    VAULT_ID_TOKEN:
      aud: https://gitlab.shared.cwiq.io
  script:
    - eval "$(civault env
      SONAR_TOKEN=secret/data/sonarqube/svc-orchestrator#token
      SONAR_HOST_URL=secret/data/sonarqube/svc-orchestrator#url)"
    - sonar-scanner

VAULT_ADDR says where Vault is, VAULT_ID_TOKEN holds the job's ID token, and
VAULT_AUTH_ROLE names the role (nexus-ci unless said).
`;

const USAGES: Readonly<Record<string, string>> = { get: GET, env: ENV };

/** The help of a command, or of civault as a whole. */
export function usageOf(command: string | undefined): string {
  return (command === undefined ? undefined : USAGES[command]) ?? OVERVIEW;
}

/** What `--version` prints: the version, the commit it was built from and the Node.js inside. */
export const VERSION = `civault ${RELEASE.version} (commit ${RELEASE.commit}, Node.js ${RELEASE.node})`;
