#!/usr/bin/env bash
# Writes all golden files again. Needs Python 3.11, 3.10, 3.6 and 2.7 (PYTHON311, ... name them) with pip;
# environments go to the folder given, target/goldens by default.
set -euo pipefail
cd "$(dirname "$0")"
root=$(realpath -m "${1:-../../../../target/goldens}")
mkdir -p "$root"

# make NAME INTERPRETER PACKAGE...: the packages live in a folder of their own, so that Python 2 needs no venv
make() {
	local name=$1 python=$2
	shift 2
	[ -d "$root/$name" ] || "$python" -m pip install --quiet --target "$root/$name" "$@"
	PYTHONPATH=$root/$name "$python" "${script:-make_pickles.py}" "$name"
}

make sk19 "${PYTHON311:-python3.11}" scikit-learn==1.9.1 numpy==2.4.6 scipy==1.17.1 joblib==1.6.0 skops==0.16.0 dill lz4 pandas lightgbm==4.7.0
make sk15 "${PYTHON311:-python3.11}" scikit-learn==1.5.2 numpy==1.26.4 scipy==1.11.4 joblib==1.4.2 skops==0.10.0 dill lz4 pandas==2.2.3
make sk12 "${PYTHON310:-python3.10}" scikit-learn==1.2.2 numpy==1.24.4 scipy==1.10.1 joblib==1.2.0 dill lz4 pandas==1.5.3
make sk20 "${PYTHON36:-python3.6}" scikit-learn==0.20.4 numpy==1.16.6 scipy==1.2.3
make py27 "${PYTHON27:-python2.7}" scikit-learn==0.20.4 numpy==1.16.6 scipy==1.2.3
script=make_old_joblib.py make jl09 "${PYTHON36:-python3.6}" joblib==0.9.2 scikit-learn==0.20.4 numpy==1.16.6 scipy==1.2.3
script=make_old_joblib.py make jl08 "${PYTHON27:-python2.7}" joblib==0.8.4 scikit-learn==0.20.4 numpy==1.16.6 scipy==1.2.3
