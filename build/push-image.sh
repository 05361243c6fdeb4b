#!/bin/sh
# Publishes the image of a release, once: sh build/push-image.sh REPOSITORY VERSION DIGEST_FILE, with REPOSITORY as in
# registry.example.com/platform/civault. REPOSITORY:VERSION is never replaced by another image; `latest` follows the highest
# version there is, and no pre-release. REPOSITORY:VERSION@DIGEST is printed, and written to DIGEST_FILE.
set -eu

[ $# = 3 ] || {
  echo "image: sh build/push-image.sh REPOSITORY VERSION DIGEST_FILE" >&2
  exit 2
}
repository=$1
version=$2
digest_file=$3
here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# To a folder first: the digest is known before anything is where others see it.
built=oci:$work/image:$version
sh "$here/build/image.sh" "$built"
skopeo inspect --raw "$built" >"$work/built.json"
digest=$(skopeo manifest-digest "$work/built.json")

# A registry that cannot be asked is no empty one.
skopeo list-tags "docker://$repository" >"$work/tags.json" 2>"$work/refused" || {
  if ! grep -qiE 'name unknown|name not known|status code from registry 404 ' "$work/refused"; then
    cat "$work/refused" >&2
    exit 1
  fi
  echo "image: $repository is new"
}
sed -n 's/^ *"\([^"]*\)",\{0,1\}$/\1/p' "$work/tags.json" >"$work/tags"

push() {
  skopeo copy -q --all --preserve-digests --digestfile "$work/pushed" "$built" "docker://$repository:$1"
  [ "$(cat "$work/pushed")" = "$digest" ] || {
    echo "image: $repository:$1 was pushed as $(cat "$work/pushed"), and is $digest" >&2
    exit 1
  }
}

if grep -qxF "$version" "$work/tags"; then
  skopeo inspect --raw "docker://$repository:$version" >"$work/there.json"
  there=$(skopeo manifest-digest "$work/there.json")
  [ "$there" = "$digest" ] || {
    echo "image: $repository:$version is there already, and is another image ($there, not $digest): a version is published once" >&2
    exit 1
  }
  echo "image: $repository:$version is there already, with this digest"
else
  push "$version"
fi
mkdir -p "$(dirname "$digest_file")"
echo "$repository:$version@$digest" >"$digest_file"
echo "image: $repository:$version@$digest"

highest=$({ cat "$work/tags"; echo "$version"; } | grep -xE '[0-9]+\.[0-9]+\.[0-9]+' |
  sort -t . -k 1,1n -k 2,2n -k 3,3n | tail -n 1)
if [ "$version" = "$highest" ]; then
  push latest
  echo "image: $repository:latest is $version"
else
  echo "image: $repository:latest stays as it is: $version is a pre-release, or there is ${highest:-no release}"
fi
