#!/bin/sh
# Installs the Debian packages that the tests and the demo use, or those that are named (PROGRAM:PACKAGE), if this user may.
# What stays missing is no failure here: each test that wants it says so and is skipped.
set -u

# An installed proxy is started as a service where there is an init. The tests start their own.
proxies='tinyproxy:tinyproxy squid:squid'
[ ! -d /run/systemd/system ] || proxies=

cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/civault
missing=
# shellcheck disable=SC2086 # none, or two
[ $# -gt 0 ] || set -- busybox:busybox-static curl:curl dash:dash mksh:mksh zsh:zsh unshare:util-linux skopeo:skopeo \
  htpasswd:apache2-utils xmllint:libxml2-utils xz:xz-utils buildah:buildah rsync:rsync git:git shellcheck:shellcheck $proxies
for pair in "$@"; do
  command -v "${pair%%:*}" >/dev/null || missing="$missing ${pair##*:}"
done
registry=
if ! command -v docker-registry >/dev/null && [ ! -x "$cache/docker-registry" ]; then registry=docker-registry; fi
[ -n "$missing$registry" ] || exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "not installed, and not installable by this user:$missing $registry (tests that want them are skipped)"
  exit 0
fi
echo "installing from Debian:$missing $registry"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
unpacked=$(mktemp -d)
trap 'rm -rf "$log" "$unpacked"' EXIT

install() {
  [ $# = 0 ] || apt-get install -y -q --no-install-recommends "$@" >"$log" 2>&1
}

# Unpacked and not installed: its scripts would make a user, and start a service on port 5000 where there is an init.
unpack() {
  [ -n "$registry" ] || return 0
  { cd "$unpacked" && apt-get download -q "$registry" && dpkg -x "$registry"_*.deb files; } >"$log" 2>&1 &&
    mkdir -p "$cache" && mv files/usr/bin/docker-registry "$cache/docker-registry"
}

failed() {
  echo "apt-get could not install $1 (tests that want it are skipped):"
  tail -5 "$log"
}

# shellcheck disable=SC2086 # a list of names
if ! install $missing || ! (unpack); then
  apt-get update -q >"$log" 2>&1
  # One by one: what this Debian does not have keeps none of the others out.
  for package in $missing; do install "$package" || failed "$package"; done
  (unpack) || failed "$registry"
fi
