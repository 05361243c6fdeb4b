#!/bin/sh
# Says what is missing before npm fails with something less clear.
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
  echo "civault is built with Node.js 20.18.1 or later and npm: install them first (nodejs.org, or your distribution)" >&2
  exit 1
fi
node -e 'const [a, b, c] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && (b > 18 || (b === 18 && c >= 1))) ? 0 : 1)' || {
  echo "civault is built with Node.js 20.18.1 or later; this is $(node --version)" >&2
  exit 1
}
