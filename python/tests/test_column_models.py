"""Models trained on DataFrames: named columns, mixed types, missing values."""

from __future__ import annotations

import io
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
from conftest import texts
from sklearn.compose import ColumnTransformer, make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, StandardScaler

from pelton.worker.errors import LoadError

CSV = """age,fare,city,pier,member,kind
22,7.25,Bern,A,True,3
38,,Köln,,False,1
,7.9,Bern,B,True,3
35,53.1,,A,False,1
28,8.05,Köln,B,True,2
41,13,Bern,A,False,2
"""
FRAME = pd.read_csv(io.StringIO(CSV))
TARGET = [0, 1, 0, 1, 1, 0]


def pipeline():
    numbers = Pipeline([("impute", SimpleImputer(strategy="median")), ("scale", StandardScaler())])
    words = make_pipeline(
        SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    )
    encode = ColumnTransformer(
        [
            ("numbers", numbers, ["age", "fare"]),
            ("words", words, ["city", "pier"]),
            ("kind", OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["kind"]),
        ],
        remainder="passthrough",
    )
    return Pipeline([("encode", encode), ("model", HistGradientBoostingClassifier(min_samples_leaf=1))])


def sent(frame: pd.DataFrame) -> dict:
    """The columns as a client sends them: missing text and integers by validity, floats by NaN."""
    columns = {}
    for name in frame.columns:
        values = frame[name]
        if values.dtype.kind in "fib":
            columns[name] = values.to_numpy()
        else:
            columns[name] = np.array(["" if pd.isna(v) else v for v in values], dtype=object)
            if values.isna().any():
                columns[name + ":valid"] = values.notna().to_numpy()
    return columns


def test_a_mixed_frame_with_gaps_gets_the_models_own_answers(serve):
    model = pipeline().fit(FRAME, TARGET)
    served = serve(model)
    assert served.hello["form"] == "columns"
    assert [one["name"] for one in served.hello["inputs"]] == list(FRAME.columns)
    accepts = {one["name"]: one["accepts"] for one in served.hello["inputs"]}
    assert accepts == {
        "age": "numeric", "fare": "numeric", "city": "text", "pier": "text", "member": "numeric",
        "kind": "numeric",
    }  # fmt: skip
    assert served.input("city")["dtype"] == "BYTES"
    assert served.input("kind")["dtype"] == "INT64"
    answer = served.columns(sent(FRAME), "predict_proba", "predict")
    np.testing.assert_array_equal(answer["predict_proba"], model.predict_proba(FRAME))
    np.testing.assert_array_equal(answer["predict"], model.predict(FRAME))


def test_one_row_alone_gets_the_answer_it_gets_in_a_batch(serve):
    model = pipeline().fit(FRAME, TARGET)
    served = serve(model)
    together = served.columns(sent(FRAME), "predict_proba")["predict_proba"]
    for row in range(len(FRAME)):
        alone = served.columns(sent(FRAME.iloc[[row]]), "predict_proba")["predict_proba"]
        np.testing.assert_array_equal(alone[0], together[row])


def test_missing_integers_and_text_behind_validity(serve):
    served = serve(pipeline().fit(FRAME, TARGET))
    columns = sent(FRAME)
    by_nan = served.columns(columns, "predict_proba")["predict_proba"]
    valid = FRAME["age"].notna().to_numpy()
    columns["age"] = FRAME["age"].fillna(-7).astype("int64").to_numpy()
    columns["age:valid"] = valid
    named = dict(sorted(columns.items(), key=lambda item: list(FRAME.columns).index(item[0].split(":")[0])))
    np.testing.assert_array_equal(served.columns(named, "predict_proba")["predict_proba"], by_nan)


def test_all_text_missing_in_a_single_row(serve):
    model = pipeline().fit(FRAME, TARGET)
    row = FRAME.iloc[[3]]  # its city is missing
    answer = serve(model).columns(sent(row), "predict_proba")
    np.testing.assert_array_equal(answer["predict_proba"], model.predict_proba(row))


def test_categories_that_include_a_gap(serve):
    model = make_pipeline(
        make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["city", "pier"])),
        LogisticRegression(),
    ).fit(FRAME[["city", "pier"]], TARGET)
    served = serve(model)
    answer = served.columns(sent(FRAME[["city", "pier"]]), "predict_proba")
    np.testing.assert_array_equal(answer["predict_proba"], model.predict_proba(FRAME[["city", "pier"]]))


@pytest.mark.parametrize(
    "encode",
    [
        OneHotEncoder(handle_unknown="ignore"),
        OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
        make_pipeline(SimpleImputer(missing_values=None, strategy="most_frequent"), OrdinalEncoder()),
    ],
)
def test_a_gap_that_was_none_in_training_is_none_again(serve, encode):
    # As read from a database or Parquet; NaN would be an unknown category, and nobody would notice.
    city = pd.Series(["Bern", None, "Bern", "Köln", None, "Köln"], dtype=object)
    frame = pd.DataFrame({"city": city, "age": range(6)})
    model = make_pipeline(
        make_column_transformer((encode, ["city"]), remainder="passthrough"), LogisticRegression()
    ).fit(frame, [0, 1, 0, 0, 1, 0])
    columns = {
        "city": texts("Bern", "", "Bern"),
        "city:valid": np.array([True, False, True]),
        "age": np.arange(3),
    }
    answer = serve(model).columns(columns, "predict_proba")["predict_proba"]
    np.testing.assert_array_equal(answer, model.predict_proba(frame[:3]))


@pytest.mark.parametrize("values", [[1, 2, 3] * 2, [True, False, None] * 2])
def test_categories_of_objects_are_looked_up_as_objects(serve, values):
    frame = pd.DataFrame({"kind": pd.Series(values, dtype=object)})
    model = make_pipeline(
        make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["kind"])), LogisticRegression()
    ).fit(frame, [0, 0, 1] * 2)
    served = serve(model)
    assert served.output("predict")["dtype"] == "INT64"
    columns = {"kind": np.array([value or 0 for value in values], type(values[0]))}
    if None in values:
        columns["kind:valid"] = np.array([value is not None for value in values])
    answer = served.columns(columns, "predict_proba")["predict_proba"]
    np.testing.assert_array_equal(answer, model.predict_proba(frame))


def test_categories_told_by_their_dtype_are_described(serve):
    frame = pd.DataFrame(
        {
            "age": range(60),
            "city": pd.Categorical(["Bern", "Köln", "Graz"] * 20),
            "kind": pd.Categorical([3, 5] * 30),
        }
    )
    model = HistGradientBoostingClassifier(min_samples_leaf=1).fit(frame, [0, 1, 1] * 20)
    served = serve(model)
    described = [(one["dtype"], one["accepts"]) for one in served.hello["inputs"]]
    assert described == [("FP64", "numeric"), ("BYTES", "text"), ("INT64", "numeric")]
    columns = {name: frame[name].to_numpy() for name in frame}
    answer = served.columns(columns, "predict_proba")["predict_proba"]
    np.testing.assert_array_equal(answer, model.predict_proba(frame))


@pytest.mark.parametrize("dtype", ["i4", "i2", "u2", "f4"])
def test_columns_sent_narrow_do_not_overflow_in_the_model(serve, dtype):
    frame = pd.DataFrame({"a": [30_000, 2, 3], "b": [30_000, 5, 7], "c": [9, 8, 7]})
    multiply = FunctionTransformer(_products)
    model = make_pipeline(multiply, LinearRegression()).fit(frame, [1.0, 2.0, 3.0])
    columns = {name: frame[name].to_numpy().astype(dtype) for name in frame}
    answer = serve(model).columns(columns)["predict"]
    np.testing.assert_allclose(answer, model.predict(frame), rtol=1e-6)


def _products(frame):
    return (frame["a"] * frame["b"] * frame["c"]).to_numpy().reshape(-1, 1)


def test_columns_chosen_by_position_mask_slice_and_type(serve):
    numbers = FRAME[["age", "fare", "kind"]].fillna(0).assign(city=FRAME["city"].fillna("?"))
    for chosen in ([0, 1], [True, True, False, False], slice(0, 2), slice("age", "fare")):
        encode = ColumnTransformer(
            [("scale", StandardScaler(), chosen), ("city", OrdinalEncoder(), ["city"])], remainder="drop"
        )
        served = serve(make_pipeline(encode, LogisticRegression()).fit(numbers, TARGET))
        accepts = {one["name"]: one["accepts"] for one in served.hello["inputs"]}
        assert accepts == {"age": "numeric", "fare": "numeric", "kind": "any", "city": "text"}, chosen
        assert served.columns(sent(numbers))["predict"].shape == (6,)
    by_type = make_column_transformer(
        (StandardScaler(), make_column_selector(dtype_include="number")),
        (OneHotEncoder(), make_column_selector(dtype_exclude="number")),
    )
    served = serve(make_pipeline(by_type, LogisticRegression()).fit(numbers, TARGET))
    assert served.input("kind")["accepts"] == "numeric"
    assert served.input("city")["accepts"] == "text"
    assert served.columns(sent(numbers))["predict"].shape == (6,)


def test_a_text_column_among_numbers(serve):
    frame = pd.DataFrame({"note": ["a b", "b c", "c d"], "n": [1.0, 2.0, 3.0]})
    model = make_pipeline(
        make_column_transformer((CountVectorizer(token_pattern="."), "note"), (StandardScaler(), ["n"])),
        LogisticRegression(),
    ).fit(frame, [0, 1, 0])
    served = serve(model)
    assert served.input("note")["accepts"] == "text"
    np.testing.assert_array_equal(
        served.columns(sent(frame), "predict_proba")["predict_proba"], model.predict_proba(frame)
    )


def test_a_search_is_judged_by_its_best_estimator(serve):
    search = GridSearchCV(pipeline(), {"model__max_iter": [2]}, cv=2).fit(FRAME, TARGET)
    served = serve(search)
    assert served.input("city")["accepts"] == "text"
    assert served.input("age")["accepts"] == "numeric"


def test_unknown_parts_leave_a_column_open(serve):
    frame = FRAME[["age"]].fillna(1)
    model = make_pipeline(FunctionTransformer(np.log1p), LogisticRegression()).fit(frame, TARGET)
    served = serve(model)
    assert served.input("age")["accepts"] == "any"
    assert served.columns(sent(frame))["predict"].shape == (6,)


def test_a_named_model_takes_a_matrix_of_numbers_too(serve):
    frame = FRAME[["age", "fare"]].fillna(1)
    model = LogisticRegression().fit(frame, TARGET)
    served = serve(model)
    np.testing.assert_array_equal(served.matrix(frame.to_numpy())["predict"], model.predict(frame))
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # "X does not have valid feature names"
        served.matrix(frame.to_numpy())


def test_named_columns_without_pandas_are_refused_at_load(serve, monkeypatch):
    model = pipeline().fit(FRAME, TARGET)
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(LoadError, match=r"no usable pandas .* install pandas there"):
        serve(model)


def test_text_that_pandas_would_not_infer(serve):
    model = make_pipeline(OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)).fit(
        pd.DataFrame({"code": ["1", "2"]})
    )
    assert serve(model).columns({"code": texts("2", "3")})["transform"].ravel().tolist() == [1, -1]
