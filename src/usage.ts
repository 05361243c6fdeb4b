// Help texts, each one literal that reads as it prints, at most 80 columns wide; those of commands are in help/.

import { DOCKER_LOGIN } from './help/docker-login.ts';
import { DOCTOR } from './help/doctor.ts';
import { DOWNLOAD } from './help/download.ts';
import { ENV } from './help/env.ts';
import { EXEC } from './help/exec.ts';
import { GET } from './help/get.ts';
import { INJECT } from './help/inject.ts';
import { TOKEN } from './help/token.ts';
import { RELEASE } from './release.ts';

const OVERVIEW = `civault turns a job's GitLab ID token into secrets from Vault.

Usage:
  civault get REF...              write a field, several, or a whole secret
  civault env MAPPING...          write assignments for a shell to eval
  civault exec MAPPING... -- COMMAND
                                  run COMMAND with secrets, masked in its output
  civault inject [FILE]           fill {{ civault REF }} in a template
  civault docker-login REGISTRY REF
                                  put credentials into Docker's config.json
  civault token                   print the Vault token, for other tools
  civault download ASSET...       fetch files of a GitLab release, checked
  civault doctor [REF...]         check every step up to each secret, and say
                                  what is wrong
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
VAULT_AUTH_ROLE names the role (nexus-ci unless said). A failure's hint ends in
its section of docs/errors.md, in civault's repository.
`;

const USAGES: Readonly<Record<string, string>> = {
  get: GET,
  env: ENV,
  exec: EXEC,
  inject: INJECT,
  'docker-login': DOCKER_LOGIN,
  token: TOKEN,
  download: DOWNLOAD,
  doctor: DOCTOR,
};

/** The help of a command, or of civault as a whole. */
export function usageOf(command: string | undefined): string {
  return (command === undefined ? undefined : USAGES[command]) ?? OVERVIEW;
}

/** What `--version` prints: the version, the commit it was built from and the Node.js inside. */
export const VERSION = `civault ${RELEASE.version} (commit ${RELEASE.commit}, Node.js ${RELEASE.node})`;
