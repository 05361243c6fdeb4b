// Help of `civault docker-login`.

import { REFERENCES, SETTINGS } from './common.ts';

export const DOCKER_LOGIN = `Put the credentials of registries into Docker's config.json, where docker,
crane, kaniko, trivy and others look for them. No docker is needed for it.

Usage:
  civault docker-login REGISTRY REF [REGISTRY REF...]

REGISTRY is host or host:port, as image names begin; docker.io is Docker Hub.
REF names a whole secret, with no #FIELD.

The file is $DOCKER_CONFIG/config.json, or $HOME/.docker/config.json. All else
in it stays; many may write it at once. It is readable by its owner alone.

Flags:
  --username-field NAME   the field with the user name; username unless said
  --password-field NAME   the field with the password; password unless said
                          (a JSON Pointer where it begins with /)

Example:
  civault docker-login nexus.shared.cwiq.io:8443 \\
    secret/data/nexus/svc-orchestrator
  crane push app.tar nexus.shared.cwiq.io:8443/app:latest
${REFERENCES}${SETTINGS}`;
