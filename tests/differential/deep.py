"""Estimators around estimators around pipelines, and targets of kinds that are seldom trained on.

What a version of a library does not have is drawn and fails to be made. Must not make rows to ask for.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn import ensemble as ens
from sklearn import feature_selection as fs
from sklearn import linear_model as lin
from sklearn import multiclass, multioutput, tree
from sklearn import preprocessing as pre
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.feature_selection import SelectFromModel, SelectKBest, f_regression
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline

import boosted
import rare
import zoo
from draw import labels


def classifier(draw: Any, depth: int) -> Any:
    """A classifier with so many more around it, pipelines between them."""
    if depth == 0:
        return _innermost(draw, zoo.classifier, rare.classifier, True)
    c = lambda: classifier(draw, depth - 1)  # noqa: E731
    made = draw.one([
        lambda: ens.VotingClassifier([(f"m{i}", c()) for i in range(draw.whole(1, 3))], voting=draw.one(["hard", "soft"]), flatten_transform=
            draw.chance(0.5)),
        lambda: ens.StackingClassifier([(f"m{i}", c()) for i in range(draw.whole(1, 2))], c(), cv=2, passthrough=draw.chance(0.4),
            stack_method=draw.one(["auto", "auto", "predict"])),
        lambda: zoo.over(ens.BaggingClassifier, c(), n_estimators=draw.whole(1, 3), max_features=draw.one([1.0, 0.7]), bootstrap_features=
            draw.chance(0.3), random_state=0),
        lambda: zoo.over(ens.AdaBoostClassifier, c(), n_estimators=draw.whole(1, 3), random_state=0, **zoo.known(ens.AdaBoostClassifier,
            {"algorithm": "SAMME"})),
        lambda: CalibratedClassifierCV(c(), method=draw.one(["sigmoid", "isotonic"]), cv=2, ensemble=draw.chance(0.5)),
        lambda: multiclass.OneVsRestClassifier(c()), lambda: multiclass.OneVsOneClassifier(c()),
        lambda: multiclass.OutputCodeClassifier(c(), code_size=draw.one([1.5, 2, 0.7]), random_state=0), lambda: _searched(draw, c()),
        lambda: fs.RFE(tree.DecisionTreeClassifier(max_depth=3, random_state=0), n_features_to_select=0.5), lambda: rare._tuned(draw, c()),
        lambda: zoo._threshold(draw, False), lambda: rare._self_training(c()), lambda: Frozen(draw, c()),
    ])()  # fmt: skip
    return made if draw.chance(0.6) or isinstance(made, Frozen) else piped(draw, made)


def regressor(draw: Any, depth: int) -> Any:
    """A regressor with so many more around it, pipelines between them."""
    if depth == 0:
        return _innermost(draw, zoo.regressor, rare.regressor, False)
    r = lambda: regressor(draw, depth - 1)  # noqa: E731
    made = draw.one([
        lambda: ens.VotingRegressor([(f"m{i}", r()) for i in range(draw.whole(1, 3))], weights=draw.one([None, None, [0.5]])),
        lambda: ens.StackingRegressor([(f"m{i}", r()) for i in range(draw.whole(1, 2))], r(), cv=2, passthrough=draw.chance(0.4)),
        lambda: zoo.over(ens.BaggingRegressor, r(), n_estimators=draw.whole(1, 3), max_features=draw.one([1.0, 0.7]), random_state=0),
        lambda: zoo.over(ens.AdaBoostRegressor, r(), n_estimators=draw.whole(1, 3), random_state=0), lambda: _searched(draw, r()),
        lambda: transformed(draw, r()), lambda: transformed(draw, r()), lambda: lin.RANSACRegressor(r(), min_samples=0.6, random_state=0),
    ])()  # fmt: skip
    return made if draw.chance(0.6) else piped(draw, made)


def _innermost(draw: Any, common: Any, seldom: Any, classes: bool) -> Any:
    """One with nothing inside, in a pipeline or alone."""
    kinds = [common, common, lambda d, g, _: seldom(d, g), lambda d, *_: _boosted(d, classes)]
    plain = draw.one(kinds)(draw, False, 2)
    return plain if draw.chance(0.4) else piped(draw, plain)


def _boosted(draw: Any, classes: bool) -> Any:
    if draw.chance(0.5):
        import lightgbm as lgb

        return (lgb.LGBMClassifier if classes else lgb.LGBMRegressor)(n_estimators=3, min_child_samples=3, n_jobs=1, verbose=-1)
    import xgboost as xgb

    return (xgb.XGBClassifier if classes else xgb.XGBRegressor)(n_estimators=3, max_depth=3, n_jobs=1)


class Frozen:
    """What is fitted on one half and calibrated, or told its threshold, on the other; not a part of what is saved."""

    def __init__(self, draw: Any, inner: Any) -> None:
        self.inner, self.how, self.method = inner, draw.one(["calibrated", "threshold"]), draw.one(["sigmoid", "isotonic"])

    def fit(self, x: Any, y: Any) -> Any:
        half = len(y) // 2
        inner = self.inner.fit(x[:half], y[:half])
        try:
            from sklearn.frozen import FrozenEstimator
        except ImportError:
            return CalibratedClassifierCV(inner, method=self.method, cv="prefit").fit(x[half:], y[half:])
        if self.how == "calibrated":
            return CalibratedClassifierCV(FrozenEstimator(inner), method=self.method).fit(x[half:], y[half:])
        from sklearn.model_selection import FixedThresholdClassifier

        return FixedThresholdClassifier(FrozenEstimator(inner), threshold=0.3).fit(x[half:], y[half:])


def transformed(draw: Any, inner: Any) -> Any:
    """A regressor of a function of its target, or of what a transformer makes of it."""
    functions = [(np.log1p, np.expm1), (np.sqrt, np.square), (np.cbrt, None), (np.log, np.exp), (np.arcsinh, np.sinh), (np.log2, np.exp2),
                 (np.square, np.sqrt), (np.log10, None), (np.exp, np.log), (None, np.abs), (np.negative, np.negative), (np.expm1, np.log1p)]  # fmt: skip
    if draw.chance(0.5):
        func, inverse = draw.one(functions)
        return TransformedTargetRegressor(
            inner, func=func, inverse_func=inverse or (func if func is np.cbrt else np.exp), check_inverse=False
        )
    return TransformedTargetRegressor(inner, transformer=draw.one([
        lambda: pre.PowerTransformer(standardize=draw.chance(0.6)), lambda: pre.QuantileTransformer(n_quantiles=20, output_distribution=draw.one(
            ["uniform", "normal"])), lambda: pre.MaxAbsScaler(), lambda: make_pipeline(pre.StandardScaler(), pre.MinMaxScaler()),
        lambda: pre.FunctionTransformer(np.log1p, np.expm1, check_inverse=False), lambda: pre.RobustScaler(), lambda: pre.KBinsDiscretizer(
            5, encode="ordinal", strategy="uniform"), lambda: make_pipeline(pre.FunctionTransformer(np.sqrt, np.square), pre.StandardScaler()),
        lambda: PCA(1), lambda: pre.StandardScaler(with_mean=False)])())  # fmt: skip


def _searched(draw: Any, inner: Any) -> Any:
    kind = draw.one(["grid", "random", "pipeline"])
    if kind == "pipeline":
        return GridSearchCV(
            Pipeline([("s", pre.StandardScaler()), ("m", inner)]), {"s": [pre.MinMaxScaler(), "passthrough"]}, cv=2
        )
    if kind == "random":
        return RandomizedSearchCV(make_pipeline(zoo.scaler(draw), inner), {}, n_iter=1, cv=2, random_state=0)
    return GridSearchCV(inner, {}, cv=2, refit=True)


def piped(draw: Any, final: Any) -> Any:
    """The estimator behind steps, of which some are pipelines, unions and ColumnTransformers themselves."""
    return make_pipeline(*[part(draw, draw.whole(0, 2)) for _ in range(draw.whole(1, 2))], final)


def part(draw: Any, depth: int) -> Any:
    """A transformer of numbers, with others inside."""
    if depth == 0:
        return draw.one([zoo.scaler, zoo.scaler, zoo.step, lambda d: rare.transformer(d, False)])(draw)
    p = lambda: part(draw, depth - 1)  # noqa: E731
    return draw.one([
        lambda: FeatureUnion([("a", p()), ("b", draw.one([p(), "passthrough", "drop"]))], transformer_weights=draw.one([None, None, {"a": -0.5}])),
        lambda: ColumnTransformer([("a", p(), picked(draw)), ("b", draw.one([p(), "passthrough", "drop"]), picked(draw))], remainder=draw.one(
            ["drop", "passthrough", "passthrough", pre.MinMaxScaler(), make_pipeline(SimpleImputer(), pre.StandardScaler())]),
            sparse_threshold=draw.one([0.0, 0.3, 1.0]), transformer_weights=draw.one([None, None, {"b": 3.0}]), verbose_feature_names_out=
            draw.chance(0.5)),
        lambda: make_pipeline(p(), p()), lambda: make_pipeline("passthrough", p(), None), lambda: SelectKBest(f_regression, k=1),
        lambda: Pipeline([("in", p()), ("last", draw.one(["passthrough", None]))]),
        lambda: SelectFromModel(draw.one([ens.ExtraTreesRegressor(3, random_state=0), lin.Lasso(0.001)]), threshold=draw.one(["mean", "0.1*median"])),
    ])()  # fmt: skip


def picked(draw: Any) -> Any:
    """Columns of a matrix, told in one of the ways there are."""
    return draw.one([[0], slice(None), slice(0, 1), slice(-1, None), [-1], [0, 0], slice(None, None, 2), np.array([0]), every_other, mask_of,
                     pd.Index([0]), (0,), slice(1, None), range(1)])  # fmt: skip


def every_other(x: Any) -> list:
    return list(range(0, x.shape[1], 2))


def mask_of(x: Any) -> Any:
    return np.arange(x.shape[1]) % 2 == 0


def target(draw: Any, score: np.ndarray) -> np.ndarray:
    """Labels of one class, of fifty, of few members, in columns, categories and objects."""
    kind = draw.one(["many", "rare", "one", "column", "series", "mixed", "narrow", "texts", "wide text"])
    n = len(score)
    if kind == "many":
        return boosted.cut(score, 50 if n > 100 else 20) - 7
    if kind == "one":
        return np.full(n, draw.one([0, 5, -1]))
    if kind == "rare":
        y = labels(draw, 3)[boosted.cut(score, 3)]
        y[: n // 2] = y[0]
        return y
    y = labels(draw, draw.one([2, 3]))[boosted.cut(score, 2)]
    if kind == "column":
        return y.reshape(-1, 1)
    if kind == "series":
        return pd.Series(y).astype(draw.one(["category", "object"]))
    if kind == "mixed":
        held = np.empty(n, object)
        held[:] = [bool(one) for one in boosted.cut(score, 2)]
        return held
    if kind == "narrow":
        return boosted.cut(score, 3).astype(draw.one(["u1", "i2", "f4", "u8"]))
    count = draw.one([12, 30])
    return np.array([f"{'c' * (i % 5)}{i}" for i in range(count)], dtype=draw.one(["U", object]) if kind == "texts" else "U40")[
        boosted.cut(score, count)]  # fmt: skip


def several(draw: Any, kind: str) -> Any:
    """Estimators of several targets, with pipelines inside and around them."""
    c, r = (lambda: classifier(draw, draw.whole(0, 1))), (lambda: regressor(draw, draw.whole(0, 1)))
    if kind == "several":
        made = draw.one([
            lambda: multioutput.MultiOutputRegressor(r()), lambda: multioutput.RegressorChain(r(), random_state=0, order=draw.one([None, "random"])),
            lambda: transformed(draw, draw.one([lin.LinearRegression(), ens.ExtraTreesRegressor(3, max_depth=4, random_state=0)])),
            lambda: zoo.over(ens.BaggingRegressor, piped(draw, lin.Ridge()), n_estimators=2, random_state=0),
            lambda: ens.VotingRegressor([("a", r())]), lambda: GridSearchCV(piped(draw, tree.DecisionTreeRegressor(max_depth=4)), {}, cv=2),
            lambda: ens.StackingRegressor([("a", lin.Ridge()), ("b", tree.DecisionTreeRegressor(max_depth=3))], lin.LinearRegression(), cv=2),
            lambda: rare.several(draw, False)])()  # fmt: skip
    else:
        made = draw.one([
            lambda: multioutput.MultiOutputClassifier(c()), lambda: multioutput.ClassifierChain(c(), random_state=0, **zoo.known(
                multioutput.ClassifierChain, {"chain_method": draw.one(["predict", "predict_proba"])})), lambda: multiclass.OneVsRestClassifier(c()),
            lambda: zoo.over(ens.BaggingClassifier, piped(draw, tree.DecisionTreeClassifier(max_depth=4)), n_estimators=2, random_state=0),
            lambda: GridSearchCV(piped(draw, ens.RandomForestClassifier(3, max_depth=4, random_state=0)), {}, cv=2),
            lambda: rare.flags(draw, False), lambda: rare.several_classes(draw, False)])()  # fmt: skip
    return made if draw.chance(0.6) else piped(draw, made)
