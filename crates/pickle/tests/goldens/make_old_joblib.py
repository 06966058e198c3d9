"""Writes files of joblib before 0.10, whose arrays lie beside the model, and what Python sees in them.

Run once by each interpreter that has such a joblib (Python 2.7 too, hence the old style)::

    python make_old_joblib.py NAME

makes ``NAME/*.json`` and beside it each object in the three forms that joblib had: arrays in npy files
(``.raw``), all in one compressed file (``.zf``), compressed arrays in files of their own (``.zn``).
``make_all.sh`` makes the environments.
"""

# ruff: noqa: UP003, UP010, UP018, UP020 (Python 2 reads this file too)

from __future__ import print_function, unicode_literals

import io
import json
import os
import sys

import joblib
import make_pickles
import numpy as np


def objects():
    yield next(pair for pair in make_pickles.models() if pair[0] == "lr")
    zoo = make_pickles.zoo()
    kept = ("texts", "shared", "scalars", "f8", "fortran", "big_endian", "empty", "zero_dim", "texts_u", "record", "masked")
    arrays = {key: zoo[key] for key in kept}
    arrays["matrix"] = np.matrix([[1.5, 2.5], [3.5, 4.5]])
    yield "arrays", arrays
    yield "objects", {"objects": zoo["objects"]}


def main():
    folder = sys.argv[1]
    if not os.path.isdir(folder):
        os.makedirs(folder)
    for old in os.listdir(folder):
        os.remove(os.path.join(folder, old))
    print(folder, "Python", sys.version.split()[0], "joblib", joblib.__version__, "numpy", np.__version__)
    for name, value in objects():
        path = os.path.join(folder, name)
        described = json.dumps(make_pickles.describe(value), sort_keys=True, separators=(str(","), str(":")))
        with io.open(path + ".json", "w", encoding="utf-8") as out:
            out.write(type("")(described) + "\n")
        joblib.dump(value, path + ".raw.joblib")
        joblib.dump(value, path + ".zf.joblib", compress=3)
        # Nothing reads compressed objects: in Python 2 joblib wrote their text.
        if name != "objects":
            joblib.dump(value, path + ".zn.joblib", compress=3, cache_size=0)


if __name__ == "__main__":
    main()
