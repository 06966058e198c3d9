"""Models of the size people serve: too large to be committed, trained by the test command into a cache.

What small models cannot show: trees deep and many enough for every engine, node indices past 16 bits,
vocabularies and category tables of thousands, files of tens of megabytes.
"""

from __future__ import annotations

import functools

import numpy as np
import pandas as pd
from sklearn import ensemble as ens
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, QuantileTransformer, StandardScaler
from sklearn.svm import SVC

import data

FEATURES = 30
# Rows asked for: more than a block of every engine, and not a multiple of one.
ASKED = 203


def cases(w) -> None:
    forests(w)
    boosting(w)
    xgboost(w)
    lightgbm(w)
    others(w)
    tables(w)


@functools.cache
def wide(n: int = 8_000) -> np.ndarray:
    """Seven kinds of columns over and over, no two alike."""
    rng = np.random.RandomState(11)
    return rng.standard_normal((n, FEATURES)) * np.resize([1.0, 3.0, 0.1, 10.0, 1e3, 1.0, 2.0], FEATURES)


@functools.cache
def gaps() -> np.ndarray:
    x = wide().copy()
    x[np.random.RandomState(12).rand(*x.shape) < 0.1] = np.nan
    return x


def asked(x: np.ndarray) -> np.ndarray:
    return data.awkward(x, 3, plain=ASKED - 96, at=72)


def forests(w) -> None:
    x = wide()
    options = {"random_state": 0, "n_jobs": 2}
    w.add(
        "large_forest", lambda: one(ens.RandomForestClassifier(100, max_depth=14, **options).fit(x, data.classes(x))), asked(x)
    )
    w.add(
        "large_forest_five", lambda: one(ens.RandomForestClassifier(40, **options).fit(x, data.classes(x, 5, "text"))), asked(x)
    )
    w.add("large_forest_values", lambda: one(ens.ExtraTreesRegressor(40, **options).fit(x, data.target(x))), asked(x))
    w.add(
        "large_forest_gaps",
        lambda: one(ens.RandomForestClassifier(40, **options).fit(gaps(), data.classes(x, 3))),
        asked(gaps()),
    )
    w.add("large_isolation", lambda: one(ens.IsolationForest(n_estimators=200, max_samples=2000, **options).fit(x)), asked(x))


def one(model):
    """On one thread from now on: a forest in more adds up in whatever order they finish."""
    return model.set_params(n_jobs=1)


def boosting(w) -> None:
    x = wide()
    w.add("large_gradient", lambda: ens.GradientBoostingClassifier(max_depth=6, subsample=0.2, max_features=6, random_state=0)
          .fit(x, data.classes(x)), asked(x))  # fmt: skip
    w.add("large_histogram", lambda: ens.HistGradientBoostingClassifier(max_iter=150, max_leaf_nodes=127, random_state=0)
          .fit(gaps(), data.classes(x)), asked(gaps()))  # fmt: skip
    w.add("large_histogram_ten", lambda: ens.HistGradientBoostingClassifier(max_iter=30, random_state=0)
          .fit(gaps(), data.classes(x, 10)), asked(gaps()))  # fmt: skip
    w.add("large_histogram_values", lambda: ens.HistGradientBoostingRegressor(max_iter=200, max_depth=6, random_state=0)
          .fit(x, data.target(x)), asked(x))  # fmt: skip


def xgboost(w) -> None:
    for depth, trees, name in ((6, 500, ""), (8, 200, "_gaps"), (12, 40, ""), (6, 60, "_gaps")):
        x = gaps() if name else wide()
        w.add(f"large_xgb_{depth}{name}", lambda d=depth, t=trees, x=x: _xgboost(d, t, x), asked(x))
    w.add("large_xgb_ten", lambda: _xgboost(6, 40, wide(), 10), asked(wide()))


def _xgboost(depth: int, trees: int, x: np.ndarray, classes: int = 2):
    import xgboost as xgb

    options = {"max_depth": depth, "n_estimators": trees, "learning_rate": 0.05, "n_jobs": 1, "random_state": 0}
    return one(xgb.XGBClassifier(**options).fit(x, data.classes(wide(), classes)))


def lightgbm(w) -> None:
    for name, x, trees in (("", wide(), 300), ("_gaps", gaps(), 60)):
        w.add(f"large_lgb{name}", lambda x=x, t=trees: _lightgbm(x, t), asked(x))


def _lightgbm(x: np.ndarray, trees: int):
    import lightgbm as lgb

    options = {"n_estimators": trees, "num_leaves": 128, "max_depth": 8, "n_jobs": 1, "random_state": 0, "verbose": -1}
    return one(lgb.LGBMClassifier(**options).fit(x, data.classes(wide())))


def others(w) -> None:
    x = wide()[:3_000]
    w.add("large_neighbours", lambda: KNeighborsClassifier(15, n_jobs=1).fit(wide()[:, :6], data.classes(wide(), 3)),
          asked(wide()[:, :6]))  # fmt: skip
    w.add("large_neighbours_brute", lambda: make_pipeline(StandardScaler(), KNeighborsRegressor(9, weights="distance"))
          .fit(x, data.target(x)), asked(x))  # fmt: skip
    w.add("large_svc", lambda: make_pipeline(StandardScaler(), SVC(probability=True, random_state=0))
          .fit(x, data.classes(x, 4)), asked(x))  # fmt: skip
    w.add("large_net", lambda: make_pipeline(StandardScaler(), MLPClassifier((128, 64, 32), max_iter=5, random_state=0))
          .fit(wide(), data.classes(wide(), 7)), asked(x))  # fmt: skip
    words = [f"{a}{b}" for a in data.TEXTS[3].lower().split() + ["über", "東京", "spam", "x"] for b in range(2_000)]
    rng = np.random.RandomState(4)
    texts = [" ".join(words[i] for i in rng.zipf(1.3, rng.randint(5, 60)) % len(words)) for _ in range(4_000)]
    labels = np.array(["ham", "spam", "news"])[[len(text) % 3 for text in texts]]
    rows = texts[:60] + data.text_inputs()
    w.add("large_text", lambda: make_pipeline(TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), LogisticRegression(max_iter=30))
          .fit(texts, labels), rows)  # fmt: skip
    w.add("large_text_bayes", lambda: make_pipeline(TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5)), MultinomialNB())
          .fit(texts[:1_500], labels[:1_500]), rows)  # fmt: skip


def tables(w) -> None:
    """A table with thousands of categories in front of a forest, and of a linear model."""
    frame = data.people(12_000, seed=2)
    rng = np.random.RandomState(8)
    frame["shop"] = pd.Series([f"Geschäft {i}" for i in rng.zipf(1.2, len(frame)) % 5_000], dtype=object)
    inputs = data.people_inputs(n=120)
    rows = len(inputs["age"])
    inputs["shop"] = data._objects([f"Geschäft {i}" for i in rng.randint(0, 6_000, rows)])
    numbers = make_pipeline(SimpleImputer(strategy="median"), QuantileTransformer(random_state=0))
    for name, model in (
        ("forest", ens.RandomForestClassifier(30, n_jobs=1, random_state=0)),
        ("linear", LogisticRegression(max_iter=60)),
    ):
        prepared = ColumnTransformer([
            ("numbers", numbers, ["age", "income", "visits"]),
            ("words", OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=2), ["city", "plan", "shop"]),
            ("rest", "passthrough", ["member"]),
        ])  # fmt: skip
        whole = frame.dropna()
        w.add(f"large_table_{name}", lambda p=prepared, m=model: make_pipeline(p, m)
              .fit(whole, data.people_classes(whole, 3, "text")), inputs)  # fmt: skip
