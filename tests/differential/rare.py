"""What zoo.py leaves out: the rarer estimators, and the rarer options of the common ones.

What a version of a library does not have is drawn and fails to be made; the caller draws again. Must not make data.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import cluster, dummy, impute, mixture, multiclass, multioutput, svm, tree
from sklearn import decomposition as dec
from sklearn import discriminant_analysis as da
from sklearn import ensemble as ens
from sklearn import feature_selection as fs
from sklearn import linear_model as lin
from sklearn import naive_bayes as nb
from sklearn import neighbors as near
from sklearn import neural_network as nn
from sklearn import preprocessing as pre
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.covariance import EllipticEnvelope
from sklearn.cross_decomposition import PLSRegression
from sklearn.experimental import (
    enable_halving_search_cv,  # noqa: F401
    enable_iterative_imputer,  # noqa: F401
)
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.isotonic import IsotonicRegression
from sklearn.kernel_approximation import Nystroem, RBFSampler
from sklearn.kernel_ridge import KernelRidge
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, RandomizedSearchCV
from sklearn.pipeline import FeatureUnion, make_pipeline, make_union
from sklearn.random_projection import GaussianRandomProjection

import zoo


def balance(draw: Any) -> Any:
    return draw.one([None, None, "balanced"])


def branches(draw: Any, gaps: bool, classes: bool) -> dict:
    """Options of a tree, the odd ones too."""
    return {
        **zoo.tree_options(draw),
        "criterion": draw.one(["gini", "entropy", "log_loss"] if classes else ["squared_error", "friedman_mse", "absolute_error"]),
        "min_samples_split": draw.one([2, 2, 0.2, 9]), "min_samples_leaf": draw.one([1, 1, 0.05, 4]),
        "min_weight_fraction_leaf": draw.one([0.0, 0.0, 0.1]), "min_impurity_decrease": draw.one([0.0, 0.0, 0.01]),
        "max_features": draw.one([None, "sqrt", "log2", 0.3, 1]), "ccp_alpha": draw.one([0.0, 0.0, 0.02]),
        **({"class_weight": balance(draw)} if classes else {}),
    }  # fmt: skip


def grown(draw: Any, gaps: bool, classes: bool) -> dict:
    options = {**branches(draw, gaps, classes), "n_estimators": draw.whole(1, 9), "bootstrap": draw.chance(0.7),
               "n_jobs": draw.one([None, 1, 2, -1])}  # fmt: skip
    if options["bootstrap"]:
        options |= {"max_samples": draw.one([None, 0.5, 11]), "oob_score": draw.chance(0.2)}
    if classes and draw.chance(0.2):
        options["class_weight"] = "balanced_subsample"
    return options


def histogram(draw: Any, gaps: bool, classes: bool) -> dict:
    kind = ens.HistGradientBoostingClassifier if classes else ens.HistGradientBoostingRegressor
    return zoo.known(kind, {
        "max_iter": draw.whole(1, 8), "max_leaf_nodes": draw.one([None, 2, 8, 31]), "max_depth": draw.one([None, 1, 4]),
        "min_samples_leaf": draw.whole(1, 9), "max_bins": draw.one([255, 2, 16]), "learning_rate": draw.log(0.05, 1.5), "random_state": 0,
        "l2_regularization": draw.one([0.0, 1.0]), "early_stopping": draw.one(["auto", True, False]), "n_iter_no_change": 2,
        "categorical_features": draw.one([None, [0]]),
        "interaction_cst": draw.one([None, "no_interactions"]), "max_features": draw.one([1.0, 0.5]),
        "warm_start": draw.chance(0.1), **({"class_weight": balance(draw)} if classes else {}),
    })  # fmt: skip


def classifier(draw: Any, gaps: bool) -> Any:
    c = lambda: zoo.classifier(draw, gaps, 2)  # noqa: E731
    plain = _tree_classifiers(draw, gaps)
    families = [plain, plain, _classifiers_around(draw, c)] + ([] if gaps else [_numeric_classifiers(draw, c)] * 2)
    family = draw.one(families)
    return family[draw.one(family)]()


def _classifiers_around(draw: Any, c: Any) -> dict[str, Any]:
    """Classifiers that are made of others."""
    return {
        "adaboost": lambda: zoo.over(ens.AdaBoostClassifier, draw.one([tree.ExtraTreeClassifier(max_depth=2, random_state=0),
            lin.LogisticRegression(), nb.GaussianNB(), ens.RandomForestClassifier(2, max_depth=2, random_state=0), None,
            svm.SVC(probability=True, random_state=0)]), n_estimators=draw.whole(1, 5), learning_rate=draw.log(0.1, 2), random_state=0,
            **draw.one([{}, {"algorithm": "SAMME.R"}, {"algorithm": "SAMME"}])),
        "bagging": lambda: zoo.over(ens.BaggingClassifier, c(), n_estimators=draw.whole(1, 4), bootstrap=draw.chance(0.6),
            bootstrap_features=draw.chance(0.4), max_features=draw.one([1.0, 0.5, 1]), max_samples=draw.one([1.0, 0.5, 15]), random_state=0,
            n_jobs=draw.one([None, 2])),
        "voting": lambda: ens.VotingClassifier([(f"m{i}", c()) for i in range(draw.whole(2, 3))] + draw.one([[], [("no", "drop")]]),
            voting=draw.one(["hard", "soft"]), flatten_transform=draw.chance(0.7), weights=draw.one([None, [1, 2.5, 0.5]]) and None),
        "weighted": lambda: ens.VotingClassifier([("a", c()), ("b", c())], voting=draw.one(["hard", "soft"]), weights=[1, draw.one([2, 0.5])]),
        "stacking": lambda: ens.StackingClassifier([(f"m{i}", c()) for i in range(draw.whole(1, 3))] + draw.one([[], [("no", "drop")]]),
            draw.one([None, c()]), cv=2, passthrough=draw.chance(0.4), stack_method=draw.one(["auto", "auto", "predict_proba",
            "decision_function", "predict"])),
        "calibrated": lambda: CalibratedClassifierCV(c(), method=draw.one(["sigmoid", "isotonic"]), cv=2, ensemble=draw.chance(0.5)),
        "temperature": lambda: CalibratedClassifierCV(c(), method="temperature", cv=2),
        "rest": lambda: multiclass.OneVsRestClassifier(make_pipeline(zoo.scaler(draw), c())),
        "one": lambda: multiclass.OneVsOneClassifier(c()), "rfe": lambda: fs.RFE(draw.one([lin.LogisticRegression(), tree.
            DecisionTreeClassifier(max_depth=3, random_state=0)]), n_features_to_select=draw.one([1, 0.5, None]), step=draw.one([1, 0.5])),
        "rfecv": lambda: fs.RFECV(tree.DecisionTreeClassifier(max_depth=3, random_state=0), cv=2),
        "search": lambda: RandomizedSearchCV(make_pipeline(pre.StandardScaler(), ens.ExtraTreesClassifier(3, random_state=0)),
            {"extratreesclassifier__max_depth": [1, 3, None]}, n_iter=2, cv=2, random_state=0),
        "halving": lambda: HalvingGridSearchCV(tree.DecisionTreeClassifier(random_state=0), {"max_depth": [1, 2, 3]}, cv=2, random_state=0),
        "search_over": lambda: GridSearchCV(CalibratedClassifierCV(svm.LinearSVC(dual=True, random_state=0), cv=2),
            {"method": ["sigmoid", "isotonic"]}, cv=2),
        "tuned": lambda: _tuned(draw, c()), "pipelines": lambda: ens.VotingClassifier([("p", make_pipeline(zoo.scaler(draw), c())),
            ("q", make_pipeline(zoo.step(draw), c()))], voting="soft"),
        "columns": lambda: make_pipeline(ColumnTransformer([("s", zoo.scaler(draw), draw.one([[0], slice(0, 1), [-1], [True]]))],
            remainder=draw.one(["passthrough", pre.MinMaxScaler(), "drop"])), c()),
    }  # fmt: skip


def _tree_classifiers(draw: Any, gaps: bool) -> dict[str, Any]:
    """Those of trees, which take gaps."""
    return {
        "tree": lambda: tree.DecisionTreeClassifier(**branches(draw, gaps, True), splitter=draw.one(["best", "random"])),
        "extra_tree": lambda: tree.ExtraTreeClassifier(**branches(draw, gaps, True)),
        "forest": lambda: ens.RandomForestClassifier(**grown(draw, gaps, True)),
        "extra": lambda: ens.ExtraTreesClassifier(**grown(draw, gaps, True)),
        "gradient": lambda: ens.GradientBoostingClassifier(n_estimators=draw.whole(1, 8), learning_rate=draw.log(0.05, 2),
            max_depth=draw.one([1, 3, None]), max_leaf_nodes=draw.one([None, 5]), max_features=draw.one([None, "sqrt", 0.5]),
            subsample=draw.one([1.0, 0.5]), criterion=draw.one(["friedman_mse", "squared_error"]), random_state=0,
            min_impurity_decrease=draw.one([0.0, 0.01]), n_iter_no_change=draw.one([None, 2]), loss=draw.one(["log_loss", "exponential"]),
            init=draw.one([None, "zero", dummy.DummyClassifier(strategy="prior"), lin.LogisticRegression(), tree.DecisionTreeClassifier(
            max_depth=1), nb.GaussianNB()])),
        "histogram": lambda: ens.HistGradientBoostingClassifier(**histogram(draw, gaps, True)),
        "histogram_again": lambda: ens.HistGradientBoostingClassifier(**histogram(draw, gaps, True)),
    }  # fmt: skip


def _numeric_classifiers(draw: Any, c: Any) -> dict[str, Any]:
    """Those that want every number."""
    return {
        "logistic": lambda: lin.LogisticRegression(**draw.one([
            {"penalty": "l1", "solver": "liblinear"}, {"penalty": "l1", "solver": "saga"}, {"penalty": None}, {"penalty": "none"},
            {"penalty": "elasticnet", "solver": "saga", "l1_ratio": 0.3}, {"solver": "newton-cholesky"}, {"solver": "sag"},
            {"solver": "liblinear", "dual": True, "intercept_scaling": 3.0}, {"multi_class": "ovr"}, {"multi_class": "multinomial"},
            {"multi_class": "ovr", "solver": "liblinear"}, {"solver": "newton-cg"}]), C=draw.log(0.01, 100), max_iter=40, random_state=0,
            class_weight=balance(draw), fit_intercept=draw.chance(0.8)),
        "logistic_cv": lambda: lin.LogisticRegressionCV(Cs=draw.one([2, [0.1, 5.0]]), cv=2, max_iter=30, random_state=0, **draw.one([
            {}, {}, {"multi_class": "ovr"}, {"penalty": "l1", "solver": "liblinear"}, {"refit": False}, {"scoring": "neg_log_loss"}])),
        "sgd": lambda: lin.SGDClassifier(draw.one(["hinge", "log_loss", "modified_huber", "squared_error", "huber", "epsilon_insensitive"]),
            average=draw.one([False, True, 5]), learning_rate=draw.one(["optimal", "adaptive", "constant"]), eta0=0.05, random_state=0,
            max_iter=20, fit_intercept=draw.chance(0.8), class_weight=balance(draw), early_stopping=draw.chance(0.3)),
        "perceptron": lambda: lin.Perceptron(penalty=draw.one([None, "l1"]), random_state=0, max_iter=20),
        "aggressive": lambda: lin.PassiveAggressiveClassifier(loss=draw.one(["hinge", "squared_hinge"]), random_state=0, max_iter=20),
        "ridge_cv": lambda: lin.RidgeClassifierCV(alphas=(0.1, 10.0), class_weight=balance(draw)),
        "ridge": lambda: lin.RidgeClassifier(solver=draw.one(["auto", "svd", "lsqr", "sag", "cholesky"]), fit_intercept=draw.chance(0.7)),
        "nu_svc": lambda: svm.NuSVC(nu=draw.real(0.1, 0.4), kernel=draw.one(["rbf", "poly", "linear", "sigmoid"]), probability=draw.chance(0.4),
            decision_function_shape=draw.one(["ovr", "ovo"]), random_state=0, max_iter=2000),
        "svc": lambda: svm.SVC(class_weight=balance(draw), break_ties=draw.chance(0.5), shrinking=draw.chance(0.5), tol=0.01, max_iter=2000,
            kernel=draw.one(["rbf", "poly", "linear"]), gamma=draw.one(["scale", "auto", 1e-3, 5.0]), coef0=-0.5, degree=draw.whole(0, 5),
            probability=draw.chance(0.3), random_state=0),
        "linear_svc": lambda: svm.LinearSVC(multi_class=draw.one(["ovr", "ovr", "crammer_singer"]), **draw.one([{"dual": True}, {"dual":
            False}, {"penalty": "l1", "dual": False}, {"loss": "hinge", "dual": True}]), intercept_scaling=2.0, random_state=0, max_iter=200,
            fit_intercept=draw.chance(0.8), class_weight=balance(draw)),
        "qda": lambda: da.QuadraticDiscriminantAnalysis(reg_param=draw.one([0.0, 0.3]), store_covariance=draw.chance(0.5)),
        "lda": lambda: da.LinearDiscriminantAnalysis(**draw.one([{"solver": "eigen"}, {"solver": "eigen", "shrinkage": 0.3}, {"n_components": 1},
            {"solver": "lsqr", "shrinkage": "auto"}, {"store_covariance": True}])),
        "gaussian": lambda: nb.GaussianNB(var_smoothing=draw.log(1e-12, 0.1)),
        "bernoulli": lambda: nb.BernoulliNB(alpha=draw.one([0.5, 2.0, 1e-10]), binarize=draw.one([0.0, 1.0]), fit_prior=draw.chance(0.5)),
        "multinomial": lambda: make_pipeline(pre.MinMaxScaler(clip=True), draw.one([nb.MultinomialNB(alpha=draw.log(0.01, 2), fit_prior=
            draw.chance(0.5)), nb.ComplementNB(norm=draw.chance(0.5), alpha=draw.log(0.01, 2))])),
        "categorical": lambda: make_pipeline(pre.KBinsDiscretizer(4, encode="ordinal", strategy="uniform"), nb.CategoricalNB(
            alpha=draw.log(0.1, 2), fit_prior=draw.chance(0.5), min_categories=draw.one([None, 6]))),
        "neighbours": lambda: near.KNeighborsClassifier(draw.whole(1, 12), weights=draw.one(["uniform", "distance"]), leaf_size=draw.one([1, 5, 30]),
            algorithm=draw.one(["auto", "brute", "kd_tree", "ball_tree"]), metric=draw.one(["minkowski", "euclidean", "manhattan", "chebyshev",
            "l1", "l2", "cityblock", "infinity"]), p=draw.one([1, 2, 2, 3, 1.5]), n_jobs=draw.one([None, 2])),
        "net": lambda: nn.MLPClassifier(hidden_layer_sizes=draw.one([(), (1,), (3, 2), 6, (33,), [4, 4]]), activation=draw.one(["relu", "tanh", "logistic", "identity"]),
            solver=draw.one(["adam", "lbfgs", "sgd"]), max_iter=12, random_state=0, early_stopping=draw.chance(0.2)),
        "dummy": lambda: dummy.DummyClassifier(strategy=draw.one(["prior", "most_frequent"])),
        "centroid": lambda: near.NearestCentroid(metric=draw.one(["euclidean", "manhattan"]), shrink_threshold=draw.one([None, 0.2])),
        "self": lambda: _self_training(c()),
    }  # fmt: skip


def _self_training(inner: Any) -> Any:
    from sklearn.semi_supervised import SelfTrainingClassifier

    return zoo.over(SelfTrainingClassifier, inner)


def _tuned(draw: Any, inner: Any) -> Any:
    from sklearn.model_selection import TunedThresholdClassifierCV

    return TunedThresholdClassifierCV(inner, cv=2, random_state=0, thresholds=draw.one([20, 100]))


def regressor(draw: Any, gaps: bool) -> Any:
    r = lambda: zoo.regressor(draw, gaps, 2)  # noqa: E731
    plain = _tree_regressors(draw, gaps)
    families = [plain, plain, _regressors_around(draw, r)] + ([] if gaps else [_numeric_regressors(draw)] * 2)
    family = draw.one(families)
    return family[draw.one(family)]()


def _tree_regressors(draw: Any, gaps: bool) -> dict[str, Any]:
    """Those of trees, which take gaps."""
    return {
        "tree": lambda: tree.DecisionTreeRegressor(**branches(draw, gaps, False)),
        "extra_tree": lambda: tree.ExtraTreeRegressor(**branches(draw, gaps, False)),
        "forest": lambda: ens.RandomForestRegressor(**grown(draw, gaps, False)),
        "extra": lambda: ens.ExtraTreesRegressor(**grown(draw, gaps, False)),
        "gradient": lambda: ens.GradientBoostingRegressor(n_estimators=draw.whole(1, 8), learning_rate=draw.log(0.05, 2), max_depth=draw.one(
            [1, 3, None]), max_leaf_nodes=draw.one([None, 5]), alpha=draw.real(0.1, 0.9), loss=draw.one(["squared_error", "absolute_error",
            "huber", "quantile"]), subsample=draw.one([1.0, 0.5]), n_iter_no_change=draw.one([None, 2]), random_state=0, init=draw.one(
            [None, "zero", dummy.DummyRegressor(strategy="median"), lin.LinearRegression(), tree.DecisionTreeRegressor(max_depth=1)])),
        "histogram": lambda: ens.HistGradientBoostingRegressor(**histogram(draw, gaps, False), **draw.one([{}, {"loss": "absolute_error"},
            {"loss": "quantile", "quantile": 0.3}])),
    }  # fmt: skip


def _regressors_around(draw: Any, r: Any) -> dict[str, Any]:
    """Regressors that are made of others."""
    return {
        "adaboost": lambda: zoo.over(ens.AdaBoostRegressor, draw.one([None, tree.ExtraTreeRegressor(max_depth=2, random_state=0), lin.Ridge(),
            svm.SVR(max_iter=500)]), n_estimators=draw.whole(1, 6), loss=draw.one(["linear", "square", "exponential"]), random_state=0),
        "bagging": lambda: zoo.over(ens.BaggingRegressor, r(), n_estimators=draw.whole(1, 4), bootstrap_features=draw.chance(0.5),
            max_features=draw.one([1.0, 0.5, 1]), random_state=0, bootstrap=draw.chance(0.6)),
        "voting": lambda: ens.VotingRegressor([("a", r()), ("b", r()), ("no", "drop")], weights=draw.one([None, [1, 0.3, 2]])),
        "stacking": lambda: ens.StackingRegressor([(f"m{i}", r()) for i in range(draw.whole(1, 3))], draw.one([None, r()]), cv=2,
            passthrough=draw.chance(0.4)),
        "function": lambda: TransformedTargetRegressor(r(), **draw.one([{"func": np.sinh, "inverse_func": np.arcsinh}, {"func": np.cbrt,
            "inverse_func": None}, {"transformer": pre.FunctionTransformer(np.arcsinh, np.sinh)}]), check_inverse=False),
        "transformed": lambda: TransformedTargetRegressor(r(), transformer=draw.one([pre.PowerTransformer(), pre.QuantileTransformer(
            n_quantiles=10, output_distribution=draw.one(["uniform", "normal"])), pre.StandardScaler(with_mean=False), pre.MaxAbsScaler(),
            pre.PowerTransformer(standardize=False), make_pipeline(pre.StandardScaler(), pre.MinMaxScaler())])),
        "rfe": lambda: fs.RFE(draw.one([lin.LinearRegression(), tree.DecisionTreeRegressor(max_depth=3, random_state=0)])),
        "search": lambda: GridSearchCV(make_pipeline(zoo.scaler(draw), lin.Ridge()), {"ridge__alpha": [0.1, 10]}, cv=2),
        "pipelines": lambda: ens.StackingRegressor([("p", make_pipeline(zoo.scaler(draw), r())), ("q", make_pipeline(zoo.step(draw), r()))],
            lin.Ridge(), cv=2),
    }  # fmt: skip


def _numeric_regressors(draw: Any) -> dict[str, Any]:
    """Those that want every number."""
    return {
        "ard": lambda: lin.ARDRegression(), "bayes": lambda: lin.BayesianRidge(), "lars": lambda: draw.one([lin.Lars(n_nonzero_coefs=2), lin.LassoLars(
            0.01), lin.LarsCV(cv=2), lin.LassoLarsCV(cv=2), lin.LassoLarsIC()]), "omp": lambda: draw.one([lin.OrthogonalMatchingPursuit(
            n_nonzero_coefs=1), lin.OrthogonalMatchingPursuitCV(cv=2)]), "huber": lambda: lin.HuberRegressor(epsilon=1.2, max_iter=50),
        "quantile": lambda: lin.QuantileRegressor(quantile=0.3, alpha=0.01, solver="highs"), "ransac": lambda: draw.one([lin.RANSACRegressor(
            random_state=0), lin.RANSACRegressor(tree.DecisionTreeRegressor(max_depth=3, random_state=0), min_samples=0.5, random_state=0)]),
        "theil": lambda: lin.TheilSenRegressor(random_state=0, max_subpopulation=50), "aggressive": lambda: lin.PassiveAggressiveRegressor(
            random_state=0, max_iter=20), "ridge": lambda: lin.Ridge(alpha=draw.log(0.01, 100), solver=draw.one(["svd", "cholesky", "lsqr", "sag",
            "lbfgs"]), positive=False, fit_intercept=draw.chance(0.7)), "ridge_cv": lambda: lin.RidgeCV([0.1, 10]),
        "positive": lambda: draw.one([lin.LinearRegression(positive=True), lin.Lasso(0.1, positive=True), lin.Ridge(positive=True)]),
        "cv": lambda: draw.one([lin.LassoCV, lin.ElasticNetCV])(cv=2, **zoo.known(lin.LassoCV, {"n_alphas": 5})),
        "sgd": lambda: lin.SGDRegressor(draw.one(["squared_error", "huber", "epsilon_insensitive"]), average=draw.chance(0.4), random_state=0, max_iter=20,
            penalty=draw.one(["l1", "l2", "elasticnet", None])), "linear_svr": lambda: svm.LinearSVR(random_state=0, dual=True, max_iter=200,
            loss=draw.one(["epsilon_insensitive", "squared_epsilon_insensitive"]), fit_intercept=draw.chance(0.7)),
        "nu_svr": lambda: svm.NuSVR(nu=draw.real(0.1, 0.9), kernel=draw.one(["rbf", "linear", "poly", "sigmoid"]), max_iter=2000),
        "svr": lambda: svm.SVR(kernel=draw.one(["rbf", "poly", "sigmoid"]), gamma=draw.one(["auto", 0.01, 3.0]), degree=draw.whole(0, 4), coef0=1.5,
            max_iter=2000), "dummy": lambda: draw.one([dummy.DummyRegressor(), dummy.DummyRegressor(strategy="constant", constant=2.5),
            dummy.DummyRegressor(strategy="quantile", quantile=0.1)]),
        "neighbours": lambda: near.KNeighborsRegressor(draw.whole(1, 12), weights=draw.one(["uniform", "distance"]), leaf_size=draw.one([1, 30]),
            algorithm=draw.one(["auto", "brute", "kd_tree", "ball_tree"]), p=draw.one([1, 2, 3]), metric=draw.one(["minkowski", "chebyshev"])),
        "net": lambda: nn.MLPRegressor(hidden_layer_sizes=draw.one([(), (1,), (3, 2), (17,)]), activation=draw.one(["relu", "tanh", "logistic", "identity"]),
            solver=draw.one(["adam", "lbfgs"]), max_iter=12, random_state=0),
        "kernel": lambda: KernelRidge(alpha=draw.log(0.01, 5), kernel=draw.one(["linear", "rbf", "poly", "laplacian", "sigmoid", "cosine"]),
            gamma=draw.one([None, 0.1]), degree=draw.whole(1, 3)), "pls": lambda: PLSRegression(n_components=1, scale=draw.chance(0.7)),
        "isotonic": lambda: make_pipeline(dec.PCA(1), IsotonicRegression(out_of_bounds=draw.one(["clip", "nan", "raise"]))),
    }  # fmt: skip


def several(draw: Any, gaps: bool) -> Any:
    """Regressors of several targets."""
    return draw.one([
        lambda: tree.ExtraTreeRegressor(**branches(draw, gaps, False)), lambda: ens.RandomForestRegressor(**grown(draw, gaps, False)),
        lambda: multioutput.MultiOutputRegressor(zoo.regressor(draw, gaps, 2)), lambda: multioutput.RegressorChain(
            zoo.regressor(draw, gaps, 2), order=draw.one([None, [1, 0], "random"]), random_state=0, cv=draw.one([None, 2])),
        lambda: lin.Ridge(alpha=[0.1, 5.0]), lambda: lin.RidgeCV([0.1, 1]), lambda: draw.one([lin.MultiTaskLasso(0.05), lin.MultiTaskElasticNet(
            0.05), lin.MultiTaskLassoCV(cv=2), lin.MultiTaskElasticNetCV(cv=2)]), lambda: lin.Lasso(0.01), lambda: nn.MLPRegressor(hidden_layer_sizes=(4,),
            max_iter=10, random_state=0), lambda: near.KNeighborsRegressor(3, weights="distance"), lambda: dummy.DummyRegressor(strategy="median"),
        lambda: TransformedTargetRegressor(draw.one([lin.LinearRegression(), tree.DecisionTreeRegressor(max_depth=3)]),
            transformer=pre.StandardScaler()), lambda: zoo.over(ens.BaggingRegressor, tree.DecisionTreeRegressor(max_depth=3), n_estimators=3,
            random_state=0), lambda: lin.Lars(n_nonzero_coefs=2), lambda: lin.OrthogonalMatchingPursuit(n_nonzero_coefs=1),
        lambda: make_pipeline(zoo.scaler(draw), lin.LinearRegression()), lambda: lin.ElasticNet(0.01), lambda: lin.RANSACRegressor(random_state=0),
    ])()  # fmt: skip


def several_classes(draw: Any, gaps: bool) -> Any:
    """Classifiers of several targets with labels of their own."""
    return draw.one([
        lambda: tree.ExtraTreeClassifier(**branches(draw, gaps, True)), lambda: ens.RandomForestClassifier(**grown(draw, gaps, True)),
        lambda: ens.ExtraTreesClassifier(**grown(draw, gaps, True)), lambda: multioutput.MultiOutputClassifier(zoo.classifier(draw, gaps, 2)),
        lambda: near.KNeighborsClassifier(3, weights=draw.one(["uniform", "distance"])), lambda: dummy.DummyClassifier(),
        lambda: zoo.over(ens.BaggingClassifier, tree.DecisionTreeClassifier(max_depth=3), n_estimators=2, random_state=0),
    ])()  # fmt: skip


def flags(draw: Any, gaps: bool) -> Any:
    """Classifiers of several yes and no."""
    return draw.one([
        lambda: multiclass.OneVsRestClassifier(zoo.classifier(draw, gaps, 2)), lambda: nn.MLPClassifier(hidden_layer_sizes=(4,), max_iter=10, random_state=0),
        lambda: multioutput.ClassifierChain(zoo.classifier(draw, gaps, 2), order=draw.one([None, [2, 0, 1], "random"]), random_state=0,
            cv=draw.one([None, 2])), lambda: multioutput.MultiOutputClassifier(zoo.classifier(draw, gaps, 2)),
        lambda: tree.DecisionTreeClassifier(max_depth=3, random_state=0), lambda: ens.RandomForestClassifier(3, max_depth=3, random_state=0),
        lambda: near.KNeighborsClassifier(3), lambda: lin.RidgeClassifier(), lambda: lin.RidgeClassifierCV(),
        lambda: ens.StackingClassifier([("a", tree.DecisionTreeClassifier(max_depth=3)), ("b", near.KNeighborsClassifier(3))],
            ens.RandomForestClassifier(2, random_state=0), cv=2),
    ])()  # fmt: skip


def unlabelled(draw: Any) -> Any:
    """What needs no target: clusters, and what finds outliers."""
    return draw.one([
        lambda: cluster.KMeans(draw.whole(1, 6), n_init=1, random_state=0, algorithm=draw.one(["lloyd", "elkan"])),
        lambda: cluster.MiniBatchKMeans(draw.whole(2, 5), n_init=1, random_state=0, batch_size=32),
        lambda: ens.IsolationForest(n_estimators=draw.whole(1, 12), max_samples=draw.one(["auto", 0.5, 8]), contamination=draw.one(["auto", 0.2]),
            max_features=draw.one([1.0, 0.6]), bootstrap=draw.chance(0.3), random_state=0, n_jobs=draw.one([None, 2])),
        lambda: svm.OneClassSVM(kernel=draw.one(["rbf", "linear", "poly", "sigmoid"]), nu=draw.real(0.1, 0.7), max_iter=2000),
        lambda: make_pipeline(zoo.scaler(draw), cluster.KMeans(3, n_init=1, random_state=0)),
        lambda: make_pipeline(dec.PCA(1), svm.OneClassSVM(nu=0.3)),
        lambda: mixture.GaussianMixture(draw.whole(1, 4), covariance_type=draw.one(["full", "tied", "diag", "spherical"]), random_state=0, max_iter=20),
        lambda: mixture.BayesianGaussianMixture(n_components=draw.whole(1, 4), random_state=0, max_iter=20),
        lambda: near.LocalOutlierFactor(draw.whole(2, 9), novelty=True, contamination=draw.one(["auto", 0.2])), lambda: EllipticEnvelope(random_state=0),
        lambda: cluster.Birch(n_clusters=draw.one([None, 3]), threshold=draw.one([0.5, 2.0])), lambda: cluster.MeanShift(),
        lambda: cluster.AffinityPropagation(random_state=0), lambda: lin.SGDOneClassSVM(random_state=0, nu=draw.real(0.1, 0.8)),
        lambda: make_pipeline(impute.SimpleImputer(), ens.IsolationForest(n_estimators=4, random_state=0, contamination=0.1)),
    ])()  # fmt: skip


def transformer(draw: Any, gaps: bool) -> Any:
    """One transformer of numbers with odd options."""
    gap = {
        "imputer": lambda: impute.SimpleImputer(strategy=draw.one(["mean", "median", "most_frequent", "constant"]), add_indicator=draw.chance(0.5),
            keep_empty_features=draw.chance(0.5), fill_value=draw.one([None, -7.5])),
        "sentinel": lambda: impute.SimpleImputer(missing_values=draw.one([0, -1, 2.5]), strategy=draw.one(["mean", "median", "most_frequent"]),
            add_indicator=draw.chance(0.4)),
        "indicator": lambda: impute.MissingIndicator(features=draw.one(["missing-only", "all"]), error_on_new=False),
        "indicator_strict": lambda: impute.MissingIndicator(), "one_hot": lambda: pre.OneHotEncoder(handle_unknown=draw.one(["ignore",
            "error", "infrequent_if_exist"]), drop=draw.one([None, "first", "if_binary"]), max_categories=draw.one([None, 3, 1]),
            min_frequency=draw.one([None, 4, 0.1]), dtype=draw.one([np.float64, np.float32, np.int32])),
        "ordinal": lambda: pre.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=draw.one([-1, np.nan, 1000]), dtype=draw.one(
            [np.float64, np.float32]), **zoo.known(pre.OrdinalEncoder, {"max_categories": draw.one([None, 3]), "min_frequency": draw.one(
            [None, 0.1]), "encoded_missing_value": draw.one([np.nan, -9])})),
        "union": lambda: make_union(impute.SimpleImputer(), impute.MissingIndicator(error_on_new=False)),
        "scaler": lambda: zoo.scaler(draw), "neighbours": lambda: impute.KNNImputer(n_neighbors=draw.whole(1, 7), weights=draw.one(["uniform",
            "distance"]), add_indicator=draw.chance(0.3)), "iterative": lambda: impute.IterativeImputer(max_iter=3, random_state=0, estimator=draw.one(
            [None, lin.Ridge(), tree.DecisionTreeRegressor(max_depth=3, random_state=0)]), add_indicator=draw.chance(0.3)),
    }  # fmt: skip
    whole = {
        "splines": lambda: pre.SplineTransformer(n_knots=draw.whole(2, 6), degree=draw.whole(0, 4), extrapolation=draw.one(["constant", "linear",
            "continue", "periodic", "error"]), include_bias=draw.chance(0.6), knots=draw.one(["uniform", "quantile"])),
        "kernels": lambda: draw.one([dec.KernelPCA(1, kernel=draw.one(["rbf", "poly", "linear"])), Nystroem(n_components=4, random_state=0),
            RBFSampler(n_components=5, random_state=0)]), "ica": lambda: dec.FastICA(1, random_state=0, whiten="unit-variance"),
        "agglomerated": lambda: cluster.FeatureAgglomeration(1), "random": lambda: GaussianRandomProjection(2, random_state=0),
        "components": lambda: near.NeighborhoodComponentsAnalysis(1, max_iter=5, random_state=0),
        "binarizer": lambda: pre.Binarizer(threshold=draw.one([0.0, 0.5, -1.0])), "bins": lambda: pre.KBinsDiscretizer(draw.whole(2, 9),
            encode=draw.one(["ordinal", "onehot", "onehot-dense"]), strategy=draw.one(["uniform", "quantile", "kmeans"]),
            **draw.one([{}, {"dtype": np.float32}, {"dtype": np.float64}])),
        "polynomial": lambda: pre.PolynomialFeatures(draw.one([0, 1, 2, 3, 4, (2, 3), (1, 1)]), interaction_only=draw.chance(0.3),
            include_bias=draw.chance(0.5), order=draw.one(["C", "F"])),
        "power": lambda: make_pipeline(pre.MinMaxScaler((1, 2)), pre.PowerTransformer(method=draw.one(["box-cox", "yeo-johnson"]))),
        "power_alone": lambda: pre.PowerTransformer(standardize=draw.chance(0.5)),
        "quantile": lambda: pre.QuantileTransformer(n_quantiles=draw.whole(2, 200), output_distribution=draw.one(["uniform", "normal"]),
            ignore_implicit_zeros=False, subsample=draw.one([10_000, 50]), random_state=0),
        "function": lambda: pre.FunctionTransformer(draw.one([np.log1p, np.sqrt, np.expm1, np.exp, np.abs, np.square, np.sin, np.tanh, np.log,
            np.log2, np.log10, np.cbrt, np.sign, np.negative, np.reciprocal, np.floor, np.rint])),
        "pca": lambda: make_pipeline(pre.StandardScaler(), dec.PCA(draw.one([1, 0.8, None]), whiten=draw.chance(0.5), svd_solver=draw.one(
            ["auto", "full", "covariance_eigh"])), pre.StandardScaler()),
        "incremental": lambda: make_pipeline(dec.IncrementalPCA(1), pre.MinMaxScaler()), "svd": lambda: make_pipeline(dec.TruncatedSVD(
            1, algorithm=draw.one(["arpack", "randomized"]), random_state=0), pre.MaxAbsScaler()),
        "variance": lambda: fs.VarianceThreshold(draw.one([0.0, 0.5])), "percentile": lambda: fs.SelectPercentile(percentile=50),
        "generic": lambda: fs.GenericUnivariateSelect(mode=draw.one(["percentile", "k_best", "fpr"]), param=draw.one([1, 1, 0.5])),
        "fpr": lambda: draw.one([fs.SelectFpr(alpha=0.9), fs.SelectFdr(alpha=0.9), fs.SelectFwe(alpha=0.9)]),
        "chi2": lambda: make_pipeline(pre.MinMaxScaler(), fs.SelectKBest(fs.chi2, k=1)),
        "from_model": lambda: fs.SelectFromModel(draw.one([ens.RandomForestClassifier(3, max_depth=2, random_state=0), lin.LogisticRegression(),
            tree.DecisionTreeClassifier(max_depth=2, random_state=0), svm.LinearSVC(dual=True)]), threshold=draw.one([None, "median",
            "0.5*mean", -np.inf, 1e-5]), max_features=draw.one([None, 1])),
        "sequential": lambda: fs.SequentialFeatureSelector(tree.DecisionTreeClassifier(max_depth=2, random_state=0), n_features_to_select=1, cv=2),
        "tfidf": lambda: make_pipeline(pre.Binarizer(), TfidfTransformer(norm=draw.one(["l2", "l1", None]), sublinear_tf=draw.chance(0.5))),
        "union": lambda: FeatureUnion([("a", zoo.step(draw)), ("b", "passthrough"), ("c", "drop"), ("d", zoo.scaler(draw))],
            transformer_weights=draw.one([None, {"a": 2.0, "b": 0.1}])),
        "lda": lambda: da.LinearDiscriminantAnalysis(), "clusters": lambda: cluster.KMeans(3, n_init=1, random_state=0),
        "votes": lambda: ens.VotingClassifier([("a", lin.LogisticRegression()), ("b", tree.DecisionTreeClassifier(max_depth=2))], voting=
            draw.one(["hard", "soft"]), flatten_transform=draw.chance(0.5)),
        "columns": lambda: ColumnTransformer([("a", zoo.scaler(draw), [0]), ("b", zoo.step(draw), draw.one([[0], slice(None), [-1], lambda x: [0]]))],
            remainder=draw.one(["drop", "passthrough", pre.RobustScaler()]), sparse_threshold=draw.one([0.0, 0.3, 1.0])),
        "robust": lambda: pre.RobustScaler(with_centering=draw.chance(0.5), with_scaling=draw.chance(0.7), quantile_range=(5.0, 95.0)),
        "inside": lambda: make_pipeline(make_pipeline(zoo.scaler(draw), "passthrough"), make_pipeline(zoo.step(draw)), None),
    }  # fmt: skip
    family = gap if gaps else draw.one([gap, whole, whole, whole])
    return family[draw.one(family)]()
