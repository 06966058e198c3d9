"""Decision trees, forests, and ensembles over them."""

from __future__ import annotations

import inspect

import numpy as np
import pandas as pd
from sklearn import ensemble as ens
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor

import data

X = data.numbers()
R = data.reals(seed=3)
GAPS = data.numbers(seed=5, missing=True)
ROWS = data.awkward(X)
REAL_ROWS = data.awkward(R, 1)
GAP_ROWS = data.awkward(GAPS)
T = data.target(X)

CLASSIFIERS = {
    "tree": (DecisionTreeClassifier, {"max_depth": 5}),
    "extra_tree": (ExtraTreeClassifier, {"max_depth": 5}),
    "forest": (ens.RandomForestClassifier, {"n_estimators": 6, "max_depth": 4}),
    "extra_trees": (ens.ExtraTreesClassifier, {"n_estimators": 6, "max_depth": 4}),
}
REGRESSORS = {
    "tree": (DecisionTreeRegressor, {"max_depth": 5}),
    "extra_tree": (ExtraTreeRegressor, {"max_depth": 5}),
    "forest": (ens.RandomForestRegressor, {"n_estimators": 6, "max_depth": 4}),
    "extra_trees": (ens.ExtraTreesRegressor, {"n_estimators": 6, "max_depth": 4}),
}


def cases(w) -> None:
    classifiers(w)
    embeddings(w)
    regressors(w)
    isolation(w)
    adaptive(w)
    bagging(w)


def embeddings(w) -> None:
    w.add("embedding", lambda: ens.RandomTreesEmbedding(4, max_depth=3, random_state=0).fit(R), REAL_ROWS)
    w.add(
        "embedding_dense",
        lambda: ens.RandomTreesEmbedding(3, max_leaf_nodes=5, sparse_output=False, random_state=0).fit(X),
        ROWS,
    )
    w.add("embedding_logistic", lambda: make_pipeline(ens.RandomTreesEmbedding(3, max_depth=2, random_state=0), LogisticRegression()).fit(
        R, data.classes(R, 3, "text")), REAL_ROWS)  # fmt: skip


def classifiers(w) -> None:
    for name, (kind, options) in CLASSIFIERS.items():
        options = {**options, "random_state": 0}
        for labels in ("int", "text", "object", "bool"):
            w.add(f"{name}_classifier_{labels}", lambda k=kind, o=options, n=labels: k(**o).fit(X, data.classes(X, 2, n)), ROWS)
        w.add(f"{name}_classifier_three", lambda k=kind, o=options: k(**o).fit(X, data.classes(X, 3, "odd")), ROWS)
        w.add(f"{name}_classifier_ten", lambda k=kind, o=options: k(**o).fit(R, data.classes(R, 10, "text")), REAL_ROWS)
        w.add(f"{name}_classifier_one_class", lambda k=kind, o=options: k(**o).fit(X, np.ones(len(X), int)), ROWS[:12])
        w.add(f"{name}_classifier_gaps", lambda k=kind, o=options: k(**o).fit(GAPS, data.classes(GAPS, 3)), GAP_ROWS)
        w.add(f"{name}_classifier_reals", lambda k=kind, o=options: k(**o).fit(R, data.classes(R)), REAL_ROWS)
        w.add(f"{name}_classifier_f32_rows", lambda k=kind, o=options: k(**o).fit(R, data.classes(R)), data.single(REAL_ROWS))
        w.add(f"{name}_classifier_several",
              lambda k=kind, o=options: k(**o).fit(X, data.several_classes(X)), ROWS)  # fmt: skip
        w.add(f"{name}_classifier_several_text",
              lambda k=kind, o=options: k(**o).fit(X, data.several_classes(X, "text")), ROWS)  # fmt: skip
        w.add(f"{name}_classifier_weights", lambda k=kind, o=options: k(class_weight="balanced", **o).fit(
            X, data.classes(X, 3), sample_weight=np.linspace(0.1, 3, len(X))), ROWS)  # fmt: skip
    w.add("tree_classifier_deep", lambda: DecisionTreeClassifier(random_state=0).fit(X, data.classes(X)), ROWS)
    w.add("tree_classifier_stump", lambda: DecisionTreeClassifier(max_depth=1).fit(X, data.classes(X)), ROWS)
    w.add("tree_classifier_best_first", lambda: DecisionTreeClassifier(max_leaf_nodes=7).fit(X, data.classes(X)), ROWS)
    w.add("tree_classifier_pruned", lambda: DecisionTreeClassifier(ccp_alpha=0.02).fit(X, data.classes(X, 3)), ROWS)
    names = ["x1", "x2", "ö", "x 4", "5"]
    w.add("forest_classifier_columns", lambda: ens.RandomForestClassifier(5, max_depth=3, random_state=1).fit(
        pd.DataFrame(X, columns=names), data.classes(X, 3, "text")), dict(zip(names, ROWS.T.copy())))  # fmt: skip
    w.add("forest_classifier_whole_rows", lambda: ens.RandomForestClassifier(5, max_depth=3, random_state=1).fit(
        X, data.classes(X)), np.vstack([np.arange(50).reshape(10, 5), [[2**53 + 1, 16777217, 0, -1, 5]]]).astype("<i8"))  # fmt: skip
    w.add("forest_classifier_unseen_in_a_tree", lambda: ens.RandomForestClassifier(8, random_state=0).fit(
        X[:20], np.array(["rare"] + ["a", "b"] * 9 + ["a"])), ROWS)  # fmt: skip
    w.add("forest_classifier_out_of_bag", lambda: ens.RandomForestClassifier(
        12, max_depth=3, oob_score=True, max_samples=0.7, random_state=0).fit(X, data.classes(X)), ROWS)  # fmt: skip
    w.add("forest_classifier_many", lambda: ens.RandomForestClassifier(40, max_depth=3, random_state=0).fit(
        R, data.classes(R, 3)), REAL_ROWS)  # fmt: skip


def regressors(w) -> None:
    for name, (kind, options) in REGRESSORS.items():
        options = {**options, "random_state": 0}
        w.add(f"{name}_regressor", lambda k=kind, o=options: k(**o).fit(X, T), ROWS)
        w.add(f"{name}_regressor_reals", lambda k=kind, o=options: k(**o).fit(R, data.target(R)), REAL_ROWS)
        w.add(f"{name}_regressor_gaps", lambda k=kind, o=options: k(**o).fit(GAPS, data.target(GAPS)), GAP_ROWS)
        w.add(f"{name}_regressor_f32_rows", lambda k=kind, o=options: k(**o).fit(R, data.target(R)), data.single(REAL_ROWS))
        w.add(f"{name}_regressor_several", lambda k=kind, o=options: k(**o).fit(X, data.several(X)), ROWS)
        w.add(f"{name}_regressor_one_target_matrix", lambda k=kind, o=options: k(**o).fit(X, T.reshape(-1, 1)), ROWS)
        for criterion in ("absolute_error", "friedman_mse", "poisson"):
            w.add(f"{name}_regressor_{criterion}", lambda k=kind, o=options, c=criterion: k(criterion=c, **o).fit(
                X, np.abs(T)), ROWS[:30])  # fmt: skip
        if "monotonic_cst" in inspect.signature(kind).parameters:
            w.add(
                f"{name}_regressor_monotonic", lambda k=kind, o=options: k(monotonic_cst=[1, -1, 0, 0, 0], **o).fit(X, T), ROWS
            )


def isolation(w) -> None:
    for name, options in {
        "auto": {}, "contamination": {"contamination": 0.1}, "few_features": {"max_features": 2, "max_samples": 40},
        "bootstrap": {"bootstrap": True, "max_samples": 0.5},
    }.items():  # fmt: skip
        w.add(f"isolation_forest_{name}", lambda o=options: ens.IsolationForest(
            n_estimators=8, random_state=0, **o).fit(X[:100]), ROWS)  # fmt: skip
        w.add(f"isolation_forest_{name}_f32_rows", lambda o=options: ens.IsolationForest(
            n_estimators=8, random_state=0, **o).fit(R[:100]), data.single(REAL_ROWS))  # fmt: skip
    w.add("isolation_forest_gaps", lambda: ens.IsolationForest(n_estimators=8, random_state=0).fit(GAPS), GAP_ROWS)


def _over(kind, estimator, **options):
    """The ensemble over an estimator, by the name this version has for it."""
    name = "estimator" if "estimator" in inspect.signature(kind).parameters else "base_estimator"
    return kind(**{name: estimator}, **options)


def adaptive(w) -> None:
    for count, labels in ((2, "text"), (3, "odd")):
        y = data.classes(X, count, labels)
        w.add(f"adaboost_{count}", lambda y=y: ens.AdaBoostClassifier(n_estimators=8, random_state=0).fit(X, y), ROWS)
        for algorithm in ("SAMME", "SAMME.R"):
            w.add(f"adaboost_{algorithm}_{count}", lambda y=y, a=algorithm: _over(
                ens.AdaBoostClassifier, DecisionTreeClassifier(max_depth=2), n_estimators=6, algorithm=a,
                random_state=0).fit(X, y), ROWS)  # fmt: skip
        w.add(f"adaboost_logistic_{count}", lambda y=y: _over(
            ens.AdaBoostClassifier, LogisticRegression(), n_estimators=4, random_state=0).fit(X, y), ROWS)  # fmt: skip
    for loss in ("linear", "square", "exponential"):
        w.add(f"adaboost_regressor_{loss}", lambda n=loss: ens.AdaBoostRegressor(
            n_estimators=7, loss=n, random_state=0).fit(X, T), ROWS)  # fmt: skip


def bagging(w) -> None:
    for count, labels in ((2, "bool"), (3, "text")):
        y = data.classes(X, count, labels)
        w.add(f"bagging_{count}", lambda y=y: ens.BaggingClassifier(n_estimators=5, random_state=0).fit(X, y), ROWS)
        w.add(f"bagging_few_features_{count}", lambda y=y: _over(
            ens.BaggingClassifier, DecisionTreeClassifier(max_depth=3), n_estimators=6, max_features=3, max_samples=0.6,
            random_state=0).fit(X, y), ROWS)  # fmt: skip
        w.add(f"bagging_logistic_{count}", lambda y=y: _over(
            ens.BaggingClassifier, LogisticRegression(), n_estimators=3, max_features=2, bootstrap_features=True,
            random_state=0).fit(X, y), ROWS)  # fmt: skip
        w.add(f"bagging_neighbours_{count}", lambda y=y: _over(
            ens.BaggingClassifier, KNeighborsClassifier(3), n_estimators=3, max_samples=30, random_state=0).fit(X, y),
            ROWS)  # fmt: skip
        w.add(f"bagging_votes_{count}", lambda y=y: _over(
            ens.BaggingClassifier, SVC(), n_estimators=3, max_samples=30, random_state=0).fit(X, y), ROWS)  # fmt: skip
    w.add("bagging_regressor", lambda: ens.BaggingRegressor(n_estimators=5, random_state=0).fit(X, T), ROWS)
    w.add("bagging_regressor_few_features", lambda: _over(
        ens.BaggingRegressor, DecisionTreeRegressor(max_depth=3), n_estimators=6, max_features=2, random_state=0).fit(X, T),
        ROWS)  # fmt: skip
