"""LightGBM: its scikit-learn classes in pickles, and its own text."""

from __future__ import annotations

import lightgbm as lgb
import numpy as np
import pandas as pd

import data
from tables import COUNTS, GAP_ROWS, GAPS, REAL_ROWS, ROWS, R, T, X

SMALL = {"n_estimators": 6, "num_leaves": 7, "min_child_samples": 5, "n_jobs": 1, "random_state": 0, "verbose": -1}


def cases(w) -> None:
    classifiers(w)
    regressors(w)
    categories(w)
    own(w)


def classifiers(w) -> None:
    for labels in ("int", "odd", "text", "object", "bool"):
        w.add(f"lgb_{labels}", lambda n=labels: lgb.LGBMClassifier(**SMALL).fit(X, data.classes(X, 2, n)), ROWS)
    for labels in ("int", "text"):
        w.add(f"lgb_three_{labels}", lambda n=labels: lgb.LGBMClassifier(**SMALL).fit(X, data.classes(X, 3, n)), ROWS)
    w.add("lgb_ten", lambda: lgb.LGBMClassifier(**{**SMALL, "n_estimators": 3}).fit(R, data.classes(R, 10)), REAL_ROWS)
    for name, options in {
        "gaps": {}, "zero_as_missing": {"zero_as_missing": True}, "no_missing": {"use_missing": False}, "dart": {"boosting_type": "dart",
            "drop_rate": 0.5}, "goss": {"data_sample_strategy": "goss"}, "forest": {"boosting_type": "rf", "subsample": 0.6,
            "subsample_freq": 1}, "sigmoid": {"sigmoid": 2.5}, "unbalanced": {"is_unbalance": True}, "few_bins": {"max_bin": 7},
        "linear": {"linear_tree": True}, "deep": {"num_leaves": 31, "min_child_samples": 1}, "no_average": {"boost_from_average": False},
        "monotone": {"monotone_constraints": [1, -1, 0, 0, 0]}, "ova": {"objective": "multiclassova"},
        "cross_entropy": {"objective": "cross_entropy"}, "extra": {"extra_trees": True, "path_smooth": 1.0},
    }.items():  # fmt: skip
        o = {**SMALL, **options}
        if name != "ova":
            w.add(f"lgb_{name}", lambda o=o: lgb.LGBMClassifier(**o).fit(GAPS, data.classes(GAPS)), GAP_ROWS)
        if name not in ("unbalanced", "cross_entropy"):
            w.add(f"lgb_three_{name}", lambda o=o: lgb.LGBMClassifier(**o).fit(GAPS, data.classes(GAPS, 3, "text")), GAP_ROWS)
    w.add("lgb_f32_rows", lambda: lgb.LGBMClassifier(**SMALL).fit(R, data.classes(R)), data.single(REAL_ROWS))
    w.add(
        "lgb_whole_rows", lambda: lgb.LGBMClassifier(**SMALL).fit(X, data.classes(X)), np.arange(50, dtype="<i8").reshape(10, 5)
    )
    names = ["a", "b", "c", "d_d", "e"]
    w.add("lgb_columns", lambda: lgb.LGBMClassifier(**SMALL).fit(pd.DataFrame(GAPS, columns=names), data.classes(GAPS, 2, "text")),
          dict(zip(names, GAP_ROWS.T.copy())))  # fmt: skip

    def early(count):
        model = lgb.LGBMClassifier(**{**SMALL, "n_estimators": 40, "learning_rate": 1.0})
        y = data.classes(X, count, "text")
        return model.fit(X[:90], y[:90], eval_set=[(X[90:], y[90:])], callbacks=[lgb.early_stopping(2, verbose=False)])

    w.add("lgb_early", lambda: early(2), ROWS)
    w.add("lgb_three_early", lambda: early(3), ROWS)


def regressors(w) -> None:
    for objective, y in {
        "regression": T, "regression_l1": T, "huber": T, "fair": T, "poisson": COUNTS, "quantile": T, "mape": COUNTS + 1,
        "gamma": COUNTS + 1, "tweedie": COUNTS,
    }.items():  # fmt: skip
        w.add(f"lgb_regressor_{objective}", lambda o=objective, y=y: lgb.LGBMRegressor(**SMALL, objective=o).fit(X, y), ROWS)
    w.add("lgb_regressor_sqrt", lambda: lgb.LGBMRegressor(**SMALL, reg_sqrt=True).fit(X, T), ROWS)
    w.add("lgb_regressor_gaps", lambda: lgb.LGBMRegressor(**SMALL).fit(GAPS, data.target(GAPS)), GAP_ROWS)
    w.add("lgb_regressor_one_leaf", lambda: lgb.LGBMRegressor(**{**SMALL, "min_child_samples": 1000}).fit(X, T), ROWS[:10])
    groups = np.repeat(10, 16)
    relevance = np.digitize(T, np.quantile(T, [0.3, 0.6, 0.9]))
    for objective in ("lambdarank", "rank_xendcg"):
        w.add(
            f"lgb_ranker_{objective}",
            lambda o=objective: lgb.LGBMRanker(**SMALL, objective=o).fit(X, relevance, group=groups),
            ROWS,
        )


def categories(w) -> None:
    rng = np.random.RandomState(8)
    coded = np.column_stack([rng.randint(0, 40, 400), rng.randint(-8, 9, 400) / 2.0, rng.randint(0, 5, 400)]).astype("f8")
    y = (coded[:, 0] % 3 + coded[:, 1] + (coded[:, 2] == 2) > 1.5).astype(int)
    rows = data.awkward(coded)
    rows[:10, 0] = [0, 31, 32, 39, 40, -1, 1.5, 63, 1e9, -0.5]
    for name, options in {"sets": {"cat_smooth": 1, "min_data_per_group": 5}, "one_hot": {"max_cat_to_onehot": 50}}.items():
        o = {**SMALL, **options}
        w.add(f"lgb_categories_{name}", lambda o=o: lgb.LGBMClassifier(**o).fit(coded, y, categorical_feature=[0, 2]), rows)
    people = data.people(seed=6)
    frame = people[["age", "city", "plan", "visits"]].astype({"city": "category", "plan": "category"})
    w.add("lgb_categories_text", lambda: lgb.LGBMClassifier(**SMALL, cat_smooth=1, min_data_per_group=5).fit(
        frame, data.people_classes(people, 2, "text")), data.people_inputs(6, columns=["age", "city", "plan", "visits"]))  # fmt: skip


def own(w) -> None:
    for name, options, y in (
        ("binary", {"objective": "binary"}, data.classes(GAPS)), ("three", {"objective": "multiclass", "num_class": 3},
            data.classes(GAPS, 3)), ("regression", {"objective": "regression"}, data.target(GAPS)),
        ("poisson", {"objective": "poisson"}, np.abs(data.target(GAPS)).round()),
        ("forest", {"objective": "binary", "boosting": "rf", "bagging_fraction": 0.6, "bagging_freq": 1}, data.classes(GAPS)),
    ):  # fmt: skip

        def train(options=options, y=y):
            parameters = {"num_leaves": 7, "min_data_in_leaf": 5, "num_threads": 1, "verbose": -1, "seed": 0, **options}
            return lgb.train(parameters, lgb.Dataset(GAPS, label=y), 6)

        w.add(f"lgb_booster_{name}_pickle", train, GAP_ROWS)
        w.add(f"lgb_booster_{name}_text", lambda t=train: t().model_to_string(), GAP_ROWS, reload=reloaded)
    names = ["a", "b", "c", "d", "e"]
    w.add("lgb_booster_named_text", lambda: lgb.LGBMClassifier(**SMALL).fit(pd.DataFrame(GAPS, columns=names), data.classes(
        GAPS)).booster_.model_to_string(), dict(zip(names, GAP_ROWS.T.copy())), reload=reloaded)  # fmt: skip


def reloaded(path):
    return lgb.Booster(model_file=str(path))
