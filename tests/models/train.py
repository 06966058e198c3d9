"""Makes the models the end-to-end and conformance tests serve, in target/models by default.

usage: python tests/models/train.py [FOLDER]

iris.pkl      LogisticRegression on the iris measurements: a matrix [rows, 4], integer labels
mixed.joblib  a pipeline on a DataFrame: `age` (numbers, with missing values) and `city` (text), text labels
The .py files beside this one are models with code of their own; they are copied along.
"""

from __future__ import annotations

import pickle
import shutil
import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_iris
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

HERE = Path(__file__).resolve().parent
CODE = ["echo.py", "fussy.py", "slow.py", "deadly.py"]


def iris() -> LogisticRegression:
    """The classic."""
    features, labels = load_iris(return_X_y=True)
    return LogisticRegression(max_iter=1000).fit(features, labels)


def mixed() -> Pipeline:
    """Who takes the ferry: islanders, and in the city the old. Separable enough that the labels are the same everywhere."""
    random = np.random.default_rng(2013)
    rows = pd.DataFrame(
        {
            "age": random.integers(18, 90, 400).astype("float64"),
            "city": random.choice(["Bergen", "Oslo", "Tromsø"], 400),
        }
    )
    labels = np.where((rows["city"] == "Tromsø") | (rows["age"] > 60), "ferry", "train")
    rows.loc[random.random(400) < 0.05, "age"] = np.nan
    columns = ColumnTransformer(
        [
            ("age", make_pipeline(SimpleImputer(), StandardScaler()), ["age"]),
            ("city", OneHotEncoder(handle_unknown="ignore"), ["city"]),
        ]
    )
    return Pipeline([("columns", columns), ("line", LogisticRegression(max_iter=1000))]).fit(rows, labels)


def main(folder: Path) -> None:
    """Writes every model."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "iris.pkl", "wb") as file:
        pickle.dump(iris(), file)
    joblib.dump(mixed(), folder / "mixed.joblib")
    for name in CODE:
        shutil.copy(HERE / name, folder / name)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parents[1] / "target" / "models")
