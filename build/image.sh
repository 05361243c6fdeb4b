#!/bin/sh
# Builds the image of both platforms with buildah, without a daemon or privileges, and pushes it where it is told to:
# sh build/image.sh DESTINATION…, as skopeo names one (docker://registry.example.com/platform/civault:1.2.3, oci:FOLDER).
set -eu

[ $# != 0 ] || {
  echo "image: sh build/image.sh DESTINATION…" >&2
  exit 2
}
here=$(cd "$(dirname "$0")/.." && pwd)
context=${CIVAULT_CONTEXT:-$here}

for arch in amd64 arm64; do
  [ -f "$context/dist/civault-linux-$arch" ] || {
    echo "image: there is no dist/civault-linux-$arch: make release first" >&2
    exit 1
  }
done
version=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' "$here/package.json")
revision=$(git -C "$here" rev-parse HEAD 2>/dev/null || echo "${CI_COMMIT_SHA:-unknown}")
# The same image from the same files: its time is that of the commit.
time=${SOURCE_DATE_EPOCH:-$(git -C "$here" log -1 --format=%ct 2>/dev/null || echo 0)}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# vfs and chroot need no mount, no FUSE and no user namespace.
buildah() {
  command buildah --root "$work/root" --runroot "$work/run" --storage-driver vfs "$@"
}

buildah manifest create civault >/dev/null
# One after the other: both at once would stand in the image in the order in which they are ready.
for arch in amd64 arm64; do
  buildah build --isolation chroot --platform "linux/$arch" --manifest civault --timestamp "$time" \
    --label org.opencontainers.image.title=civault \
    --label "org.opencontainers.image.version=$version" \
    --label "org.opencontainers.image.revision=$revision" \
    --label org.opencontainers.image.licenses=MIT \
    --label "org.opencontainers.image.source=${CI_PROJECT_URL:-https://gitlab.example.com/platform/civault}" \
    --file "$here/Dockerfile" "$context"
done
for destination in "$@"; do
  buildah manifest push --all --format oci civault "$destination"
  echo "image: version $version of $revision is at $destination"
done
