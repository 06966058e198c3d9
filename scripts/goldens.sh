#!/usr/bin/env bash
# Makes an environment for each stack of libraries and trains its golden models with it.
#
# usage: scripts/goldens.sh environments|train STACK... [-- OPTION...]     (options of tests/conformance/native/generate)
#
# The environments are in GOLDENS_VENVS (target/venvs by default); one that is there is used as it is. sk10 and
# xgb09 to xgb14 need a Python 3.9, sk11 and sk12 a Python 3.10, xgb33 a Python 3.12, the others a Python 3.11: PYTHON39,
# PYTHON310, PYTHON311, PYTHON312 name them.
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

# The first of these that runs: what the variable names, the command of that name, pyenv's, uv's.
interpreter() {
  local version=$1 variable=PYTHON${1/./} candidate
  if [ -n "${!variable:-}" ]; then
    echo "${!variable}"
    return
  fi
  for candidate in "python$version" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$version".*/bin/python \
    "$(uv python find --no-python-downloads "$version" 2>/dev/null)"; do
    if "$candidate" -c '' 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
  printf '%s needs a Python %s and none was found: name one with %s=/path/to/python, or choose other stacks with STACKS\n' \
    "$2" "$version" "$variable" >&2
  return 1
}

environment() {
  local stack=$1 version=3.11 python
  [ -x "$venvs/$stack/bin/python" ] && return
  [[ "$stack" = sk10 || "$stack" = xgb09 || "$stack" = xgb1[234] ]] && version=3.9
  [[ "$stack" = sk1[12] ]] && version=3.10
  [ "$stack" = xgb33 ] && version=3.12
  python=$(interpreter "$version" "$stack")
  mkdir -p "$venvs"
  rm -rf "$venvs/$stack.part"
  "$python" -m venv "$venvs/$stack.part"
  # Whole packages only, and no dependencies: xgboost's would bring GPU libraries of hundreds of megabytes.
  "$venvs/$stack.part/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --only-binary :all: \
    --no-deps --requirement "$native/requirements-$stack.txt"
  rm -rf "$venvs/$stack.part/bin/activate"* "$venvs/$stack"
  mv "$venvs/$stack.part" "$venvs/$stack"
}

for stack in "${stacks[@]}"; do
  [ -e "$native/requirements-$stack.txt" ] || { echo "there is no stack '$stack': they are the requirements-*.txt in $native" >&2; exit 1; }
  environment "$stack"
  if [ "$task" = train ]; then
    printf '%s\n' "$stack"
    "$venvs/$stack/bin/python" -W ignore "$native/generate" "$stack" "$@"
  fi
done
