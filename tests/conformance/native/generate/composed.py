"""Estimators over estimators."""

from __future__ import annotations

import numpy as np
from sklearn import ensemble as ens
from sklearn import linear_model as lin
from sklearn import multiclass, multioutput
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, PolynomialFeatures, QuantileTransformer, StandardScaler
from sklearn.semi_supervised import SelfTrainingClassifier
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

import data

X = data.numbers(n=120)
ROWS = data.awkward(X)
T = data.target(X)
TREE = DecisionTreeClassifier(max_depth=3, random_state=0)
FOREST = ens.RandomForestClassifier(4, max_depth=3, random_state=0)
HISTOGRAM = ens.HistGradientBoostingClassifier(max_iter=3, max_leaf_nodes=5, random_state=0)
BAYES = GaussianNB()


def cases(w) -> None:
    searches(w)
    calibrated(w)
    votes(w)
    stacks(w)
    many(w)
    regressors(w)
    thresholds(w)
    self_training(w)
    of_sparse(w)


def self_training(w) -> None:
    for count, labels in ((2, "int"), (3, "odd")):
        y = np.where(np.arange(len(X)) % 3 == 0, -1, data.classes(X, count, labels) + 10)
        w.add(
            f"self_training_{count}",
            lambda y=y: SelfTrainingClassifier(lin.LogisticRegression(), threshold=0.7).fit(X, y),
            ROWS,
        )
    w.add("self_training_tree", lambda y=y: SelfTrainingClassifier(TREE, criterion="k_best").fit(X, y), ROWS)


def searches(w) -> None:
    y = data.classes(X, 2, "text")
    w.add("grid_search_tree", lambda: GridSearchCV(TREE, {"max_depth": [1, 4]}, cv=3).fit(X, y), ROWS)
    w.add("grid_search_logistic", lambda: GridSearchCV(lin.LogisticRegression(), {"C": [0.1, 1]}, cv=3).fit(X, y), ROWS)
    w.add("grid_search_pipeline", lambda: GridSearchCV(
        make_pipeline(StandardScaler(), SVC()), {"svc__C": [0.5, 2]}, cv=3, scoring="f1_macro").fit(X, y), ROWS)  # fmt: skip
    w.add("randomized_search_forest", lambda: RandomizedSearchCV(
        FOREST, {"max_depth": [1, 2, 3]}, n_iter=2, cv=2, random_state=0, scoring=["accuracy", "f1_macro"],
        refit="accuracy").fit(X, y), ROWS)  # fmt: skip
    w.add("grid_search_regressor", lambda: GridSearchCV(
        DecisionTreeRegressor(random_state=0), {"max_depth": [2, 3]}, cv=2).fit(X, T), ROWS)  # fmt: skip
    w.add("pipeline_of_a_search", lambda: make_pipeline(
        StandardScaler(), GridSearchCV(TREE, {"max_depth": [1, 4]}, cv=2)).fit(X, y), ROWS)  # fmt: skip


def calibrated(w) -> None:
    for count, labels in ((2, "text"), (3, "odd")):
        y = data.classes(X, count, labels)
        for name, inner in {
            "svm": LinearSVC(dual=True, random_state=0),
            "forest": FOREST,
            "logistic": lin.LogisticRegression(),
        }.items():
            for method in ("sigmoid", "isotonic"):
                for ensemble in (True, False):
                    w.add(f"calibrated_{name}_{method}_{count}{'' if ensemble else '_one'}", lambda y=y, i=inner, m=method, e=ensemble:
                          CalibratedClassifierCV(i, method=m, ensemble=e, cv=2).fit(X, y), ROWS)  # fmt: skip
    y = data.classes(X, 2, "bool")
    w.add("calibrated_prefit", lambda: CalibratedClassifierCV(FOREST.fit(X, y), cv="prefit").fit(X, y), ROWS)


def votes(w) -> None:
    for count, labels in ((2, "text"), (3, "odd")):
        y = data.classes(X, count, labels)
        trees = [("tree", TREE), ("forest", FOREST), ("histogram", HISTOGRAM)]
        mixed = [("logistic", lin.LogisticRegression()), ("bayes", BAYES), ("tree", TREE)]
        for name, parts in {"trees": trees, "mixed": mixed}.items():
            for voting in ("hard", "soft"):
                w.add(f"voting_{name}_{voting}_{count}", lambda y=y, p=parts, v=voting: ens.VotingClassifier(
                    p, voting=v).fit(X, y), ROWS)  # fmt: skip
                w.add(f"voting_{name}_{voting}_weights_{count}", lambda y=y, p=parts, v=voting: ens.VotingClassifier(
                    p, voting=v, weights=[1, 2.5, 0.7]).fit(X, y), ROWS)  # fmt: skip
        w.add(f"voting_dropped_{count}", lambda y=y: ens.VotingClassifier(
            [*trees[:2], ("none", "drop")], voting="soft", flatten_transform=False).fit(X, y), ROWS)  # fmt: skip
    parts = [("tree", DecisionTreeRegressor(max_depth=3)), ("linear", lin.LinearRegression())]
    w.add("voting_regressor", lambda: ens.VotingRegressor(parts).fit(X, T), ROWS)
    w.add("voting_regressor_weights", lambda: ens.VotingRegressor(parts, weights=[1, 3]).fit(X, T), ROWS)
    w.add("voting_of_one_object", one_object, ROWS[:4])


def one_object() -> ens.VotingRegressor:
    """One estimator many times: a small file that would be a large model."""
    voting = ens.VotingRegressor([("line", lin.LinearRegression())]).fit(X, T)
    voting.estimators_ *= 17
    return voting


def stacks(w) -> None:
    for count, labels in ((2, "text"), (3, "odd")):
        y = data.classes(X, count, labels)
        parts = [("forest", FOREST), ("svm", LinearSVC(dual=True, random_state=0))]
        w.add(f"stacking_{count}", lambda y=y: ens.StackingClassifier(parts, cv=2).fit(X, y), ROWS)
        w.add(f"stacking_passthrough_{count}", lambda y=y: ens.StackingClassifier(
            parts, TREE, cv=2, passthrough=True).fit(X, y), ROWS)  # fmt: skip
        w.add(f"stacking_predict_{count}", lambda y=y: ens.StackingClassifier(
            [("forest", FOREST), ("tree", TREE)], HISTOGRAM, cv=2, stack_method="predict").fit(
                X, np.unique(y, return_inverse=True)[1]), ROWS)  # fmt: skip
        w.add(f"stacking_trees_{count}", lambda y=y: ens.StackingClassifier(
            [("forest", FOREST), ("none", "drop"), ("tree", TREE)], TREE, cv=2).fit(X, y), ROWS)  # fmt: skip
    parts = [("tree", DecisionTreeRegressor(max_depth=3)), ("linear", lin.LinearRegression())]
    w.add("stacking_regressor", lambda: ens.StackingRegressor(parts, cv=2).fit(X, T), ROWS)
    w.add("stacking_regressor_passthrough", lambda: ens.StackingRegressor(
        parts, DecisionTreeRegressor(max_depth=4, random_state=0), cv=2, passthrough=True).fit(X, T), ROWS)  # fmt: skip


def many(w) -> None:
    for count, labels in ((2, "text"), (3, "odd"), (4, "object")):
        y = data.classes(X, count, labels)
        for name, inner in {
            "logistic": lin.LogisticRegression(),
            "tree": TREE,
            "svm": LinearSVC(dual=True, random_state=0),
        }.items():
            w.add(f"one_vs_rest_{name}_{count}", lambda y=y, i=inner: multiclass.OneVsRestClassifier(i).fit(X, y), ROWS)
            w.add(f"one_vs_one_{name}_{count}", lambda y=y, i=inner: multiclass.OneVsOneClassifier(i).fit(X, y), ROWS)
        for name, inner in {"logistic": lin.LogisticRegression(), "tree": TREE}.items():
            w.add(f"output_code_{name}_{count}", lambda y=y, i=inner: multiclass.OutputCodeClassifier(
                i, code_size=2.5, random_state=1).fit(X, y), ROWS)  # fmt: skip
    labels = (data.several(X) > 0).astype(int)
    w.add("one_vs_rest_multilabel", lambda: multiclass.OneVsRestClassifier(lin.LogisticRegression()).fit(X, labels), ROWS)
    w.add("multi_output_classifier", lambda: multioutput.MultiOutputClassifier(TREE).fit(X, data.several_classes(X)), ROWS)
    w.add("multi_output_classifier_text", lambda: multioutput.MultiOutputClassifier(FOREST).fit(
        X, data.several_classes(X, "text")), ROWS)  # fmt: skip
    w.add("multi_output_logistic", lambda: multioutput.MultiOutputClassifier(lin.LogisticRegression()).fit(X, labels), ROWS)
    w.add("multi_output_regressor", lambda: multioutput.MultiOutputRegressor(
        DecisionTreeRegressor(max_depth=3)).fit(X, data.several(X)), ROWS)  # fmt: skip
    w.add("multi_output_regressor_linear", lambda: multioutput.MultiOutputRegressor(lin.Ridge()).fit(X, data.several(X)), ROWS)
    w.add("classifier_chain", lambda: multioutput.ClassifierChain(lin.LogisticRegression(), order=[1, 0]).fit(X, labels), ROWS)
    w.add(
        "regressor_chain", lambda: multioutput.RegressorChain(DecisionTreeRegressor(max_depth=3)).fit(X, data.several(X)), ROWS
    )


def regressors(w) -> None:
    for name, options in {
        "log": {"func": np.log1p, "inverse_func": np.expm1}, "exp": {"func": np.log, "inverse_func": np.exp},
        "scaler": {"transformer": StandardScaler()}, "min_max": {"transformer": MinMaxScaler()},
        "quantile": {"transformer": QuantileTransformer(n_quantiles=20, output_distribution="normal")}, "none": {},
        "sqrt": {"func": np.sqrt, "inverse_func": np.square},
    }.items():  # fmt: skip
        for inner in (lin.LinearRegression(), DecisionTreeRegressor(max_depth=3)):
            kind = "linear" if isinstance(inner, lin.LinearRegression) else "tree"
            w.add(f"transformed_target_{name}_{kind}", lambda o=options, i=inner: TransformedTargetRegressor(i, **o).fit(
                X, np.abs(T) + 0.5), ROWS)  # fmt: skip
    w.add("transformed_target_several", lambda: TransformedTargetRegressor(
        lin.Ridge(), transformer=StandardScaler()).fit(X, data.several(X)), ROWS)  # fmt: skip


def thresholds(w) -> None:
    for labels in ("int", "text"):
        y = data.classes(X, 2, labels)

        def fixed(y=y):
            from sklearn.model_selection import FixedThresholdClassifier

            return FixedThresholdClassifier(lin.LogisticRegression(), threshold=0.3, pos_label=y[0]).fit(X, y)

        def tuned(y=y):
            from sklearn.model_selection import TunedThresholdClassifierCV

            return TunedThresholdClassifierCV(FOREST, cv=2, thresholds=7, scoring="balanced_accuracy").fit(X, y)

        w.add(f"fixed_threshold_{labels}", fixed, ROWS)
        w.add(f"tuned_threshold_{labels}", tuned, ROWS)


def of_sparse(w) -> None:
    """Parts that are given sparse rows, which scalers multiply where they divide dense ones."""
    text, y = data.texts(60, 3), data.classes(X[:60], 3, "text")
    scaled = make_pipeline(StandardScaler(with_mean=False), lin.LogisticRegression(C=0.1))
    largest = make_pipeline(MaxAbsScaler(), lin.LogisticRegression(C=0.1))
    for name, inner in {
        "one_vs_rest": multiclass.OneVsRestClassifier(scaled), "one_vs_one": multiclass.OneVsOneClassifier(largest),
        "bagging": ens.BaggingClassifier(scaled, 2, random_state=0),
"union": make_union(StandardScaler(with_mean=False), make_pipeline(MaxAbsScaler(), StandardScaler(with_mean=False))),
        "voting": ens.VotingClassifier([("a", scaled), ("b", largest)], voting="soft"),
        "stacking": ens.StackingClassifier([("a", scaled)], largest, cv=2, passthrough=True),
    }.items():  # fmt: skip
        w.add(f"sparse_{name}", lambda i=inner: make_pipeline(
            CountVectorizer(max_features=9), PolynomialFeatures(2, interaction_only=True), i).fit(text, y),
              data.text_inputs())  # fmt: skip
