"""Files of every kind, and what is said about those that cannot be loaded."""

from __future__ import annotations

import builtins
import gzip
import pickle
import subprocess
import sys
import textwrap

import joblib
import numpy as np
import pytest
from conftest import Served, texts
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import pelton
from pelton.worker.errors import AnswerError, LoadError
from pelton.worker.estimator import _refuse_unfitted

X = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 2.0], [3.0, 1.0]])
MODEL = LogisticRegression().fit(X, [0, 1, 0, 1])


@pytest.mark.parametrize("compress", [0, 3, ("gzip", 3), ("bz2", 3), ("lzma", 3), ("xz", 3)])
def test_joblib_is_told_by_content_not_by_name(tmp_path, compress):
    path = tmp_path / "model.pkl"
    joblib.dump(MODEL, path, compress=compress)
    assert Served(path).matrix(X)["predict"].tolist() == MODEL.predict(X).tolist()


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickles_of_every_protocol(tmp_path, protocol):
    path = tmp_path / "model.joblib"
    path.write_bytes(pickle.dumps(MODEL, protocol))
    assert Served(path).matrix(X)["predict"].tolist() == MODEL.predict(X).tolist()


def test_a_gzipped_pickle(tmp_path):
    path = tmp_path / "model.pkl"
    path.write_bytes(gzip.compress(pickle.dumps(MODEL)))
    assert Served(path).matrix(X)["predict"].shape == (4,)


def test_a_skops_file(tmp_path):
    skops_io = pytest.importorskip("skops.io")
    path = tmp_path / "model.skops"
    skops_io.dump(MODEL, path)
    assert Served(path).matrix(X)["predict"].tolist() == MODEL.predict(X).tolist()


def test_a_directory_with_one_model_file(tmp_path):
    (tmp_path / "README.md").write_text("about")
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(MODEL))
    assert Served(tmp_path).matrix(X)["predict"].shape == (4,)
    (tmp_path / "b.joblib").write_bytes(b"")
    with pytest.raises(LoadError, match=r"exactly one .* holds 'a.pkl', 'b.joblib'"):
        Served(tmp_path)


def failure(path) -> str:
    with pytest.raises(LoadError) as caught:
        Served(path)
    return str(caught.value)


def test_what_is_no_model_is_told_in_words(tmp_path):
    path = tmp_path / "model.pkl"
    assert "'gone.pkl' does not exist" in failure(tmp_path / "gone.pkl")
    for content, told in [
        (b"", "is empty"),
        (b"hello, world", "is not a whole pickle"),
        (pickle.dumps(MODEL)[:-20], "is not a whole pickle"),
        (pickle.dumps(3), "'model.pkl' holds an int, which has no predict or transform: wrap it in a class"),
        (b"PK\x03\x04....", "skops"),
        (b"cnot_installed_module\nThing\n.", "needs the Python module 'not_installed_module'"),
        (b"csklearn.linear_model\nGone\n.", "'sklearn.linear_model.Gone', which the installed 'sklearn'"),
    ]:
        path.write_bytes(content)
        assert told in failure(path)


def test_a_class_left_in_the_training_script_is_explained(tmp_path):
    script = tmp_path / "train.py"
    script.write_text(
        textwrap.dedent(
            """
            import pickle, sys
            class Mine:
                def predict(self, X): return X
            pickle.dump(Mine(), open(sys.argv[1], "wb"))
            """
        )
    )
    path = tmp_path / "mine.pkl"
    subprocess.run([sys.executable, str(script), str(path)], check=True)
    told = failure(path)
    assert "'Mine'" in told and "script that saved it" in told and "module" in told


def test_a_joblib_file_without_joblib(tmp_path, monkeypatch):
    path = tmp_path / "model.joblib"
    joblib.dump(MODEL, path, compress=3)
    real = builtins.__import__

    def without_joblib(name, *rest):
        if name == "joblib":
            raise ImportError("no joblib")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without_joblib)
    assert "zlib-compressed" in failure(path) and "install joblib" in failure(path)


def test_a_model_that_lacks_what_it_needs_fails_at_load(tmp_path):
    path = tmp_path / "model.pkl"
    broken = LogisticRegression().fit(X, [0, 1, 0, 1])
    del broken.coef_
    path.write_bytes(pickle.dumps(broken))
    assert "predict does not work" in failure(path)


def test_a_model_that_was_never_fitted_says_so(tmp_path):
    path = tmp_path / "model.pkl"
    for model in (LogisticRegression(), make_pipeline(StandardScaler(), LogisticRegression())):
        path.write_bytes(pickle.dumps(model))
        assert "was not fitted before it was saved" in failure(path)


def test_a_pipeline_of_a_release_that_cannot_tell_whether_it_was_fitted_is_not_refused(monkeypatch):
    pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, [0, 1, 0, 1])
    monkeypatch.delattr(type(pipeline), "__sklearn_is_fitted__")
    _refuse_unfitted(pipeline)
    with pytest.raises(LoadError, match="was not fitted"):
        _refuse_unfitted(LogisticRegression())


def write(tmp_path, body: str):
    path = tmp_path / "custom.py"
    path.write_text("import numpy as np\nimport pelton\n" + textwrap.dedent(body))
    return path


DOUBLER = """
    from helper import FACTOR

    class Base(pelton.Model):
        pass

    class Doubler(Base):
        inputs = {"x": ("FP32", [-1, 2]), "word": (object, [-1])}
        outputs = {"y": (np.float64, [-1, 2]), "shout": ("BYTES", [-1])}

        def load(self, path):
            self.greeting = open(path + "/greeting.txt").read()

        def predict(self, inputs):
            words = np.array([self.greeting + w.upper() for w in inputs["word"]])
            return {"y": inputs["x"] * FACTOR, "shout": words}
    """


def test_a_class_of_ones_own(tmp_path):
    (tmp_path / "helper.py").write_text("FACTOR = 2\n")
    (tmp_path / "greeting.txt").write_text("hi ")
    served = Served(write(tmp_path, DOUBLER))
    assert served.hello["form"] == "tensors"
    assert served.hello["inputs"][0] == {
        "name": "x",
        "dtype": "FP32",
        "shape": [-1, 2],
        "accepts": "exactly",
    }
    assert served.hello["outputs"][1] == {"name": "shout", "dtype": "BYTES", "shape": [-1]}
    named = [("x", np.ones((2, 2), "f4")), ("word", texts("a", "ß"))]
    answer = served.ask(3, named, "shout", "y")
    assert answer["shout"].tolist() == ["hi A", "hi SS"]
    assert answer["y"].dtype == np.float64 and answer["y"].tolist() == [[2, 2], [2, 2]]


@pytest.mark.parametrize("declared", ['{"x": ("FP64", [-1, 1])}', "None"])
def test_a_class_gets_its_inputs_in_the_shape_they_were_sent_in(tmp_path, declared):
    body = f"""
        import pelton

        class Model(pelton.Model):
            inputs = {declared}

            def predict(self, inputs):
                return {{"y": inputs["x"] - inputs["x"].mean(axis=1, keepdims=True)}}
        """
    served = Served(write(tmp_path, body))
    column = np.array([[1.0], [2.0]])
    assert served.ask(3, [("x", column)])["y"].tolist() == [[0.0], [0.0]]
    gaps = served.ask(3, [("x", column), ("x:valid", np.array([True, False]))])["y"]
    np.testing.assert_array_equal(gaps, [[0.0], [np.nan]])


def test_the_example_in_the_documentation_works(tmp_path):
    example = pelton.Model.__doc__.split("::")[1].split("``pelton serve")[0]
    path = tmp_path / "doubler.py"
    path.write_text(textwrap.dedent(example))
    answer = Served(path).ask(3, [("x", np.ones((1, 3)))])
    assert answer["y"].tolist() == [[2.0, 2.0, 2.0]]


@pytest.mark.parametrize(
    "body, told",
    [
        ("x = 1", "defines none"),
        ("class A(pelton.Model): pass\nclass B(pelton.Model): pass", "'A', 'B'"),
        ("class A(pelton.Model):\n  inputs = {'x': 'FP64'}", "A.inputs['x'] must be a pair"),
        ("class A(pelton.Model):\n  inputs = {'x': ('FP46', [-1])}", "dtype 'FP46'"),
        ("class A(pelton.Model):\n  outputs = {'x': ('FP64', [3])}", "rows (-1) first"),
    ],
)
def test_classes_that_cannot_be_served(tmp_path, body, told):
    assert told in failure(write(tmp_path, body))


def answering(tmp_path, expression: str):
    body = (
        f"class A(pelton.Model):\n  def predict(self, inputs):\n    x = inputs['x']\n    return {expression}"
    )
    return Served(write(tmp_path, body))


def ask(served: Served, *outputs: str):
    return served.ask(3, [("x", np.array([1.0, 2.0]))], *outputs)


@pytest.mark.parametrize(
    "expression, dtype",
    [
        ("np.array([1, 2], '>i4')", "int32"),
        ("np.array([1, 2], '>f8')", "float64"),
        ("np.array([1, 2], 'f2')", "float16"),
        ("np.array([1, 2], 'g')", "float64"),
        ("x > 1", "bool"),
        ("np.arange(8.0).reshape(4, 2)[::2, ::-1]", "float64"),
        ("np.arange(6).reshape(3, 2).T", "int64"),
        ("[1, 2]", "int64"),
        ("['a', 'b']", "object"),
        ("np.array(['a', 'b'])", "object"),
        ("np.array([b'a', b'\\xff'], object)", "object"),
        ("np.array([1, 2.5], object)", "float64"),
        ("np.array([None, 2.5], object)", "float64"),
        ("np.array(['a', None], object)", "object"),
        ("np.empty((2, 0))", "float64"),
    ],
)
def test_what_can_be_sent_is_sent(tmp_path, expression, dtype):
    value = ask(answering(tmp_path, f"{{'y': {expression}}}"))["y"]
    assert value.dtype == dtype and value.shape[0] == 2


def test_frames_and_series_are_sent_as_values(tmp_path):
    import pandas as pd

    assert pd.__version__
    served = answering(tmp_path, "{'y': __import__('pandas').Series(['a', 'b'])}")
    assert ask(served)["y"].tolist() == ["a", "b"]


@pytest.mark.parametrize(
    "expression, told",
    [
        ("{'y': x[:1]}", "output 'y' has 1 rows, the batch has 2"),
        ("{'y': 7}", "output 'y' has a single value"),
        ("{'y': [[1], [1, 2]]}", "output 'y' is ragged"),
        ("{'y': np.array([[1], [1, 2]], object)}", "output 'y' is ragged"),
        ("{'y': np.array(['2013-01-01', 'NaT'], 'M8[s]')}", "dtype datetime64[s], which cannot be sent"),
        ("{'y': x + 1j}", "complex128"),
        ("{'y': None}", "NoneType"),
        ("{'y': {'a': 1}}", "type dict"),
        ("x", "must return a dict"),
    ],
)
def test_what_cannot_be_sent_names_the_output(tmp_path, expression, told):
    with pytest.raises(AnswerError) as caught:
        ask(answering(tmp_path, expression))
    assert told in str(caught.value)


def test_unknown_outputs_are_the_inputs_fault(tmp_path):
    with pytest.raises(ValueError, match="no output 'z', it answered 'y'"):
        ask(answering(tmp_path, "{'y': x}"), "z")
