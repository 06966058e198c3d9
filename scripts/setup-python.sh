#!/usr/bin/env bash
# Makes .venv from requirements.txt; does nothing when it already is what the two would give.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
python=$(scripts/check-tools.sh --python)
key=$({ "$python" -c 'import sys; print(sys.version, sys.base_prefix)'; cat requirements.txt; echo "$root"; } | cksum | tr ' ' -)
stamp=.venv/.made-$key

if [ "${1:-}" = --check ]; then
  [ -e "$stamp" ]
  exit
fi
[ -e "$stamp" ] && exit

rm -rf .venv
"$python" -m venv .venv
.venv/bin/python -m pip install --disable-pip-version-check --no-input --requirement requirements.txt
touch "$stamp"
