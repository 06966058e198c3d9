"""Linear models."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn import linear_model as lin
from sklearn.svm import LinearSVC, LinearSVR

import data

X = data.numbers()
R = data.reals(seed=3) / [1, 3, 0.1, 10, 1e3]
ROWS = data.awkward(X)
REAL_ROWS = data.awkward(R, 1)
T = data.target(X)
COUNTS = np.round(np.abs(T) * 2)


def cases(w) -> None:
    logistic(w)
    classifiers(w)
    regressors(w)


def logistic(w) -> None:
    two, three = data.classes(X), data.classes(X, 3)
    for labels in ("int", "odd", "text", "object", "bool"):
        w.add(f"logistic_{labels}", lambda n=labels: lin.LogisticRegression().fit(X, data.classes(X, 2, n)), ROWS)
    for labels in ("int", "odd", "text", "object"):
        w.add(f"logistic_three_{labels}", lambda n=labels: lin.LogisticRegression().fit(X, data.classes(X, 3, n)), ROWS)
    for name, options in {
        "liblinear": {"solver": "liblinear", "random_state": 0}, "l1": {"solver": "liblinear", "penalty": "l1", "C": 0.5, "random_state": 0},
        "saga": {"solver": "saga", "max_iter": 300, "random_state": 0}, "no_intercept": {"fit_intercept": False},
        "newton_cholesky": {"solver": "newton-cholesky"}, "multinomial": {"multi_class": "multinomial"},
        "ovr": {"multi_class": "ovr"}, "balanced": {"class_weight": "balanced"},
    }.items():  # fmt: skip
        w.add(f"logistic_{name}", lambda o=options: lin.LogisticRegression(**o).fit(X, two), ROWS)
        w.add(f"logistic_three_{name}", lambda o=options: lin.LogisticRegression(**o).fit(X, three), ROWS)
    w.add("logistic_f32", lambda: lin.LogisticRegression().fit(R.astype("f4"), two), data.single(REAL_ROWS))
    w.add("logistic_f32_rows", lambda: lin.LogisticRegression().fit(R, two), data.single(REAL_ROWS))
    w.add("logistic_f32_trained", lambda: lin.LogisticRegression().fit(R.astype("f4"), three), REAL_ROWS)
    w.add("logistic_reals", lambda: lin.LogisticRegression(C=100).fit(R, data.classes(R, 4, "text")), REAL_ROWS)
    w.add("logistic_ten", lambda: lin.LogisticRegression(C=10).fit(R, data.classes(R, 10)), REAL_ROWS)
    w.add("logistic_wide", lambda: lin.LogisticRegression().fit(data.numbers(features=45), two), np.nan_to_num(
        data.awkward(data.numbers(features=45)), posinf=1, neginf=-1))  # fmt: skip
    names = ["a", "b", "c", "d", "e"]
    w.add("logistic_columns", lambda: lin.LogisticRegression().fit(pd.DataFrame(X, columns=names), two),
          dict(zip(names, ROWS.T.copy())))  # fmt: skip
    w.add("logistic_whole_rows", lambda: lin.LogisticRegression().fit(X, two), np.arange(60, dtype="<i8").reshape(12, 5) - 30)
    w.add("logistic_cv", lambda: lin.LogisticRegressionCV(Cs=3, cv=3).fit(X, two), ROWS)
    w.add("logistic_cv_three", lambda: lin.LogisticRegressionCV(Cs=3, cv=3).fit(X, three), ROWS)


def classifiers(w) -> None:
    for count, labels in ((2, "text"), (3, "odd")):
        y = data.classes(X, count, labels)
        for loss in ("hinge", "log_loss", "modified_huber", "squared_hinge", "perceptron"):
            w.add(f"sgd_{loss}_{count}", lambda y=y, n=loss: lin.SGDClassifier(n, random_state=0).fit(X, y), ROWS)
        w.add(f"sgd_elastic_average_{count}", lambda y=y: lin.SGDClassifier(
            "log_loss", penalty="elasticnet", average=True, random_state=0).fit(X, y), ROWS)  # fmt: skip
        for name, model in {
            "ridge_classifier": lin.RidgeClassifier(), "ridge_classifier_cv": lin.RidgeClassifierCV(),
            "perceptron": lin.Perceptron(random_state=0), "linear_svc": LinearSVC(random_state=0, dual=True, max_iter=5000),
            "passive_aggressive": lin.PassiveAggressiveClassifier(random_state=0),
        }.items():  # fmt: skip
            w.add(f"{name}_{count}", lambda m=model, y=y: m.fit(X, y), ROWS)
            w.add(f"{name}_{count}_f32_rows", lambda m=model, y=y: m.fit(X, y), data.single(ROWS))
    w.add("linear_svc_crammer_singer", lambda: LinearSVC(
        multi_class="crammer_singer", random_state=0).fit(X, data.classes(X, 3)), ROWS)  # fmt: skip
    w.add("linear_svc_no_intercept", lambda: LinearSVC(
        fit_intercept=False, dual=False, penalty="l1", random_state=0).fit(X, data.classes(X, 2, "bool")), ROWS)  # fmt: skip
    many = (data.several(X) > 0).astype(int)
    w.add("ridge_classifier_multilabel", lambda: lin.RidgeClassifier().fit(X, many), ROWS)


def regressors(w) -> None:
    for name, model in {
        "linear": lin.LinearRegression(), "linear_positive": lin.LinearRegression(positive=True),
        "linear_no_intercept": lin.LinearRegression(fit_intercept=False), "ridge": lin.Ridge(), "ridge_cv": lin.RidgeCV(),
        "lasso": lin.Lasso(0.1), "lasso_cv": lin.LassoCV(cv=3), "elastic_net": lin.ElasticNet(0.1),
        "elastic_net_cv": lin.ElasticNetCV(cv=3), "sgd_regressor": lin.SGDRegressor(random_state=0),
        "sgd_regressor_huber": lin.SGDRegressor("huber", random_state=0), "linear_svr": LinearSVR(random_state=0, dual=True),
        "bayesian_ridge": lin.BayesianRidge(), "ard": lin.ARDRegression(), "huber": lin.HuberRegressor(),
        "lars": lin.Lars(), "lasso_lars": lin.LassoLars(0.01), "theil_sen": lin.TheilSenRegressor(random_state=0),
        "omp": lin.OrthogonalMatchingPursuit(n_nonzero_coefs=2),
        "passive_aggressive_regressor": lin.PassiveAggressiveRegressor(random_state=0),
        "quantile_regressor": lin.QuantileRegressor(solver="highs", alpha=0.01),
    }.items():  # fmt: skip
        w.add(name if "regress" in name else f"{name}_regression", lambda m=model: m.fit(X, T), ROWS)
    for name, kind in {"linear": lin.LinearRegression, "ridge": lin.Ridge, "lasso": lin.Lasso}.items():
        w.add(f"{name}_reals", lambda k=kind: k().fit(R, data.target(R)), REAL_ROWS)
        w.add(f"{name}_f32_rows", lambda k=kind: k().fit(R, data.target(R)), data.single(REAL_ROWS))
        w.add(f"{name}_f32", lambda k=kind: k().fit(R.astype("f4"), data.target(R).astype("f4")), data.single(REAL_ROWS))
        w.add(f"{name}_several", lambda k=kind: k().fit(X, data.several(X)), ROWS)
    w.add("multi_task_lasso", lambda: lin.MultiTaskLasso(0.1).fit(X, data.several(X)), ROWS)
    w.add("multi_task_elastic_net", lambda: lin.MultiTaskElasticNet(0.1).fit(X, data.several(X)), ROWS)
    w.add("linear_one_target_matrix", lambda: lin.LinearRegression().fit(X, T.reshape(-1, 1)), ROWS)
    w.add("ridge_one_target_matrix", lambda: lin.Ridge().fit(X, T.reshape(-1, 1)), ROWS)
    for name, model in {
        "poisson": lin.PoissonRegressor(), "poisson_no_intercept": lin.PoissonRegressor(fit_intercept=False),
        "gamma": lin.GammaRegressor(), "tweedie_log": lin.TweedieRegressor(power=1.5, link="log"),
        "tweedie_identity": lin.TweedieRegressor(power=0), "tweedie_auto": lin.TweedieRegressor(power=1.2),
    }.items():  # fmt: skip
        y = COUNTS + (1 if "gamma" in name else 0)
        w.add(f"{name}_regressor", lambda m=model, y=y: m.fit(X, y), ROWS)
        w.add(f"{name}_regressor_f32_rows", lambda m=model, y=y: m.fit(X, y), data.single(ROWS))
