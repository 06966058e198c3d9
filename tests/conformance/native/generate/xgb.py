"""XGBoost: its scikit-learn classes in pickles, and its own JSON and UBJSON."""

from __future__ import annotations

import pathlib
import tempfile

import numpy as np
import pandas as pd
import xgboost as xgb
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import data
from tables import COUNTS, GAP_ROWS, GAPS, REAL_ROWS, ROWS, R, T, X

SMALL = {"n_estimators": 6, "max_depth": 3, "n_jobs": 1, "random_state": 0}


def cases(w) -> None:
    classifiers(w)
    regressors(w)
    rankers(w)
    categories(w)
    pipelines(w)
    own(w)


def classifiers(w) -> None:
    for labels in ("int", "bool"):
        w.add(f"xgb_{labels}", lambda n=labels: xgb.XGBClassifier(**SMALL).fit(X, data.classes(X, 2, n)), ROWS)
    w.add("xgb_three", lambda: xgb.XGBClassifier(**SMALL).fit(X, data.classes(X, 3)), ROWS)
    w.add(
        "xgb_ten",
        lambda: xgb.XGBClassifier(**{**SMALL, "max_depth": 2, "n_estimators": 3}).fit(R, data.classes(R, 10)),
        REAL_ROWS,
    )
    for name, options in {
        "gaps": {}, "hist": {"tree_method": "hist", "max_bin": 16}, "exact": {"tree_method": "exact"},
        "leafwise": {"grow_policy": "lossguide", "max_leaves": 6, "tree_method": "hist"}, "dart": {"booster": "dart", "rate_drop": 0.4},
        "dart_forest": {"booster": "dart", "normalize_type": "forest", "rate_drop": 0.6, "one_drop": True},
        "linear": {"booster": "gblinear"}, "forest": {"num_parallel_tree": 3, "subsample": 0.6, "n_estimators": 2},
        "base_score": {"base_score": 0.2}, "weighted": {"scale_pos_weight": 3.0}, "monotone": {"monotone_constraints": (1, -1, 0, 0, 0)},
        "missing_zero": {"missing": 0.0}, "missing_minus": {"missing": -1.0}, "raw": {"objective": "binary:logitraw"},
        "hinge": {"objective": "binary:hinge"}, "deep": {"max_depth": 9, "n_estimators": 2, "min_child_weight": 0},
        "stumps": {"max_depth": 1}, "rate": {"learning_rate": 1.0}, "regularised": {"gamma": 0.5, "reg_alpha": 0.3, "reg_lambda": 4},
    }.items():  # fmt: skip
        o = {**SMALL, **options}
        if name == "linear":
            o.pop("max_depth")
        gaps = GAPS if name != "linear" else X
        w.add(f"xgb_{name}", lambda o=o, x=gaps: xgb.XGBClassifier(**o).fit(x, data.classes(x)), GAP_ROWS)
        if name not in ("raw", "hinge", "monotone", "weighted"):
            w.add(f"xgb_three_{name}", lambda o=o, x=gaps: xgb.XGBClassifier(**o).fit(x, data.classes(x, 3)), GAP_ROWS)
    w.add("xgb_f32_rows", lambda: xgb.XGBClassifier(**SMALL).fit(R, data.classes(R)), data.single(REAL_ROWS))
    w.add(
        "xgb_whole_rows", lambda: xgb.XGBClassifier(**SMALL).fit(X, data.classes(X)), np.arange(50, dtype="<i8").reshape(10, 5)
    )
    names = ["a", "b", "c", "d d", "é"]
    w.add("xgb_columns", lambda: xgb.XGBClassifier(**SMALL).fit(pd.DataFrame(GAPS, columns=names), data.classes(GAPS)),
          dict(zip(names, GAP_ROWS.T.copy())))  # fmt: skip

    def early(count):
        model = xgb.XGBClassifier(**{**SMALL, "n_estimators": 40}, early_stopping_rounds=2, learning_rate=1.0)
        return model.fit(X[:90], data.classes(X, count)[:90], eval_set=[(X[90:], data.classes(X, count)[90:])], verbose=False)

    w.add("xgb_early", lambda: early(2), ROWS)
    w.add("xgb_three_early", lambda: early(3), ROWS)
    w.add("xgb_multilabel", lambda: xgb.XGBClassifier(**SMALL).fit(X, (data.several(X) > 0).astype(int)), ROWS)
    w.add("xgb_forest_classifier", lambda: xgb.XGBRFClassifier(n_estimators=5, max_depth=3, n_jobs=1, random_state=0).fit(
        X, data.classes(X)), ROWS)  # fmt: skip


def regressors(w) -> None:
    for name, (options, y) in {
        "": ({}, T), "_gaps": ({"max_depth": 4}, T), "_poisson": ({"objective": "count:poisson"}, COUNTS),
        "_gamma": ({"objective": "reg:gamma"}, COUNTS + 1), "_tweedie": ({"objective": "reg:tweedie"}, COUNTS),
        "_logistic": ({"objective": "reg:logistic"}, (T > 0).astype(float)), "_absolute": ({"objective": "reg:absoluteerror"}, T),
        "_huber": ({"objective": "reg:pseudohubererror"}, T), "_log": ({"objective": "reg:squaredlogerror"}, COUNTS),
        "_quantile": ({"objective": "reg:quantileerror", "quantile_alpha": 0.3}, T),
        "_quantiles": ({"objective": "reg:quantileerror", "quantile_alpha": np.array([0.2, 0.8])}, T),
        "_dart": ({"booster": "dart", "rate_drop": 0.5}, T), "_linear": ({"booster": "gblinear", "max_depth": None}, T),
        "_base_score": ({"base_score": 2.5}, T),
    }.items():  # fmt: skip
        o = {k: v for k, v in {**SMALL, **options}.items() if v is not None}
        x = GAPS if name == "_gaps" else X
        w.add(f"xgb_regressor{name}", lambda o=o, x=x, y=y: xgb.XGBRegressor(**o).fit(x, y), data.awkward(x))
    w.add("xgb_regressor_several", lambda: xgb.XGBRegressor(**SMALL).fit(X, data.several(X)), ROWS)
    w.add("xgb_regressor_vector_leaf", lambda: xgb.XGBRegressor(**SMALL, multi_strategy="multi_output_tree", tree_method="hist").fit(
        X, data.several(X)), ROWS)  # fmt: skip
    w.add(
        "xgb_forest_regressor",
        lambda: xgb.XGBRFRegressor(n_estimators=5, max_depth=3, n_jobs=1, random_state=0).fit(X, T),
        ROWS,
    )


def rankers(w) -> None:
    groups = np.repeat(np.arange(16), 10)
    relevance = np.digitize(T, np.quantile(T, [0.3, 0.6, 0.9]))
    for objective in ("rank:pairwise", "rank:ndcg", "rank:map"):
        y = relevance if objective != "rank:map" else (relevance > 1).astype(int)
        w.add(
            f"xgb_ranker_{objective[5:]}",
            lambda o=objective, y=y: xgb.XGBRanker(**SMALL, objective=o).fit(X, y, qid=groups),
            ROWS,
        )


def categories(w) -> None:
    rng = np.random.RandomState(8)
    frame = pd.DataFrame({"kind": pd.Categorical(rng.randint(0, 7, 300)), "x": rng.randint(-8, 9, 300) / 2.0})
    y = (frame["kind"].cat.codes.to_numpy() % 3 + frame["x"].to_numpy() > 1).astype(int)
    coded = pd.DataFrame({"kind": frame["kind"], "x": frame["x"]})
    rows = {
        "kind": np.array([0, 1, 2, 3, 4, 5, 6, 6, 3, 0, 7, -1, 100]),
        "x": np.array([0.5, -2, 1.25, np.nan, 4, 0, 1, -1, 2, 3, 0, 1, 2]),
    }
    for name, options in {"sets": {"max_cat_to_onehot": 1}, "one_hot": {"max_cat_to_onehot": 20}}.items():
        o = {**SMALL, "tree_method": "hist", "enable_categorical": True, **options}
        w.add(f"xgb_categories_{name}", lambda o=o: xgb.XGBClassifier(**o).fit(coded, y), rows)

    text = pd.DataFrame({"plan": data.people()["plan"].astype("category"), "income": data.people()["income"]})
    inputs = data.people_inputs(columns=["plan", "income"])
    if int(xgb.__version__[0]) < 3:
        return  # the model does not know its categories, and the worker cannot tell them
    w.add("xgb_categories_text", lambda: xgb.XGBClassifier(**SMALL, tree_method="hist", enable_categorical=True).fit(
        text, data.people_classes(data.people())), inputs)  # fmt: skip


def pipelines(w) -> None:
    """Behind encoders: what sparse rows do not have is missing to XGBoost, in Python alone."""
    people, columns = data.people(), ["age", "city", "plan", "visits"]
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    for name, threshold in (("sparse", 1.0), ("dense", 0.0)):

        def build(threshold=threshold):
            encoder = OneHotEncoder(handle_unknown="ignore")
            parts = [("n", numbers, ["age", "visits"]), ("c", encoder, ["city", "plan"])]
            steps = ColumnTransformer(parts, sparse_threshold=threshold), xgb.XGBClassifier(**SMALL)
            return make_pipeline(*steps).fit(people[columns], data.people_classes(people))

        w.add(f"xgb_pipeline_{name}", build, data.people_inputs(columns=columns))
    w.add("xgb_pipeline_scaled", lambda: make_pipeline(StandardScaler(), xgb.XGBRegressor(**SMALL)).fit(X, T), ROWS)


def own(w) -> None:
    """Boosters, pickled and in XGBoost's own formats."""
    for name, options, y in (
        ("binary", {"objective": "binary:logistic"}, data.classes(GAPS)), ("three", {"objective": "multi:softprob", "num_class": 3},
            data.classes(GAPS, 3)), ("labels", {"objective": "multi:softmax", "num_class": 3}, data.classes(GAPS, 3)),
        ("regression", {"objective": "reg:squarederror"}, data.target(GAPS)), ("dart", {"booster": "dart", "rate_drop": 0.5,
            "objective": "binary:logistic"}, data.classes(GAPS)), ("poisson", {"objective": "count:poisson"}, np.abs(data.target(GAPS)).round()),
    ):  # fmt: skip

        def train(options=options, y=y):
            return xgb.train({"max_depth": 3, "nthread": 1, "seed": 0, **options}, xgb.DMatrix(GAPS, label=y), 6)

        def raw(kind, train=train):
            return bytes(train().save_raw(kind))

        w.add(f"xgb_booster_{name}_pickle", train, GAP_ROWS)
        for kind in ("json", "ubj"):
            w.add(f"xgb_booster_{name}_{kind}", lambda k=kind, r=raw: r(k), GAP_ROWS, reload=reloaded)
    names = ["a", "b", "ü", "d", "e"]

    def named():
        return bytes(
            xgb.XGBClassifier(**SMALL).fit(pd.DataFrame(GAPS, columns=names), data.classes(GAPS)).get_booster().save_raw("json")
        )

    w.add("xgb_booster_named_json", named, dict(zip(names, GAP_ROWS.T.copy())), reload=reloaded)

    def classifier():
        # What the class writes of itself before 2.0 has NaN in it.
        with tempfile.TemporaryDirectory() as folder:
            xgb.XGBClassifier(**SMALL).fit(GAPS, data.classes(GAPS)).save_model(f"{folder}/m.json")
            return pathlib.Path(folder, "m.json").read_bytes()

    def as_classifier(path):
        model = xgb.XGBClassifier(n_jobs=1)
        model.load_model(bytearray(path.read_bytes()))
        return model

    w.add("xgb_classifier_json", classifier, GAP_ROWS, reload=as_classifier)


def reloaded(path):
    booster = xgb.Booster({"nthread": 1})
    booster.load_model(bytearray(path.read_bytes()))
    return booster
