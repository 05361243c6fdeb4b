// Help of `civault get`.

import { REFERENCES, SETTINGS } from './common.ts';

export const GET = `Write one field of a secret to standard output, byte for byte, with no line
break added; or a whole secret as JSON.

Usage:
  civault get REF

Examples:
  civault get secret/data/nexus/svc-orchestrator#password |
    docker login nexus.shared.cwiq.io:8443 -u ci --password-stdin
  civault get secret/data/sonarqube/svc-orchestrator > sonar.json
${REFERENCES}${SETTINGS}`;
