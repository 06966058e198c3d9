"""Scalers, transformers of numbers and selectors."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn import preprocessing as pre
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_selection import (
    RFE,
    RFECV,
    GenericUnivariateSelect,
    SelectFdr,
    SelectFpr,
    SelectFromModel,
    SelectFwe,
    SelectKBest,
    SelectPercentile,
    SequentialFeatureSelector,
    VarianceThreshold,
    f_classif,
    f_regression,
)
from sklearn.linear_model import Lasso, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier

import data

X = data.numbers()
R = data.reals(seed=3)
GAPS = data.numbers(seed=5, missing=True)
Y = data.classes(X)
ROWS = data.awkward(X)
CONSTANT = np.column_stack([X[:, :3], np.full(len(X), 2.5), np.zeros(len(X))])


def frame(x: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(x, columns=["a", "b", "ç", "d d", "e"])


def cases(w) -> None:
    scalers(w)
    mappings(w)
    selectors(w)
    searchers(w)
    functions(w)


def scalers(w) -> None:
    kinds = {
        "standard": pre.StandardScaler(),
        "standard_no_mean": pre.StandardScaler(with_mean=False),
        "standard_no_std": pre.StandardScaler(with_std=False),
        "standard_nothing": pre.StandardScaler(with_mean=False, with_std=False),
        "standard_in_place": pre.StandardScaler(copy=False),
        "min_max": pre.MinMaxScaler(),
        "min_max_range_clip": pre.MinMaxScaler((-1, 2.5), clip=True),
        "robust": pre.RobustScaler(),
        "robust_quantiles": pre.RobustScaler(quantile_range=(5, 80), unit_variance=True),
        "robust_no_centre": pre.RobustScaler(with_centering=False),
        "robust_no_scale": pre.RobustScaler(with_scaling=False),
        "max_abs": pre.MaxAbsScaler(),
        "normalizer_l1": pre.Normalizer("l1"),
        "normalizer_l2": pre.Normalizer("l2"),
        "normalizer_max": pre.Normalizer("max"),
        "binarizer": pre.Binarizer(threshold=0.5),
    }
    for name, scaler in kinds.items():
        w.add(f"{name}", lambda scaler=scaler: scaler.fit(X), ROWS)
    for name in ("standard", "min_max", "min_max_range_clip", "robust", "max_abs", "normalizer_l2"):
        scaler = kinds[name]
        w.add(f"{name}_reals", lambda scaler=scaler: scaler.fit(R), data.awkward(R, 1))
        w.add(f"{name}_constant", lambda scaler=scaler: scaler.fit(CONSTANT), ROWS)
        w.add(f"{name}_f32_rows", lambda scaler=scaler: scaler.fit(R), data.single(data.awkward(R, 2)))
        w.add(f"{name}_f32_trained", lambda scaler=scaler: scaler.fit(R.astype("f4")), data.single(data.awkward(R, 3)))
        w.add(f"{name}_f32_trained_f64_rows", lambda scaler=scaler: scaler.fit(R.astype("f4")), data.awkward(R, 4))
        whole = np.nan_to_num(data.awkward(X, 5)[:28]).astype("<i8")
        w.add(f"{name}_whole_rows", lambda scaler=scaler: scaler.fit(X), whole)
        columns = {n: c.copy() for n, c in zip("a b ç".split() + ["d d", "e"], data.awkward(X, 6).T)}
        w.add(f"{name}_columns", lambda scaler=scaler: scaler.fit(frame(X)), columns)
    w.add("standard_gaps", lambda: pre.StandardScaler().fit(GAPS), data.awkward(GAPS))
    w.add("standard_columns_as_matrix", lambda: pre.StandardScaler().fit(frame(X)), data.awkward(X, 7))
    w.add("standard_columns_mixed_types", lambda: pre.StandardScaler().fit(frame(X)), {
        "a": np.arange(12, dtype="<i8"), "b": np.linspace(0, 1, 12).astype("f4"), "ç": np.arange(12) % 2 == 0,
        "d d": np.linspace(-3, 3, 12), "e": np.arange(12, dtype="u1"),
    })  # fmt: skip


def mappings(w) -> None:
    for name, options in {
        "ordinal": {"encode": "ordinal", "strategy": "uniform"},
        "ordinal_quantile": {"encode": "ordinal", "strategy": "quantile", "n_bins": 4},
        "one_hot": {"encode": "onehot", "strategy": "uniform", "n_bins": 3},
        "one_hot_dense": {"encode": "onehot-dense", "strategy": "kmeans", "n_bins": [2, 3, 4, 5, 6]},
        "ordinal_f32": {"encode": "ordinal", "strategy": "uniform", "dtype": np.float32},
    }.items():
        w.add(f"k_bins_{name}", lambda o=options: pre.KBinsDiscretizer(**{"n_bins": 5, **o}).fit(R), data.awkward(R, 1))
    w.add("k_bins_f32_rows", lambda: pre.KBinsDiscretizer(5, encode="ordinal").fit(R), data.single(data.awkward(R, 2)))
    for name, options in {
        "2": {}, "3": {"degree": 3}, "interactions": {"degree": 3, "interaction_only": True},
        "no_bias": {"degree": 2, "include_bias": False}, "range": {"degree": (2, 3)}, "1": {"degree": 1},
    }.items():  # fmt: skip
        w.add(f"polynomial_{name}", lambda o=options: pre.PolynomialFeatures(**o).fit(X[:, :3]), data.awkward(R[:, :3]))
    w.add("polynomial_f32_rows", lambda: pre.PolynomialFeatures(3).fit(R), data.single(data.awkward(R, 2)))
    w.add("polynomial_whole_rows", lambda: pre.PolynomialFeatures(2).fit(X), np.arange(50, dtype="<i8").reshape(10, 5))
    positive = np.abs(R) + 0.1
    plain = np.vstack([data.awkward(R, 1), positive[:8]])
    w.add("power_yeo_johnson", lambda: pre.PowerTransformer().fit(R), plain)
    w.add("power_yeo_johnson_plain", lambda: pre.PowerTransformer(standardize=False).fit(R), plain)
    w.add("power_box_cox", lambda: pre.PowerTransformer("box-cox").fit(positive), np.vstack([plain, positive[8:24]]))
    # numpy 1 takes f32 rows to powers in f32, on a CPU with AVX-512 by its own function, whose last bit is
    # another in one of five; of powers near 1 no more than that is left.
    w.add("power_f32_rows", lambda: pre.PowerTransformer().fit(R), data.single(plain),
          tolerance=3e-5 if np.__version__ < "2" else None)  # fmt: skip
    for distribution in ("uniform", "normal"):
        for name, x in (("grid", X), ("reals", R), ("gaps", GAPS)):
            w.add(
                f"quantile_{distribution}_{name}",
                lambda d=distribution, x=x: pre.QuantileTransformer(n_quantiles=20, output_distribution=d).fit(x),
                data.awkward(x, 1),
            )
    w.add("quantile_f32_rows", lambda: pre.QuantileTransformer(n_quantiles=15).fit(R), data.single(data.awkward(R, 2)))


def selectors(w) -> None:
    w.add("variance_threshold", lambda: VarianceThreshold().fit(CONSTANT), ROWS)
    w.add("variance_threshold_f32", lambda: VarianceThreshold(1.0).fit(R), data.single(data.awkward(R)))
    w.add("select_k_best", lambda: SelectKBest(f_classif, k=2).fit(X, Y), ROWS)
    w.add("select_k_best_columns", lambda: SelectKBest(f_regression, k=3).fit(frame(X), data.target(X)),
          dict(zip(frame(X).columns, ROWS.T.copy())))  # fmt: skip
    w.add("select_k_best_all", lambda: SelectKBest(f_classif, k="all").fit(X, Y), ROWS)
    w.add("select_percentile", lambda: SelectPercentile(f_classif, percentile=40).fit(X, Y), ROWS)
    w.add("select_from_lasso", lambda: SelectFromModel(Lasso(alpha=0.1)).fit(X, data.target(X)), ROWS)
    w.add("select_from_logistic", lambda: SelectFromModel(LogisticRegression(), threshold="mean").fit(X, Y), ROWS)
    w.add("select_from_forest_median", lambda: SelectFromModel(
        RandomForestClassifier(5, max_depth=3, random_state=0), threshold="1.1*median").fit(X, Y), ROWS)  # fmt: skip
    w.add("select_from_prefit", lambda: SelectFromModel(
        Lasso(alpha=0.05).fit(X, data.target(X)), prefit=True, max_features=2).fit(X), ROWS)  # fmt: skip


def searchers(w) -> None:
    """Columns chosen by p-values, or one by one with an estimator."""
    rng = np.random.RandomState(11)
    noisy = np.column_stack([X[:80], rng.randint(-8, 9, (80, 5)) / 2.0])
    y, rows = data.classes(noisy[:, :5], 3, "text"), data.awkward(noisy, 3, plain=8, at=6)
    for name, kind in (("fpr", SelectFpr), ("fdr", SelectFdr), ("fwe", SelectFwe)):
        for alpha in (0.01, 0.4):
            w.add(f"select_{name}_{alpha}", lambda k=kind, a=alpha: k(f_classif, alpha=a).fit(noisy, y), rows)
    for mode, param in (("k_best", 4), ("percentile", 35), ("fpr", 0.1), ("fdr", 0.2), ("fwe", 0.2), ("k_best", "all")):
        w.add(f"select_generic_{mode}_{param}", lambda m=mode, p=param: GenericUnivariateSelect(
            f_classif, mode=m, param=p).fit(noisy, y), rows)  # fmt: skip
    tree = DecisionTreeClassifier(max_depth=4, random_state=0)
    for name, inner in (("logistic", LogisticRegression()), ("tree", tree)):
        w.add(f"rfe_{name}", lambda i=inner: RFE(i, n_features_to_select=4).fit(noisy, y), rows)
        w.add(f"rfecv_{name}", lambda i=inner: RFECV(i, cv=2, step=2).fit(noisy, y), rows)
        w.add(f"sequential_{name}", lambda i=inner: SequentialFeatureSelector(i, n_features_to_select=2, cv=2).fit(
            noisy[:, :5], y), rows[:, :5])  # fmt: skip
    w.add("rfe_lasso", lambda: RFE(Lasso(0.01), n_features_to_select=0.5).fit(noisy, data.target(noisy)), rows)
    w.add("rfe_f32_rows", lambda: RFE(tree, n_features_to_select=3).fit(noisy, y), data.single(rows))
    w.add("sequential_backward", lambda: SequentialFeatureSelector(
        Lasso(0.05), direction="backward", n_features_to_select=3, cv=2).fit(noisy[:, :5], data.target(noisy)), rows[:, :5])  # fmt: skip
    names = list("abcde")
    w.add("rfe_columns", lambda: RFE(LogisticRegression(), n_features_to_select=2).fit(
        pd.DataFrame(noisy[:, :5], columns=names), y), dict(zip(names, rows[:, :5].T.copy())))  # fmt: skip
    w.add("rfe_pipeline", lambda: make_pipeline(pre.StandardScaler(), RFE(LogisticRegression(), n_features_to_select=3),
          LogisticRegression()).fit(noisy, y), rows)  # fmt: skip
    w.add("sequential_pipeline", lambda: make_pipeline(SequentialFeatureSelector(
        LogisticRegression(), n_features_to_select=2, cv=2), LogisticRegression()).fit(noisy[:, :5], y), rows[:, :5])  # fmt: skip


def functions(w) -> None:
    for name, function in {
        "identity": None, "log1p": np.log1p, "log": np.log, "exp": np.exp, "sqrt": np.sqrt, "abs": np.abs,
        "square": np.square, "sign": np.sign, "negative": np.negative, "expm1": np.expm1, "log2": np.log2,
        "log10": np.log10, "reciprocal": np.reciprocal, "sin": np.sin, "cos": np.cos, "tanh": np.tanh,
    }.items():  # fmt: skip
        scaler = make_pipeline(pre.StandardScaler(with_std=False), pre.FunctionTransformer(function))
        w.add(f"function_{name}", lambda scaler=scaler: scaler.fit(X), data.awkward(R, 1))
    checked = make_pipeline(pre.FunctionTransformer(np.log1p, validate=True), pre.StandardScaler())
    w.add("function_checked", lambda: checked.fit(np.abs(R)), np.abs(data.awkward(R, 2)))
    w.add("function_own", with_own_function, R[:4])
    w.add("function_f32_rows", lambda: make_pipeline(pre.StandardScaler(), pre.FunctionTransformer(np.square)).fit(R),
          data.single(data.awkward(R)))  # fmt: skip


def with_own_function() -> bytes:
    import cloudpickle

    return cloudpickle.dumps(pre.FunctionTransformer(lambda x: x * 2.0).fit(X))
