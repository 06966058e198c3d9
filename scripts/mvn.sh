#!/usr/bin/env bash
# Runs Maven on java/pom.xml: the system's, if it is 3.8 or later, or else the wrapper, which fetches a pinned one.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
maven=$root/java/mvnw
if command -v mvn >/dev/null; then
  version=$(mvn --version 2>/dev/null | sed -nE 's/.*Apache Maven ([0-9]+)\.([0-9]+).*/\1 \2/p' | head -n 1)
  read -r major minor <<<"${version:-0 0}"
  if [ "$major" -gt 3 ] || { [ "$major" -eq 3 ] && [ "$minor" -ge 8 ]; }; then
    maven=mvn
  fi
fi
exec "$maven" --file "$root/java/pom.xml" --batch-mode --no-transfer-progress "$@"
