"""What the differential fuzzer found, one case or more for each difference."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn import ensemble as ens
from sklearn import preprocessing as pre
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

import data

X = data.numbers(n=100)
ROWS = data.awkward(X)
T = data.target(X)
NAMES = ["a", "b", "c", "d", "e"]
FRAME = pd.DataFrame(X, columns=NAMES)
COLUMNS = dict(zip(NAMES, ROWS.T.copy()))


def cases(w) -> None:
    tiny(w)
    gaps(w)
    names(w)
    refusals(w)
    zeros = ColumnTransformer([("n", pre.MaxAbsScaler(), [0, 1]), ("c", pre.OneHotEncoder(handle_unknown="ignore"), [2, 3])],
                              sparse_threshold=1.0)  # fmt: skip
    w.add("found_sparse_negative_zeros", lambda: zeros.fit(X), ROWS)
    dense = ColumnTransformer([("n", pre.MaxAbsScaler(), [0, 1]), ("c", pre.OneHotEncoder(handle_unknown="ignore"), [2, 3])],
                              sparse_threshold=0.0)  # fmt: skip
    w.add("found_dense_negative_zeros", lambda: dense.fit(X), ROWS)


def tiny(w) -> None:
    """Rows of almost no length are not divided by it."""
    rows = np.array(
        [[1e-40, 0, -1e-41], [1e-15, -2e-15, 0], [3e-15, 0, 0], [1e-16, 1e-16, 1e-16], [2e-7, 1e-7, 0], [5e-324, 0, 0]]
    )
    for norm in ("l1", "l2", "max"):
        w.add(f"found_normalizer_tiny_{norm}", lambda n=norm: pre.Normalizer(n).fit(X[:, :3]), rows)
        w.add(f"found_normalizer_tiny_{norm}_f32", lambda n=norm: pre.Normalizer(n).fit(X[:, :3]), data.single(rows))


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


def refusals(w) -> None:
    """Rows that a part inside refuses."""
    y = data.classes(X, 2, "text")
    w.add("found_isotonic_infinite", lambda: CalibratedClassifierCV(steep(), method="isotonic", cv=2).fit(X, y), ROWS)
    w.add("found_isotonic_f32", lambda: CalibratedClassifierCV(LogisticRegression(), method="isotonic", cv=2).fit(
        X.astype("f4"), y), np.vstack([ROWS, [[1e300, 1e300, 0, 0, 0]]]))  # fmt: skip
    for name, transformer in {"min_max": pre.MinMaxScaler(), "standard": pre.StandardScaler()}.items():
        w.add(f"found_target_infinite_{name}", lambda t=transformer: TransformedTargetRegressor(
            LinearRegression(), transformer=t).fit(X / 1e10, T * 1e10), ROWS)  # fmt: skip
    w.add("found_target_tree", lambda: TransformedTargetRegressor(DecisionTreeRegressor(max_depth=2), transformer=pre.MaxAbsScaler()).fit(
        X, T), ROWS)  # fmt: skip
    flat = np.column_stack([X[:, :2], np.zeros(len(X))])
    w.add("found_pca_no_inverse", lambda: PCA(2).fit(flat), flat[:8] + 0.5)


def steep() -> LogisticRegression:
    """Scores beyond what f64 holds for rows of huge values."""
    return LogisticRegression(C=1e12, max_iter=500, fit_intercept=False)
