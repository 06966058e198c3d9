"""Rows of types that are seldom given: objects, booleans, narrow and nullable numbers, single precision between steps; and the
third-party estimators that know categories.

Must not know files or the native engine.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse
from sklearn import ensemble as ens
from sklearn import linear_model as lin
from sklearn import preprocessing as pre
from sklearn import tree
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.decomposition import PCA
from sklearn.feature_selection import SelectFromModel, SelectKBest, SelectPercentile, VarianceThreshold, f_regression
from sklearn.impute import KNNImputer, MissingIndicator, SimpleImputer
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline, make_union

import boosted
import data
import deep
import mixes
import rare
import zoo
from draw import holes, labels

WHOLE = ["i8", "i4", "i2", "i1", "u1", "u2", "u4", "u8", "?"]


def fitted(draw: Any, x: np.ndarray) -> tuple[Any, Any]:
    return draw.one([typed, typed, typed, steps, steps, pandas_out, third, third, categories])(draw, x)


def typed(draw: Any, x: np.ndarray) -> tuple[Any, Any]:
    """Fitted on one type of rows, asked with another."""
    x = np.clip(x, -1e6, 1e6)
    given, kind = _given(draw, x)
    score = data.score(np.nan_to_num(x), draw.whole(0, 9999))
    classes = draw.chance(0.5)
    y = labels(draw, 3)[boosted.cut(score, 3)] if classes else score.round(3).astype(draw.one(["f8", "f8", "f4"]))
    model = draw.one([
        lambda: zoo.classifier(draw, False) if classes else zoo.regressor(draw, False),
        lambda: rare.classifier(draw, False) if classes else rare.regressor(draw, False), lambda: rare.transformer(draw, False),
        lambda: zoo.transformer(draw, False), lambda: deep.part(draw, 1), lambda: deep.piped(draw, zoo.classifier(draw, False, 2) if classes else
            zoo.regressor(draw, False, 2))])()  # fmt: skip
    if classes and hasattr(model, "transform") and y.dtype.kind in "OU":
        y = np.unique(y, return_inverse=True)[1]
    model.fit(given, y)
    return model, asked(draw, x, list(given) if isinstance(given, pd.DataFrame) else None, kind)


def _given(draw: Any, x: np.ndarray) -> tuple[Any, str]:
    kind = draw.one(
        [
            "object",
            "bool",
            "whole",
            "f2",
            "f4",
            "f4",
            "csc",
            "coo",
            "csr f4",
            "nullable",
            "categories",
            "mixed frame",
            "f4 fortran",
        ]
    )
    names = [f"c{i}" for i in range(x.shape[1])]
    whole = draw.one(WHOLE)
    made = {
        "object": lambda: x.astype(object), "bool": lambda: x > np.median(x, axis=0), "whole": lambda: _whole(x, whole),
        "f2": lambda: np.clip(x, -6e4, 6e4).astype("f2"), "f4": lambda: x.astype("f4"), "csc": lambda: scipy.sparse.csc_matrix(x),
        "coo": lambda: scipy.sparse.coo_matrix(x), "csr f4": lambda: scipy.sparse.csr_matrix(x.astype("f4")), "f4 fortran": lambda: np.asfortranarray(
            x.astype("f4")), "nullable": lambda: pd.DataFrame(x, columns=names).astype({name: draw.one(["Float64", "float64", "Float32"]) for name in
            names}), "categories": lambda: pd.DataFrame({name: pd.Categorical(np.round(x[:, i])) for i, name in enumerate(names)}),
        "mixed frame": lambda: pd.DataFrame({name: draw.one([lambda c: c, lambda c: c.astype("f4"), lambda c: c > 0, lambda c: _whole(c, draw.one(
            WHOLE))])(x[:, i]) for i, name in enumerate(names)}),
    }[kind]()  # fmt: skip
    return made, kind


def _whole(x: np.ndarray, kind: str) -> np.ndarray:
    if kind == "?":
        return x > 0
    limits = np.iinfo(kind)
    return np.clip(np.round(x), max(limits.min, -1e6), min(limits.max, 1e6)).astype(kind)


def asked(draw: Any, x: np.ndarray, names: Any, kind: str) -> Any:
    inputs = data.awkward(x, draw.whole(0, 10_000), plain=8, at=8)
    if draw.chance(0.3):
        inputs = x[draw.rng.randint(0, len(x), 9)]
    how = draw.one(["f8", "f8", "f4", "f4", "whole", "columns"])
    if how == "whole":
        inputs = _whole(np.nan_to_num(inputs, posinf=1e6, neginf=-1e6), draw.one(WHOLE))
    elif how == "f4":
        inputs = data.single(inputs)
    if names is None:
        return inputs
    columns = {name: np.ascontiguousarray(inputs[:, i]) for i, name in enumerate(names)}
    if how == "columns":
        for name in names:
            if draw.chance(0.6):
                columns[name] = draw.one(
                    [lambda c: data.single(c), lambda c: _whole(np.nan_to_num(c, posinf=9, neginf=-9), draw.one(WHOLE))]
                )(columns[name])
    return columns


def steps(draw: Any, x: np.ndarray) -> tuple[Any, Any]:
    """Single precision and whole numbers through steps that keep them, or some of them."""
    x = np.clip(holes(draw, x) if draw.chance(0.4) else x, -1e6, 1e6)
    gaps = bool(np.isnan(x).any())
    keepers = [lambda: pre.FunctionTransformer(), lambda: VarianceThreshold(), lambda: SimpleImputer(strategy=draw.one(["mean", "median", "constant",
        "most_frequent"]), add_indicator=draw.chance(0.3)), lambda: pre.StandardScaler(), lambda: pre.MaxAbsScaler(), lambda: ColumnTransformer([("p",
        draw.one(["passthrough", pre.StandardScaler()]), [0])], remainder="passthrough"), lambda: make_union(pre.FunctionTransformer(), MissingIndicator(
        features="all")), lambda: FeatureUnion([("p", "passthrough"), ("s", pre.MinMaxScaler())]), lambda: pre.RobustScaler(), lambda: KNNImputer(
        n_neighbors=3), lambda: pre.FunctionTransformer(draw.one([np.abs, np.log1p, np.square, np.sign, np.negative]))]  # fmt: skip
    closed = [lambda: pre.PolynomialFeatures(2), lambda: pre.KBinsDiscretizer(3, encode=draw.one(["onehot", "ordinal", "onehot-dense"]), **draw.one([{},
        {"dtype": np.float32}])), lambda: PCA(1), lambda: SelectKBest(f_regression, k=1), lambda: pre.Binarizer(), lambda: pre.OneHotEncoder(
        handle_unknown="ignore", dtype=draw.one([np.float64, np.float32, np.int8, np.uint8, bool])), lambda: pre.QuantileTransformer(n_quantiles=9),
        lambda: pre.SplineTransformer(3), lambda: pre.Normalizer(), lambda: pre.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, dtype=
        draw.one([np.float64, np.float32, np.int64, np.int32])), lambda: SelectPercentile(f_regression, percentile=50)]  # fmt: skip
    chosen = [draw.one(keepers + ([] if gaps else closed))() for _ in range(draw.whole(1, 3))]
    score = data.score(np.nan_to_num(x), draw.whole(0, 9999))
    last = draw.one([None, None, lin.LogisticRegression(), lin.Ridge(), tree.DecisionTreeRegressor(max_depth=4), ens.HistGradientBoostingRegressor(
        max_iter=3), ens.RandomForestClassifier(3, max_depth=3, random_state=0), lin.LinearRegression()])  # fmt: skip
    y = boosted.cut(score, 2) if "Class" in str(last) or "Logistic" in str(last) else score
    model = make_pipeline(*chosen, *([] if last is None else [last]))
    how = draw.one(["f8", "f8", "f4", "f4", "whole", "frame"])
    given: Any = {"f8": x, "f4": x.astype("f4"), "whole": _whole(np.nan_to_num(x), draw.one(WHOLE)), "frame": pd.DataFrame({f"c{i}": draw.one(
        [lambda c: c, lambda c: c.astype("f4"), lambda c: _whole(np.nan_to_num(c), draw.one(WHOLE))])(x[:, i]) for i in range(x.shape[1])})}[how]  # fmt: skip
    model.fit(given, y)
    return model, asked(draw, x, list(given) if how == "frame" else None, how)


def pandas_out(draw: Any, x: np.ndarray) -> tuple[Any, Any]:
    """Frames between the steps: of named columns, chosen by name or dtype behind."""
    names = [f"c{i}" for i in range(x.shape[1])]
    frame = pd.DataFrame(np.clip(x, -1e6, 1e6), columns=names)
    if draw.chance(0.4):
        frame["c0"] = frame["c0"].round().astype("i8")
    score = data.score(frame.to_numpy(), draw.whole(0, 9999))
    gaps = draw.chance(0.4)
    if gaps:
        frame = frame.astype("f8").mask(draw.rng.rand(*frame.shape) < 0.1)
    first = draw.one([
        lambda: ColumnTransformer([("a", SimpleImputer() if gaps else pre.StandardScaler(), draw.one([["c0"], [0], slice(0, 1), make_column_selector(
            dtype_include="number"), make_column_selector("c.*0")]))], remainder=draw.one(["passthrough", pre.RobustScaler(), "drop"]),
            verbose_feature_names_out=draw.chance(0.5)), lambda: SimpleImputer(add_indicator=draw.chance(0.4)), lambda: zoo.scaler(draw),
        lambda: FeatureUnion([("a", SimpleImputer()), ("b", MissingIndicator(features="all"))]), lambda: pre.FunctionTransformer(), lambda: VarianceThreshold()])()  # fmt: skip
    second = draw.one([
        lambda: SelectKBest(f_regression, k=1), lambda: pre.StandardScaler(), lambda: SelectFromModel(tree.DecisionTreeRegressor(max_depth=3)),
        lambda: pre.PolynomialFeatures(2), lambda: ColumnTransformer([("z", pre.MinMaxScaler(), make_column_selector(dtype_include="float64"))],
            remainder="passthrough"), lambda: "passthrough", lambda: SimpleImputer(), lambda: deep.part(draw, 1), lambda: PCA(1)])()  # fmt: skip
    last = draw.one([None, lin.Ridge(), tree.DecisionTreeRegressor(max_depth=4), ens.HistGradientBoostingRegressor(max_iter=3), ens.
        ExtraTreesRegressor(3, max_depth=4, random_state=0), lin.LinearRegression()])  # fmt: skip
    model: Any = Pipeline([("first", first), ("second", second), *([] if last is None else [("last", last)])])
    model.set_output(transform=draw.one(["pandas", "pandas", "default"]))
    given = frame if draw.chance(0.8) else frame.to_numpy()
    model.fit(given, score)
    return model, asked(draw, x, names if given is frame else None, "frame")


def third(draw: Any, x: np.ndarray) -> tuple[Any, Any]:
    """category_encoders and imbalanced-learn, alone and in their pipelines."""
    table, inputs = mixes.frame(draw)
    words = [name for name in table if table[name].dtype.kind not in "fiub"]
    numbers = [name for name in table if name not in words]
    coded = np.column_stack([pd.factorize(table[name])[0] for name in table]).astype("f8")
    y = boosted.cut(data.score(coded, draw.whole(0, 9999)), draw.one([2, 2, 3]))
    final = draw.one(
        [zoo.classifier(draw, False, 2), tree.DecisionTreeClassifier(max_depth=4, random_state=0), lin.LogisticRegression()]
    )
    if draw.chance(0.4):
        return _balanced(draw, x), asked(draw, np.clip(x, -1e6, 1e6), None, "f8")
    import category_encoders as ce

    kind = draw.one([ce.OrdinalEncoder, ce.OneHotEncoder, ce.BinaryEncoder, ce.TargetEncoder, ce.CountEncoder, ce.BaseNEncoder, ce.LeaveOneOutEncoder,
                     ce.WOEEncoder, ce.JamesSteinEncoder, ce.MEstimateEncoder, ce.CatBoostEncoder, ce.HashingEncoder, ce.SumEncoder, ce.HelmertEncoder,
                     ce.PolynomialEncoder])  # fmt: skip
    options = {"handle_unknown": draw.one(["value", "value", "return_nan", "error"]), "handle_missing": draw.one(["value", "value", "return_nan"]),
               "cols": draw.one([None, words or None]), "use_cat_names": draw.chance(0.5), "drop_invariant": draw.chance(0.2), "min_samples_leaf":
               draw.one([1, 20]), "smoothing": draw.one([1.0, 10.0]), "return_df": draw.chance(0.8)}  # fmt: skip
    encoder = kind(**zoo.known(kind, options))
    if draw.chance(0.3) and words:
        model = ColumnTransformer([("e", encoder, words), ("n", SimpleImputer(), numbers)])
        return Pipeline([("p", model), ("m", final)]).fit(table, y if draw.chance(0.5) else y * 2), inputs
    model = make_pipeline(encoder, SimpleImputer(), final) if draw.chance(0.7) else encoder
    return model.fit(table, pd.Series(y)), inputs


def _balanced(draw: Any, x: np.ndarray) -> Any:
    from imblearn import ensemble as balanced
    from imblearn import over_sampling as over
    from imblearn import under_sampling as under
    from imblearn.combine import SMOTEENN, SMOTETomek
    from imblearn.pipeline import Pipeline as Sampling

    y = labels(draw, 2)[(data.score(x, draw.whole(0, 9999)) > 0.4).astype(int)]
    x = np.clip(x, -1e6, 1e6)
    if draw.chance(0.4):
        return draw.one([
            lambda: balanced.BalancedRandomForestClassifier(n_estimators=3, max_depth=4, random_state=0, **zoo.known(balanced.
                BalancedRandomForestClassifier, {"sampling_strategy": "all", "replacement": True, "bootstrap": False})),
            lambda: balanced.EasyEnsembleClassifier(n_estimators=2, random_state=0), lambda: balanced.RUSBoostClassifier(n_estimators=3, random_state=0),
            lambda: balanced.BalancedBaggingClassifier(n_estimators=3, random_state=0)])().fit(x, y)  # fmt: skip
    sampler = draw.one([over.SMOTE, over.RandomOverSampler, over.ADASYN, over.BorderlineSMOTE, under.RandomUnderSampler, under.NearMiss, under.TomekLinks,
                        under.EditedNearestNeighbours, SMOTEENN, SMOTETomek, under.ClusterCentroids])()  # fmt: skip
    inner = [("s", zoo.scaler(draw)), ("o", sampler)]
    if draw.chance(0.3):
        inner.insert(0, ("c", ColumnTransformer([("a", zoo.scaler(draw), [0])], remainder="passthrough")))
    return Sampling([*inner, ("m", zoo.classifier(draw, False))]).fit(x, y)


def categories(draw: Any, x: np.ndarray) -> tuple[Any, Any]:
    """CatBoost with columns of texts and whole numbers that it takes for categories."""
    import catboost as cat

    n, count = draw.whole(60, 160), 20
    columns, inputs = {}, {}
    for i in range(draw.whole(1, 4)):
        kind = draw.one(["text", "whole", "float", "float"])
        name = f"{kind}{i}"
        if kind == "text":
            known = [draw.one(mixes.WORDS) for _ in range(draw.one([2, 5, 12]))]
            columns[name] = np.array([draw.one(known) for _ in range(n)], object)
            inputs[name] = np.array([draw.one([*known, "unseen"]) for _ in range(count)], object)
        elif kind == "whole":
            columns[name] = draw.rng.randint(-3, draw.one([2, 30]), n)
            inputs[name] = draw.rng.randint(-5, 40, count)
        else:
            columns[name] = draw.rng.standard_normal(n).round(2)
            inputs[name] = data.awkward(columns[name].reshape(-1, 1), 1, plain=count, at=4)[:count, 0].copy()
    table = pd.DataFrame(columns)
    known = [name for name in table if not name.startswith("float")]
    coded = np.column_stack([pd.factorize(table[name])[0] for name in table]).astype("f8")
    score = data.score(coded, draw.whole(0, 9999))
    options = {"iterations": draw.whole(1, 8), "depth": draw.whole(1, 5), "one_hot_max_size": draw.one([2, 6, 255]), "thread_count": 1, "verbose": False,
               "allow_writing_files": False, "random_seed": 0, "max_ctr_complexity": draw.one([1, 2, 4]), "learning_rate": 0.3, "cat_features": known,
               "boosting_type": draw.one(["Plain", "Ordered"])}  # fmt: skip
    kind = draw.one(["two", "many", "number", "rank"])
    if kind == "rank":
        groups = np.repeat(np.arange(n // 10 + 1), 10)[:n]
        return cat.CatBoostRanker(**options).fit(table, boosted.cut(score, 3), group_id=groups), inputs
    if kind == "number":
        return cat.CatBoostRegressor(**options, loss_function=draw.one(["RMSE", "MAE", "Poisson"])).fit(
            table, np.abs(score)
        ), inputs
    classes = 2 if kind == "two" else draw.one([3, 7])
    return cat.CatBoostClassifier(**options).fit(table, labels(draw, classes)[boosted.cut(score, classes)]), inputs
