"""What a person at a terminal is told: right rows scored, wrong ones named by their row and column."""

from __future__ import annotations

import gzip
import os
import pickle
import subprocess

import grpc
import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

import wire

RANDOM = np.random.default_rng(11)
X = RANDOM.normal(size=(80, 3))
Y = np.where(X[:, 0] > 0, "late", "punctual")
FRAME = pd.DataFrame({"delay": X[:, 0], "origin": RANDOM.choice(["JFK", "LGA"], 80), "seats": X[:, 1]})


@pytest.fixture
def place(tmp_path):
    """A folder with a model of named columns and one of a plain matrix."""
    columns = make_column_transformer((OneHotEncoder(), ["origin"]), remainder=StandardScaler())
    keep(tmp_path / "named.pkl", make_pipeline(columns, LogisticRegression()).fit(FRAME, Y))
    keep(tmp_path / "plain.pkl", make_pipeline(StandardScaler(), LogisticRegression()).fit(X, Y))
    return tmp_path


def keep(path, model):
    path.write_bytes(pickle.dumps(model))


@pytest.fixture
def pelton(program, place):
    """Runs a command in the place; gives its exit code, standard output and standard error."""

    def run(*arguments: str, stdin: bytes = b"") -> tuple[int, str, str]:
        done = subprocess.run([program, *arguments], cwd=place, input=stdin, capture_output=True, timeout=60, env=os.environ)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    return run


def test_a_refused_value_is_told_by_its_row_line_and_column(pelton, place):
    rows = "id,seats,origin,delay\r\n1,0.5,JFK,1\r\n\r\n2,,LGA,1\r\n3,1,SFO,2\r\n4,inf,LGA,3\r\n5,1,LGA,2\r\n"
    (place / "rows.csv").write_bytes(b"\xef\xbb\xbf" + rows.encode())
    code, out, told = pelton("predict", "named.pkl", "-i", "rows.csv", "--on-error", "null", "--keep", "id")
    assert code == 3, told
    lines = out.splitlines()
    assert lines[0] == "id,predict,error"
    assert [line.split(",")[2] for line in lines[1:]] == [
        "",
        "column 'seats': input contains NaN",
        "column 'origin': found unknown category 'SFO'",
        "column 'seats': input contains infinity or a value too large for dtype('float64')",
        "",
    ]
    # Line 3 is blank, and lines end in two characters.
    assert "row 2 (line 4): column 'seats': input contains NaN" in told
    assert "row 4 (line 6): column 'seats'" in told


def test_a_column_of_a_plain_matrix_has_its_name_from_the_table(pelton):
    code, _, told = pelton("predict", "plain.pkl", "--columns", "b,c,a", stdin=b"a,b,c\n1,2,3\nnan,2,3\n")
    assert code == 1
    assert "row 2 (line 3): column 'a': input contains NaN" in told


@pytest.mark.parametrize("rows", [1, 3])
def test_clients_are_told_the_column_and_of_several_rows_the_row(serve, place, rows):
    server = serve(str(place / "named.pkl"), str(place / "plain.pkl"), models=(), python=False)
    with wire.Client(server.grpc) as client:

        def refusal(model: str, **columns) -> str:
            tensors = [
                {"name": name, "datatype": kind, "shape": [rows, *shape], "data": first + good * (rows - 2) + last}
                for name, (kind, shape, first, good, last) in columns.items()
            ]
            with pytest.raises(grpc.RpcError) as caught:
                client.infer(wire.request(model, *tensors))
            code, text = wire.status(caught.value)
            assert code == "INVALID_ARGUMENT"
            return text

        def floats(last):
            return ("FP64", [], [] if rows == 1 else [0.5], [0.5], [last])

        cities = ("BYTES", [], [] if rows == 1 else ["JFK"], ["JFK"], ["SFO"])
        known = ("BYTES", [], [] if rows == 1 else ["JFK"], ["JFK"], ["LGA"])
        where = "" if rows == 1 else f"row {rows}, "
        told = refusal("named", delay=floats(1.0), origin=cities, seats=floats(1.0))
        assert f"{where}column 'origin': found unknown category 'SFO'" in told
        told = refusal("named", delay=floats(1.0), origin=known, seats=floats("NaN"))
        assert f"{where}column 'seats': input contains NaN" in told
        some = [0.0, 1.0, 2.0]
        told = refusal("plain", input=("FP64", [3], [] if rows == 1 else some, some, [1.0, 2.0, "Infinity"]))
        assert f"{where}feature 2 (from 0): input contains infinity" in told


def test_a_request_that_is_cut_counts_its_rows_as_a_whole(serve, place):
    server = serve(str(place / "plain.pkl"), "--max-batch-rows", "16", models=(), python=False)
    values = np.zeros((100, 3))
    values[70, 1] = np.nan
    data = [value if np.isfinite(value) else "NaN" for value in values.ravel().tolist()]
    with wire.Client(server.grpc) as client, pytest.raises(grpc.RpcError) as caught:
        client.infer(wire.request("plain", {"name": "input", "datatype": "FP64", "shape": [100, 3], "data": data}))
    assert "row 71, feature 1 (from 0): input contains NaN" in wire.status(caught.value)[1]


def test_an_index_that_pandas_wrote_is_recognised(pelton, place):
    FRAME.head(3).to_csv(place / "indexed.csv")
    code, out, told = pelton("predict", "named.pkl", "-i", "indexed.csv")
    assert (code, len(out.splitlines())) == (0, 4)
    assert "the model does not use ''; '' looks like an index that pandas wrote (index=False" in told
    pd.DataFrame(X[:3], columns=["a", "b", "c"]).to_csv(place / "matrix.csv")
    code, _, told = pelton("predict", "plain.pkl", "-i", "matrix.csv")
    assert code == 2
    assert "'' looks like an index that pandas wrote: leave it out with --columns 'a,b,c'" in told
    assert pelton("predict", "plain.pkl", "-i", "matrix.csv", "--columns", "a,b,c")[0] == 0


def test_packed_rows_are_read_and_what_is_no_table_is_named(pelton, place):
    plain = FRAME.to_csv(index=False).encode()
    (place / "rows.csv.gz").write_bytes(gzip.compress(plain))
    expected = pelton("predict", "named.pkl", stdin=plain)[1]
    assert pelton("predict", "named.pkl", "-i", "rows.csv.gz")[:2] == (0, expected)
    assert pelton("predict", "named.pkl", stdin=gzip.compress(plain))[1] == expected
    code, _, told = pelton("predict", "named.pkl", stdin=gzip.compress(plain)[:-20])
    assert code == 2
    assert "standard input: cannot read the input" in told
    for content, words in [
        ((place / "plain.pkl").read_bytes(), "standard input: the input is a pickle, not a table"),
        ("delay,origin\n".encode("utf-16"), "the input is text in UTF-16; save it as UTF-8"),
        (b"PK\x03\x04\x14\0\0\0", "the input is a ZIP archive or an Excel workbook"),
    ]:
        code, _, told = pelton("predict", "named.pkl", stdin=content)
        assert (code, words in told) == (2, True), told


def test_a_decimal_comma_is_told_as_one(pelton):
    code, _, told = pelton("predict", "named.pkl", stdin=b"delay;origin;seats\n1,5;JFK;2\n")
    assert code == 1
    assert "row 1 (line 2): column 'delay' holds '1,5', and the model takes numbers; write 1.5" in told


def test_all_outputs_can_be_asked_for(pelton):
    code, out, _ = pelton("predict", "plain.pkl", "--outputs", "*", stdin=b"a,b,c\n1,2,3\n")
    assert code == 0
    assert out.splitlines()[0] == "predict,predict_proba_late,predict_proba_punctual,decision_function"


class Program:
    def __reduce__(self):
        return os.system, ("false",)


def test_a_call_of_a_program_is_no_model_to_be_run_in_python(pelton, place):
    keep(place / "call.pkl", Program())
    keep(place / "bundle.pkl", {"model": Program()})
    for spec in ["call.pkl", "bundle.pkl#model"]:
        code, _, told = pelton("serve", spec)
        assert code == 2
        assert f"'{spec}' holds no model but a call of posix.system, which loading it would run" in told
        assert "--python" not in told
    assert "dangerous  posix.system: can start programs" in pelton("inspect", "call.pkl")[1]


def test_a_mistyped_key_is_asked_about_and_a_nested_one_found(pelton, place):
    model = pickle.loads((place / "plain.pkl").read_bytes())
    keep(place / "bundle.pkl", {"clf": {"model": model}, "version": 3, "list": [model]})
    code, _, told = pelton("serve", "bundle.pkl#clf2")
    assert (code, "'bundle.pkl' has no 'clf2'; did you mean 'clf'? it holds" in told) == (2, True), told
    code, out, _ = pelton("inspect", "bundle.pkl#verson")
    assert (code, "there is no key 'verson' in the bundle; did you mean 'version'?" in out) == (1, True), out
    for key in ["clf.model", "list.0"]:
        code, out, _ = pelton("inspect", f"bundle.pkl#{key}")
        assert (code, "LogisticRegression" in out, "runs       native" in out) == (0, True, True), out


def test_categories_that_are_dates_are_called_so(pelton, place):
    days = pd.DataFrame({"day": pd.to_datetime(["2020-01-01", "2020-01-02"])})
    keep(place / "dates.pkl", OrdinalEncoder().fit(days))
    _, _, told = pelton("serve", "dates.pkl")
    assert "OrdinalEncoder with categories that are dates or times is not supported natively" in told
