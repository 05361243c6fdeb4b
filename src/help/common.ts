// Help that several commands share: what a REF is, and the settings of every command that asks Vault.

/** What a REF is. */
export const REFERENCES = `
REF names a secret or one of its fields:
  secret/data/nexus/svc-orchestrator#password   as policies write it
  secret/nexus/svc-orchestrator#password        as the Vault CLI writes it
  nexus/svc-orchestrator/password@secret        as GitLab writes it
  PATH                            the whole secret
  PATH#/a/b                       a nested value, by JSON Pointer
  PATH?version=3#FIELD            an older version of a KV v2 secret
`;

/** Settings and exit statuses. */
export const SETTINGS = `
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
  --retries N             VAULT_MAX_RETRIES; 5. A rate limit (429) is waited out
                          within the time limit
  --no-revoke             leave the Vault token alive at the end
  --timing                tell what took how long, on standard error
A token in VAULT_TOKEN is used as it is: no login, and no revocation.

Exit status: 0 done, 1 a bug, 2 usage or setting, 3 ID token, 4 refused,
5 not there, 6 Vault cannot be reached (worth a retry), 7 not to be trusted
`;
