"""XGBoost's old binary form: files that releases before 3.1 wrote, and pickles of those before 1.6."""

from __future__ import annotations

import pathlib
import tempfile

import numpy as np
import pandas as pd
import xgboost as xgb
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

import data

GAPS = data.numbers(seed=5, missing=True)
ROWS = data.awkward(GAPS)
T = data.target(GAPS)
VERSION = tuple(int(part) for part in xgb.__version__.split(".")[:2])
SMALL = {"n_estimators": 5, "max_depth": 3, "n_jobs": 1}


def cases(w) -> None:
    if VERSION >= (3, 1):
        return  # neither written nor read
    two, three, counts = data.classes(GAPS), data.classes(GAPS, 3), np.abs(T).round()
    for name, (options, y) in {
        "binary": ({"objective": "binary:logistic"}, two), "base_score": ({"objective": "binary:logistic", "base_score": 0.2}, two),
        "steep": ({"objective": "binary:logistic", "eta": 60.0, "lambda": 0.0}, two), "raw": ({"objective": "binary:logitraw",
            "base_score": 0.3}, two), "three": ({"objective": "multi:softprob", "num_class": 3}, three),
        "labels": ({"objective": "multi:softmax", "num_class": 3}, three), "regression": ({"objective": "reg:linear"}, T),
        "poisson": ({"objective": "count:poisson", "base_score": 2.0}, counts), "gamma": ({"objective": "reg:gamma"}, counts + 1),
        "dart": ({"booster": "dart", "rate_drop": 0.5, "objective": "binary:logistic"}, two),
        "linear": ({"booster": "gblinear", "max_depth": None, "objective": "multi:softprob", "num_class": 3}, three),
        "ranker": ({"objective": "rank:pairwise"}, counts), "forest": ({"num_parallel_tree": 3, "subsample": 0.5}, T),
        "pruned": ({"gamma": 2.0, "max_depth": 6, "tree_method": "exact"}, T),
    }.items():  # fmt: skip
        o = {k: v for k, v in {"max_depth": 3, "nthread": 1, "seed": 0, **options}.items() if v is not None}

        def train(o=o, y=y):
            return xgb.train(o, xgb.DMatrix(GAPS, label=y), 5)

        w.add(f"xgb_old_{name}", lambda t=train: binary(t()), ROWS, reload=reloaded)
        if VERSION < (1, 6):
            w.add(f"xgb_old_{name}_pickle", train, ROWS)
    if VERSION >= (1, 6):
        return
    names = ["a", "b", "c", "d d", "e"]
    columns = pd.DataFrame(GAPS, columns=names)
    w.add("xgb_old_classifier", lambda: xgb.XGBClassifier(**SMALL).fit(GAPS, data.classes(GAPS, 2, "text")), ROWS)
    w.add("xgb_old_classifier_three", lambda: xgb.XGBClassifier(**SMALL).fit(GAPS, data.classes(GAPS, 3, "text")), ROWS)
    w.add("xgb_old_columns", lambda: xgb.XGBRegressor(**SMALL).fit(columns, T), dict(zip(names, ROWS.T.copy())))
    # A forest is one round, which its object tells only by its class.
    w.add("xgb_old_forest_class", lambda: xgb.XGBRFRegressor(**SMALL).fit(GAPS, T), ROWS)
    w.add("xgb_old_forest_three", lambda: xgb.XGBRFClassifier(**SMALL).fit(GAPS, data.classes(GAPS, 3, "text")), ROWS)
    w.add("xgb_old_parallel", lambda: xgb.XGBRegressor(**SMALL, num_parallel_tree=3, subsample=0.5).fit(GAPS, T), ROWS)
    # Sparse rows were not searched for what is missing before 1.4.
    encoded = np.nan_to_num(GAPS).round()
    w.add("xgb_old_missing_sparse", lambda: make_pipeline(OneHotEncoder(handle_unknown="ignore"), xgb.XGBRegressor(
        **SMALL, missing=1.0)).fit(encoded, T), ROWS)  # fmt: skip
    w.add("xgb_old_missing_gaps", lambda: xgb.XGBRegressor(**SMALL, missing=0.0).fit(np.nan_to_num(GAPS), T), ROWS)
    w.add("xgb_old_missing", lambda: xgb.XGBRegressor(**SMALL, missing=0.0).fit(GAPS, T), ROWS)

    for labels in ("text", "int"):

        def saved(labels=labels):
            with tempfile.TemporaryDirectory() as folder:
                path = pathlib.Path(folder) / "model.json"
                xgb.XGBClassifier(**SMALL).fit(GAPS, data.classes(GAPS, 3, labels)).save_model(str(path))
                return path.read_bytes()

        w.add(f"xgb_old_saved_{labels}", saved, ROWS)

    def early(**options):
        model = xgb.XGBClassifier(**{**SMALL, "n_estimators": 40, "learning_rate": 1.0, **options})
        fitted = {"eval_set": [(GAPS[90:], three[90:])], "early_stopping_rounds": 2, "verbose": False}
        return model.fit(GAPS[:90], three[:90], **fitted)

    w.add("xgb_old_early", early, ROWS)


def binary(booster):
    try:
        return bytes(booster.save_raw("deprecated"))
    except TypeError:
        return bytes(booster.save_raw())  # it knew no other


def reloaded(path):
    booster = xgb.Booster({"nthread": 1})
    booster.load_model(bytearray(path.read_bytes()))
    return booster
