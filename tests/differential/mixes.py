"""Frames of columns of every kind, and what is fitted on them: encoders, ColumnTransformers, estimators that know categories.

Must not know files or the native engine.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn import ensemble as ens
from sklearn import preprocessing as pre
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline

import data
import rare
import zoo
from draw import holes, labels, matrix

WORDS = [
    "a",
    "b",
    "ab",
    "B",
    "",
    "0",
    "1.0",
    "ä",
    "東京",
    "long word with spaces",
    "None",
    "nan",
    "x" * 40,
    "é",
    "e\u0301",
    "True",
    " a",
    "10",
]
NAMES = ["col", "Spalte ü", "x", "feature name", "é", "0", "a:b", "with__two", "long " * 6]


def frame(draw: Any) -> tuple[pd.DataFrame, dict]:
    """A frame to train on, and columns to ask for."""
    n, asked = draw.whole(40, 160), draw.one([draw.whole(10, 30)] * 6 + [1, 2, 63, 64, 65])
    columns, inputs = {}, {}
    for index in range(draw.whole(1, 7)):
        name = draw.one(NAMES) + str(index)
        columns[name], inputs[name] = _column(draw, n, asked)
    return pd.DataFrame(columns), inputs


def _column(draw: Any, n: int, asked: int) -> tuple[Any, np.ndarray]:
    kind = draw.one(
        ["float", "float", "single", "whole", "whole", "bool", "text", "text", "text", "category", "codes", "string"]
    )
    gaps = draw.chance(0.4)
    if kind in ("float", "single"):
        values = np.resize(matrix(draw)[:, 0], n)
        special = [np.nan, -0.0, 1e300, 0.5, draw.real(-3, 3), 1e-40, np.inf, -np.inf, 3.5e38]
        ask = np.concatenate([draw.rng.choice(values, asked), special])[-asked:]
        draw.rng.shuffle(ask)
        values = holes(draw, values.reshape(-1, 1))[:, 0] if gaps else values
        if kind == "single":
            return values.astype("f4"), data.single(ask)
        return values, data.single(ask) if draw.chance(0.15) else ask
    if kind in ("whole", "codes"):
        values = draw.rng.randint(0, draw.whole(2, 12), n)
        kinds, extra = draw.one([("<i8", [-1, 99, 1 << 33]), ("<i8", [-1, 99, (1 << 53) + 1]), ("<i4", [-1, 99, 1 << 30]), ("u1", [200, 99, 0]),
                                 ("<i2", [-5, 300, 1]), ("<f8", [-1.0, 0.5, np.nan])])  # fmt: skip
        ask = np.concatenate([draw.rng.choice(values, asked), extra])[-asked:].astype(kinds)
        if kind == "codes":
            return pd.Series(values).astype("category"), ask
        if gaps and draw.chance(0.5) and kinds == "<i8":
            held = np.empty(asked, object)
            held[:] = [None if draw.chance(0.2) else int(value) for value in ask]
            return values, held if any(value is not None for value in held) else ask
        return values.astype(draw.one(["i8", "i8", "i4", "u1", "f8"])), ask
    if kind == "bool":
        return draw.rng.rand(n) < 0.5, draw.rng.rand(asked) < 0.5
    known = [draw.one(WORDS) for _ in range(draw.whole(1, 7))]
    gap = draw.one([None, np.nan])
    values: list[Any] = [draw.one(known) for _ in range(n)]
    ask: list[Any] = ([draw.one(known) for _ in range(asked)] + [draw.one(WORDS) for _ in range(3)] + ["unseen"])[-asked:]
    if gaps:
        values = [gap if draw.chance(0.1) else value for value in values]
        ask[draw.whole(0, asked - 1)] = None if any(isinstance(value, str) for value in ask[1:]) else ask[0]
    held = np.empty(asked, object)
    held[:] = ask
    if kind == "category":
        return pd.Categorical(values), held
    return pd.Series(values, dtype="string" if kind == "string" and draw.chance(0.5) else object), held


def fitted(draw: Any) -> tuple[Any, dict]:
    """A model fitted on a frame, and its inputs."""
    table, inputs = frame(draw)
    numeric = [name for name in table if table[name].dtype.kind in "fiub"]
    words = [name for name in table if name not in numeric]
    numbers = np.nan_to_num(table[numeric].to_numpy(dtype="f8")) if numeric else np.zeros((len(table), 1))
    coded = [pd.factorize(table[name])[0] for name in words]
    score = data.score(np.column_stack([numbers, *coded]).astype("f8"), draw.whole(0, 9999))
    classes = draw.chance(0.65)
    count = draw.one([2, 2, 2, draw.whole(3, 12)])
    y = (
        labels(draw, count)[np.digitize(score, np.quantile(score, np.linspace(0, 1, count + 1)[1:-1]))]
        if classes
        else score.round(3)
    )
    kind = draw.one(["columns"] * 7 + ["histogram", "booster", "encoder", "third"])
    if kind == "histogram":
        options = rare.histogram(draw, True, classes) | {"interaction_cst": None}
        options["categorical_features"] = draw.one(["from_dtype", None, numeric[:1], [0], [name in words for name in table]])
        ordered = ens.HistGradientBoostingClassifier if classes else ens.HistGradientBoostingRegressor
        if options["categorical_features"] == "from_dtype":
            table = table.assign(**{name: table[name].astype("category") for name in words})
            if draw.chance(0.3):
                return make_pipeline(ColumnTransformer([("all", "passthrough", list(table))]).set_output(transform="pandas"), ordered(
                    **options)).fit(table, y), inputs  # fmt: skip
            return ordered(**options).fit(table, y), inputs
        kept = numeric or list(table)
        return ordered(**options).fit(table[kept], y), {name: inputs[name] for name in kept}
    if kind == "booster":
        return _booster(draw, table, words, y, classes, count), inputs
    if kind == "encoder":
        encoder = encoder_of(draw)
        kept = words or list(table)
        return encoder.fit(table[kept], y), {name: inputs[name] for name in kept}
    if kind == "third":
        return _third(draw, table, words, y), inputs
    model = columns(draw, table, numeric, words, classes)
    if "XGBClassifier" in str(model):
        y = np.unique(y, return_inverse=True)[1]
    return model.fit(table, y), inputs


def _booster(draw: Any, table: pd.DataFrame, words: list, y: np.ndarray, classes: bool, count: int) -> Any:
    table = table.assign(**{name: table[name].astype(object).astype("category") for name in words})
    library = draw.one(["xgb", "lgb", "lgb"])
    if library == "xgb":
        import xgboost as xgb

        options = {"n_estimators": draw.whole(1, 6), "max_depth": 4, "tree_method": "hist", "enable_categorical": True, "n_jobs": 1,
                   "max_cat_to_onehot": draw.one([1, 4, 20]), "max_cat_threshold": draw.one([64, 2])}  # fmt: skip
        if words and int(xgb.__version__[0]) < 3:
            raise ValueError("the model does not know its categories")
        if classes:
            return xgb.XGBClassifier(**options).fit(table, np.unique(y, return_inverse=True)[1])
        return xgb.XGBRegressor(**options).fit(table, y)
    import lightgbm as lgb

    table.columns = [f"c{i}" for i in range(table.shape[1])]
    options = {"n_estimators": draw.whole(1, 6), "num_leaves": 9, "min_child_samples": 3, "cat_smooth": 1.0, "min_data_per_group": 3, "n_jobs": 1,
               "verbose": -1, "max_cat_to_onehot": draw.one([1, 4, 30])}  # fmt: skip
    return (lgb.LGBMClassifier if classes else lgb.LGBMRegressor)(**options).fit(table, y)


def _third(draw: Any, table: pd.DataFrame, words: list, y: np.ndarray) -> Any:
    import category_encoders as ce

    kind = draw.one([ce.OrdinalEncoder, ce.OneHotEncoder, ce.BinaryEncoder, ce.TargetEncoder])
    encoder = kind(handle_unknown=draw.one(["value", "return_nan", "error"]), handle_missing=draw.one(["value", "return_nan", "error"]),
                   cols=draw.one([None, words[:1] or None]))  # fmt: skip
    if kind is ce.TargetEncoder:
        y = np.unique(y, return_inverse=True)[1]
    return encoder.fit(table, y)


def selected(draw: Any, names: list, table: pd.DataFrame) -> Any:
    """Some columns, told in one of the ways there are."""
    chosen = [name for name in names if draw.chance(0.85)] or names[:1]
    places = [list(table).index(name) for name in chosen]
    ways = [chosen, chosen, places, [place - table.shape[1] for place in places], [name in chosen for name in table], np.array(places),
            pd.Index(chosen)]  # fmt: skip
    if places == list(range(places[0], places[-1] + 1)):
        ways += [slice(places[0], places[-1] + 1), slice(chosen[0], chosen[-1])]
    if chosen == [name for name in table if table[name].dtype.kind in "fiu"]:
        ways.append(make_column_selector(dtype_include="number"))
    return ways[draw.whole(0, len(ways) - 1)]


def encoder_of(draw: Any) -> Any:
    dense = zoo.known(pre.OneHotEncoder, {"sparse_output": False}) or {"sparse": False}
    return draw.one([
        lambda: pre.OneHotEncoder(handle_unknown=draw.one(["ignore", "ignore", "infrequent_if_exist", "warn"]), drop=draw.one([None, None, "first",
            "if_binary"]), min_frequency=draw.one([None, None, 5, 0.2, 1]), max_categories=draw.one([None, None, 1, 2, 3])),
        lambda: pre.OneHotEncoder(handle_unknown="ignore", dtype=draw.one([np.float64, np.float32, int, bool]), **draw.one([{}, dense])),
        lambda: pre.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=draw.one([-1, np.nan, 99]), dtype=draw.one(
            [np.float64, np.float32]), **zoo.known(pre.OrdinalEncoder, {"encoded_missing_value": draw.one([np.nan, -2]), "max_categories":
            draw.one([None, None, 2]), "min_frequency": draw.one([None, None, 0.1])})),
        lambda: pre.OrdinalEncoder(), lambda: pre.TargetEncoder(random_state=0, smooth=draw.one(["auto", 0.0, 7.0]), cv=2),
    ])()  # fmt: skip


def _words_part(draw: Any) -> Any:
    steps = [encoder_of(draw)]
    if draw.chance(0.5):
        filled = draw.one([{"strategy": "most_frequent"}, {"strategy": "constant"}, {"strategy": "constant", "fill_value": "gap"},
                           {"strategy": "constant", "fill_value": "", "missing_values": None}, {"strategy": "most_frequent", "add_indicator": True},
                           {"strategy": "most_frequent", "missing_values": None}])  # fmt: skip
        steps.insert(0, SimpleImputer(**filled))
    if draw.chance(0.15):
        steps.append(draw.one([pre.StandardScaler(with_mean=False), pre.MaxAbsScaler(), zoo.step(draw)]))
    return make_pipeline(*steps) if len(steps) > 1 else steps[0]


def _numbers_part(draw: Any) -> Any:
    return draw.one([
        lambda: make_pipeline(zoo.imputer(draw), zoo.scaler(draw)), lambda: zoo.imputer(draw), lambda: zoo.scaler(draw), lambda: "passthrough",
        lambda: make_pipeline(zoo.imputer(draw), rare.transformer(draw, False)), lambda: rare.transformer(draw, True),
        lambda: FeatureUnion([("i", SimpleImputer()), ("m", MissingIndicator(error_on_new=False))]), lambda: pre.OneHotEncoder(
            handle_unknown="ignore", max_categories=draw.one([None, 4])), lambda: ColumnTransformer([("in", zoo.imputer(draw), slice(None))]),
    ])()  # fmt: skip


def columns(draw: Any, table: pd.DataFrame, numeric: list, words: list, classes: bool) -> Any:
    """A ColumnTransformer over a frame's columns, and an estimator behind it or none."""
    parts: list[Any] = []
    if numeric:
        parts.append(("numbers", _numbers_part(draw), selected(draw, numeric, table)))
    if words:
        parts.append(("words", _words_part(draw), selected(draw, words, table)))
    if draw.chance(0.25):
        parts.append(
            ("one", draw.one([encoder_of(draw), "drop", "passthrough", pre.OrdinalEncoder()]), [draw.one(numeric + words)])
        )
    if words and draw.chance(0.15):
        parts.append(
            (
                "text",
                draw.one([CountVectorizer(analyzer="char"), TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 2))]),
                draw.one(words),
            )
        )
    if draw.chance(0.1):
        parts.append(("none", pre.StandardScaler(), []))
    order = draw.rng.permutation(len(parts))
    parts = [parts[i] for i in order]
    prepare = ColumnTransformer(
        parts, remainder=draw.one(["drop", "drop", "passthrough"]) if draw.chance(0.7) or words else zoo.scaler(draw),
        sparse_threshold=draw.one([0.3, 0.0, 1.0]), transformer_weights=draw.one([None, None, {"numbers": 0.5}]), n_jobs=draw.one([None, 1]),
        verbose_feature_names_out=draw.chance(0.7))  # fmt: skip
    if draw.chance(0.15) and hasattr(prepare, "set_output"):
        prepare.set_output(transform=draw.one(["pandas", "default"]))
    if draw.chance(0.3):
        return prepare
    steps: list[Any] = [("prepare", prepare)]
    if draw.chance(0.2):
        steps.append(("middle", draw.one([zoo.imputer(draw), zoo.step(draw), pre.StandardScaler(with_mean=False), "passthrough", make_pipeline(
            zoo.imputer(draw), zoo.scaler(draw))])))  # fmt: skip
    kind = draw.one(["zoo", "rare", "xgb", "lgb"])
    if kind in ("zoo", "rare"):
        source = zoo if kind == "zoo" else rare
        final = (source.classifier if classes else source.regressor)(draw, draw.chance(0.3))
    elif kind == "xgb":
        import xgboost as xgb

        final = (xgb.XGBClassifier if classes else xgb.XGBRegressor)(
            n_estimators=4, max_depth=3, n_jobs=1, missing=draw.one([np.nan, 0.0])
        )
    else:
        import lightgbm as lgb

        final = (lgb.LGBMClassifier if classes else lgb.LGBMRegressor)(
            n_estimators=4, min_child_samples=3, n_jobs=1, verbose=-1
        )
    return Pipeline([*steps, ("final", final)])
