"""Imputers and indicators of what is missing."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.impute import KNNImputer, MissingIndicator, SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

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
    in_rounds(w)
    of_text(w)


def in_rounds(w) -> None:
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401
    from sklearn.impute import IterativeImputer

    reals = np.where(np.isnan(X), np.nan, data.reals(len(X), 4, seed=8))[:60]
    # A row without any value is answered as alone it is not.
    rows = np.vstack([reals[:12], data.awkward(reals, 3)[14:]])
    rows = rows[~np.isnan(rows).all(1)]
    empty = np.column_stack([reals, np.full(60, np.nan)])
    whole = np.column_stack([reals, np.arange(60) % 7])
    tree = DecisionTreeRegressor(max_depth=3, random_state=0)
    for name, options in {
        "rounds": {}, "rounds_tree": {"estimator": tree, "max_iter": 2}, "rounds_ridge": {"estimator": Ridge(), "max_iter": 3},
        "rounds_limits": {"min_value": -0.5, "max_value": [0.5, 1.0, np.inf, 2.0], "max_iter": 2},
        "rounds_indicator": {"add_indicator": True, "max_iter": 2}, "rounds_median": {"initial_strategy": "median", "max_iter": 1},
        "rounds_few": {"n_nearest_features": 2, "max_iter": 2}, "rounds_none": {"max_iter": 0},
        "rounds_order": {"imputation_order": "random", "max_iter": 2},
    }.items():  # fmt: skip
        w.add(f"imputer_{name}", lambda o=options: IterativeImputer(**o, random_state=0).fit(reals), rows)
    # Drawn at random: refused.
    w.add(
        "imputer_rounds_drawn", lambda: IterativeImputer(sample_posterior=True, max_iter=1, random_state=0).fit(reals), rows[:4]
    )
    w.add(
        "imputer_rounds_whole",
        lambda: IterativeImputer(max_iter=2, random_state=0).fit(whole),
        np.column_stack([rows, rows[:, 1]]),
    )
    w.add(
        "imputer_rounds_empty",
        lambda: IterativeImputer(max_iter=2, random_state=0).fit(empty),
        np.column_stack([rows, rows[:, 0]]),
    )
    w.add("imputer_rounds_keeps_empty", lambda: IterativeImputer(max_iter=2, random_state=0, keep_empty_features=True).fit(
        empty), np.column_stack([rows, rows[:, 0]]))  # fmt: skip
    w.add("imputer_rounds_f32_rows", lambda: IterativeImputer(max_iter=2, random_state=0).fit(reals), data.single(rows))
    w.add("imputer_rounds_minus_one", lambda: IterativeImputer(missing_values=-1, max_iter=2, random_state=0).fit(
        np.nan_to_num(reals, nan=-1.0)), np.nan_to_num(rows, nan=-1.0))  # fmt: skip
    frame = pd.DataFrame(reals, columns=["a", "b", "c", "d"])
    w.add("imputer_rounds_pipeline", lambda: make_pipeline(
        IterativeImputer(max_iter=2, random_state=0), StandardScaler(), LogisticRegression()).fit(frame, np.arange(60) % 2),
        dict(zip("abcd", rows.T.copy())))  # fmt: skip


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
