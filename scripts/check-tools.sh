#!/usr/bin/env bash
# Checks the five things Pelton's set-up does not install itself, and names each missing one with the way to get it.
#
# usage: scripts/check-tools.sh            one line a missing tool, exit 1 when there is any
#        scripts/check-tools.sh --python   prints the Python to use (3.11 to 3.14; $PYTHON chooses another)
set -uo pipefail

rust_wanted=92 # the minor version of `rust-version` in Cargo.toml
missing=0

missing() {
  printf 'missing: %s\n' "$1" >&2
  missing=1
}

# The minor version of a Python 3 in our range that has venv and pip, or nothing.
usable_python() {
  "$1" -c 'import sys, venv, ensurepip
assert sys.version_info[0] == 3 and 11 <= sys.version_info[1] <= 14' 2>/dev/null
}

find_python() {
  local candidate
  for candidate in ${PYTHON:+"$PYTHON"} python3 python3.13 python3.12 python3.11 python3.14; do
    if command -v "$candidate" >/dev/null && usable_python "$candidate"; then
      command -v "$candidate"
      return
    fi
    # A Python asked for by name is used or refused, never replaced.
    if [ -n "${PYTHON:-}" ]; then return 1; fi
  done
  return 1
}

check_python() {
  find_python >/dev/null && return
  local found=${PYTHON:-python3}
  if ! command -v "$found" >/dev/null; then
    missing "Python 3.11 to 3.14 as $found (Debian, Ubuntu: apt install python3 python3-venv; macOS: brew install python@3.13)"
  elif ! "$found" -c 'import sys; assert (3, 11) <= sys.version_info[:2] <= (3, 14)' 2>/dev/null; then
    missing "Python 3.11 to 3.14: $found is $("$found" --version 2>&1); install one and name it: make PYTHON=python3.13"
  else
    missing "Python's venv module (Debian, Ubuntu: apt install python3-venv)"
  fi
}

check_rust() {
  if ! command -v cargo >/dev/null; then
    missing "Rust 1.$rust_wanted or later (https://rustup.rs, then open a new shell)"
    return
  fi
  local minor
  minor=$(cargo --version 2>/dev/null | sed -E 's/^cargo 1\.([0-9]+).*/\1/')
  if ! [ "$minor" -ge "$rust_wanted" ] 2>/dev/null; then
    missing "Rust 1.$rust_wanted or later: cargo says '$(cargo --version 2>&1 | head -n 1)' (rustup update stable)"
  fi
}

check_java() {
  if ! command -v javac >/dev/null; then
    missing "a JDK, version 17 or later (Debian, Ubuntu: apt install openjdk-17-jdk-headless; macOS: brew install openjdk@17)"
    return
  fi
  local major
  major=$(javac -version 2>&1 | sed -E 's/^javac ([0-9]+).*/\1/')
  if ! [ "$major" -ge 17 ] 2>/dev/null; then
    missing "a JDK, version 17 or later: $(javac -version 2>&1) is here (set JAVA_HOME and PATH to a newer one)"
  fi
}

check_compiler() {
  command -v cc >/dev/null ||
    missing "a C compiler as cc (Debian, Ubuntu: apt install build-essential; macOS: xcode-select --install)"
}

if [ "${1:-}" = --python ]; then
  find_python
  exit
fi
check_rust
check_java
check_python
check_compiler
exit "$missing"
