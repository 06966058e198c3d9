"""Whole models as people keep them: mixed columns, preparation of each kind, an estimator at the end."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn import ensemble as ens
from sklearn import linear_model as lin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, make_column_selector, make_column_transformer
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.feature_selection import SelectKBest, VarianceThreshold, f_classif
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline, make_union
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    RobustScaler,
    StandardScaler,
)
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

import data

PEOPLE = data.people(seed=11)
NUMBERS, WORDS = ["age", "income", "visits"], ["city", "plan"]
INPUTS = data.people_inputs(11)
X = data.numbers()
ROWS = data.awkward(X)


def prepared(sparse: bool = True, **encoder) -> ColumnTransformer:
    encoder = {"handle_unknown": "ignore", **encoder}
    numeric = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    words = make_pipeline(SimpleImputer(strategy="constant", fill_value="missing"), OneHotEncoder(**encoder))
    return ColumnTransformer([("numbers", numeric, NUMBERS), ("words", words, WORDS)], sparse_threshold=0.3 if sparse else 0)


def cases(w) -> None:
    finals(w)
    shapes(w)
    matrices(w)
    containers(w)


def finals(w) -> None:
    for name, final in {
        "logistic": lin.LogisticRegression(max_iter=300), "forest": ens.RandomForestClassifier(5, max_depth=4, random_state=0),
        "gradient": ens.GradientBoostingClassifier(n_estimators=6, random_state=0), "svc": SVC(random_state=0),
        "sgd": lin.SGDClassifier(random_state=0), "net": MLPClassifier((5,), max_iter=40, random_state=0),
        "tree": DecisionTreeClassifier(max_depth=5), "neighbours": KNeighborsClassifier(3),
        "adaboost": ens.AdaBoostClassifier(n_estimators=4, random_state=0), "ridge": lin.RidgeClassifier(),
        "extra_trees": ens.ExtraTreesClassifier(4, max_depth=4, random_state=0),
    }.items():  # fmt: skip
        for count, labels in ((2, "text"), (3, "int")):
            y = data.people_classes(PEOPLE, count, labels)
            w.add(
                f"people_{name}_{count}",
                lambda f=final, y=y: Pipeline([("prepare", prepared()), ("clf", f)]).fit(PEOPLE, y),
                INPUTS,
            )
    for name, final in {
        "histogram": ens.HistGradientBoostingClassifier(max_iter=5, max_leaf_nodes=6, random_state=0), "bayes": GaussianNB(),
        "calibrated": CalibratedClassifierCV(ens.RandomForestClassifier(3, max_depth=3, random_state=0), cv=2),
        "pca": make_pipeline(PCA(3), lin.LogisticRegression()), "dense": lin.LogisticRegression(),
        "best": make_pipeline(VarianceThreshold(0.01), SelectKBest(f_classif, k=4), lin.LogisticRegression()),
    }.items():  # fmt: skip
        y = data.people_classes(PEOPLE, 2, "text")
        w.add(
            f"people_{name}",
            lambda f=final, y=y: Pipeline([("prepare", prepared(sparse=False)), ("clf", f)]).fit(PEOPLE, y),
            INPUTS,
        )
    t = data.people_target(PEOPLE)
    for name, final in {
        "linear": lin.LinearRegression(), "ridge_regression": lin.Ridge(), "forest_regressor": ens.RandomForestRegressor(
            4, max_depth=4, random_state=0), "gradient_regressor": ens.GradientBoostingRegressor(n_estimators=6, random_state=0),
        "lasso": lin.Lasso(0.01), "elastic": lin.ElasticNet(0.01),
    }.items():  # fmt: skip
        w.add(f"people_{name}", lambda f=final: Pipeline([("prepare", prepared()), ("reg", f)]).fit(PEOPLE, t), INPUTS)
    y = data.people_classes(PEOPLE, 2, "bool")
    w.add("people_grid_search", lambda: GridSearchCV(Pipeline([("prepare", prepared()), ("clf", lin.LogisticRegression())]),
          {"clf__C": [0.1, 1.0], "prepare__numbers__simpleimputer__strategy": ["mean", "median"]}, cv=2).fit(PEOPLE, y), INPUTS)  # fmt: skip


def shapes(w) -> None:
    y = data.people_classes(PEOPLE, 2, "text")
    whole = PEOPLE.fillna({"age": 40.0, "city": "?"})
    ordinal = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    for name, transformer in {
        "passthrough": ColumnTransformer([("c", OneHotEncoder(handle_unknown="ignore"), WORDS)], remainder="passthrough"),
        "drop": ColumnTransformer([("n", StandardScaler(), ["income"]), ("gone", "drop", ["age"]), ("c", OneHotEncoder(
            handle_unknown="ignore"), WORDS)]),
        "remainder_scaled": ColumnTransformer([("c", ordinal, WORDS)], remainder=StandardScaler()),
        "positions": ColumnTransformer([("n", StandardScaler(), [1, 0]), ("c", ordinal, [4, 3])]),
        "slice": ColumnTransformer([("n", MinMaxScaler(), slice(0, 2)), ("c", ordinal, slice("city", "plan"))]),
        "mask": ColumnTransformer([("n", RobustScaler(), [True, True, False, False, False, False]), ("c", ordinal, ["plan"])]),
        "selector": make_column_transformer((StandardScaler(), make_column_selector(dtype_include="number")),
            (OneHotEncoder(handle_unknown="ignore"), make_column_selector(pattern="city|plan"))),
        "weights": ColumnTransformer([("n", StandardScaler(), NUMBERS), ("c", OneHotEncoder(handle_unknown="ignore"), WORDS)],
            transformer_weights={"n": 0.25, "c": 2.0}),
        "empty": ColumnTransformer([("none", StandardScaler(), []), ("n", StandardScaler(), NUMBERS), ("c", ordinal, WORDS)]),
        "twice": ColumnTransformer([("a", StandardScaler(), ["age"]), ("b", KBinsDiscretizer(3, encode="ordinal",
            strategy="uniform"), ["age", "income"]), ("c", ordinal, WORDS)]),
        "text_column": ColumnTransformer([("t", TfidfVectorizer(analyzer="char", ngram_range=(1, 2)), "city"),
            ("n", StandardScaler(), NUMBERS)]),
        "short_names": ColumnTransformer([("n", StandardScaler(), NUMBERS), ("c", ordinal, WORDS)],
            verbose_feature_names_out=False),
        "boolean": ColumnTransformer([("b", "passthrough", ["member"]), ("n", "passthrough", ["visits"]), ("c", ordinal, WORDS)]),
        "function": ColumnTransformer([("log", FunctionTransformer(np.log1p), ["age"]), ("n", MinMaxScaler(), ["income"]),
            ("c", ordinal, ["plan"])]),
        "one_hot_member": lambda: ColumnTransformer([("b", OneHotEncoder(drop="if_binary"), ["member"]), ("v", OneHotEncoder(
            handle_unknown="ignore", max_categories=4), ["visits"]), ("c", ordinal, WORDS)]),
        "nested": ColumnTransformer([("inner", ColumnTransformer([("n", StandardScaler(), ["age"]), ("k", KBinsDiscretizer(
            3, encode="onehot", strategy="uniform"), ["income"])]), ["age", "income"]), ("c", ordinal, WORDS)]),
        "union": ColumnTransformer([("n", make_union(StandardScaler(), MinMaxScaler()), NUMBERS), ("c", ordinal, WORDS)]),
        "polynomial": ColumnTransformer([("n", make_pipeline(StandardScaler(), PolynomialFeatures(2)), NUMBERS[:2]),
            ("c", ordinal, WORDS)]),
    }.items():  # fmt: skip
        build = transformer if callable(transformer) else lambda t=transformer: t  # not every release has all options
        w.add(f"columns_{name}", lambda b=build: b().fit(whole), INPUTS)
        w.add(f"columns_{name}_forest", lambda b=build: make_pipeline(b(), ens.RandomForestClassifier(
            3, max_depth=3, random_state=0)).fit(whole, y), INPUTS)  # fmt: skip
    w.add("columns_pandas_out", lambda: make_pipeline(ColumnTransformer([("n", StandardScaler(), NUMBERS), ("c", ordinal, WORDS)])
          .set_output(transform="pandas"), lin.LogisticRegression()).fit(whole, y), INPUTS)  # fmt: skip
    gaps = ColumnTransformer([("n", SimpleImputer(add_indicator=True), ["age", "income"]), ("c", make_pipeline(SimpleImputer(
        strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore", drop="first")), WORDS)], remainder="drop")  # fmt: skip
    w.add("columns_gaps_indicator", lambda: gaps.fit(PEOPLE), INPUTS)
    w.add("columns_gaps_one_hot", lambda: ColumnTransformer([("c", OneHotEncoder(handle_unknown="infrequent_if_exist",
          min_frequency=0.15), WORDS)], remainder="passthrough").fit(PEOPLE), INPUTS)  # fmt: skip
    valid = dict(INPUTS)
    held = np.empty(len(INPUTS["visits"]), object)
    held[:] = [None if i % 4 == 0 else int(v) for i, v in enumerate(INPUTS["visits"])]
    valid["visits"] = held
    w.add(
        "people_validity", lambda: Pipeline([("prepare", prepared()), ("clf", lin.LogisticRegression())]).fit(PEOPLE, y), valid
    )
    flags = np.empty(len(INPUTS["member"]), object)
    flags[:] = [None if i % 5 == 0 else bool(v) for i, v in enumerate(INPUTS["member"])]
    w.add("people_validity_member", lambda: make_pipeline(ColumnTransformer([("b", OneHotEncoder(handle_unknown="ignore"),
          ["member"])], remainder="drop")).fit(whole), {**INPUTS, "member": flags})  # fmt: skip
    narrow = {**INPUTS, "age": data.single(INPUTS["age"]), "visits": (INPUTS["visits"] % 100).astype("<i4")}
    w.add(
        "people_narrow_types",
        lambda: Pipeline([("prepare", prepared()), ("clf", lin.LogisticRegression())]).fit(PEOPLE, y),
        narrow,
    )


def matrices(w) -> None:
    y = data.classes(X, 3, "text")
    names = ["a", "b", "c", "d", "e"]
    for name, steps in {
        "passthrough": [("none", "passthrough"), ("scale", StandardScaler()), ("clf", DecisionTreeClassifier(max_depth=3))],
        "imputed": [("impute", SimpleImputer()), ("scale", StandardScaler()), ("clf", lin.LogisticRegression())],
        "selected": [("scale", StandardScaler()), ("best", SelectKBest(f_classif, k=3)), ("clf", SVC())],
        "scaled_forest": [("scale", MinMaxScaler()), ("clf", ens.RandomForestClassifier(4, max_depth=3, random_state=0))],
        "union": [("union", FeatureUnion([("scale", StandardScaler()), ("pca", PCA(2)), ("none", "drop"), ("as_is", "passthrough")])),
            ("clf", lin.LogisticRegression())],
        "exact_union": [("union", FeatureUnion([("scale", StandardScaler()), ("bins", KBinsDiscretizer(3, encode="ordinal"))],
            transformer_weights={"scale": 0.3})), ("clf", DecisionTreeClassifier(max_depth=4))],
        "columns": [("columns", ColumnTransformer([("s", StandardScaler(), [0, 2]), ("k", "passthrough", [-1])],
            remainder=MinMaxScaler())), ("clf", lin.LogisticRegression())],
        "nested": [("inner", Pipeline([("a", StandardScaler()), ("b", MinMaxScaler())])), ("clf", ens.ExtraTreesClassifier(
            3, max_depth=3, random_state=0))],
        "only_transforms": [("scale", StandardScaler()), ("bins", KBinsDiscretizer(3))],
        "ends_in_passthrough": [("scale", StandardScaler()), ("end", "passthrough")],
    }.items():  # fmt: skip
        w.add(f"pipeline_{name}", lambda s=steps: Pipeline(s).fit(X, y), ROWS)
        w.add(f"pipeline_{name}_f32_rows", lambda s=steps: Pipeline(s).fit(X, y), data.single(ROWS))
    w.add("pipeline_named", lambda: make_pipeline(StandardScaler(), lin.LogisticRegression()).fit(
        pd.DataFrame(X, columns=names), y), dict(zip(names, ROWS.T.copy())))  # fmt: skip
    w.add("union_alone", lambda: FeatureUnion([("a", StandardScaler()), ("b", MinMaxScaler())]).fit(X), ROWS)


def containers(w) -> None:
    """One model in everything a model is saved in."""
    y = data.people_classes(PEOPLE, 2, "text")
    for container in (
        "pickle0", "pickle1", "pickle2", "pickle3", "pickle4", "pickle5", "joblib", "joblib-zlib", "joblib-gzip", "joblib-bz2",
        "joblib-xz", "joblib-lzma", "skops",
    ):  # fmt: skip
        w.add(f"container_{container.replace('-', '_')}", lambda: Pipeline([("prepare", prepared()), (
            "clf", ens.RandomForestClassifier(2, max_depth=3, random_state=0))]).fit(PEOPLE, y), INPUTS, container=container)  # fmt: skip
