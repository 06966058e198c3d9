#!/usr/bin/env bash
# Fills fuzz/corpus with the golden files that each target should start from.
set -euo pipefail
cd "$(dirname "$0")"
goldens=../crates/pickle/tests/goldens

# seed TARGET PATTERN...: the files small enough for a fuzzer
seed() {
	local target=$1
	shift
	mkdir -p "corpus/$target"
	for pattern in "$@"; do
		find "$goldens" -name "$pattern" -size -24k | while read -r file; do
			cp "$file" "corpus/$target/$(basename "$(dirname "$file")")-$(basename "$file")"
		done
	done
}

seed pickle '*.pkl'
seed joblib '*.raw.joblib' '*.zf.joblib' '*.zn.joblib'
seed compressed '*.zlib.joblib' '*.gzip.joblib' '*.bz2.joblib' '*.xz.joblib' '*.lzma.joblib' '*.lz4.joblib'
# Models with arrays in files beside them, and behind the model one of those, where the target finds it.
for model in "$goldens"/jl*/*.raw.joblib "$goldens"/jl*/*.zn.joblib; do
	for beside in "$model"_*; do
		cat "$model" "$beside" >"corpus/joblib/$(basename "$(dirname "$model")")-$(basename "$beside")"
	done
done
seed npy '*.npy'
seed skops '*.skops'
mkdir -p corpus/skops_schema
find "$goldens" -name '*.skops' | while read -r file; do
	name=$(basename "$(dirname "$file")")-$(basename "$file" .skops).json
	# Arrays are renamed to the few that the target's archive holds.
	unzip -p "$file" schema.json | sed -E 's/"[0-9]+\.npy"/"1.npy"/g; s/"[0-9a-f-]+\.bin"/"2.bin"/g' >"corpus/skops_schema/$name"
done

goldens=../crates/native/tests/goldens/boosters
seed xgboost 'xgb_*.json' 'xgb_*.ubj'
seed lightgbm 'lgb_*.txt'
seed catboost 'cat_*.cbm' 'cat_*.json'

goldens=../tests/conformance/native/cases
seed estimators '*.model'
seed xgboost 'xgb_old_*.model'
seed catboost 'cat_booster_categories_*.model'

goldens=../crates/native/tests/goldens/old
seed estimators '*.pkl'
