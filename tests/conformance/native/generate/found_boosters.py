"""What the differential fuzzer found in boosters, in their own files, and in what is made of their answers."""

from __future__ import annotations

import json
import pathlib
import tempfile

import numpy as np
import pandas as pd
from sklearn import ensemble as ens
from sklearn import preprocessing as pre
from sklearn.multiclass import OneVsRestClassifier

import data

X = data.numbers(n=100)
ROWS = data.awkward(X)
T = data.target(X)


def cases(w) -> None:
    labels(w)
    boosters(w)
    single_parts(w)


def boosters(w) -> None:
    try:
        import catboost as cat
        import xgboost as xgb
    except ImportError:
        return
    small = {"n_estimators": 3, "max_depth": 2, "n_jobs": 1, "random_state": 0, "objective": "multi:softmax"}
    # Probabilities by NumPy's exponential in single precision, which differs by the CPU.
    w.add("found_xgb_softmax", lambda: xgb.XGBClassifier(**small).fit(X, data.classes(X, 3)), ROWS, tolerance=2e-6)
    w.add(
        "found_xgb_softmax_f",
        lambda: xgb.XGBRFClassifier(**small).fit(X, data.classes(X, 9)),
        data.single(ROWS),
        tolerance=2e-6,
    )
    y = data.classes(X)
    w.add("found_cat_one_leaf", lambda: cat.CatBoostClassifier(iterations=2, depth=2, grow_policy="Lossguide", thread_count=1, random_seed=0,
        verbose=False, allow_writing_files=False, min_data_in_leaf=99).fit(X[:, :1], y), ROWS[:12, :1])  # fmt: skip
    if int(xgb.__version__[0]) >= 3:
        text = pd.DataFrame({"k": pd.Series(["é", "b", "Zürich", "d"] * 25, dtype=object).astype("category"), "a": X[:, 0]})
        w.add("found_xgb_not_ascii", lambda: xgb.XGBClassifier(n_estimators=2, max_depth=2, n_jobs=1, tree_method="hist",
            enable_categorical=True).fit(text, y), {"k": data._objects(["é", "b", "Zürich"]), "a": np.zeros(3)})  # fmt: skip


def single_parts(w) -> None:
    """Boosters answer single precision, and so do most estimators over them."""
    import xgboost as xgb

    options = {"n_estimators": 2, "max_depth": 2, "n_jobs": 1}
    w.add("found_rest_booster", lambda: OneVsRestClassifier(xgb.XGBClassifier(**options)).fit(X, data.classes(X, 3)), ROWS)
    w.add(
        "found_bagging_booster",
        lambda: ens.BaggingRegressor(xgb.XGBRegressor(**options), n_estimators=3, random_state=0).fit(X, T),
        ROWS,
    )
    w.add(
        "found_adaboost_booster",
        lambda: ens.AdaBoostRegressor(xgb.XGBRegressor(**options), n_estimators=3, random_state=0).fit(X, T),
        ROWS,
    )
    tiny = X[:, :3] * 1e-8
    for kind in ("normal", "uniform"):
        quantiles = pre.QuantileTransformer(n_quantiles=9, output_distribution=kind)
        w.add(f"found_quantile_single_{kind}", lambda q=quantiles: q.fit(tiny), tiny[:9].astype("f4"))


def labels(w) -> None:
    """CatBoost's files of releases that noted no labels for 0 and 1, and those of several labels a row."""
    w.add("found_catboost_without_labels", lambda: without_labels(catboost_of(data.classes(X))), ROWS)
    w.add(
        "found_catboost_multi_label",
        lambda: catboost_file(catboost_of(data.several_classes(X) % 2, loss_function="MultiLogloss")),
        ROWS,
    )


def catboost_of(y, **options):
    from catboost import CatBoostClassifier

    return CatBoostClassifier(iterations=2, depth=1, thread_count=1, verbose=0, allow_writing_files=False, **options).fit(X, y)


def catboost_file(model) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "model"
        model.save_model(str(path), format="json")
        return path.read_bytes()


def without_labels(model) -> bytes:
    file = json.loads(catboost_file(model))
    del file["model_info"]["class_params"]
    return json.dumps(file).encode()
