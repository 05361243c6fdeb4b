// Help of `civault env`.

import { REFERENCES, SETTINGS } from './common.ts';

export const ENV = `Write variables: as assignments that a shell evaluates, or as a file for another
program. Nothing is written unless all of it is there.

Usage:
  eval "$(civault env MAPPING...)"
  civault env --format FORMAT [--output FILE] MAPPING...

MAPPING says which variables are made:
  NAME=REF                one variable; the whole secret as JSON without #FIELD
  PREFIX_*=REF            every field, as PREFIX_FIELD in upper case
  REF                     every field, as FIELD in upper case; with #FIELD
                          only that one
Names made from fields are not those that change how programs run (PATH, ...):
such a field wants a NAME of its own.

Flags:
  --format sh             lines of export NAME='value' (unless said)
  --format dotenv         a file for dotenv libraries, quoted as the npm package
                          reads it. It is not for artifacts:reports:dotenv:
                          GitLab stores such a report unmasked, expands each $
                          in it and takes no line breaks
  --format docker         a file for docker run --env-file: one line a variable,
                          so without line breaks and below 64 KiB
  --format json           one object, each value a string
  --output FILE           write FILE, mode 0600, in one step, in place of
                          standard output

When civault fails, what "eval" gets ends a script under "set -e" with the same
exit status, and sets nothing. Other formats, and a FILE, get nothing then; a
FILE that was there stays as it was.

Examples:
  eval "$(civault env SONAR_TOKEN=secret/data/sonarqube/svc-orchestrator#token)"
  eval "$(civault env 'TRIVY_*=secret/data/nexus/svc-orchestrator')"
  civault env --format docker --output job.env NPM_TOKEN=secret/data/npm#token
  docker run --env-file job.env app
${REFERENCES}${SETTINGS}`;
