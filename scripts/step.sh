#!/usr/bin/env bash
# Runs one long step: a line with its name and time on the terminal, everything it prints in target/logs/NAME.log.
# When it fails: the end of that log and its path. Not for tests, whose output is the point.
#
# usage: scripts/step.sh NAME LABEL COMMAND [ARGUMENT...]
set -uo pipefail

name=$1 label=$2
shift 2
root=$(cd "$(dirname "$0")/.." && pwd)
log=$root/target/logs/$name.log
mkdir -p "$root/target/logs"

SECONDS=0
if [ -t 1 ]; then
  "$@" >"$log" 2>&1 </dev/null &
  child=$!
  trap 'kill "$child" 2>/dev/null; wait "$child" 2>/dev/null; printf "\n"; exit 130' INT TERM
  while kill -0 "$child" 2>/dev/null; do
    printf '\r  %-44s %4d s ' "$label" "$SECONDS"
    sleep 0.2
  done
  wait "$child"
  status=$?
  printf '\r'
else
  "$@" >"$log" 2>&1 </dev/null
  status=$?
fi

if [ "$status" -eq 0 ]; then
  printf '  %-44s %4d s \n' "$label" "$SECONDS"
else
  printf '  %-44s failed after %d s\n\n' "$label" "$SECONDS"
  tail -n 40 "$log" | sed 's/^/    /'
  printf '\n  the whole log: %s\n' "${log#"$root"/}"
fi
exit "$status"
