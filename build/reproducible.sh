#!/bin/sh
# Makes the release of this commit twice, in two fresh clones that have as little in common as may be, and compares every
# file: sh build/reproducible.sh [SHA256SUMS that must be the same too]. BASE, ALLOW_EOL and ALL are as for make release;
# KEEP is a folder to copy the files to.
set -eu

here=$(cd "$(dirname "$0")/.." && pwd)
against=${1:-}
case $against in '' | /*) ;; *) against=$PWD/$against ;; esac
[ -z "$(git -C "$here" status --porcelain)" ] || echo "reproducible: what is not committed is not in it"
commit=$(git -C "$here" rev-parse HEAD)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# What was downloaded may be shared: it is checked by its hash wherever it comes from.
PKG_CACHE_PATH=${PKG_CACHE_PATH:-$HOME/.pkg-cache}
npm_config_cache=$(npm config get cache 2>/dev/null)
npm_config_userconfig=$(npm config get userconfig 2>/dev/null)
npm_config_registry=$(npm config get registry 2>/dev/null)
export PKG_CACHE_PATH npm_config_cache npm_config_userconfig npm_config_registry

# build NAME UMASK TIME_ZONE LOCALE
build() {
  folder=$work/$1
  mkdir "$work/home of $1"
  # One chain: the shell's -e does not hold within what stands before ||.
  (
    umask "$2" &&
      git clone -q --no-hardlinks "$here" "$folder" &&
      git -C "$folder" checkout -q "$commit" &&
      at=$(git -C "$folder" rev-parse HEAD) &&
      { [ "$at" = "$commit" ] || { echo "the clone is at $at, and not at $commit" && false; }; } &&
      cd "$folder" &&
      env -u CI_COMMIT_SHA -u SOURCE_DATE_EPOCH HOME="$work/home of $1" TZ="$3" LC_ALL="$4" \
        make release BASE="${BASE:-}" ALLOW_EOL="${ALLOW_EOL:-}" ALL="${ALL:-}"
  ) >"$work/$1.log" 2>&1 || {
    echo "reproducible: $1 was not built" >&2
    tail -20 "$work/$1.log" >&2
    exit 1
  }
  (cd "$folder/dist" && LC_ALL=C sha256sum -- *) >"$work/$1.sums"
  echo "reproducible: built in $folder (umask $2, TZ $3, LC_ALL $4)"
}

build one 022 UTC C.UTF-8
build "a much longer name, with spaces" 077 Pacific/Kiritimati POSIX
if ! diff "$work/one.sums" "$work/a much longer name, with spaces.sums"; then
  echo "reproducible: $commit does not give the same files twice" >&2
  exit 1
fi
if [ -n "$against" ] && ! diff "$work/one/dist/SHA256SUMS" "$against"; then
  echo "reproducible: $commit does not give the files of $against" >&2
  exit 1
fi
cat "$work/one.sums"
[ -z "${KEEP:-}" ] || cp -p "$work"/one/dist/* "$KEEP"
echo "reproducible: $commit gives the same files twice${against:+, and those of $against}"
