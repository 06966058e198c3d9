"""Files of XGBoost, LightGBM and CatBoost themselves, under names that say nothing."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest
from conftest import Served

from pelton.worker import own_files
from pelton.worker.errors import LoadError

RANDOM = np.random.default_rng(3)
X = RANDOM.normal(size=(80, 3))
Y = (X[:, 0] > 0).astype(int)


@pytest.mark.parametrize("kind", ["json", "ubj"])
def test_xgboost(tmp_path, kind):
    xgboost = pytest.importorskip("xgboost")
    classifier = xgboost.XGBClassifier(n_estimators=3).fit(X, Y)
    classifier.save_model(tmp_path / f"m.{kind}")
    path = (tmp_path / f"m.{kind}").rename(tmp_path / "model.pkl")
    served = Served(path)
    assert served.hello["class"] == "xgboost.sklearn.XGBClassifier"
    assert np.array_equal(served.matrix(X, "predict_proba")["predict_proba"], classifier.predict_proba(X))
    booster = xgboost.train({"objective": "reg:squarederror"}, xgboost.DMatrix(X, Y), 3)
    booster.save_model(tmp_path / f"b.{kind}")
    served = Served((tmp_path / f"b.{kind}").rename(tmp_path / "booster.bin"))
    assert np.array_equal(served.matrix(X)["predict"], booster.predict(xgboost.DMatrix(X)))


def test_lightgbm(tmp_path):
    lightgbm = pytest.importorskip("lightgbm")
    model = lightgbm.LGBMRegressor(n_estimators=3, verbose=-1).fit(X, X[:, 0])
    model.booster_.save_model(tmp_path / "model.pkl")
    assert np.array_equal(Served(tmp_path / "model.pkl").matrix(X)["predict"], model.predict(X))


@pytest.mark.parametrize("kind", ["cbm", "json"])
def test_catboost(tmp_path, kind):
    catboost = pytest.importorskip("catboost")
    model = catboost.CatBoostClassifier(iterations=3, verbose=False, allow_writing_files=False).fit(X, Y)
    model.save_model(str(tmp_path / "model.pkl"), format=kind)
    answer = Served(tmp_path / "model.pkl").matrix(X, "predict_proba")["predict_proba"]
    # JSON keeps fewer digits of the scale.
    assert np.allclose(answer, model.predict_proba(X), rtol=0, atol=1e-9)


def test_a_library_that_is_not_there_is_named(tmp_path, monkeypatch):
    path = tmp_path / "model.bin"
    path.write_bytes(b"tree\nversion=v4\n")

    def gone(_: str) -> None:
        raise ImportError("No module named 'lightgbm'")

    monkeypatch.setitem(own_files._LOADERS, "lightgbm", gone)
    with pytest.raises(LoadError, match=r"'model\.bin' is a model of lightgbm, which the model's"):
        Served(path)


def test_other_json_is_nobodys():
    assert own_files.library_of(b'{"name": "x"}') is None
    assert own_files.library_of(b"\x80\x04learner") is None


def test_xgboosts_old_binary_form_is_known_without_a_mark():
    cases = pathlib.Path(__file__).parents[2] / "tests" / "conformance" / "native" / "cases"
    for name in ("xgb12/xgb_old_raw.model", "xgb09/xgb_old_binary.model", "sk15/xgb_old_linear.model"):
        path = cases / name
        assert own_files.is_old_xgboost(str(path)), name
        assert own_files.library_of(path.read_bytes()) == "xgboost", name
        assert own_files.library_of(path.read_bytes()[:150]) is None, name
    assert own_files.library_of(bytes(500)) is None
    assert own_files.library_of(b"\x80\x04" + bytes(500)) is None
