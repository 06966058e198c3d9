"""Trains models drawn from seeds with the libraries of this interpreter and writes them as conformance cases.

python fuzz.py STACK --seed FIRST --count N --out FOLDER
"""

from __future__ import annotations

import os

# One thread everywhere, before numpy and its kin are loaded: more change the last bits.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import collections
import contextlib
import inspect
import io
import pathlib
import re
import signal
import sys
import warnings

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "conformance" / "native" / "generate"))
sys.path.insert(0, str(HERE))

import joblib
import numpy as np

import case
import plans

# A seed may take this long; solvers can wander for ever on data that suits them badly.
SECONDS = 30


class TooLongError(BaseException):
    """Not to be taken for a row that is refused."""


def too_long(*_: object) -> None:
    raise TooLongError


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("stack")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--count", type=int, default=100, help="how many seeds")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--row", type=int, help="keep this row of the inputs alone")
    parser.add_argument("--kind", choices=sorted(set(plans.KINDS)), help="what to make, in place of what the seed says")
    parser.add_argument("--reasons", action="store_true", help="say why models were not made")
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")
    writer = case.Writer(chosen.out / chosen.stack)
    untrained = collections.Counter()
    signal.signal(signal.SIGALRM, too_long)
    for seed in range(chosen.seed, chosen.seed + chosen.count):
        signal.alarm(SECONDS)
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"), contextlib.redirect_stderr(io.StringIO()):
                warnings.simplefilter("ignore")
                label, model, inputs = plans.plan(seed, chosen.kind)
        except (Exception, TooLongError) as error:
            untrained[f"{type(error).__name__}: {error}"[:110]] += 1
            continue
        if chosen.row is not None:
            inputs = only(inputs, chosen.row)
        name = f"fuzz_{seed}_{re.sub('[^A-Za-z0-9-]', '', label)[:80]}"
        # Threads add up trees as they come.
        with contextlib.suppress(TooLongError), joblib.parallel_backend("sequential"):
            writer.write(name, model, inputs, measured=True, tolerance=tolerance(model, inputs))
    signal.alarm(0)
    print(f"{chosen.stack}: {len(writer.written)} cases of {chosen.count} seeds, {sum(untrained.values())} were not trained, "
          f"{len(writer.failed)} not answered")  # fmt: skip
    if chosen.reasons:
        for reason, count in untrained.most_common(40):
            print(f"  {count:4} {reason}")
        for name, reason in writer.failed[:40]:
            print(f"  {name}: {reason}")


def tolerance(model: object, inputs: object) -> float | None:
    """For what NumPy computes in single precision by functions of its own, which differ by the CPU."""
    columns = inputs.values() if isinstance(inputs, dict) else [inputs]
    single = any(getattr(column, "dtype", None) == np.float32 for column in columns)
    told = written(model)
    if single and "PowerTransformer" in told:
        return 5e-3  # of powers near 1, from which 1 is taken
    if "float32" in told and any(name in told for name in ("sublinear_tf=True", "log1p", "TruncatedSVD", "PCA")):
        return 2e-5  # texts counted in single precision
    return 2e-6 if getattr(model, "objective", "") == "multi:softmax" else None


def written(model: object) -> str:
    """The model with all that is in it."""
    takes = "N_CHAR_MAX" in inspect.signature(type(model).__repr__).parameters
    return model.__repr__(N_CHAR_MAX=1_000_000) if takes else str(model)


def only(inputs: object, row: int) -> object:
    if isinstance(inputs, dict):
        return {name: column[row : row + 1] for name, column in inputs.items()}
    return inputs[row : row + 1]


if __name__ == "__main__":
    main()
