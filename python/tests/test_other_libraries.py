"""Models of libraries beside scikit-learn; each test runs where its library is installed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris

X, Y = load_iris(return_X_y=True)
FRAME = pd.DataFrame(X, columns=["sl", "sw", "pl", "pw"])


def check(served, model, names, *outputs):
    if names is None:
        assert served.hello["form"] == "matrix"
        assert served.hello["inputs"][0]["shape"] == [-1, 4]
        answer = served.matrix(X, *outputs)
    else:
        assert [one["name"] for one in served.hello["inputs"]] == names
        answer = served.columns(dict(FRAME.items()), *outputs)
    for output in outputs:
        np.testing.assert_array_equal(answer[output], getattr(model, output)(X if names is None else FRAME))


@pytest.mark.parametrize("data", [X, FRAME], ids=["matrix", "frame"])
def test_xgboost(serve, data):
    xgboost = pytest.importorskip("xgboost")
    names = list(FRAME.columns) if data is FRAME else None
    model = xgboost.XGBClassifier(n_estimators=3).fit(data, Y)
    served = serve(model)
    assert served.hello["platform"] == "xgboost"
    check(served, model, names, "predict", "predict_proba")
    assert served.output("predict_proba") == {"name": "predict_proba", "dtype": "FP32", "shape": [-1, 3]}
    booster = model.get_booster()
    served = serve(booster)
    answer = served.matrix(X)["predict"]
    np.testing.assert_array_equal(answer, booster.predict(xgboost.DMatrix(data)))


@pytest.mark.parametrize("data", [X, FRAME], ids=["matrix", "frame"])
def test_lightgbm(serve, data):
    lightgbm = pytest.importorskip("lightgbm")
    names = list(FRAME.columns) if data is FRAME else None
    model = lightgbm.LGBMClassifier(n_estimators=3, verbose=-1).fit(data, Y)
    served = serve(model)
    assert served.hello["platform"] == "lightgbm"
    check(served, model, names, "predict", "predict_proba")
    booster = model.booster_
    np.testing.assert_array_equal(serve(booster).matrix(X)["predict"], booster.predict(data))


@pytest.mark.parametrize("data", [X, FRAME], ids=["matrix", "frame"])
def test_catboost(serve, data):
    catboost = pytest.importorskip("catboost")
    names = list(FRAME.columns) if data is FRAME else None
    model = catboost.CatBoostClassifier(iterations=3, verbose=0, allow_writing_files=False).fit(data, Y)
    served = serve(model)
    assert served.hello["platform"] == "catboost"
    check(served, model, names, "predict", "predict_proba")


def test_catboost_tells_its_categories(serve):
    catboost = pytest.importorskip("catboost")
    frame = pd.DataFrame(
        {"x": X[:, 0], "c": np.where(X[:, 1] > 3, "wide", "närrow"), "n": X[:, 2].astype(int)}
    )
    options = {"iterations": 3, "verbose": 0, "allow_writing_files": False}
    named = catboost.CatBoostClassifier(**options, cat_features=["c", "n"]).fit(frame, Y)
    served = serve(named)
    told = [(one["name"], one["dtype"], one["accepts"]) for one in served.hello["inputs"]]
    assert told == [("x", "FP64", "any"), ("c", "BYTES", "any"), ("n", "BYTES", "any")]
    assert served.hello["outputs"][0]["shape"] == [-1, 1]
    answer = served.columns(dict(frame.items()), "predict")
    np.testing.assert_array_equal(answer["predict"], named.predict(frame))

    unnamed = catboost.CatBoostClassifier(**options, cat_features=[1, 2]).fit(frame.to_numpy(object), Y)
    assert serve(unnamed).hello["inputs"] == [
        {"name": "input", "dtype": "BYTES", "shape": [-1, 3], "accepts": "any"}
    ]


def with_categories() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    return pd.DataFrame(
        {
            "x": rng.normal(size=300),
            "c": pd.Categorical(rng.choice(["a", "b", "cç"], 300)),
            "d": pd.Categorical(rng.choice(["u", "v"], 300)),
        }
    )


@pytest.mark.parametrize("library", ["lightgbm", "xgboost"])
def test_columns_fitted_as_pandas_categories_are_sent_as_text(serve, library):
    module = pytest.importorskip(library)
    frame = with_categories()
    labels = ((frame.x > 0) ^ (frame.c == "a")).astype(int)
    if library == "lightgbm":
        model = module.LGBMClassifier(n_estimators=5, verbose=-1).fit(frame, labels)
    else:
        model = module.XGBClassifier(n_estimators=5, enable_categorical=True).fit(frame, labels)
        if not hasattr(model.get_booster(), "get_categories"):
            pytest.skip("xgboost before 3.1 does not keep its categories")
    served = serve(model)
    # One row, and a part with fewer categories than there are: codes must not shift.
    part = frame[frame.c != "a"]
    for rows in (frame, part, part[:1]):
        columns = {name: rows[name].to_numpy() for name in frame}
        columns["c"], columns["d"] = (rows[name].astype(object).to_numpy() for name in "cd")
        np.testing.assert_array_equal(
            served.columns(columns, "predict_proba")["predict_proba"], model.predict_proba(rows)
        )


class OnlyPredict:
    """What is left of a model of some library that says nothing about itself."""

    def predict(self, data):
        return np.asarray(data, dtype=float).sum(axis=1)


def test_an_object_that_only_predicts_takes_what_is_sent(serve):
    served = serve(OnlyPredict())
    assert served.hello["form"] == "any" and served.hello["inputs"] == []
    assert served.ask(3, [("whatever", X)])["predict"].tolist() == X.sum(axis=1).tolist()
    columns = [(name, FRAME[name].to_numpy().copy()) for name in FRAME]
    np.testing.assert_allclose(served.ask(3, columns)["predict"], X.sum(axis=1))
