"""Golden rows: written by ``pelton.save``, held against whatever runs the model, before it is ready."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import LabelEncoder, OneHotEncoder, StandardScaler

from conftest import PYTHON, ROOT
from test_configuration import refused  # noqa: F401 - a fixture

sys.path.insert(0, str(ROOT / "python"))

import pelton

RANDOM = np.random.default_rng(7)
X = RANDOM.normal(size=(60, 3))
Y = np.where(X[:, 0] > 0.1, "high", "low")
FRAME = pd.DataFrame({"city": RANDOM.choice(["Oslo", "Bergen", None], 60), "age": X[:, 0], "rooms": np.arange(60) % 5})
EXECUTORS = ["auto", "python"]


def scaled():
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(X, Y)


def mixed():
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder()), ["city"]),
        (StandardScaler(), ["age"]),
        remainder="passthrough",
    )
    return make_pipeline(columns, LogisticRegression()).fit(FRAME, Y)


@pytest.fixture
def block(program, tmp_path):
    """Serves a model to its readiness, and gives what the start said of it."""
    import serving

    def started(*arguments: str) -> str:
        log = tmp_path / "server.log"
        with serving.Server([*arguments, "--python", PYTHON], log=log, program=program) as server:
            assert server.stop() == 0
        return server.output()

    return started


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("make", [scaled, mixed])
def test_a_model_that_answers_as_python_did_is_served(block, tmp_path, make, executor):
    sample = FRAME if make is mixed else X
    pelton.save(make(), tmp_path / "model.pkl", sample)
    said = block(str(tmp_path / "model.pkl"), "--executor", executor)
    assert "golden   60 rows answered as in Python, within 1e-12" in said


def test_texts_have_golden_rows_too(block, tmp_path):
    words = ["good film", "bad film", "good", "bad"]
    model = make_pipeline(CountVectorizer(), LogisticRegression()).fit(words, [1, 0, 1, 0])
    pelton.save(model, tmp_path / "model.joblib", words)
    assert "golden   4 rows" in block(str(tmp_path / "model.joblib"))


@pytest.mark.parametrize("executor", EXECUTORS)
def test_the_first_row_that_differs_is_named(refused, block, tmp_path, executor):  # noqa: F811
    path = pelton.save(scaled(), tmp_path / "model.pkl", X[:10])
    golden = json.loads(Path(path).read_text(encoding="utf-8"))
    label, probabilities = golden["outputs"][0]["data"], golden["outputs"][1]["data"]
    probability = probabilities[13]
    probabilities[13] += 1e-9
    Path(path).write_text(json.dumps(golden), encoding="utf-8")
    code, told = refused("model.pkl", "--executor", executor, "--python", PYTHON)
    assert code == 1
    by = "the native engine" if executor == "auto" else PYTHON
    assert f"error: model 'model' (model.pkl) failed to load with {by}: its answers are not those that" in told
    assert f"row 6, output 'predict_proba'[1]: expected {probability + 1e-9!r}, got {probability!r}" in told, told
    assert "it may be off by 1e-12" in told
    label[3] = "middle"
    Path(path).write_text(json.dumps(golden), encoding="utf-8")
    code, told = refused("model.pkl", "--executor", executor, "--python", PYTHON)
    assert (code, "row 3, output 'predict': expected \"middle\"" in told) == (1, True), told
    # Whoever knows better may have it served.
    assert "golden" not in block(str(tmp_path / "model.pkl"), "--no-verify")


def test_rows_of_another_model_are_told_apart(refused, tmp_path):  # noqa: F811
    path = pelton.save(scaled(), tmp_path / "model.pkl", X)
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(LogisticRegression().fit(X, Y)))
    code, told = refused("model.pkl", "--python", PYTHON)
    assert (code, "model.pkl.golden.json was saved with another model.pkl; save the golden rows anew" in told) == (2, True), (
        told
    )
    Path(path).write_text("{}", encoding="utf-8")
    code, told = refused("model.pkl", "--python", PYTHON)
    assert (code, "model.pkl.golden.json holds no golden rows: missing field" in told) == (2, True), told


@pytest.mark.parametrize("executor", EXECUTORS)
def test_pieces_answer_alike_whatever_runs_them(serve, tmp_path, executor):
    import wire

    scaler, encoder = StandardScaler().fit(X), LabelEncoder().fit(Y)
    model = LogisticRegression().fit(scaler.transform(X), encoder.transform(Y))
    (tmp_path / "scaler.pkl").write_bytes(pickle.dumps(scaler))
    (tmp_path / "bundle.pkl").write_bytes(pickle.dumps({"clf": {"model": model}, "labels": [encoder]}))
    spec = f"churn={tmp_path}/scaler.pkl+{tmp_path}/bundle.pkl#clf.model+{tmp_path}/bundle.pkl#labels.0"
    server = serve(spec, "--executor", executor, models=())
    said = "runs     " + ("native, " if executor == "auto" else "python ")
    with wire.Client(server.grpc) as client:
        answer = wire.outputs(client.infer(wire.request("churn", wire.matrix(X), ask=("predict", "predict_proba"))))
    scaled_rows = scaler.transform(X)
    labels = encoder.inverse_transform(model.predict(scaled_rows)).tolist()
    assert [label.decode() for label in answer[0]["data"]] == labels
    assert np.allclose(answer[1]["data"], model.predict_proba(scaled_rows).ravel(), rtol=0, atol=1e-12)
    assert server.stop() == 0
    assert said in server.output()


def pieces(folder):
    """A scaler, a model and its label encoder in files of their own, and the three in one bundle."""
    scaler, encoder = StandardScaler().fit(X), LabelEncoder().fit(Y)
    model = LogisticRegression().fit(scaler.transform(X), encoder.transform(Y))
    for name, piece in {"scaler": scaler, "model": model, "labels": encoder}.items():
        (folder / f"{name}.pkl").write_bytes(pickle.dumps(piece))
    (folder / "bundle.pkl").write_bytes(pickle.dumps({"scaler": scaler, "clf": {"model": model}, "labels": encoder}))


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize(
    ("spec", "rows"),
    [
        ("{0}/scaler.pkl+{0}/model.pkl+{0}/labels.pkl", "scaler.pkl+model.pkl+labels.pkl.golden.json"),
        ("{0}/bundle.pkl#clf.model", "bundle.pkl#clf.model.golden.json"),
        ("{0}/scaler.pkl+{0}/bundle.pkl#clf.model", "scaler.pkl+bundle.pkl#clf.model.golden.json"),
    ],
)
def test_a_model_in_pieces_has_golden_rows(block, refused, tmp_path, executor, spec, rows):  # noqa: F811
    pieces(tmp_path)
    spec = spec.format(tmp_path)
    path = Path(pelton.save_rows(spec, X[:12]))
    assert path == tmp_path / rows
    assert "golden   12 rows answered as in Python, within 1e-12" in block(f"churn={spec}", "--executor", executor)
    golden = json.loads(path.read_text(encoding="utf-8"))
    label = golden["outputs"][0]["data"]
    label[4] = "middle" if isinstance(label[4], str) else 7
    path.write_text(json.dumps(golden), encoding="utf-8")
    code, told = refused(f"churn={spec}", "--executor", executor, "--python", PYTHON)
    assert (code, "row 4, output 'predict': expected" in told) == (1, True), told


def test_a_failed_load_is_told_once(program, tmp_path):
    path = Path(pelton.save(scaled(), tmp_path / "model.pkl", X[:12]))
    path.write_text(path.read_text(encoding="utf-8").replace("low", "lower"), encoding="utf-8")
    command = [program, "serve", "model.pkl", "--grpc-port", "0", "--http-port", "0"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr.count("its answers are not those that") == 1, done.stderr


def test_golden_rows_belong_to_all_of_the_pieces(refused, tmp_path):  # noqa: F811
    pieces(tmp_path)
    spec = f"{tmp_path}/scaler.pkl+{tmp_path}/model.pkl"
    path = Path(pelton.save_rows(spec, X[:12]))
    (tmp_path / "scaler.pkl").write_bytes(pickle.dumps(StandardScaler().fit(X * 2)))
    code, told = refused(f"churn={spec}")
    assert (code, f"{path.name} was saved with another scaler.pkl" in told) == (2, True), told
