"""Models kept in pieces: several files in order, keys of bundles, label encoders behind a model."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from conftest import Served, texts
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.preprocessing import LabelEncoder, StandardScaler

from pelton.worker.errors import LoadError

X = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 2.0], [3.0, 1.0], [0.5, 0.5], [9.0, 9.0]])
NAMES = np.array(["low", "high", "low", "middle", "low", "high"])
ENCODER = LabelEncoder().fit(NAMES)
SCALER = StandardScaler().fit(X)
MODEL = LogisticRegression().fit(SCALER.transform(X), ENCODER.transform(NAMES))


@pytest.fixture
def save(tmp_path):
    def saved(**objects):
        for name, value in objects.items():
            (tmp_path / f"{name}.pkl").write_bytes(pickle.dumps(value))
        return [tmp_path / f"{name}.pkl" for name in objects]

    return saved


def failure(*parts) -> str:
    with pytest.raises(LoadError) as caught:
        Served(*parts)
    return str(caught.value)


def test_files_are_applied_in_their_order(save):
    served = Served(*save(scaler=SCALER, model=MODEL))
    scaled = SCALER.transform(X)
    answer = served.matrix(X, "predict", "predict_proba", "decision_function")
    assert answer["predict"].tolist() == MODEL.predict(scaled).tolist()
    assert np.array_equal(answer["predict_proba"], MODEL.predict_proba(scaled))
    assert served.hello["classes"] == ["0", "1", "2"]


def test_a_label_encoder_behind_the_model_decodes(save):
    served = Served(*save(scaler=SCALER, model=MODEL, encoder=ENCODER))
    expected = ENCODER.inverse_transform(MODEL.predict(SCALER.transform(X)))
    assert served.matrix(X)["predict"].tolist() == expected.tolist()
    assert served.output("predict")["dtype"] == "BYTES"
    assert served.hello["classes"] == ["high", "low", "middle"]


def test_whole_numbers_of_a_regressor_are_decoded_too(save):
    codes = np.array([0.0, 1.0])
    model = LinearRegression().fit([[0.0], [1.0]], codes)
    model.coef_, model.intercept_ = np.array([1.0]), 0.0
    served = Served(*save(model=model, encoder=LabelEncoder().fit(["a", "b"])))
    assert served.matrix([[0.0], [1.0]])["predict"].tolist() == ["a", "b"]
    with pytest.raises(ValueError, match="no whole numbers"):
        served.matrix([[0.5]])
    with pytest.raises(ValueError, match="does not know"):
        served.matrix([[2.0]])


def test_a_key_means_an_entry_of_a_bundle(save):
    bundle = {
        "model": MODEL,
        "parts": {"scaler": SCALER, "a.b": [ENCODER, 3]},
        7: "x",
        "features": ["a", "b"],
    }
    (path,) = save(bundle=bundle)
    plain = Served(f"{path}#model").matrix(X, "predict_proba")["predict_proba"]
    assert np.array_equal(plain, MODEL.predict_proba(X))
    served = Served(f"{path}#parts.scaler", f"{path}#model", f"{path}#parts.a.b.0")
    expected = ENCODER.inverse_transform(MODEL.predict(SCALER.transform(X)))
    assert served.matrix(X)["predict"].tolist() == expected.tolist()


def test_the_keys_there_are_are_told(save):
    (path,) = save(bundle={"scaler": SCALER, "model": MODEL, "features": ["a", "b"], "note": None})
    held = (
        "it holds 'scaler' (sklearn.preprocessing._data.StandardScaler), "
        "'model' (sklearn.linear_model._logistic.LogisticRegression), 'features' (a list of 2), 'note' (None)"
    )
    assert failure(path) == (
        "'bundle.pkl' holds a dict of 4, not a model; name the entry that is one by its key, such as "
        "'bundle.pkl#model', or with what goes with it, in the order applied, "
        f"'NAME=bundle.pkl#scaler+bundle.pkl#model': {held}"
    )
    assert failure(f"{path}#modle") == f"'bundle.pkl' has no 'modle'; did you mean 'model'? {held}"
    assert "'bundle.pkl#features' holds a list of 2 without a model" in failure(f"{path}#features")
    (path,) = save(alone=MODEL)
    assert "which has no keys: leave '#model' away" in failure(f"{path}#model")


def test_pieces_that_do_not_fit_are_named(save):
    scaler, model, encoder, other = save(
        scaler=SCALER, model=MODEL, encoder=ENCODER, other=LabelEncoder().fit(["a", "b"])
    )
    assert (
        "'model.pkl' holds sklearn.linear_model._logistic.LogisticRegression, which does not transform"
        in (failure(model, scaler))
    )
    assert "'other.pkl' decodes 2 labels numbered from 0, and 'model.pkl' before it predicts 0, 1, 2" in (
        failure(model, other)
    )
    assert "'scaler.pkl' before it predicts none" in failure(scaler, encoder)


def test_columns_have_the_names_the_first_piece_was_fitted_with(save):
    frame = pd.DataFrame(X, columns=["a", "b"])
    scaler = StandardScaler().fit(frame)
    served = Served(*save(scaler=scaler, model=MODEL))
    assert [one["name"] for one in served.hello["inputs"]] == ["a", "b"]
    answer = served.columns({"a": X[:, 0], "b": X[:, 1]}, "predict")
    assert answer["predict"].tolist() == MODEL.predict(SCALER.transform(X)).tolist()


def test_texts_go_through_a_vectorizer_of_its_own_file(save):
    words = ["good film", "bad film", "good", "bad"]
    count = CountVectorizer().fit(words)
    tfidf = TfidfTransformer().fit(count.transform(words))
    model = LogisticRegression().fit(tfidf.transform(count.transform(words)), [1, 0, 1, 0])
    served = Served(*save(count=count, tfidf=tfidf, model=model))
    assert served.matrix(texts("good", "bad"))["predict"].tolist() == [1, 0]


def test_a_class_cannot_be_a_piece(save, tmp_path):
    source = "import pelton\nclass M(pelton.Model):\n    def predict(self, inputs):\n        return inputs\n"
    (tmp_path / "own.py").write_text(source)
    (scaler,) = save(scaler=SCALER)
    assert "cannot be a piece" in failure(scaler, tmp_path / "own.py")
