// Help of `civault exec`.

import { REFERENCES, SETTINGS } from './common.ts';

export const EXEC = `Run a command with secrets in its environment. Where its output goes to no
terminal, their values in it become [MASKED]: GitLab masks only what it knows.

Usage:
  civault exec MAPPING... -- COMMAND [ARGUMENT...]

MAPPING says which variables are made:
  NAME=REF                one variable
  PREFIX_*=REF            every field, as PREFIX_FIELD in upper case
  REF                     every field, as FIELD in upper case; with #FIELD
                          only that one

Flags:
  --unmasked NAME,NAME    do not mask the values of these, such as a port
  --no-masking            leave the command's outputs as they are
  --keep-vault-env        leave the ID token and VAULT_TOKEN to the command

The exit status is the command's: 128 + n where signal n ended it, 127 where
there is no such command, 126 where it cannot be run. Signals are passed on.
A lease (database/creds/...) is renewed while the command runs, and ends after.
What a pipe gets is masked too: a value for standard input is for civault get.

Masked are whole values of 4 bytes and more, each line of those with several,
and their base64, hex, URL, JSON, XML and shell forms; not parts of a value.

Examples:
  civault exec 'TRIVY_*=secret/data/nexus/svc-orchestrator' --
    trivy image nexus.shared.cwiq.io:8443/app:latest
  civault exec 'PG_*=database/creds/ci-readonly' -- ./migrate.sh
${REFERENCES}${SETTINGS}`;
