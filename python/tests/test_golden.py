"""``pelton.save``: what it writes, and what it refuses to write."""

from __future__ import annotations

import hashlib
import json
import pickle
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import LabelEncoder, OneHotEncoder, OrdinalEncoder, StandardScaler

import pelton
from pelton.golden import first_difference

X = np.array([[0.1, 1.0], [1.0, np.nan], [2.0, -0.0], [3.0, 1e300]])


def saved(model, path, sample, **options) -> dict:
    golden = pelton.save(model, path, sample, **options)
    assert golden == f"{path}.golden.json"
    return json.loads(open(golden, encoding="utf-8").read())


def tensors(told: list) -> dict:
    types = {"FP64": "<f8", "FP32": "<f4", "INT64": "<i8", "BOOL": "?", "BYTES": object}
    return {one["name"]: np.array(one["data"], types[one["datatype"]]).reshape(one["shape"]) for one in told}


def test_a_matrix_and_every_answer_with_their_bits(tmp_path):
    model = HistGradientBoostingClassifier(max_iter=3).fit(np.tile(X, (10, 1)), [0, 1, 2, 1] * 10)
    golden = saved(model, tmp_path / "model.pkl", X)
    content = (tmp_path / "model.pkl").read_bytes()
    assert golden["model"] == {
        "file": "model.pkl",
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    assert golden["pelton_golden"] == 1 and golden["rows"] == 4 and golden["tolerance"] is None
    assert golden["libraries"]["numpy"] == np.__version__
    assert golden["inputs"][0]["data"][3] == "NaN"
    assert tensors(golden["inputs"])["input"].tobytes() == X.tobytes()
    outputs = tensors(golden["outputs"])
    assert list(outputs) == ["predict", "predict_proba", "decision_function"]
    assert outputs["predict_proba"].tobytes() == model.predict_proba(X).tobytes()
    assert outputs["predict"].tolist() == pickle.loads(content).predict(X).tolist()


def test_columns_of_every_kind_with_gaps(tmp_path):
    frame = pd.DataFrame(
        {
            "city": ["Köln", None, "Bern", "Köln"],
            "age": [1.5, np.nan, 3.0, 4.0],
            "rooms": pd.array([1, 2, None, 4], dtype="Int64"),
            "new": [True, False, True, False],
        }
    )
    numbers = SimpleImputer(strategy="median")
    model = make_pipeline(
        make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["city"]), remainder=numbers),
        LogisticRegression(),
    ).fit(frame, ["a", "b", "a", "b"])
    golden = saved(model, tmp_path / "model.joblib", frame)
    assert joblib.load(tmp_path / "model.joblib").classes_.tolist() == ["a", "b"]
    told = {one["name"]: one for one in golden["inputs"]}
    assert list(told) == ["city", "city:valid", "age", "rooms", "rooms:valid", "new"]
    assert told["city"]["data"] == ["Köln", "", "Bern", "Köln"]
    assert told["city:valid"] == {
        "name": "city:valid", "datatype": "BOOL", "shape": [4], "data": [True, False, True, True]
    }  # fmt: skip
    assert (told["age"]["datatype"], told["age"]["data"][1]) == ("FP64", "NaN")
    assert (told["rooms"]["datatype"], told["rooms"]["data"]) == ("INT64", [1, 2, 0, 4])
    assert told["new"]["datatype"] == "BOOL"
    assert tensors(golden["outputs"])["predict"].tolist() == model.predict(frame).tolist()


def test_texts_and_several_targets(tmp_path):
    words = ["good film", "bad film", "good", "bad"]
    model = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(words, [1, 0, 1, 0])
    golden = saved(model, tmp_path / "text.pkl", words, tolerance=1e-9)
    assert golden["inputs"] == [{"name": "input", "datatype": "BYTES", "shape": [4], "data": words}]
    assert golden["tolerance"] == 1e-9
    two = RandomForestClassifier(3).fit(np.nan_to_num(X[:, :1]), [[0, 1], [1, 1], [0, 0], [1, 0]])
    outputs = tensors(saved(two, tmp_path / "two.pkl", X[:, :1])["outputs"])
    assert list(outputs) == ["predict", "predict_proba_0", "predict_proba_1"]


def test_a_model_without_names_gets_the_frame_as_a_matrix(tmp_path):
    model = LogisticRegression().fit(np.nan_to_num(X[:, :1]), [0, 1, 0, 1])
    golden = saved(model, tmp_path / "model.pkl", pd.DataFrame({"a": [0.5, 1.5]}))
    assert [one["name"] for one in golden["inputs"]] == ["input"]


def test_what_a_server_could_not_answer_alike_is_refused(tmp_path):
    frame = pd.DataFrame({"when": pd.to_datetime(["2013-01-01", "2013-01-02"]), "n": [1.0, 2.0]})
    model = make_pipeline(
        make_column_transformer(("drop", ["when"]), remainder="passthrough"), LogisticRegression()
    ).fit(frame, [0, 1])
    path = tmp_path / "model.pkl"
    with pytest.raises(ValueError, match="'when' of the sample is of dtype datetime64"):
        pelton.save(model, path, frame)
    with pytest.raises(ValueError, match="lacks the column 'n'"):
        pelton.save(model, path, frame[["when"]])
    with pytest.raises(ValueError, match="0 rows"):
        pelton.save(LogisticRegression().fit([[0.0], [1.0]], [0, 1]), path, np.zeros((0, 1)))
    assert not path.exists()


def test_numbers_may_be_off_by_the_tolerance_and_labels_not_at_all():
    one = np.array([[1.0, 2.0], [np.nan, -np.inf], [1e20, 0.0]])
    assert first_difference(one, one.copy()) is None
    other = one.copy()
    other[2, 0] *= 1 + 1e-13
    assert first_difference(one, other) is None
    other[2, 0] *= 1 + 1e-11
    assert first_difference(one, other) == 2
    assert first_difference(one, other, 1e-9) is None
    other[1, 1] = np.inf
    assert first_difference(one, other, 1e-9) == 1
    assert first_difference(np.array([1, 2]), np.array([1, 3])) == 1
    assert first_difference(np.array([1, 2]), np.array([1.0, 2.0])) == 0


def test_rows_for_a_model_that_is_saved_in_pieces(tmp_path):
    scaler, encoder = StandardScaler().fit(X[:, :1]), LabelEncoder().fit(["high", "low"])
    model = LogisticRegression().fit(scaler.transform(X[:, :1]), [0, 0, 1, 1])
    folder = tmp_path / "a+b"
    folder.mkdir()
    for name, piece in {"scaler": scaler, "x#1": {"model/1": model}, "labels": encoder}.items():
        (folder / f"{name}.pkl").write_bytes(pickle.dumps(piece))
    spec = f"{folder}/scaler.pkl+{folder}/x#1.pkl#model/1+{folder}/labels.pkl"
    path = pelton.save_rows(spec, X[:, :1], tolerance=1e-9)
    assert path == str(folder / "scaler.pkl+x#1.pkl#model_1+labels.pkl.golden.json")
    golden = json.loads(Path(path).read_text(encoding="utf-8"))
    assert [(one["file"], one.get("key")) for one in golden["pieces"]] == [
        ("scaler.pkl", None),
        ("x#1.pkl", "model/1"),
        ("labels.pkl", None),
    ]
    assert "model" not in golden
    assert golden["tolerance"] == 1e-9
    expected = encoder.inverse_transform(model.predict(scaler.transform(X[:, :1]))).tolist()
    assert tensors(golden["outputs"])["predict"].tolist() == expected
    # A whole file has them as pelton.save writes them.
    path = pelton.save_rows(folder / "scaler.pkl", X[:, :1])
    whole = json.loads(Path(path).read_text(encoding="utf-8"))
    assert whole["model"]["file"] == "scaler.pkl"


@pytest.mark.parametrize(
    ("save", "words"),
    [
        (lambda to: pelton.save({"model": 1}, to / "m.pkl", X), "a dict of 1 is no model.*pelton.save_rows"),
        (
            lambda to: pelton.save(LogisticRegression(), to / "none" / "m.pkl", X),
            "the folder '.*none' of .* does not",
        ),
        (lambda to: pelton.save_rows(to / "gone.pkl", X), "'gone.pkl' does not exist"),
        (
            lambda to: pelton.save(StandardScaler().fit(X[:1]), to / "m.pkl", X[:1], tolerance=0),
            "0 is no number above",
        ),
    ],
)
def test_what_cannot_be_saved_is_told(tmp_path, save, words):
    with pytest.raises((ValueError, FileNotFoundError), match=words):
        save(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_dates_are_refused_with_a_way_out(tmp_path):
    frame = pd.DataFrame({"day": pd.to_datetime(["2020-01-01", "2020-01-02"])})
    with pytest.raises(ValueError, match="cannot be sent to a server; train on numbers made of it"):
        pelton.save(OrdinalEncoder().fit(frame), tmp_path / "m.pkl", frame)
