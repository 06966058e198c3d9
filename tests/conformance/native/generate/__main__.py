"""Trains every model of every family with the libraries of this interpreter and writes the cases.

python generate STACK [--out FOLDER] [--only PART_OF_A_NAME] [--family NAME]
"""

from __future__ import annotations

import os

# One thread everywhere, before numpy and its kin are loaded: more change the last bits.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import importlib
import pathlib
import time

import case

FAMILIES = (
    "scaling", "encoding", "imputing", "linear", "trees", "boosting", "kernels", "points", "reducing", "composed",
    "pipelines", "text", "xgb", "xgbold", "lgb", "catb", "catc", "third", "found", "found_columns",
    "found_boosters",
)  # fmt: skip
# Trained by the test command into a cache, never committed; only when it is asked for.
LARGE = "large"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("stack")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parents[1] / "cases")
    parser.add_argument("--all", action="store_true", help="also the cases that are not committed")
    parser.add_argument("--only", default="", help="cases whose name has this in it")
    parser.add_argument("--family", action="append", choices=(*FAMILIES, LARGE))
    chosen = parser.parse_args()
    whole = chosen.all or chosen.family == [LARGE]
    writer = case.Writer(chosen.out / chosen.stack, chosen.only, lambda name: whole or case.is_committed(chosen.stack, name))
    for family in chosen.family or FAMILIES:
        start, before = time.time(), len(writer.written)
        try:
            importlib.import_module(family).cases(writer)
        except (ImportError, TypeError) as error:
            # Of releases between the stacks only a few cases are wanted, and these are looked for below.
            if chosen.stack not in case.BETWEEN:
                raise
            writer.absent.append((f"family {family}, the rest of it", f"{type(error).__name__}: {error}"[:200]))
        print(f"{family}: {len(writer.written) - before} cases, {time.time() - start:.1f} s", flush=True)
    for name, reason in writer.absent:
        print(f"  not in this version: {name}: {reason}")
    if chosen.stack in case.BETWEEN and not (chosen.all or chosen.only or chosen.family):
        writer.failed += [(name, "was not reached") for name in case.BETWEEN[chosen.stack] if name not in writer.written]
    for name, reason in writer.failed:
        print(f"  FAILED {name}: {reason}")
    size = sum(path.stat().st_size for path in (chosen.out / chosen.stack).glob("*"))
    print(f"{chosen.stack}: {len(writer.written)} cases written, the folder has {size / 1e6:.1f} MB")
    raise SystemExit(1 if writer.failed else 0)


if __name__ == "__main__":
    main()
