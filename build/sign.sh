#!/bin/sh
# Signs what stands for a release by cosign without a key: the identity is this pipeline's, by its ID token. What was signed
# is verified as a user will. In a tag's pipeline:
#   sh build/sign.sh              SHA256SUMS and the runner's provenance, once both are found to be of these files
#   sh build/sign.sh DIGEST_FILE  the image that build/push-image.sh pushed
# SIGSTORE_SIGNING_CONFIG and SIGSTORE_TRUSTED_ROOT are files, for a Sigstore of one's own.
set -eu
cd "$(dirname "$0")/.."

cosign_version=v3.1.3
[ -n "${SIGSTORE_ID_TOKEN:-}" ] || {
  echo "sign: there is no SIGSTORE_ID_TOKEN: the job asks for one by id_tokens, with aud: sigstore" >&2
  exit 1
}
: "${CI_COMMIT_TAG:?is not set: this is for the pipeline of a tag}" "${CI_PROJECT_URL:?}" "${CI_SERVER_URL:?}"

# Before anything is signed: what a public log has taken stays there.
if [ $# = 0 ]; then
  # It puts the provenance beside the files.
  node --import tsx build/publish.ts --check
else
  image=$(cat "$1")
  printf '%s\n' "$image" | grep -qxE '[^[:space:]@]+@sha256:[0-9a-f]{64}' || {
    echo "sign: $1 holds no image by its digest: $image" >&2
    exit 1
  }
fi

# Go checks it against its database of checksums.
command -v cosign >/dev/null || {
  go install "github.com/sigstore/cosign/v3/cmd/cosign@$cosign_version"
  PATH=$(go env GOPATH)/bin:$PATH
}
sign() {
  command=$1
  shift
  cosign "$command" --yes ${SIGSTORE_SIGNING_CONFIG:+--signing-config "$SIGSTORE_SIGNING_CONFIG"} "$@"
}
verify() {
  command=$1
  shift
  cosign "$command" ${SIGSTORE_TRUSTED_ROOT:+--trusted-root "$SIGSTORE_TRUSTED_ROOT"} \
    --certificate-identity "$CI_PROJECT_URL//.gitlab-ci.yml@refs/tags/$CI_COMMIT_TAG" \
    --certificate-oidc-issuer "$CI_SERVER_URL" "$@"
}

if [ $# = 0 ]; then
  for name in SHA256SUMS civault-provenance.json; do
    bundle=dist/$name.sigstore.json
    sign sign-blob --bundle "$bundle" "dist/$name"
    verify verify-blob --bundle "$bundle" "dist/$name"
  done
else
  sign sign "$image"
  verify verify "$image"
fi
