"""Trains the model of the demo on January to August, and pickles it as anyone would.

usage: python examples/flights/train.py [OUTPUT]     (target/demo/flights.pkl by default; about a minute on two cores)

"Arrives 15 minutes late or more", judged when the flight leaves the gate. Nothing here knows of Pelton.
"""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import data

DEFAULT_OUTPUT = Path(__file__).resolve().parents[2] / "target" / "demo" / "flights.pkl"


def build() -> Pipeline:
    """The untrained model: the preprocessing is part of it."""
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    text = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return Pipeline(
        [
            ("columns", ColumnTransformer([("numbers", numbers, data.WHOLE + data.REAL), ("text", text, data.TEXT)])),
            ("trees", HistGradientBoostingClassifier(random_state=13)),
        ]
    )


def main(output: Path) -> None:
    """Trains and saves; the file appears whole or not at all."""
    rows = data.training_rows(data.load())
    model = build().fit(rows[data.FEATURES], rows["late"].astype("int64"))
    output.parent.mkdir(parents=True, exist_ok=True)
    unfinished = output.with_suffix(".tmp")
    with open(unfinished, "wb") as file:
        pickle.dump(model, file)
    unfinished.replace(output)
    print(f"trained on {len(rows)} flights, {rows['late'].mean():.1%} late: {output}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_OUTPUT)
