"""Gradient boosting as scikit-learn has it: by exact trees and by histograms."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn import ensemble as ens
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression

import data
from tables import COUNTS, GAP_ROWS, GAPS, REAL_ROWS, ROWS, R, T, X


def cases(w) -> None:
    exact(w)
    histogram(w)
    categories(w)


def exact(w) -> None:
    small = {"n_estimators": 8, "max_depth": 3, "random_state": 0}
    for labels in ("int", "text", "object", "bool"):
        w.add(f"gradient_{labels}", lambda n=labels: ens.GradientBoostingClassifier(
            **small).fit(X, data.classes(X, 2, n)), ROWS)  # fmt: skip
    for name, options in {
        "exponential": {"loss": "exponential"}, "no_init": {"init": "zero"}, "subsample": {"subsample": 0.5},
        "early": {"n_iter_no_change": 2, "n_estimators": 30, "max_depth": 2}, "dummy": {"init": DummyClassifier()},
        "dummy_uniform": {"init": DummyClassifier(strategy="uniform", random_state=0)},
        "logistic": {"init": LogisticRegression()}, "rate": {"learning_rate": 0.3337, "max_leaf_nodes": 5},
    }.items():  # fmt: skip
        o = {**small, **options}
        # It starts from a linear model fitted on f32, whose products BLAS adds in f32 and in an order of its own.
        near = {"tolerance": 2e-6} if name == "logistic" else {}
        w.add(f"gradient_{name}", lambda o=o: ens.GradientBoostingClassifier(**o).fit(X, data.classes(X)), ROWS, **near)
        if name != "exponential":
            w.add(
                f"gradient_three_{name}",
                lambda o=o: ens.GradientBoostingClassifier(**o).fit(X, data.classes(X, 3, "text")),
                ROWS,
                **near,
            )
    rare = np.array([1] * 3 + [0] * (len(X) - 3))
    w.add("gradient_rare", lambda: ens.GradientBoostingClassifier(**small).fit(X, rare), ROWS)
    w.add("gradient_common", lambda: ens.GradientBoostingClassifier(**small).fit(X, 1 - rare), ROWS)
    w.add("gradient_reals", lambda: ens.GradientBoostingClassifier(**small).fit(R, data.classes(R)), REAL_ROWS)
    w.add("gradient_f32_rows", lambda: ens.GradientBoostingClassifier(**small).fit(R, data.classes(R)), data.single(REAL_ROWS))
    w.add("gradient_ten", lambda: ens.GradientBoostingClassifier(
        n_estimators=3, max_depth=2, random_state=0).fit(R, data.classes(R, 10)), REAL_ROWS)  # fmt: skip
    for name, options in {
        "": {}, "_huber": {"loss": "huber"}, "_absolute": {"loss": "absolute_error"}, "_quantile": {"loss": "quantile",
            "alpha": 0.8}, "_zero": {"init": "zero"}, "_linear": {"init": LinearRegression()}, "_deep": {"max_depth": 7},
    }.items():  # fmt: skip
        o = {**small, **options}
        near = {"tolerance": 2e-6} if name == "_linear" else {}
        w.add(f"gradient_regressor{name}", lambda o=o: ens.GradientBoostingRegressor(**o).fit(X, T), ROWS, **near)
    w.add("gradient_regressor_reals", lambda: ens.GradientBoostingRegressor(**small).fit(R, data.target(R)), REAL_ROWS)


def histogram(w) -> None:
    small = {"max_iter": 6, "max_depth": 4, "min_samples_leaf": 5, "random_state": 0}
    for labels in ("int", "text", "object", "bool"):
        w.add(f"histogram_{labels}", lambda n=labels: ens.HistGradientBoostingClassifier(
            **small).fit(X, data.classes(X, 2, n)), ROWS)  # fmt: skip
    for count in (3, 7, 10):
        w.add(f"histogram_{count}", lambda c=count: ens.HistGradientBoostingClassifier(
            **{**small, "max_iter": 3}).fit(R, data.classes(R, c, "text")), REAL_ROWS)  # fmt: skip
    for name, options in {
        "gaps": {}, "few_bins": {"max_bins": 4}, "early": {"early_stopping": True, "max_iter": 15, "max_leaf_nodes": 5},
        "monotonic": {"monotonic_cst": [1, -1, 0, 0, 0]}, "leaves": {"max_leaf_nodes": 6, "max_depth": None},
        "interactions": {"interaction_cst": "no_interactions"},
    }.items():  # fmt: skip
        o = {**small, **options}
        w.add(f"histogram_{name}", lambda o=o: ens.HistGradientBoostingClassifier(**o).fit(GAPS, data.classes(GAPS)), GAP_ROWS)
        w.add(f"histogram_three_{name}", lambda o=o: ens.HistGradientBoostingClassifier(**o).fit(
            GAPS, data.classes(GAPS, 3)), GAP_ROWS) if name != "monotonic" else None  # fmt: skip
        w.add(f"histogram_regressor_{name}", lambda o=o: ens.HistGradientBoostingRegressor(**o).fit(
            GAPS, data.target(GAPS)), GAP_ROWS)  # fmt: skip
    w.add(
        "histogram_f32_rows",
        lambda: ens.HistGradientBoostingClassifier(**small).fit(R, data.classes(R)),
        data.single(REAL_ROWS),
    )
    w.add("histogram_f32_trained", lambda: ens.HistGradientBoostingClassifier(**small).fit(
        R.astype("f4"), data.classes(R)), REAL_ROWS)  # fmt: skip
    for loss in ("poisson", "gamma", "absolute_error", "quantile"):
        o = {**small, "loss": loss, **({"quantile": 0.3} if loss == "quantile" else {})}
        w.add(f"histogram_regressor_{loss}", lambda o=o: ens.HistGradientBoostingRegressor(**o).fit(X, COUNTS + 0.5), ROWS)
    names = ["a", "b", "ç", "d d", "e"]
    w.add("histogram_columns", lambda: ens.HistGradientBoostingClassifier(**small).fit(
        pd.DataFrame(GAPS, columns=names), data.classes(GAPS)), dict(zip(names, GAP_ROWS.T.copy())))  # fmt: skip


def categories(w) -> None:
    """Codes as categories, and columns whose dtype says that they are."""
    rng = np.random.RandomState(8)
    coded = np.column_stack(
        [rng.randint(0, 9, 300) * 3, GAPS[rng.randint(0, len(GAPS), 300), 1], rng.randint(0, 40, 300)]
    ).astype("f8")
    coded[rng.rand(*coded.shape) < 0.08] = np.nan
    y = (
        np.nan_to_num(coded[:, 0]) % 5
        + np.nan_to_num(coded[:, 1])
        + (np.nan_to_num(coded[:, 2]) % 3) * 2
        + 0.3 * rng.randn(300)
    )
    rows = data.awkward(coded)
    rows[:10, 0] = [0, 3, 1, 24, 25, -1, 254, 255, 256, 0.5]
    rows[10:20, 2] = [0, 39, 40, 63, 64, -5, 1e9, 2.999, 300, 17]
    small = {"max_iter": 6, "max_leaf_nodes": 6, "min_samples_leaf": 4, "random_state": 0}
    for name, mask in {"mask": [True, False, True], "positions": [0, 2], "one": [2]}.items():
        o = {**small, "categorical_features": mask}
        w.add(f"histogram_categories_{name}", lambda o=o: ens.HistGradientBoostingClassifier(**o).fit(
            coded, (y > np.median(y)).astype(int)), rows)  # fmt: skip
        w.add(f"histogram_categories_{name}_three", lambda o=o: ens.HistGradientBoostingClassifier(**o).fit(
            coded, np.digitize(y, np.quantile(y, [0.3, 0.6]))), rows)  # fmt: skip
        w.add(f"histogram_categories_{name}_regressor", lambda o=o: ens.HistGradientBoostingRegressor(**o).fit(coded, y), rows)
    w.add("histogram_categories_f32_rows", lambda: ens.HistGradientBoostingRegressor(
        categorical_features=[0, 2], **small).fit(coded, y), data.single(rows))  # fmt: skip
    names = ["code", "x", "kind"]
    w.add("histogram_categories_named", lambda: ens.HistGradientBoostingRegressor(
        categorical_features=["code", "kind"], **small).fit(pd.DataFrame(coded, columns=names), y),
        dict(zip(names, rows.T.copy())))  # fmt: skip
    people = data.people(seed=6)
    frame = people[["age", "city", "plan", "visits"]].astype({"city": "category", "plan": "category"})
    w.add("histogram_categories_by_dtype", lambda: ens.HistGradientBoostingClassifier(
        categorical_features="from_dtype", **small).fit(frame, data.people_classes(people, 2, "text")),
        data.people_inputs(6, columns=["age", "city", "plan", "visits"]))  # fmt: skip
