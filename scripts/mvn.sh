#!/usr/bin/env bash
# Runs Maven on java/pom.xml: the system's, if it is as new as the build asks (3.9.6), or else the wrapper, which fetches a pinned one.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
maven=$root/java/mvnw
if command -v mvn >/dev/null; then
  version=$(mvn --version 2>/dev/null | sed -nE 's/.*Apache Maven ([0-9]+\.[0-9]+\.[0-9]+).*/\1/p' | head -n 1)
  if [ "$(printf '%s\n' 3.9.6 "${version:-0}" | sort -V | head -n 1)" = 3.9.6 ]; then
    maven=mvn
  fi
fi
exec "$maven" --file "$root/java/pom.xml" --batch-mode --no-transfer-progress "$@"
