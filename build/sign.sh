#!/bin/sh
# Signs what stands for a release, SHA256SUMS and the runner's provenance, by cosign without a key: the identity is this
# pipeline's, by its ID token. What was signed is verified as a user will. In a tag's pipeline: sh build/sign.sh
# SIGSTORE_SIGNING_CONFIG and SIGSTORE_TRUSTED_ROOT are files, for a Sigstore of one's own.
set -eu
cd "$(dirname "$0")/.."

cosign_version=v3.1.3
[ -n "${SIGSTORE_ID_TOKEN:-}" ] || {
  echo "sign: there is no SIGSTORE_ID_TOKEN: the job asks for one by id_tokens, with aud: sigstore" >&2
  exit 1
}
: "${CI_COMMIT_TAG:?is not set: this is for the pipeline of a tag}" "${CI_PROJECT_URL:?}" "${CI_SERVER_URL:?}"
# Go checks it against its database of checksums.
command -v cosign >/dev/null || {
  go install "github.com/sigstore/cosign/v3/cmd/cosign@$cosign_version"
  PATH=$(go env GOPATH)/bin:$PATH
}

cp civault-metadata.json dist/civault-provenance.json
for name in SHA256SUMS civault-provenance.json; do
  bundle=dist/$name.sigstore.json
  cosign sign-blob --yes ${SIGSTORE_SIGNING_CONFIG:+--signing-config "$SIGSTORE_SIGNING_CONFIG"} \
    --bundle "$bundle" "dist/$name"
  cosign verify-blob ${SIGSTORE_TRUSTED_ROOT:+--trusted-root "$SIGSTORE_TRUSTED_ROOT"} --bundle "$bundle" \
    --certificate-identity "$CI_PROJECT_URL//.gitlab-ci.yml@refs/tags/$CI_COMMIT_TAG" \
    --certificate-oidc-issuer "$CI_SERVER_URL" "dist/$name"
done
