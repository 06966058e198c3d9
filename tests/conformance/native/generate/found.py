"""What the differential fuzzer found in single estimators, one case or more for each difference."""

from __future__ import annotations

import io
import pickle

import numpy as np
import pandas as pd
from sklearn import ensemble as ens
from sklearn import preprocessing as pre
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.feature_selection import SelectFdr, SelectKBest
from sklearn.linear_model import LinearRegression, LogisticRegression, SGDClassifier, SGDRegressor
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

import data

X = data.numbers(n=100)
ROWS = data.awkward(X)
T = data.target(X)
NAMES = ["a", "b", "c", "d", "e"]
FRAME = pd.DataFrame(X, columns=NAMES)
TREE = DecisionTreeClassifier(max_depth=3, random_state=0)


def cases(w) -> None:
    tiny(w)
    huge(w)
    narrow(w)
    refusals(w)
    types(w)
    ties(w)
    single_texts(w)
    chosen(w)
    targets(w)
    tokens(w)


def single_texts(w) -> None:
    """Texts counted in single precision stay in it, step by step, until something widens them."""
    from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer
    from sklearn.linear_model import RidgeClassifier

    texts = data.texts(40)
    y = np.arange(40) % 2
    rows = [*data.text_inputs()[:6], "", *texts[:4], "a" * 300]
    counted = CountVectorizer(max_features=9, dtype=np.float32)
    models = {
        "tfidf": TfidfVectorizer(max_features=9, dtype=np.float32), "weighed": make_pipeline(counted, TfidfTransformer(norm="l1"), pre.MaxAbsScaler()),
        "logistic": make_pipeline(TfidfVectorizer(max_features=9, dtype=np.float32), LogisticRegression()),
        "ridge": make_pipeline(counted, pre.Normalizer(), RidgeClassifier()),
        "bagging": make_pipeline(counted, ens.BaggingClassifier(RidgeClassifier(), n_estimators=3, random_state=0)),
        "union": FeatureUnion([("a", TfidfVectorizer(max_features=5, dtype=np.float32)), ("b", CountVectorizer(max_features=3, binary=True, dtype=bool))]),
        "wide_union": FeatureUnion([("a", TfidfVectorizer(max_features=5, dtype=np.float32)), ("b", CountVectorizer(max_features=3))],
                                   transformer_weights={"a": 0.3}),
    }  # fmt: skip
    for name, model in models.items():
        w.add(f"found_single_text_{name}", lambda m=model: m.fit(texts, y), rows)
    for kind in (bool, np.uint8, np.uint16, np.int64):
        counts = make_pipeline(CountVectorizer(analyzer="char", max_features=4, dtype=kind), SelectKBest(k=2))
        w.add(f"found_counts_{np.dtype(kind).name}", lambda m=counts: m.fit(texts, y), rows)


def chosen(w) -> None:
    """Columns without a score, and scores that are equal."""
    x = X.copy()
    x[:, 1:3] = 3.25
    for kind in (SelectFdr(alpha=0.9), SelectKBest(k=4)):
        w.add(f"found_{type(kind).__name__}_constant".lower(), lambda k=kind: k.fit(x, data.classes(X)), ROWS)


def targets(w) -> None:
    """Targets are taken back in the type of the prediction, by several steps too."""
    import xgboost as xgb

    single = X.astype("f4")
    positive = np.abs(T)
    booster = TransformedTargetRegressor(
        xgb.XGBRegressor(n_estimators=2, max_depth=2, n_jobs=1), func=np.log1p, inverse_func=np.expm1
    )
    w.add("found_target_booster", lambda: booster.fit(X, positive), ROWS)
    linear = TransformedTargetRegressor(LinearRegression(), transformer=pre.MinMaxScaler())
    w.add("found_target_single", lambda: linear.fit(single, positive.astype("f4")), data.single(ROWS))
    steps = make_pipeline(pre.FunctionTransformer(np.log1p, np.expm1), pre.StandardScaler())
    w.add(
        "found_target_steps", lambda: TransformedTargetRegressor(LinearRegression(), transformer=steps).fit(X, positive), ROWS
    )
    odd = TransformedTargetRegressor(DecisionTreeRegressor(max_depth=2), func=np.arcsinh, inverse_func=np.sinh)
    w.add("found_target_sinh", lambda: odd.fit(X, T), ROWS)


def tokens(w) -> None:
    """Words by other patterns; words that were counted down have no logarithm."""
    from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfTransformer, TfidfVectorizer
    from sklearn.naive_bayes import ComplementNB

    texts = [*data.texts(30), "ab1 ab cde_ éab don't x-y"]
    rows = [*data.text_inputs(), "ab1 ab cde_ éab don't x-y é h9ij", ""]
    patterns = {
        "letters": r"\b[a-zA-Z]{2,}\b",
        "from_start": r"\b[a-z]+",
        "group": r"(\w+)",
        "apostrophes": r"[\w'-]+",
        "others": r"[^ ,.]+",
    }
    for name, pattern in patterns.items():
        w.add(f"found_tokens_{name}", lambda p=pattern: CountVectorizer(token_pattern=p, max_features=20).fit(texts), rows)
    signed = make_pipeline(HashingVectorizer(n_features=8, norm=None), TfidfTransformer(sublinear_tf=True))
    w.add("found_tokens_counted_down", lambda: signed.fit(["a b c"] * 3), rows)
    only = make_pipeline(TfidfVectorizer(max_features=1), pre.FunctionTransformer(np.log1p), ComplementNB(norm=True))
    w.add("found_tokens_only_one", lambda: only.fit(texts, np.arange(len(texts)) % 3), rows)


def tiny(w) -> None:
    """Rows of almost no length are not divided by it."""
    rows = np.array(
        [[1e-40, 0, -1e-41], [1e-15, -2e-15, 0], [3e-15, 0, 0], [1e-16, 1e-16, 1e-16], [2e-7, 1e-7, 0], [5e-324, 0, 0]]
    )
    for norm in ("l1", "l2", "max"):
        w.add(f"found_normalizer_tiny_{norm}", lambda n=norm: pre.Normalizer(n).fit(X[:, :3]), rows)
        w.add(f"found_normalizer_tiny_{norm}_f32", lambda n=norm: pre.Normalizer(n).fit(X[:, :3]), data.single(rows))


def huge(w) -> None:
    """A distance of numbers whose squares are infinite is none."""
    rows = np.array([[1e300, 0, 0], [np.finfo(float).max, 1, 1], [-1e200, 1e200, 3], [1, 2, 3]])
    w.add("found_kmeans_huge", lambda: KMeans(2, n_init=1, random_state=0).fit(X[:, :3]), rows)


def narrow(w) -> None:
    """A tree that a Python of 32 bits wrote."""
    w.add(
        "found_tree_32_bit",
        lambda: of_32_bits(DecisionTreeClassifier(max_depth=3, random_state=0).fit(X, data.classes(X, 3))),
        ROWS,
    )
    w.add(
        "found_isolation_32_bit",
        lambda: of_32_bits(ens.IsolationForest(n_estimators=3, max_samples=20, random_state=0).fit(X)),
        ROWS,
    )


def of_32_bits(model) -> bytes:
    """The model's pickle with the whole numbers of its trees as such a Python has them."""

    class Pickler(pickle.Pickler):
        def reducer_override(self, one):
            if type(one).__name__ != "Tree":
                return NotImplemented
            make, given, state = one.__reduce__()
            fields = state["nodes"].dtype.fields
            kinds = [(name, "<i4" if kind == np.int64 else kind) for name, (kind, *_) in fields.items()]
            return make, given, {**state, "nodes": state["nodes"].astype(kinds)}

    file = io.BytesIO()
    Pickler(file, protocol=4).dump(model)
    return file.getvalue()


def refusals(w) -> None:
    """Rows that a part inside refuses."""
    y = data.classes(X, 2, "text")
    w.add("found_isotonic_infinite", lambda: CalibratedClassifierCV(steep(), method="isotonic", cv=2).fit(X, y), ROWS)
    w.add("found_isotonic_f32", lambda: CalibratedClassifierCV(LogisticRegression(), method="isotonic", cv=2).fit(
        X.astype("f4"), y), np.vstack([ROWS, [[1e300, 1e300, 0, 0, 0]]]))  # fmt: skip
    for name, transformer in {"min_max": pre.MinMaxScaler(), "standard": pre.StandardScaler()}.items():
        w.add(f"found_target_infinite_{name}", lambda t=transformer: TransformedTargetRegressor(
            LinearRegression(), transformer=t).fit(X / 1e10, T * 1e10), ROWS)  # fmt: skip
    w.add("found_target_tree", lambda: TransformedTargetRegressor(DecisionTreeRegressor(max_depth=2), transformer=pre.MaxAbsScaler()).fit(
        X, T), ROWS)  # fmt: skip
    flat = np.column_stack([X[:, :2], np.zeros(len(X))])
    w.add("found_pca_no_inverse", lambda: PCA(2).fit(flat), flat[:8] + 0.5)


def steep() -> LogisticRegression:
    """Scores beyond what f64 holds for rows of huge values."""
    return LogisticRegression(C=1e12, max_iter=500, fit_intercept=False)


def types(w) -> None:
    """Types that come from those of training."""
    y, single = data.classes(X), X.astype("f4")
    w.add("found_labels_f32", lambda: TREE.fit(X, y.astype("f4") * 2 - 1), ROWS[:20])
    w.add("found_power_f32_trained", lambda: pre.PowerTransformer().fit(single), ROWS)
    w.add(
        "found_sgd_f32",
        lambda: SGDClassifier(loss="log_loss", random_state=0).fit(single, data.classes(X, 3)),
        data.single(ROWS),
    )
    w.add("found_sgd_regressor_f32", lambda: SGDRegressor(random_state=0).fit(single / 8, T), data.single(ROWS))
    w.add("found_stacking_f32_rows", lambda: ens.StackingClassifier([("l", LogisticRegression())], TREE, cv=2).fit(single, y),
          data.single(ROWS))  # fmt: skip
    frame = FRAME.assign(kind=pd.Series(list("abcde") * 20, dtype=object))
    inputs = {"a": np.array([1e300, 1e16, 1e-5, np.inf, 0.1, 1e15]), "kind": data._objects(list("abcabc"))}
    w.add("found_floats_as_text", lambda: ColumnTransformer([("k", pre.OrdinalEncoder(), ["kind"]), ("n", "passthrough", [
        "a", "kind"])]).fit(frame[["a", "kind"]]), inputs)  # fmt: skip
    w.add("found_one_hot_int_2", lambda: pre.OneHotEncoder(dtype=int, handle_unknown="ignore").fit(X[:, :2]), ROWS[:12, :2],
          container="pickle2")  # fmt: skip
    w.add("found_k_means_overflow", lambda: KMeans(2, n_init=1, random_state=0).fit(X * 1e10), ROWS)
    w.add(
        "found_ends_in_nothing", lambda: make_pipeline(pre.StandardScaler(), make_pipeline(PCA(2), "passthrough")).fit(X), X[:8]
    )
    flags = FRAME.assign(flag=X[:, 0] > 0, a=np.abs(X[:, 0]).round())
    w.add("found_histogram_flags", lambda: ens.HistGradientBoostingClassifier(max_iter=2, max_leaf_nodes=4, categorical_features=[0]).fit(
        flags[["a", "flag"]], y), {"a": np.abs(ROWS[:20, 0]).round(), "flag": ROWS[:20, 1] > 0})  # fmt: skip


def ties(w) -> None:
    """Sparse points equally far from a row, chosen by a heap or by NumPy, release by release."""
    x, y = X[:60, :2].round(), data.classes(X[:60], 3)
    w.add("found_tied_neighbours", lambda: make_pipeline(pre.OneHotEncoder(handle_unknown="ignore"), KNeighborsClassifier(4)).fit(
        x, y), np.vstack([x[:20], x[20:40] + 1]))  # fmt: skip
