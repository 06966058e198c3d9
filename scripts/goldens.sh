#!/usr/bin/env bash
# Makes an environment for each stack of libraries and trains its golden models with it.
#
# usage: scripts/goldens.sh environments|train STACK... [-- OPTION...]     (options of tests/conformance/native/generate)
#
# The environments are in GOLDENS_VENVS (target/venvs by default); one that is there is used as it is. sk10 needs a
# Python 3.9 (PYTHON39, python3.9 by default), sk11 and sk12 a Python 3.10 (PYTHON310), the others a Python 3.11 (PYTHON311).
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
venvs=${GOLDENS_VENVS:-$root/target/venvs}
native=$root/tests/conformance/native
task=$1
shift
stacks=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
  stacks+=("$1")
  shift
done
[ $# -gt 0 ] && shift

environment() {
  local stack=$1 python=${PYTHON311:-python3.11}
  [ "$stack" = sk10 ] && python=${PYTHON39:-python3.9}
  [[ "$stack" = sk1[12] ]] && python=${PYTHON310:-python3.10}
  [ -x "$venvs/$stack/bin/python" ] && return
  mkdir -p "$venvs"
  "$python" -m venv "$venvs/$stack.part"
  # Whole packages only, and no dependencies: xgboost's would bring GPU libraries of hundreds of megabytes.
  "$venvs/$stack.part/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --only-binary :all: \
    --no-deps --requirement "$native/requirements-$stack.txt"
  rm -rf "$venvs/$stack.part/bin/activate"* "$venvs/$stack"
  mv "$venvs/$stack.part" "$venvs/$stack"
}

for stack in "${stacks[@]}"; do
  environment "$stack"
  if [ "$task" = train ]; then
    printf '%s\n' "$stack"
    "$venvs/$stack/bin/python" -W ignore "$native/generate" "$stack" "$@"
  fi
done
