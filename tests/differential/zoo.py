"""Estimators with random hyper-parameters. What this version of a library does not have is drawn and fails to be made;
the caller draws again.

Must not make data.
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
from sklearn import ensemble as ens
from sklearn import linear_model as lin
from sklearn import multiclass, multioutput, svm, tree
from sklearn import naive_bayes as nb
from sklearn import preprocessing as pre
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.feature_selection import SelectFromModel, SelectKBest, VarianceThreshold
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline


def label(model: Any) -> str:
    """The classes a model is made of, in a few words."""
    if isinstance(model, Pipeline):
        return "-".join(type(step).__name__ for _, step in model.steps if not isinstance(step, str))
    return type(model).__name__


def known(kind: Any, options: dict) -> dict:
    """Options this version knows; the others were drawn in vain."""
    names = inspect.signature(kind).parameters
    return {name: value for name, value in options.items() if name in names or "kwargs" in names}


def over(kind: Any, inner: Any, **options: Any) -> Any:
    name = "estimator" if "estimator" in inspect.signature(kind).parameters else "base_estimator"
    return kind(**{name: inner}, **options)


# ---- single estimators ---------------------------------------------------------------------------------------------


def tree_options(draw: Any) -> dict:
    return {
        "max_depth": draw.one([None, 1, 2, 3, 5, 8]),
        "max_features": draw.one([None, 1.0, "sqrt", 0.5]),
        "min_samples_leaf": draw.one([1, 1, 2, 5]),
        "max_leaf_nodes": draw.one([None, None, 2, 6]),
        "ccp_alpha": draw.one([0.0, 0.0, 0.01]),
        "random_state": draw.whole(0, 99),
    }


def forest_options(draw: Any) -> dict:
    options = {**tree_options(draw), "n_estimators": draw.whole(1, 12)}
    options["max_depth"] = options["max_depth"] or 6
    return options


def classifier(draw: Any, gaps: bool, depth: int = 0) -> Any:
    exact = ["tree", "forest", "extra", "gradient", "histogram", "histogram"]
    others = ["logistic", "logistic", "sgd", "svc", "bayes", "neighbours", "net", "lda", "ridge", "linear_svc"]
    meta = ["adaboost", "bagging", "voting", "stacking", "calibrated", "rest", "one", "search", "threshold"]
    name = draw.one(exact + ([] if gaps and draw.chance(0.7) else others) + (meta if depth < 2 else []))
    return {
        "tree": lambda: tree.DecisionTreeClassifier(
            **tree_options(draw), class_weight=draw.one([None, "balanced"]), splitter=draw.one(["best", "random"])
        ),
        "forest": lambda: ens.RandomForestClassifier(**forest_options(draw), bootstrap=draw.chance(0.7)),
        "extra": lambda: ens.ExtraTreesClassifier(**forest_options(draw)),
        "gradient": lambda: ens.GradientBoostingClassifier(
            n_estimators=draw.whole(1, 10), learning_rate=draw.log(0.01, 1), max_depth=draw.whole(1, 5),
            subsample=draw.one([1.0, 0.6]), loss=draw.one(["log_loss", "log_loss", "exponential"]), random_state=0,
            init=draw.one([None, None, "zero"]),
        ),
        "histogram": lambda: ens.HistGradientBoostingClassifier(
            max_iter=draw.whole(1, 8), max_leaf_nodes=draw.one([None, 3, 8, 31]), max_depth=draw.one([None, 2, 5]),
            min_samples_leaf=draw.whole(1, 20), max_bins=draw.one([255, 8]), learning_rate=draw.log(0.05, 1), random_state=0,
        ),
        "logistic": lambda: lin.LogisticRegression(**known(lin.LogisticRegression, {
            "C": draw.log(0.01, 100), "fit_intercept": draw.chance(0.8), "max_iter": 60,
            "solver": draw.one(["lbfgs", "lbfgs", "liblinear", "newton-cg"]), "random_state": 0,
            "class_weight": draw.one([None, "balanced"])})),
        "sgd": lambda: lin.SGDClassifier(
            draw.one(["hinge", "log_loss", "modified_huber", "squared_hinge", "perceptron"]), alpha=draw.log(1e-5, 0.1),
            penalty=draw.one(["l2", "l1", "elasticnet"]), random_state=0, max_iter=30),
        "svc": lambda: svm.SVC(
            kernel=draw.one(["rbf", "linear", "poly", "sigmoid"]), C=draw.log(0.1, 10), gamma=draw.one(["scale", "auto", 0.3]),
            degree=draw.whole(1, 4), coef0=draw.one([0.0, 1.0]), probability=draw.chance(0.3), random_state=0,
            decision_function_shape=draw.one(["ovr", "ovo"]), break_ties=False, max_iter=2000),
        "bayes": lambda: draw.one([nb.GaussianNB(), nb.BernoulliNB(alpha=draw.log(0.01, 2), binarize=draw.real(-1, 1))]),
        "neighbours": lambda: KNeighborsClassifier(
            draw.whole(1, 6), weights=draw.one(["uniform", "distance"]), algorithm=draw.one(["auto", "brute", "kd_tree"]),
            p=draw.one([1, 2, 2])),
        "net": lambda: MLPClassifier(
            draw.one([(4,), (7, 3), (3, 3, 3)]), activation=draw.one(["relu", "tanh", "logistic", "identity"]), max_iter=15,
            random_state=0),
        "lda": lambda: LinearDiscriminantAnalysis(solver=draw.one(["svd", "lsqr"])),
        "ridge": lambda: lin.RidgeClassifier(alpha=draw.log(0.01, 100)),
        "linear_svc": lambda: svm.LinearSVC(C=draw.log(0.01, 10), dual=True, random_state=0, max_iter=200),
        "adaboost": lambda: over(ens.AdaBoostClassifier, tree.DecisionTreeClassifier(max_depth=draw.whole(1, 3)),
            n_estimators=draw.whole(1, 8), random_state=0, **known(ens.AdaBoostClassifier, {"algorithm": "SAMME"})),
        "bagging": lambda: over(ens.BaggingClassifier, classifier(draw, gaps, 2), n_estimators=draw.whole(1, 5),
            max_features=draw.one([1.0, 0.7]), max_samples=draw.one([1.0, 0.5]), random_state=0),
        "voting": lambda: ens.VotingClassifier([(f"m{i}", classifier(draw, gaps, 2)) for i in range(draw.whole(1, 3))],
            voting=draw.one(["hard", "soft"])),
        "stacking": lambda: ens.StackingClassifier([(f"m{i}", classifier(draw, gaps, 2)) for i in range(draw.whole(1, 3))],
            classifier(draw, False, 2), cv=2, passthrough=draw.chance(0.3)),
        "calibrated": lambda: CalibratedClassifierCV(classifier(draw, gaps, 2), method=draw.one(["sigmoid", "isotonic"]), cv=2,
            ensemble=draw.chance(0.6)),
        "rest": lambda: multiclass.OneVsRestClassifier(classifier(draw, gaps, 2)),
        "one": lambda: multiclass.OneVsOneClassifier(classifier(draw, gaps, 2)),
        "search": lambda: GridSearchCV(tree.DecisionTreeClassifier(random_state=0), {"max_depth": [1, 3]}, cv=2),
        "threshold": lambda: _threshold(draw, gaps),
    }[name]()  # fmt: skip


def _threshold(draw: Any, gaps: bool) -> Any:
    from sklearn.model_selection import FixedThresholdClassifier

    return FixedThresholdClassifier(classifier(draw, gaps, 2), threshold=draw.real(0.2, 0.8))


def regressor(draw: Any, gaps: bool, depth: int = 0) -> Any:
    exact = ["tree", "forest", "extra", "gradient", "histogram", "histogram"]
    others = ["linear", "ridge", "lasso", "elastic", "sgd", "svr", "neighbours", "net"]
    meta = ["adaboost", "bagging", "voting", "stacking", "transformed"]
    name = draw.one(exact + ([] if gaps and draw.chance(0.7) else others) + (meta if depth < 2 else []))
    criterion = draw.one(["squared_error", "squared_error", "absolute_error", "friedman_mse"])
    return {
        "tree": lambda: tree.DecisionTreeRegressor(**tree_options(draw), criterion=criterion),
        "forest": lambda: ens.RandomForestRegressor(**forest_options(draw), criterion=criterion),
        "extra": lambda: ens.ExtraTreesRegressor(**forest_options(draw), criterion=criterion),
        "gradient": lambda: ens.GradientBoostingRegressor(
            n_estimators=draw.whole(1, 10), learning_rate=draw.log(0.01, 1), max_depth=draw.whole(1, 5), random_state=0,
            loss=draw.one(["squared_error", "huber", "absolute_error", "quantile"]), init=draw.one([None, None, "zero"])),
        "histogram": lambda: ens.HistGradientBoostingRegressor(
            max_iter=draw.whole(1, 8), max_leaf_nodes=draw.one([None, 3, 8, 31]), min_samples_leaf=draw.whole(1, 20),
            loss=draw.one(["squared_error", "squared_error", "absolute_error"]), random_state=0),
        "linear": lambda: lin.LinearRegression(fit_intercept=draw.chance(0.8)),
        "ridge": lambda: lin.Ridge(alpha=draw.log(0.01, 100)),
        "lasso": lambda: lin.Lasso(alpha=draw.log(0.001, 1), max_iter=100),
        "elastic": lambda: lin.ElasticNet(alpha=draw.log(0.001, 1), l1_ratio=draw.real(0.1, 0.9), max_iter=100),
        "sgd": lambda: lin.SGDRegressor(random_state=0, max_iter=20),
        "svr": lambda: svm.SVR(kernel=draw.one(["rbf", "linear", "poly"]), C=draw.log(0.1, 10), epsilon=draw.real(0.01, 0.5), max_iter=2000),
        "neighbours": lambda: KNeighborsRegressor(draw.whole(1, 6), weights=draw.one(["uniform", "distance"])),
        "net": lambda: MLPRegressor(hidden_layer_sizes=(5,), activation=draw.one(["relu", "tanh"]), max_iter=15, random_state=0),
        "adaboost": lambda: ens.AdaBoostRegressor(n_estimators=draw.whole(1, 7), random_state=0),
        "bagging": lambda: over(ens.BaggingRegressor, regressor(draw, gaps, 2), n_estimators=draw.whole(1, 5), random_state=0,
            max_features=draw.one([1.0, 0.7])),
        "voting": lambda: ens.VotingRegressor([(f"m{i}", regressor(draw, gaps, 2)) for i in range(draw.whole(1, 3))]),
        "stacking": lambda: ens.StackingRegressor([(f"m{i}", regressor(draw, gaps, 2)) for i in range(draw.whole(1, 2))],
            regressor(draw, False, 2), cv=2, passthrough=draw.chance(0.3)),
        "transformed": lambda: TransformedTargetRegressor(regressor(draw, gaps, 2), transformer=draw.one(
            [pre.StandardScaler(), pre.MinMaxScaler(), pre.RobustScaler()])),
    }[name]()  # fmt: skip


def estimator(draw: Any, kind: str, gaps: bool) -> Any:
    """An estimator for a kind of target."""
    if kind in ("binary", "classes"):
        return classifier(draw, gaps)
    if kind == "regression":
        return regressor(draw, gaps)
    if kind == "counts":
        return draw.one([
            lambda: lin.PoissonRegressor(alpha=draw.log(0.01, 1)), lambda: lin.TweedieRegressor(power=1.5, link="log"),
            lambda: ens.HistGradientBoostingRegressor(loss="poisson", max_iter=4, min_samples_leaf=5),
            lambda: tree.DecisionTreeRegressor(criterion="poisson", max_depth=4, random_state=0),
        ])()  # fmt: skip
    if kind == "several":
        return draw.one([
            lambda: tree.DecisionTreeRegressor(**tree_options(draw)), lambda: ens.RandomForestRegressor(**forest_options(draw)),
            lambda: multioutput.MultiOutputRegressor(regressor(draw, gaps, 2)), lambda: lin.LinearRegression(),
            lambda: ens.ExtraTreesRegressor(**forest_options(draw)), lambda: KNeighborsRegressor(3),
        ])()  # fmt: skip
    return draw.one([
        lambda: tree.DecisionTreeClassifier(**tree_options(draw)), lambda: ens.RandomForestClassifier(**forest_options(draw)),
        lambda: multioutput.MultiOutputClassifier(classifier(draw, gaps, 2)), lambda: ens.ExtraTreesClassifier(**forest_options(draw)),
    ])()  # fmt: skip


# ---- preparation ---------------------------------------------------------------------------------------------------


def scaler(draw: Any) -> Any:
    return draw.one([
        lambda: pre.StandardScaler(with_mean=draw.chance(0.8), with_std=draw.chance(0.8)),
        lambda: pre.MinMaxScaler(draw.one([(0, 1), (-2, 3.5)]), clip=draw.chance(0.3)),
        lambda: pre.RobustScaler(quantile_range=draw.one([(25.0, 75.0), (10.0, 70.0)]), unit_variance=draw.chance(0.3)),
        lambda: pre.MaxAbsScaler(), lambda: pre.Normalizer(draw.one(["l1", "l2", "max"])),
    ])()  # fmt: skip


def imputer(draw: Any) -> Any:
    return SimpleImputer(
        strategy=draw.one(["mean", "median", "most_frequent", "constant"]), add_indicator=draw.chance(0.3),
        keep_empty_features=draw.chance(0.3))  # fmt: skip


def transformer(draw: Any, gaps: bool) -> Any:
    """One transformer of numbers, or a few in a row."""
    steps = [imputer(draw)] if gaps and draw.chance(0.8) else []
    steps += [step(draw) for _ in range(draw.whole(1, 2))]
    if isinstance(steps[-1], PCA):  # its likelihood inverts matrices that have no inverse to speak of
        steps[-1] = scaler(draw)
    return make_pipeline(*steps) if len(steps) > 1 else steps[0]


def step(draw: Any) -> Any:
    return draw.one([
        lambda: scaler(draw), lambda: scaler(draw),
        lambda: pre.KBinsDiscretizer(draw.whole(2, 6), encode=draw.one(["ordinal", "onehot", "onehot-dense"]),
            strategy=draw.one(["uniform", "quantile"])),
        lambda: pre.PolynomialFeatures(draw.whole(1, 3), interaction_only=draw.chance(0.4), include_bias=draw.chance(0.5)),
        lambda: pre.PowerTransformer(standardize=draw.chance(0.6)),
        lambda: pre.QuantileTransformer(n_quantiles=draw.whole(5, 30), output_distribution=draw.one(["uniform", "normal"])),
        lambda: VarianceThreshold(), lambda: PCA(draw.one([None, 1, 0.9])), lambda: pre.FunctionTransformer(draw.one([None, np.log1p, np.abs])),
        lambda: FeatureUnion([("a", scaler(draw)), ("b", scaler(draw))], transformer_weights=draw.one([None, {"a": 0.5}])),
        lambda: SelectKBest(k=1), lambda: SelectFromModel(tree.DecisionTreeClassifier(max_depth=3, random_state=0)),
        lambda: TruncatedSVD(1, random_state=0),
    ])()  # fmt: skip


def chained(draw: Any, final: Any, gaps: bool) -> Any:
    """The estimator behind none to three steps."""
    if draw.chance(0.45):
        return final
    steps = [imputer(draw)] if gaps else []
    steps += [step(draw) if draw.chance(0.5) else scaler(draw) for _ in range(draw.whole(0, 2))]
    return make_pipeline(*steps, final)


def encoder(draw: Any) -> Any:
    return draw.one([
        lambda: pre.OneHotEncoder(
            handle_unknown=draw.one(["ignore", "ignore", "infrequent_if_exist", "error"]), drop=draw.one([None, None, "first", "if_binary"]),
            min_frequency=draw.one([None, None, 5, 0.2]), max_categories=draw.one([None, None, 2, 3])),
        lambda: pre.OneHotEncoder(handle_unknown="ignore"),
        lambda: pre.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=draw.one([-1, np.nan, 99]),
            **known(pre.OrdinalEncoder, {"encoded_missing_value": draw.one([np.nan, -2])})),
        lambda: pre.OrdinalEncoder(),
        lambda: pre.TargetEncoder(random_state=0, smooth=draw.one(["auto", 2.0])),
    ])()  # fmt: skip


def of_text(draw: Any) -> Any:
    """A vectoriser, and a classifier behind it or none."""
    options = {
        "ngram_range": draw.one([(1, 1), (1, 2), (2, 3)]), "analyzer": draw.one(["word", "word", "char", "char_wb"]),
        "lowercase": draw.chance(0.8), "strip_accents": draw.one([None, None, "ascii", "unicode"]), "binary": draw.chance(0.3),
    }  # fmt: skip
    fitted = {"max_features": draw.one([None, 12, 40]), "min_df": draw.one([1, 1, 2])}
    vectoriser = draw.one([
        lambda: CountVectorizer(**options, **fitted), lambda: HashingVectorizer(n_features=draw.one([16, 128]), **options),
        lambda: TfidfVectorizer(**options, **fitted, norm=draw.one(["l2", "l1", None]), sublinear_tf=draw.chance(0.3),
            use_idf=draw.chance(0.8), smooth_idf=draw.chance(0.8)),
    ])()  # fmt: skip
    steps = [vectoriser] + ([TfidfTransformer()] if draw.chance(0.2) else [])
    if draw.chance(0.75):
        steps.append(draw.one([
            lin.LogisticRegression(), svm.LinearSVC(dual=True, random_state=0), lin.SGDClassifier(random_state=0), nb.BernoulliNB(),
            ens.RandomForestClassifier(3, max_depth=4, random_state=0), svm.SVC(max_iter=2000), tree.DecisionTreeClassifier(random_state=0),
        ]))  # fmt: skip
    return make_pipeline(*steps)
