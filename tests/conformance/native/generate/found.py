"""What the differential fuzzer found, one case or more for each difference."""

from __future__ import annotations

import io
import json
import pathlib
import pickle
import tempfile

import numpy as np
import pandas as pd
from sklearn import ensemble as ens
from sklearn import preprocessing as pre
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.feature_selection import SelectFdr, SelectKBest
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, SGDClassifier, SGDRegressor
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

import data

X = data.numbers(n=100)
ROWS = data.awkward(X)
T = data.target(X)
NAMES = ["a", "b", "c", "d", "e"]
FRAME = pd.DataFrame(X, columns=NAMES)
COLUMNS = dict(zip(NAMES, ROWS.T.copy()))
TREE = DecisionTreeClassifier(max_depth=3, random_state=0)


def cases(w) -> None:
    tiny(w)
    gaps(w)
    names(w)
    whole_numbers(w)
    huge(w)
    narrow(w)
    labels(w)
    refusals(w)
    types(w)
    wide(w)
    weighted(w)
    ties(w)
    fed_sparse(w)
    boosters(w)
    single_texts(w)
    narrow_beside_single(w)
    chosen(w)
    targets(w)
    tokens(w)
    single_parts(w)
    frames(w)
    zeros = ColumnTransformer([("n", pre.MaxAbsScaler(), [0, 1]), ("c", pre.OneHotEncoder(handle_unknown="ignore"), [2, 3])],
                              sparse_threshold=1.0)  # fmt: skip
    w.add("found_sparse_negative_zeros", lambda: zeros.fit(X), ROWS)
    dense = ColumnTransformer([("n", pre.MaxAbsScaler(), [0, 1]), ("c", pre.OneHotEncoder(handle_unknown="ignore"), [2, 3])],
                              sparse_threshold=0.0)  # fmt: skip
    w.add("found_dense_negative_zeros", lambda: dense.fit(X), ROWS)


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


def narrow_beside_single(w) -> None:
    """Flags and small numbers beside rows of single precision leave them so; whole numbers alone stay such."""
    single = X[:, :2].astype("f4")
    union = FeatureUnion([("s", pre.StandardScaler()), ("m", MissingIndicator(features="all"))])
    w.add("found_flags_beside_single", lambda: union.fit(single), data.single(ROWS[:, :2]))
    frame = pd.DataFrame({"kind": ["x", "y", "z", "x"] * 5, "other": ["a", "b"] * 10})
    inputs = {"kind": data._objects(["x", "z", "new"]), "other": data._objects(["a", "b", "new"])}
    coded = ColumnTransformer([("a", pre.OneHotEncoder(handle_unknown="ignore", dtype=np.int8), ["kind"]), ("b", pre.OneHotEncoder(
        handle_unknown="ignore", dtype=np.uint8), ["other"])])  # fmt: skip
    w.add("found_whole_columns", lambda: coded.fit(frame), inputs)


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


def single_parts(w) -> None:
    """Boosters answer single precision, and so do most estimators over them."""
    import xgboost as xgb

    options = {"n_estimators": 2, "max_depth": 2, "n_jobs": 1}
    w.add("found_rest_booster", lambda: OneVsRestClassifier(xgb.XGBClassifier(**options)).fit(X, data.classes(X, 3)), ROWS)
    w.add(
        "found_bagging_booster",
        lambda: ens.BaggingRegressor(xgb.XGBRegressor(**options), n_estimators=3, random_state=0).fit(X, T),
        ROWS,
    )
    w.add(
        "found_adaboost_booster",
        lambda: ens.AdaBoostRegressor(xgb.XGBRegressor(**options), n_estimators=3, random_state=0).fit(X, T),
        ROWS,
    )
    tiny = X[:, :3] * 1e-8
    for kind in ("normal", "uniform"):
        quantiles = pre.QuantileTransformer(n_quantiles=9, output_distribution=kind)
        w.add(f"found_quantile_single_{kind}", lambda q=quantiles: q.fit(tiny), tiny[:9].astype("f4"))


def frames(w) -> None:
    """Selectors take anything in a frame that is to become one; frames of numbers and flags are none of single precision."""
    gaps = FRAME.mask(np.resize(np.arange(len(X)) % 7 == 3, X.shape))

    def chosen_of_frame():
        model = make_pipeline(pre.FunctionTransformer(), SelectKBest(k=2)).set_output(transform="pandas")
        model.fit(FRAME, data.classes(X))
        return model

    w.add(
        "found_chosen_of_frame",
        chosen_of_frame,
        {name: np.where(np.arange(len(ROWS)) % 3, column, np.nan) for name, column in COLUMNS.items()},
    )
    union = FeatureUnion([("s", SimpleImputer()), ("m", MissingIndicator(features="all"))])
    w.add("found_flags_in_frame", lambda: union.set_output(transform="pandas").fit(gaps.astype("f4")), {
        name: data.single(column) for name, column in COLUMNS.items()})  # fmt: skip


def tiny(w) -> None:
    """Rows of almost no length are not divided by it."""
    rows = np.array(
        [[1e-40, 0, -1e-41], [1e-15, -2e-15, 0], [3e-15, 0, 0], [1e-16, 1e-16, 1e-16], [2e-7, 1e-7, 0], [5e-324, 0, 0]]
    )
    for norm in ("l1", "l2", "max"):
        w.add(f"found_normalizer_tiny_{norm}", lambda n=norm: pre.Normalizer(n).fit(X[:, :3]), rows)
        w.add(f"found_normalizer_tiny_{norm}_f32", lambda n=norm: pre.Normalizer(n).fit(X[:, :3]), data.single(rows))


def gaps(w) -> None:
    """None is not NaN: an imputer of NaN leaves it to the encoder behind it."""
    values = [None if i % 7 == 0 else "abc"[i % 3] for i in range(60)]
    frame = pd.DataFrame({"kind": pd.Series(values, dtype=object), "other": pd.Series(values[::-1], dtype=object)})
    inputs = {"kind": data._objects(["a", None, "z", "", "c"]), "other": data._objects(["a", "b", None, None, "None"])}
    imputers = {
        "mode": SimpleImputer(strategy="most_frequent"), "constant": SimpleImputer(strategy="constant"),
        "filled": SimpleImputer(strategy="constant", fill_value="gap", add_indicator=False),
    }  # fmt: skip
    for name, imputer in imputers.items():
        for kind, encoder in {
            "one_hot": pre.OneHotEncoder(handle_unknown="ignore"),
            "ordinal": pre.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
        }.items():
            w.add(f"found_none_{name}_{kind}", lambda i=imputer, e=encoder: make_pipeline(i, e).fit(frame), inputs)
    w.add("found_none_columns", lambda: ColumnTransformer([("c", make_pipeline(SimpleImputer(strategy="constant"), pre.OneHotEncoder(
        handle_unknown="ignore")), ["kind", "other"])]).fit(frame), inputs)  # fmt: skip


def whole_numbers(w) -> None:
    """Numbers among texts stay numbers where a text is put in place of missing values."""
    frame = pd.DataFrame({"kind": ["x", "y", None, "x"] * 5, "quality": [1, 2, 3, 4] * 5})
    inputs = {"kind": data._objects(["x", "z", None, "y"]), "quality": np.array([1.0, 2.0, 2.5, np.nan])}
    whole = {"kind": data._objects(["x", "z", None, "y"]), "quality": np.array([1, 2, 9, 4])}
    constant = SimpleImputer(strategy="constant", fill_value="NA")
    for kind, encoder in {
        "one_hot": pre.OneHotEncoder(handle_unknown="ignore"),
        "ordinal": pre.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
    }.items():
        model = ColumnTransformer([("c", make_pipeline(constant, encoder), ["kind", "quality"])], sparse_threshold=0)
        w.add(f"found_numbers_among_texts_{kind}", lambda m=model: m.fit(frame), inputs)
        w.add(f"found_whole_numbers_among_texts_{kind}", lambda m=model: m.fit(frame), whole)
    points = np.rint(X * 2).astype(np.int64)
    w.add("found_brute_whole_numbers", lambda: KNeighborsClassifier(3, algorithm="brute").fit(points, data.classes(X)), ROWS)


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


def labels(w) -> None:
    """CatBoost's files of releases that noted no labels for 0 and 1, and those of several labels a row."""
    w.add("found_catboost_without_labels", lambda: without_labels(catboost_of(data.classes(X))), ROWS)
    w.add(
        "found_catboost_multi_label",
        lambda: catboost_file(catboost_of(data.several_classes(X) % 2, loss_function="MultiLogloss")),
        ROWS,
    )


def catboost_of(y, **options):
    from catboost import CatBoostClassifier

    return CatBoostClassifier(iterations=2, depth=1, thread_count=1, verbose=0, allow_writing_files=False, **options).fit(X, y)


def catboost_file(model) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "model"
        model.save_model(str(path), format="json")
        return path.read_bytes()


def without_labels(model) -> bytes:
    file = json.loads(catboost_file(model))
    del file["model_info"]["class_params"]
    return json.dumps(file).encode()


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


def names(w) -> None:
    """What named columns take, and whether there are names at all."""
    y = data.classes(X, 2, "text")
    w.add("found_columns_adaboost", lambda: ens.AdaBoostClassifier(n_estimators=4, random_state=0).fit(FRAME, y), COLUMNS)
    w.add(
        "found_columns_adaboost_regressor", lambda: ens.AdaBoostRegressor(n_estimators=4, random_state=0).fit(FRAME, T), COLUMNS
    )
    w.add("found_columns_bagging", lambda: ens.BaggingClassifier(n_estimators=3, random_state=0).fit(FRAME, y), COLUMNS)
    w.add("found_columns_bagging_of_forests", lambda: ens.BaggingRegressor(ens.RandomForestRegressor(
        3, max_depth=2, random_state=0), n_estimators=2, random_state=0).fit(FRAME, T), COLUMNS)  # fmt: skip
    w.add("found_columns_bagging_of_votes", lambda: ens.BaggingClassifier(ens.VotingClassifier(
        [("t", DecisionTreeClassifier(max_depth=2, random_state=0))]), n_estimators=2, random_state=0).fit(FRAME, y), COLUMNS)  # fmt: skip
    w.add("found_columns_voting", lambda: ens.VotingClassifier([("t", DecisionTreeClassifier(max_depth=2, random_state=0))]).fit(
        FRAME, y), COLUMNS)  # fmt: skip
    union = FeatureUnion([("a", pre.MaxAbsScaler()), ("b", pre.RobustScaler())])
    w.add("found_columns_union", lambda: union.fit(FRAME), COLUMNS)
    w.add("found_columns_union_first", lambda: make_pipeline(union, pre.StandardScaler()).fit(FRAME), COLUMNS)
    w.add("found_columns_passed_through_first", lambda: make_pipeline("passthrough", pre.StandardScaler()).fit(FRAME), COLUMNS)


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


def wide(w) -> None:
    """Over a hundred categories, which are kept as sparse rows here and may be dense ones in Python."""
    rng = np.random.RandomState(0)
    frame = pd.DataFrame(
        {"k": pd.Series([f"v{i % 110:03d}" for i in range(220)], dtype=object), "a": rng.randint(0, 9, 220) / 2.0}
    )
    y = (frame["a"] + rng.rand(220) > 2.5).astype(int).to_numpy()
    inputs = {"k": data._objects(["v001", "v044", "none", "v109", "v003"]), "a": np.array([0.5, 4.0, 0.0, np.nan, 2.5])}
    for name, final in {
        "svc": SVC(max_iter=50), "tree": TREE, "trees": ens.BaggingClassifier(TREE, n_estimators=2, random_state=0),
    }.items():  # fmt: skip
        for threshold in (0.0, 1.0):
            prepare = ColumnTransformer([("k", pre.OneHotEncoder(handle_unknown="ignore"), ["k"])], remainder="passthrough",
                                        sparse_threshold=threshold)  # fmt: skip
            w.add(f"found_wide_{name}_{'sparse' if threshold else 'dense'}", lambda p=prepare, f=final: make_pipeline(p, f).fit(frame, y),
                  inputs)  # fmt: skip


def weighted(w) -> None:
    """Weights of what stands beside text, and sparse rows that steps in between keep."""
    frame = FRAME.assign(kind=pd.Series(list("abcde") * 20, dtype=object), flag=X[:, 1] > 0, whole=np.arange(100) % 7)
    inputs = {"a": np.array([1.5, -0.0, 3.0]), "flag": np.array([True, False, True]), "whole": np.array([1, 5, -2]),
              "kind": data._objects(["a", "e", "c"])}  # fmt: skip
    parts = [("scaled", pre.MaxAbsScaler(), ["a"]), ("as_is", "passthrough", ["flag", "whole"]), ("kind", "passthrough", ["kind"]),
             ("coded", pre.OrdinalEncoder(), ["kind"])]  # fmt: skip
    w.add("found_weights_beside_text", lambda: ColumnTransformer(parts, transformer_weights={"scaled": 0.25, "as_is": 0.5}).fit(
        frame[list(inputs)]), inputs)  # fmt: skip
    codes = {"k": np.array([0, 1, 2, 3, 9])}
    steps = (
        ColumnTransformer([("k", pre.OneHotEncoder(handle_unknown="ignore"), ["k"])], sparse_threshold=1.0),
        SimpleImputer(),
        _boosted(),
    )
    w.add(
        "found_sparse_kept", lambda: make_pipeline(*steps).fit(pd.DataFrame({"k": np.arange(100) % 4}), data.classes(X)), codes
    )
    parts = [("coded", pre.OneHotEncoder(dtype=int), ["kind"]), ("as_is", "passthrough", ["kind"])]
    w.add(
        "found_whole_beside_text",
        lambda: ColumnTransformer(parts, sparse_threshold=0).fit(frame[["kind"]]),
        {"kind": inputs["kind"]},
    )
    flagged = {"a": data.single(ROWS[:12, 0]), "flag": ROWS[:12, 1] > 0}
    w.add(
        "found_columns_f32_flags",
        lambda: make_pipeline(SimpleImputer(), pre.StandardScaler()).fit(frame[list(flagged)]),
        flagged,
    )
    w.add(
        "found_single_chain",
        lambda: make_pipeline(pre.OrdinalEncoder(dtype=np.float32), LinearRegression()).fit(X[:, :2], T),
        X[:9, :2],
    )


def ties(w) -> None:
    """Sparse points equally far from a row, chosen by a heap or by NumPy, release by release."""
    x, y = X[:60, :2].round(), data.classes(X[:60], 3)
    w.add("found_tied_neighbours", lambda: make_pipeline(pre.OneHotEncoder(handle_unknown="ignore"), KNeighborsClassifier(4)).fit(
        x, y), np.vstack([x[:20], x[20:40] + 1]))  # fmt: skip


def fed_sparse(w) -> None:
    """Parts of others that are given sparse rows in Python and dense ones here."""
    frame = pd.DataFrame({"k": pd.Series(list("abcd") * 25, dtype=object), "a": X[:, 0], "b": X[:, 1]})
    y = data.classes(X)
    inputs = {
        "k": data._objects(list("abcdz")),
        "a": np.array([0.0, np.nan, 1.0, 0.0, -2.5]),
        "b": np.array([1.0, 0.0, 0.0, -1.0, 0.5]),
    }
    prepare = ColumnTransformer(
        [("k", pre.OneHotEncoder(handle_unknown="ignore"), ["k"])], remainder="passthrough", sparse_threshold=1.0
    )
    for name, final in {
        "rest": OneVsRestClassifier(TREE), "stack": ens.StackingClassifier([("t", TREE)], TREE, cv=2),
        "pipeline": make_pipeline(pre.MaxAbsScaler(), TREE), "votes": ens.VotingClassifier([("x", _boosted())], voting="soft"),
    }.items():  # fmt: skip
        w.add(f"found_fed_sparse_{name}", lambda f=final: make_pipeline(prepare, f).fit(frame, y), inputs)


def _boosted():
    try:
        import xgboost
    except ImportError:
        return TREE
    return xgboost.XGBClassifier(n_estimators=3, max_depth=3, n_jobs=1)


def boosters(w) -> None:
    try:
        import catboost as cat
        import xgboost as xgb
    except ImportError:
        return
    small = {"n_estimators": 3, "max_depth": 2, "n_jobs": 1, "random_state": 0, "objective": "multi:softmax"}
    # Probabilities by NumPy's exponential in single precision, which differs by the CPU.
    w.add("found_xgb_softmax", lambda: xgb.XGBClassifier(**small).fit(X, data.classes(X, 3)), ROWS, tolerance=2e-6)
    w.add(
        "found_xgb_softmax_f",
        lambda: xgb.XGBRFClassifier(**small).fit(X, data.classes(X, 9)),
        data.single(ROWS),
        tolerance=2e-6,
    )
    y = data.classes(X)
    w.add("found_cat_one_leaf", lambda: cat.CatBoostClassifier(iterations=2, depth=2, grow_policy="Lossguide", thread_count=1, random_seed=0,
        verbose=False, allow_writing_files=False, min_data_in_leaf=99).fit(X[:, :1], y), ROWS[:12, :1])  # fmt: skip
    if int(xgb.__version__[0]) >= 3:
        text = pd.DataFrame({"k": pd.Series(["é", "b", "Zürich", "d"] * 25, dtype=object).astype("category"), "a": X[:, 0]})
        w.add("found_xgb_not_ascii", lambda: xgb.XGBClassifier(n_estimators=2, max_depth=2, n_jobs=1, tree_method="hist",
            enable_categorical=True).fit(text, y), {"k": data._objects(["é", "b", "Zürich"]), "a": np.zeros(3)})  # fmt: skip
