#!/bin/sh
# Installs the Debian packages that the tests and the demo use, if this user may. What stays missing is no failure here:
# each test that wants it says so and is skipped.
set -u

missing=
for pair in busybox:busybox-static curl:curl dash:dash mksh:mksh zsh:zsh unshare:util-linux; do
  command -v "${pair%%:*}" >/dev/null || missing="$missing ${pair##*:}"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "not installed, and not installable by this user:$missing (tests that want them are skipped)"
  exit 0
fi
echo "installing from Debian:$missing"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
# shellcheck disable=SC2086 # a list of names
if apt-get install -y -q --no-install-recommends $missing >"$log" 2>&1 ||
  { apt-get update -q >"$log" 2>&1 && apt-get install -y -q --no-install-recommends $missing >>"$log" 2>&1; }; then
  rm -f "$log"
else
  echo "apt-get could not install them (tests that want them are skipped):"
  tail -5 "$log"
  rm -f "$log"
fi
