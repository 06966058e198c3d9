"""Imputers and indicators of what is missing."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.impute import KNNImputer, MissingIndicator, SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import data

X = data.numbers(features=4, seed=5, missing=True)
ROWS = data.awkward(X)
EMPTY = np.column_stack([X, np.full(len(X), np.nan)])
WHOLE = np.column_stack([X, np.arange(len(X)) % 7])


def cases(w) -> None:
    for name, options in {
        "mean": {}, "median": {"strategy": "median"}, "mode": {"strategy": "most_frequent"},
        "constant": {"strategy": "constant", "fill_value": -9.5}, "constant_default": {"strategy": "constant"},
    }.items():  # fmt: skip
        w.add(f"imputer_{name}", lambda o=options: SimpleImputer(**o).fit(X), ROWS)
        w.add(f"imputer_{name}_indicator", lambda o=options: SimpleImputer(**o, add_indicator=True).fit(X), ROWS)
        w.add(f"imputer_{name}_empty", lambda o=options: SimpleImputer(**o).fit(EMPTY), data.awkward(EMPTY))
        w.add(f"imputer_{name}_keeps_empty",
              lambda o=options: SimpleImputer(**o, keep_empty_features=True).fit(EMPTY), data.awkward(EMPTY))  # fmt: skip
        w.add(f"imputer_{name}_f32", lambda o=options: SimpleImputer(**o).fit(X.astype("f4")), data.single(ROWS))
        w.add(f"imputer_{name}_f32_rows", lambda o=options: SimpleImputer(**o).fit(X), data.single(ROWS))
        w.add(f"imputer_{name}_f32_trained", lambda o=options: SimpleImputer(**o).fit(X.astype("f4")), ROWS)
    w.add("imputer_zero_is_missing", lambda: SimpleImputer(missing_values=0).fit(np.nan_to_num(X)), ROWS)
    w.add("imputer_minus_one_is_missing", lambda: SimpleImputer(
        missing_values=-1, add_indicator=True).fit(np.nan_to_num(X)), ROWS)  # fmt: skip
    w.add("imputer_indicator_few", lambda: SimpleImputer(add_indicator=True).fit(WHOLE), data.awkward(WHOLE))
    w.add("imputer_whole_rows", lambda: SimpleImputer().fit(X), np.arange(40, dtype="<i8").reshape(10, 4))
    w.add("missing_indicator", lambda: MissingIndicator(error_on_new=False).fit(WHOLE), data.awkward(WHOLE))
    w.add("missing_indicator_all", lambda: MissingIndicator(features="all").fit(WHOLE), data.awkward(WHOLE))
    w.add("knn_imputer", lambda: KNNImputer(n_neighbors=3).fit(X[:40]), ROWS[:30])
    near(w)
    of_text(w)


def near(w) -> None:
    """Rows that are never equally far away, but for a few that no release takes for such."""
    reals = np.where(np.isnan(X), np.nan, data.reals(len(X), 4, seed=8))[:70]
    rows = np.vstack([reals[:12], data.awkward(reals, 3)[14:]])
    filled = np.nan_to_num(reals, nan=-1.0)
    empty = np.column_stack([reals, np.full(70, np.nan)])
    for name, options in {
        "near": {}, "near_one": {"n_neighbors": 1}, "near_all": {"n_neighbors": 500},
        "near_distance": {"weights": "distance"}, "near_indicator": {"add_indicator": True, "n_neighbors": 7},
    }.items():  # fmt: skip
        w.add(
            f"imputer_{name}",
            lambda o=options: KNNImputer(**o).fit(reals),
            rows if "indicator" not in name else rows[np.isnan(rows).any(1)],
        )
    w.add("imputer_near_minus_one", lambda: KNNImputer(missing_values=-1).fit(filled), np.nan_to_num(rows, nan=-1.0))
    w.add("imputer_near_empty", lambda: KNNImputer().fit(empty), np.column_stack([rows, rows[:, 0]]))
    w.add(
        "imputer_near_keeps_empty", lambda: KNNImputer(keep_empty_features=True).fit(empty), np.column_stack([rows, rows[:, 0]])
    )
    w.add("imputer_near_f32", lambda: KNNImputer().fit(reals.astype("f4")), data.single(rows))
    w.add("imputer_near_f32_rows", lambda: KNNImputer(weights="distance").fit(reals), data.single(rows))
    w.add("imputer_near_pipeline", lambda: make_pipeline(
        StandardScaler(), KNNImputer(), LogisticRegression()).fit(reals, np.arange(70) % 2), rows)  # fmt: skip


def of_text(w) -> None:
    people = data.people(seed=2)[["city", "plan"]]
    inputs = data.people_inputs(seed=2, columns=["city", "plan"])
    for name, options in {
        "mode": {"strategy": "most_frequent"}, "constant": {"strategy": "constant", "fill_value": "none ø"},
        "mode_indicator": {"strategy": "most_frequent", "add_indicator": True},
    }.items():  # fmt: skip
        w.add(f"imputer_text_{name}", lambda o=options: SimpleImputer(**o).fit(people), inputs)
    with_none = people.astype(object).where(people.notna(), None)
    w.add("imputer_text_none", lambda: SimpleImputer(
        missing_values=None, strategy="most_frequent").fit(with_none), inputs)  # fmt: skip
    numbers = pd.DataFrame({"age": data.people()["age"], "visits": data.people()["visits"]})
    inputs = data.people_inputs(seed=3, columns=["age", "visits"])
    w.add("imputer_columns", lambda: SimpleImputer(strategy="median").fit(numbers), inputs)
    held = np.empty(len(inputs["visits"]), object)
    held[:] = [None if i % 5 == 0 else int(v) for i, v in enumerate(inputs["visits"])]
    w.add("imputer_columns_valid", lambda: SimpleImputer(strategy="median").fit(numbers), {**inputs, "visits": held})
