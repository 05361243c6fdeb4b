// Help of `civault env`.

import { REFERENCES, SETTINGS } from './common.ts';

export const ENV = `Write assignments that a shell evaluates. When civault fails, what it writes
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
