// Help of `civault token`.

import { SETTINGS } from './common.ts';

export const TOKEN = `Log in and print the Vault token, for other tools. It is left alive, and
standard error says until when; it ends with vault token revoke -self.

Usage:
  civault token [--output FILE]

Flags:
  --output FILE           write it to FILE instead (mode 0600)

A job that needs its secrets for longer than the token lives uses civault exec,
which renews it.

Example:
  VAULT_TOKEN=$(civault token)
  export VAULT_TOKEN
  vault kv get secret/nexus/svc-orchestrator
${SETTINGS}`;
