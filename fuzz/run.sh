#!/usr/bin/env bash
# usage: fuzz/run.sh SECONDS [TARGET...]: runs each target (all of them by default) for that long, one after the other
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:?usage: fuzz/run.sh SECONDS [TARGET...]}
shift
targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(cargo +nightly fuzz list)

fuzz/seeds.sh
for target in "${targets[@]}"; do
	dict=fuzz/pickle.dict
	case $target in xgboost | lightgbm | catboost) dict=fuzz/boosters.dict ;; esac
	nice -n 15 cargo +nightly fuzz run "$target" -- -dict="$dict" -max_len=24576 -max_total_time="$seconds" \
		-rss_limit_mb=2048 -timeout=20 -print_final_stats=1
done
