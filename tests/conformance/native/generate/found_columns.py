"""What the differential fuzzer found in what stands side by side: named columns, sparse rows, frames of several types."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn import ensemble as ens
from sklearn import preprocessing as pre
from sklearn.compose import ColumnTransformer
from sklearn.feature_selection import SelectKBest
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

import data

X = data.numbers(n=100)
ROWS = data.awkward(X)
T = data.target(X)
NAMES = ["a", "b", "c", "d", "e"]
FRAME = pd.DataFrame(X, columns=NAMES)
COLUMNS = dict(zip(NAMES, ROWS.T.copy()))
TREE = DecisionTreeClassifier(max_depth=3, random_state=0)


def cases(w) -> None:
    negative_zeros(w)
    gaps(w)
    names(w)
    whole_numbers(w)
    wide(w)
    weighted(w)
    fed_sparse(w)
    narrow_beside_single(w)
    frames(w)


def negative_zeros(w) -> None:
    """Zeros keep their sign in dense rows alone."""
    zeros = ColumnTransformer([("n", pre.MaxAbsScaler(), [0, 1]), ("c", pre.OneHotEncoder(handle_unknown="ignore"), [2, 3])],
                              sparse_threshold=1.0)  # fmt: skip
    w.add("found_sparse_negative_zeros", lambda: zeros.fit(X), ROWS)
    dense = ColumnTransformer([("n", pre.MaxAbsScaler(), [0, 1]), ("c", pre.OneHotEncoder(handle_unknown="ignore"), [2, 3])],
                              sparse_threshold=0.0)  # fmt: skip
    w.add("found_dense_negative_zeros", lambda: dense.fit(X), ROWS)


def names(w) -> None:
    """What named columns take, and whether there are names at all."""
    y = data.classes(X, 2, "text")
    w.add("found_columns_adaboost", lambda: ens.AdaBoostClassifier(n_estimators=4, random_state=0).fit(FRAME, y), COLUMNS)
    w.add(
        "found_columns_adaboost_regressor", lambda: ens.AdaBoostRegressor(n_estimators=4, random_state=0).fit(FRAME, T), COLUMNS
    )
    w.add("found_columns_bagging", lambda: ens.BaggingClassifier(n_estimators=3, random_state=0).fit(FRAME, y), COLUMNS)
    w.add("found_columns_bagging_of_forests", lambda: ens.BaggingRegressor(ens.RandomForestRegressor(
        3, max_depth=2, random_state=0), n_estimators=2, random_state=0).fit(FRAME, T), COLUMNS)  # fmt: skip
    w.add("found_columns_bagging_of_votes", lambda: ens.BaggingClassifier(ens.VotingClassifier(
        [("t", DecisionTreeClassifier(max_depth=2, random_state=0))]), n_estimators=2, random_state=0).fit(FRAME, y), COLUMNS)  # fmt: skip
    w.add("found_columns_voting", lambda: ens.VotingClassifier([("t", DecisionTreeClassifier(max_depth=2, random_state=0))]).fit(
        FRAME, y), COLUMNS)  # fmt: skip
    union = FeatureUnion([("a", pre.MaxAbsScaler()), ("b", pre.RobustScaler())])
    w.add("found_columns_union", lambda: union.fit(FRAME), COLUMNS)
    w.add("found_columns_union_first", lambda: make_pipeline(union, pre.StandardScaler()).fit(FRAME), COLUMNS)
    w.add("found_columns_passed_through_first", lambda: make_pipeline("passthrough", pre.StandardScaler()).fit(FRAME), COLUMNS)


def gaps(w) -> None:
    """None is not NaN: an imputer of NaN leaves it to the encoder behind it."""
    values = [None if i % 7 == 0 else "abc"[i % 3] for i in range(60)]
    frame = pd.DataFrame({"kind": pd.Series(values, dtype=object), "other": pd.Series(values[::-1], dtype=object)})
    inputs = {"kind": data._objects(["a", None, "z", "", "c"]), "other": data._objects(["a", "b", None, None, "None"])}
    imputers = {
        "mode": SimpleImputer(strategy="most_frequent"), "constant": SimpleImputer(strategy="constant"),
        "filled": SimpleImputer(strategy="constant", fill_value="gap", add_indicator=False),
    }  # fmt: skip
    for name, imputer in imputers.items():
        for kind, encoder in {
            "one_hot": pre.OneHotEncoder(handle_unknown="ignore"),
            "ordinal": pre.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
        }.items():
            w.add(f"found_none_{name}_{kind}", lambda i=imputer, e=encoder: make_pipeline(i, e).fit(frame), inputs)
    w.add("found_none_columns", lambda: ColumnTransformer([("c", make_pipeline(SimpleImputer(strategy="constant"), pre.OneHotEncoder(
        handle_unknown="ignore")), ["kind", "other"])]).fit(frame), inputs)  # fmt: skip


def whole_numbers(w) -> None:
    """Numbers among texts stay numbers where a text is put in place of missing values."""
    frame = pd.DataFrame({"kind": ["x", "y", None, "x"] * 5, "quality": [1, 2, 3, 4] * 5})
    inputs = {"kind": data._objects(["x", "z", None, "y"]), "quality": np.array([1.0, 2.0, 2.5, np.nan])}
    whole = {"kind": data._objects(["x", "z", None, "y"]), "quality": np.array([1, 2, 9, 4])}
    constant = SimpleImputer(strategy="constant", fill_value="NA")
    for kind, encoder in {
        "one_hot": pre.OneHotEncoder(handle_unknown="ignore"),
        "ordinal": pre.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
    }.items():
        model = ColumnTransformer([("c", make_pipeline(constant, encoder), ["kind", "quality"])], sparse_threshold=0)
        w.add(f"found_numbers_among_texts_{kind}", lambda m=model: m.fit(frame), inputs)
        w.add(f"found_whole_numbers_among_texts_{kind}", lambda m=model: m.fit(frame), whole)
    points = np.rint(X * 2).astype(np.int64)
    w.add("found_brute_whole_numbers", lambda: KNeighborsClassifier(3, algorithm="brute").fit(points, data.classes(X)), ROWS)


def narrow_beside_single(w) -> None:
    """Flags and small numbers beside rows of single precision leave them so; whole numbers alone stay such."""
    single = X[:, :2].astype("f4")
    union = FeatureUnion([("s", pre.StandardScaler()), ("m", MissingIndicator(features="all"))])
    w.add("found_flags_beside_single", lambda: union.fit(single), data.single(ROWS[:, :2]))
    frame = pd.DataFrame({"kind": ["x", "y", "z", "x"] * 5, "other": ["a", "b"] * 10})
    inputs = {"kind": data._objects(["x", "z", "new"]), "other": data._objects(["a", "b", "new"])}
    coded = ColumnTransformer([("a", pre.OneHotEncoder(handle_unknown="ignore", dtype=np.int8), ["kind"]), ("b", pre.OneHotEncoder(
        handle_unknown="ignore", dtype=np.uint8), ["other"])])  # fmt: skip
    w.add("found_whole_columns", lambda: coded.fit(frame), inputs)


def frames(w) -> None:
    """Selectors take anything in a frame that is to become one; frames of numbers and flags are none of single precision."""
    gaps = FRAME.mask(np.resize(np.arange(len(X)) % 7 == 3, X.shape))

    def chosen_of_frame():
        model = make_pipeline(pre.FunctionTransformer(), SelectKBest(k=2)).set_output(transform="pandas")
        model.fit(FRAME, data.classes(X))
        return model

    w.add(
        "found_chosen_of_frame",
        chosen_of_frame,
        {name: np.where(np.arange(len(ROWS)) % 3, column, np.nan) for name, column in COLUMNS.items()},
    )
    union = FeatureUnion([("s", SimpleImputer()), ("m", MissingIndicator(features="all"))])
    w.add("found_flags_in_frame", lambda: union.set_output(transform="pandas").fit(gaps.astype("f4")), {
        name: data.single(column) for name, column in COLUMNS.items()})  # fmt: skip


def wide(w) -> None:
    """Over a hundred categories, which are kept as sparse rows here and may be dense ones in Python."""
    rng = np.random.RandomState(0)
    frame = pd.DataFrame(
        {"k": pd.Series([f"v{i % 110:03d}" for i in range(220)], dtype=object), "a": rng.randint(0, 9, 220) / 2.0}
    )
    y = (frame["a"] + rng.rand(220) > 2.5).astype(int).to_numpy()
    inputs = {"k": data._objects(["v001", "v044", "none", "v109", "v003"]), "a": np.array([0.5, 4.0, 0.0, np.nan, 2.5])}
    for name, final in {
        "svc": SVC(max_iter=50), "tree": TREE, "trees": ens.BaggingClassifier(TREE, n_estimators=2, random_state=0),
    }.items():  # fmt: skip
        for threshold in (0.0, 1.0):
            prepare = ColumnTransformer([("k", pre.OneHotEncoder(handle_unknown="ignore"), ["k"])], remainder="passthrough",
                                        sparse_threshold=threshold)  # fmt: skip
            w.add(f"found_wide_{name}_{'sparse' if threshold else 'dense'}", lambda p=prepare, f=final: make_pipeline(p, f).fit(frame, y),
                  inputs)  # fmt: skip


def weighted(w) -> None:
    """Weights of what stands beside text, and sparse rows that steps in between keep."""
    frame = FRAME.assign(kind=pd.Series(list("abcde") * 20, dtype=object), flag=X[:, 1] > 0, whole=np.arange(100) % 7)
    inputs = {"a": np.array([1.5, -0.0, 3.0]), "flag": np.array([True, False, True]), "whole": np.array([1, 5, -2]),
              "kind": data._objects(["a", "e", "c"])}  # fmt: skip
    parts = [("scaled", pre.MaxAbsScaler(), ["a"]), ("as_is", "passthrough", ["flag", "whole"]), ("kind", "passthrough", ["kind"]),
             ("coded", pre.OrdinalEncoder(), ["kind"])]  # fmt: skip
    w.add("found_weights_beside_text", lambda: ColumnTransformer(parts, transformer_weights={"scaled": 0.25, "as_is": 0.5}).fit(
        frame[list(inputs)]), inputs)  # fmt: skip
    codes = {"k": np.array([0, 1, 2, 3, 9])}
    steps = (
        ColumnTransformer([("k", pre.OneHotEncoder(handle_unknown="ignore"), ["k"])], sparse_threshold=1.0),
        SimpleImputer(),
        _boosted(),
    )
    w.add(
        "found_sparse_kept", lambda: make_pipeline(*steps).fit(pd.DataFrame({"k": np.arange(100) % 4}), data.classes(X)), codes
    )
    parts = [("coded", pre.OneHotEncoder(dtype=int), ["kind"]), ("as_is", "passthrough", ["kind"])]
    w.add(
        "found_whole_beside_text",
        lambda: ColumnTransformer(parts, sparse_threshold=0).fit(frame[["kind"]]),
        {"kind": inputs["kind"]},
    )
    flagged = {"a": data.single(ROWS[:12, 0]), "flag": ROWS[:12, 1] > 0}
    w.add(
        "found_columns_f32_flags",
        lambda: make_pipeline(SimpleImputer(), pre.StandardScaler()).fit(frame[list(flagged)]),
        flagged,
    )
    w.add(
        "found_single_chain",
        lambda: make_pipeline(pre.OrdinalEncoder(dtype=np.float32), LinearRegression()).fit(X[:, :2], T),
        X[:9, :2],
    )


def _boosted():
    try:
        import xgboost
    except ImportError:
        return TREE
    return xgboost.XGBClassifier(n_estimators=3, max_depth=3, n_jobs=1)


def fed_sparse(w) -> None:
    """Parts of others that are given sparse rows in Python and dense ones here."""
    frame = pd.DataFrame({"k": pd.Series(list("abcd") * 25, dtype=object), "a": X[:, 0], "b": X[:, 1]})
    y = data.classes(X)
    inputs = {
        "k": data._objects(list("abcdz")),
        "a": np.array([0.0, np.nan, 1.0, 0.0, -2.5]),
        "b": np.array([1.0, 0.0, 0.0, -1.0, 0.5]),
    }
    prepare = ColumnTransformer(
        [("k", pre.OneHotEncoder(handle_unknown="ignore"), ["k"])], remainder="passthrough", sparse_threshold=1.0
    )
    for name, final in {
        "rest": OneVsRestClassifier(TREE), "stack": ens.StackingClassifier([("t", TREE)], TREE, cv=2),
        "pipeline": make_pipeline(pre.MaxAbsScaler(), TREE), "votes": ens.VotingClassifier([("x", _boosted())], voting="soft"),
    }.items():  # fmt: skip
        w.add(f"found_fed_sparse_{name}", lambda f=final: make_pipeline(prepare, f).fit(frame, y), inputs)
