// Help of `civault get`.

import { REFERENCES, SETTINGS } from './common.ts';

export const GET = `Write one field of a secret to standard output, byte for byte, with no line
break added; or a whole secret as JSON; or several fields as one JSON object.

Usage:
  civault get REF
  civault get REF REF...

Several REFs, each with a field, take one login. The object's names are those of
the fields, the last one of a JSON Pointer; its values are as Vault has them.
For names of your own: civault env --format json NAME=REF...

Flags:
  --output FILE           write FILE, mode 0600, in one step, in place of
                          standard output; when civault fails it stays as it was
  --base64-decode         write the bytes that the field holds as base64. It is
                          read strictly: anything that no encoder writes, but
                          for white space, is an error

Examples:
  civault get secret/data/nexus/svc-orchestrator#password |
    docker login nexus.shared.cwiq.io:8443 -u ci --password-stdin
  civault get secret/data/sonarqube/svc-orchestrator > sonar.json
  civault get --base64-decode --output app.jks secret/data/signing#keystore
  civault get secret/data/db#user secret/data/db#password | jq -r .password
${REFERENCES}${SETTINGS}`;
