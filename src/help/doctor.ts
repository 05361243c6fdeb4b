// Help of `civault doctor`.

import { REFERENCES, SETTINGS } from './common.ts';

export const DOCTOR = `Check every step from the address to each secret, and say what is wrong:
address, name, connection, certificate, Vault's health, the ID token and its
claims, clock, login, and whether each secret can be read. Fields are named; no
value is ever shown.

Usage:
  civault doctor [--format text|json] [REF|MAPPING...]

With no REF the paths of the CI guide are tried, secret/data/nexus/svc-executor
and five others: name your own to check those alone.

A MAPPING, as env and exec take it, counts by its REF. A dynamic secret is made
as for any job, and ends with the token.

Each step is ok, FAIL or skip, and each FAIL says what to do. It logs in once,
revokes that token, tries nothing twice, and is done within 15 s whatever hangs.
The exit status is that of the first FAIL.

Flags:
  --format json           one JSON object, for machines

Colours show at a terminal and in GitLab's job log, unless NO_COLOR is set.

Examples:
  civault doctor
  civault doctor secret/data/nexus/svc-orchestrator#password
${REFERENCES}${SETTINGS}`;
