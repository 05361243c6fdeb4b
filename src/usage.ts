// Help texts, each one literal that reads as it prints, at most 80 columns wide.

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

const REFERENCES = `
REF names a secret or one of its fields:
  secret/data/nexus/svc-orchestrator#password   as policies write it
  secret/nexus/svc-orchestrator#password        as the Vault CLI writes it
  nexus/svc-orchestrator/password@secret        as GitLab writes it
  PATH                            the whole secret
  PATH#/a/b                       a nested value, by JSON Pointer
  PATH?version=3#FIELD            an older version of a KV v2 secret
`;

const SETTINGS = `
Settings (flags win over the environment):
  --address URL           VAULT_ADDR, VAULT_SERVER_URL (BAO_ADDR before both)
  --role NAME             VAULT_AUTH_ROLE, VAULT_ROLE; nexus-ci unless said,
                          empty for the mount's default role
  --auth-path PATH        VAULT_AUTH_PATH; jwt unless said
  --id-token-variable V   the variable with the ID token; VAULT_ID_TOKEN
  --namespace NAME        VAULT_NAMESPACE
  --ca-file FILE          VAULT_CACERT, VAULT_CACERT_BYTES, VAULT_CAPATH; else
                          the system's certificates
  --timeout TIME          VAULT_CLIENT_TIMEOUT; 60 s for the whole run
  --retries N             VAULT_MAX_RETRIES; 5
  --no-revoke             leave the Vault token alive at the end
A token in VAULT_TOKEN is used as it is: no login, and no revocation.

Exit status: 0 done, 1 a bug, 2 usage or setting, 3 ID token, 4 refused,
5 not there, 6 Vault cannot be reached (worth a retry), 7 not to be trusted
`;

const GET = `Write one field of a secret to standard output, byte for byte, with no line
break added; or a whole secret as JSON.

Usage:
  civault get REF

Examples:
  civault get secret/data/nexus/svc-orchestrator#password |
    docker login nexus.shared.cwiq.io:8443 -u ci --password-stdin
  civault get secret/data/sonarqube/svc-orchestrator > sonar.json
${REFERENCES}${SETTINGS}`;

const ENV = `Write assignments that a shell evaluates. When civault fails, what it writes
ends a script under "set -e" with the same exit status, and sets nothing.

Usage:
  eval "$(civault env MAPPING...)"

MAPPING says which variables are made:
  NAME=REF                one variable
  PREFIX_*=REF            every field, as PREFIX_FIELD in upper case
  REF                     every field, as FIELD in upper case; with #FIELD
                          only that one

Flags:
  --format sh             lines of export NAME='value' (the only format yet)

Examples:
  eval "$(civault env SONAR_TOKEN=secret/data/sonarqube/svc-orchestrator#token)"
  eval "$(civault env 'TRIVY_*=secret/data/nexus/svc-orchestrator')"
${REFERENCES}${SETTINGS}`;

const USAGES: Readonly<Record<string, string>> = { get: GET, env: ENV };

/** The help of a command, or of civault as a whole. */
export function usageOf(command: string | undefined): string {
  return (command === undefined ? undefined : USAGES[command]) ?? OVERVIEW;
}

/** What `--version` prints: the version, the commit it was built from and the Node.js inside. */
export const VERSION = `civault ${RELEASE.version} (commit ${RELEASE.commit}, Node.js ${RELEASE.node})`;
