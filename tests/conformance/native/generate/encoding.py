"""Encoders of categories and labels."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn import preprocessing as pre
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline

import data

GRID = data.numbers(features=3).round(0)
ROWS = np.vstack([GRID[:12], data.awkward(GRID, 1)])
PEOPLE = data.people(seed=4)
WHOLE = PEOPLE.assign(city=PEOPLE["city"].fillna("?"))
TEXT = ["city", "plan"]
MATRIX = np.array(WHOLE[TEXT].to_numpy(), dtype=object)


def dense(options: dict) -> dict:
    """Dense answers, by the name this version has for it."""
    import inspect

    known = inspect.signature(pre.OneHotEncoder).parameters
    return {**options, "sparse_output" if "sparse_output" in known else "sparse": False}


def inputs(columns: list[str], seed: int = 4) -> dict:
    return data.people_inputs(seed, columns=columns)


def objects(values: list) -> np.ndarray:
    array = np.empty(len(values), object)
    array[:] = values
    return array


def cases(w) -> None:
    one_hot(w)
    ordinal(w)
    target(w)
    labels(w)


def one_hot(w) -> None:
    for name, options in {
        "error": {}, "ignore": {"handle_unknown": "ignore"}, "drop_first": {"drop": "first"},
        "drop_if_binary": {"drop": "if_binary"}, "drop_first_ignore": {"drop": "first", "handle_unknown": "ignore"},
        "drop_named": {"drop": ["Oslo", "plus"]}, "f32": {"dtype": np.float32, "handle_unknown": "ignore"},
        "i64": {"dtype": np.int64, "handle_unknown": "ignore"},
        "infrequent": {"min_frequency": 30, "handle_unknown": "infrequent_if_exist"},
        "infrequent_share": {"min_frequency": 0.2, "handle_unknown": "ignore"},
        "infrequent_error": {"min_frequency": 30}, "max_categories": {"max_categories": 3,
            "handle_unknown": "infrequent_if_exist"},
        "infrequent_drop": {"min_frequency": 30, "drop": "first", "handle_unknown": "infrequent_if_exist"},
        "infrequent_none": {"min_frequency": 1, "handle_unknown": "infrequent_if_exist"},
        "infrequent_drop_if_binary": {"max_categories": 2, "drop": "if_binary", "handle_unknown": "ignore"},
        "warn": {"handle_unknown": "warn", "min_frequency": 30},
        "given": {"categories": [["Lima", "Oslo", "Zürich", "nowhere"], ["plus", "Pro"]], "handle_unknown": "ignore"},
    }.items():  # fmt: skip
        w.add(f"one_hot_{name}", lambda o=options: pre.OneHotEncoder(**o).fit(WHOLE[TEXT]), inputs(TEXT))
        w.add(f"one_hot_{name}_gaps", lambda o=options: pre.OneHotEncoder(**o).fit(PEOPLE[TEXT]), inputs(TEXT))
    filled = SimpleImputer(strategy="constant", fill_value="x")
    w.add("one_hot_imputed", lambda: make_pipeline(filled, pre.OneHotEncoder()).fit(PEOPLE[TEXT]), inputs(TEXT))
    w.add("one_hot_dense", lambda: pre.OneHotEncoder(**dense({"handle_unknown": "ignore"})).fit(WHOLE[TEXT]), inputs(TEXT))
    numeric = {
        "error": {}, "ignore": {"handle_unknown": "ignore"}, "drop": {"drop": "first", "handle_unknown": "ignore"},
        "infrequent": {"max_categories": 4, "handle_unknown": "infrequent_if_exist"},
    }  # fmt: skip
    gaps = np.where(GRID == 3.0, np.nan, GRID)
    for name, options in numeric.items():
        w.add(f"one_hot_numbers_{name}", lambda o=options: pre.OneHotEncoder(**o).fit(GRID), ROWS)
        w.add(f"one_hot_numbers_gaps_{name}", lambda o=options: pre.OneHotEncoder(**o).fit(gaps), ROWS)
        w.add(f"one_hot_numbers_f32_{name}", lambda o=options: pre.OneHotEncoder(**o).fit(GRID), data.single(ROWS))
        whole = np.vstack([np.nan_to_num(ROWS[:30]), np.arange(12).reshape(4, 3)]).astype("<i8")
        w.add(f"one_hot_whole_{name}", lambda o=options: pre.OneHotEncoder(**o).fit(GRID.astype("<i8")), whole)
    w.add("one_hot_whole_f64_rows", lambda: pre.OneHotEncoder(handle_unknown="ignore").fit(GRID.astype("<i8")), ROWS)
    w.add("one_hot_matrix", lambda: pre.OneHotEncoder(handle_unknown="ignore").fit(MATRIX), np.vstack(
        [MATRIX[:20], objects(["Oslo", "pro"]).reshape(1, 2), objects(["", ""]).reshape(1, 2)]))  # fmt: skip
    mixed = WHOLE[["city", "visits", "member", "age"]].fillna({"age": 0.0})
    w.add("one_hot_mixed", lambda: pre.OneHotEncoder(handle_unknown="ignore").fit(mixed),
          inputs(["city", "visits", "member", "age"]))  # fmt: skip
    w.add("one_hot_mixed_drop", lambda: pre.OneHotEncoder(drop="if_binary", handle_unknown="ignore").fit(mixed),
          inputs(["city", "visits", "member", "age"]))  # fmt: skip
    numbers_as_text = pd.DataFrame({"code": objects([str(i % 5) for i in range(40)])})
    w.add("one_hot_numbers_as_text", lambda: pre.OneHotEncoder(handle_unknown="ignore").fit(numbers_as_text),
          {"code": objects(["0", "1", "1.0", "01", " 1", "4", "5", "-0", "", "٣"])})  # fmt: skip
    with_none = pd.DataFrame({"plan": objects([None if i % 6 == 0 else "ab"[i % 2] for i in range(40)])}, dtype=object)
    for name, options in {"error": {}, "ignore": {"handle_unknown": "ignore"}, "drop": {"drop": "first"}}.items():
        w.add(f"one_hot_none_{name}", lambda o=options: pre.OneHotEncoder(**o).fit(with_none),
              {"plan": objects(["a", "b", None, "c", "", "None", "nan"])})  # fmt: skip


def ordinal(w) -> None:
    for name, options in {
        "error": {}, "unknown": {"handle_unknown": "use_encoded_value", "unknown_value": -1},
        "unknown_nan": {"handle_unknown": "use_encoded_value", "unknown_value": np.nan},
        "missing": {"handle_unknown": "use_encoded_value", "unknown_value": -2, "encoded_missing_value": -1},
        "missing_error": {"encoded_missing_value": 99},
        "f32": {"dtype": np.float32}, "i64": {"dtype": np.int64, "handle_unknown": "use_encoded_value",
            "unknown_value": -1, "encoded_missing_value": -5},
        "infrequent": {"min_frequency": 30, "handle_unknown": "use_encoded_value", "unknown_value": -1},
        "max_categories": {"max_categories": 3, "handle_unknown": "use_encoded_value", "unknown_value": np.nan,
            "encoded_missing_value": -3},
    }.items():  # fmt: skip
        w.add(f"ordinal_{name}", lambda o=options: pre.OrdinalEncoder(**o).fit(WHOLE[TEXT]), inputs(TEXT))
        w.add(f"ordinal_{name}_gaps", lambda o=options: pre.OrdinalEncoder(**o).fit(PEOPLE[TEXT]), inputs(TEXT))
        w.add(f"ordinal_{name}_numbers", lambda o=options: pre.OrdinalEncoder(**o).fit(GRID), ROWS)
        gaps = np.where(GRID == 3.0, np.nan, GRID)
        w.add(f"ordinal_{name}_numbers_gaps", lambda o=options: pre.OrdinalEncoder(**o).fit(gaps), ROWS)
    given = [["Pro", "plus", "basic"]]
    w.add("ordinal_given", lambda: pre.OrdinalEncoder(categories=given).fit(PEOPLE[["plan"]]), inputs(["plan"]))
    w.add("ordinal_matrix", lambda: pre.OrdinalEncoder().fit(MATRIX), MATRIX[:20])


def target(w) -> None:
    inputs_of = inputs(TEXT)
    y = data.people_target(PEOPLE)
    for name, options in {"auto": {}, "smooth": {"smooth": 5.0}, "none": {"smooth": 0.0}}.items():
        w.add(f"target_{name}_number", lambda o=options: pre.TargetEncoder(random_state=0, **o).fit(WHOLE[TEXT], y), inputs_of)
    two = data.people_classes(PEOPLE, 2, "text")
    three = data.people_classes(PEOPLE, 3, "text")
    w.add("target_binary", lambda: pre.TargetEncoder(random_state=0).fit(WHOLE[TEXT], two), inputs_of)
    w.add("target_three", lambda: pre.TargetEncoder(random_state=0).fit(WHOLE[TEXT], three), inputs_of)
    w.add("target_gaps", lambda: pre.TargetEncoder(random_state=0).fit(PEOPLE[TEXT], y), inputs_of)
    w.add("target_numbers", lambda: pre.TargetEncoder(random_state=0, target_type="continuous").fit(
        GRID, data.target(GRID)), ROWS)  # fmt: skip


def column(values: list, dtype: str = "O") -> np.ndarray:
    """One label a row, as a door hands it over."""
    with np.errstate(over="ignore"):
        return (objects(values) if dtype == "O" else np.array(values, dtype)).reshape(-1, 1)


def labels(w) -> None:
    text = np.array(["b", "a", "ü", "c", "a", "züri"])
    w.add("label_encoder_text", lambda: pre.LabelEncoder().fit(text), column(
        ["a", "b", "c", "ü", "d", "", "züri", "zürich", "a\0", "A", " a"]))  # fmt: skip
    w.add("label_encoder_objects", lambda: pre.LabelEncoder().fit(objects(["b", "a", None, "ü"])), column(
        ["a", "b", "ü", "üb", "None", "nan", ""]))  # fmt: skip
    numbers = [5, 9, -2, 0, 5.5, 9.9999, -2.5, np.nan, np.inf, -np.inf, -0.0, 1e300, 2.0**53, 261, 1e10, 1, 0.5, 0.1]
    for name, known in {
        "whole": [5, -2, 9], "i8": np.array([5, -2, 9], "i1"), "large": [2**53, 2**53 + 1, 5], "bool": [True, False],
        "floats": [0.1, 5.5, 9.0], "floats_nan": [0.1, np.nan, 9.0], "f32": np.array([0.1, 5.5, 9], "f4"),
        "whole_objects": objects([5, -2, 9]),
    }.items():  # fmt: skip
        w.add(f"label_encoder_{name}", lambda k=known: pre.LabelEncoder().fit(k), column(numbers, "f8"))
        if name in ("i8", "large"):
            w.add(f"label_encoder_{name}_i64_rows", lambda k=known: pre.LabelEncoder().fit(k), column(
                [5, 9, -2, 0, 1, 261, 2**53, 2**53 + 1, 2**53 + 2, -(2**63)], "<i8"))  # fmt: skip
        if name in ("floats", "f32"):
            w.add(f"label_encoder_{name}_f32_rows", lambda k=known: pre.LabelEncoder().fit(k), column(numbers, "f4"))
    w.add("label_encoder_bool_rows", lambda: pre.LabelEncoder().fit([0, 1]), column([True, False], "?"))
    w.add("label_binarizer_text", lambda: pre.LabelBinarizer().fit(text), column(["a", "b", "c", "ü", "d", "zürich", ""]))
    # Of two classes a batch with a third label is answered as of three.
    w.add("label_binarizer_two", lambda: pre.LabelBinarizer(neg_label=-1, pos_label=2).fit(["x", "y"]), column(["x", "y", "x"]))
    w.add("label_binarizer_one", lambda: pre.LabelBinarizer().fit(["x", "x"]), column(["x", "y"]))
    w.add("label_binarizer_bool", lambda: pre.LabelBinarizer().fit([True, False]), column([1.0, 0.0, 0.5, np.nan], "f8"))
    w.add(
        "label_binarizer_sparse", lambda: pre.LabelBinarizer(sparse_output=True, pos_label=7).fit(text), column(["a", "ü", "d"])
    )
    for name, known in {"whole": [3, 1, 2], "objects": objects(["yy", "x", "zzz"])}.items():
        given = column([1, 2, 3, 4], "<i8") if name == "whole" else column(["x", "yy", "zz"])
        w.add(f"label_binarizer_{name}", lambda k=known: pre.LabelBinarizer().fit(k), given)
    w.add("label_binarizer_zero", lambda: pre.LabelBinarizer(neg_label=-3, pos_label=0).fit([5, -2, 9]), column(
        numbers, "f8"))  # fmt: skip
