"""Trains the benchmark's LogisticRegression, pickles it as anyone would, and writes rows with its answers.

Usage: train.py FOLDER [--features 4|30]

Writes FOLDER/lr.pkl and FOLDER/lr_cases.json ({"features": [[...]], "predictions": [...]}), the rows and the model's own
answers that the load generator and the Flink job send and compare. Four features are scikit-learn's iris, thirty its
breast cancer set; the rows are those of the set with noise, so that no two are alike.
"""

from __future__ import annotations

import argparse
import json
import pickle
from pathlib import Path

import numpy as np
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.linear_model import LogisticRegression

ROWS = 4096
SEED = 7


def train(features: int) -> tuple[LogisticRegression, np.ndarray]:
    """Return the fitted model and `ROWS` rows of float64, shape [ROWS, features]."""
    load = {4: load_iris, 30: load_breast_cancer}[features]
    x, y = load(return_X_y=True)
    model = LogisticRegression(max_iter=20_000).fit(x, y)
    random = np.random.default_rng(SEED)
    rows = x[random.integers(0, len(x), ROWS)] + random.normal(0, x.std(axis=0) * 0.2, (ROWS, features))
    return model, rows


def main() -> None:
    """Train, pickle and write the cases."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--features", type=int, choices=(4, 30), default=4)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    model, rows = train(arguments.features)
    with (arguments.folder / "lr.pkl").open("wb") as file:
        pickle.dump(model, file)
    # One by one, as the requests come.
    predictions = [float(model.predict(row.reshape(1, -1))[0]) for row in rows]
    cases = {"features": rows.tolist(), "predictions": predictions}
    (arguments.folder / "lr_cases.json").write_text(json.dumps(cases))


if __name__ == "__main__":
    main()
