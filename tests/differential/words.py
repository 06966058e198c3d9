"""Vectorisers of texts with all their options, over texts of many scripts, and what people put behind them.

Must not know files or the native engine.
"""

from __future__ import annotations

import unicodedata
from typing import Any

import numpy as np
import pandas as pd
from sklearn import ensemble as ens
from sklearn import linear_model as lin
from sklearn import multiclass, multioutput, svm, tree
from sklearn import naive_bayes as nb
from sklearn import preprocessing as pre
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import NMF, LatentDirichletAllocation, TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.feature_selection import SelectFromModel, SelectKBest, SelectPercentile, VarianceThreshold, chi2
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline

import data
import zoo
from draw import labels

PATTERNS = [r"(?u)\b\w+\b", r"\w+", r"[a-zA-Z]+", r"(?u)\b\w\w\w+\b", r"\S+", r"[^\s]+", r"\b[a-z]{2,}\b", r"[A-Za-z0-9]+", r"(\w+)", r"\d+", r".",
            r"(?u)\b[^\W\d_]+\b", r"\w{1,}", r"[\w']+", r"\b\w+\b", r"[^ ]+", r"(?i)[a-z]+", r"\w+|\$[\d\.]+|\S+", r"(?<!\w)\w+", r"[a-z]+|\d", r"(?u)\b\w+(?:'\w+)?\b",
            r"[#@]?\w+", r"\b(?!\d)\w+\b", r"\$?\d+(?:\.\d+)?%?|\w+", r"(?:^|\s)(\S+)", r"(?a)\b\w+\b", r"\w[\w-]*?\w(?=\W|$)"]  # fmt: skip
STOPS = [None, None, None, "english", ["the", "free", "und"], [], ["東京"], frozenset(["dog"])]
ODD = ["", " ", "\u200b", "a\u0300b", "Ａｂｃ", "ﬁ ﬂ ſ", "ǅungla Ǆ", "İI ıi", "ΑΣ ας ΑΣ.", "ß ẞ", "١٢٣ ۴۵", "e\u0301\u0301", "中文字 符", "हिन्दी में", "ไทย คำ",
       "👩‍👩‍👧 x 🏳️‍🌈", "a_b-c.d", "x" * 500, "\x1c\x1d\x85\u2028 a\u2029b", "don't won’t", "㎏ ² ³ ½", "\ud7ff\ue000", "Å Å", "ŉ ǰ ΐ", "ᾳ ᾼ", "\t\n\r\x0b\x0c",
       "K K", "\u180e\u2060\ufeff", "a\u00adb", "\U0001d400\U0001d7d8", "Ⅷ ⅷ ⓐ Ⓐ", "_ __ _a_", "ა Ა", "Ꭰ ꭰ", "٫ ٬ ,", "\u0345\u03b1\u0345"]  # fmt: skip


def corpus(draw: Any) -> list[str]:
    texts = data.texts(draw.whole(20, 90), draw.whole(0, 999))
    return [text + " " + draw.one(ODD) if draw.chance(0.4) else text for text in texts]


def asked(draw: Any) -> list[str]:
    mixed = [" ".join(draw.one(ODD) for _ in range(draw.whole(1, 4))) for _ in range(6)]
    loose = ["".join(character(draw) for _ in range(draw.whole(1, 20))) for _ in range(8)]
    return [draw.one(data.text_inputs()) for _ in range(8)] + mixed + loose + corpus(draw)[:5]


def character(draw: Any) -> str:
    """One that was known before any release of Python that is asked: what later ones know is by the release."""
    while True:
        one = chr(
            draw.one(
                [draw.whole(32, 0x2FF), draw.whole(0x300, 0x2FFF), draw.whole(0x3000, 0xD7FF), draw.whole(0x1D400, 0x1FFFF)]
            )
        )
        if unicodedata.ucd_3_2_0.category(one) != "Cn":
            return one


def vectoriser(draw: Any, texts: list[str]) -> Any:
    analyzer = draw.one(["word", "word", "word", "char", "char_wb"])
    options = {
        "ngram_range": draw.one([(1, 1), (1, 2), (2, 3), (1, 3), (3, 5), (2, 2)]), "analyzer": analyzer, "lowercase": draw.chance(0.75),
        "strip_accents": draw.one([None, None, "ascii", "unicode"]), "binary": draw.chance(0.3), "dtype": draw.one([np.float64, np.float64, np.float32]),
        "decode_error": draw.one(["strict", "ignore"]),
    }  # fmt: skip
    if analyzer == "word":
        options["stop_words"] = draw.one(STOPS)
        options["token_pattern"] = draw.one([r"(?u)\b\w\w+\b"] * 4 + PATTERNS)
        if draw.chance(0.05):
            options["tokenizer"] = str.split
    fitted = {
        "max_features": draw.one([None, 12, 40, 1]),
        "min_df": draw.one([1, 1, 2, 0.05]),
        "max_df": draw.one([1.0, 1.0, 0.7, 30]),
    }
    if draw.chance(0.12):
        words = sorted({word for text in texts for word in text.lower().split()})[:20]
        fitted = {"vocabulary": draw.one([words, {word: place for place, word in enumerate(words)}, set(words)])}
    tfidf = {
        "norm": draw.one(["l2", "l1", None]),
        "sublinear_tf": draw.chance(0.4),
        "use_idf": draw.chance(0.8),
        "smooth_idf": draw.chance(0.8),
    }
    return draw.one([
        lambda: CountVectorizer(**{**options, "dtype": draw.one([np.int64, np.float64, np.float32, np.int32, np.uint8, bool, np.uint16])}, **fitted),
        lambda: HashingVectorizer(n_features=draw.one([16, 128, 1, 1000]), alternate_sign=draw.chance(0.6), norm=tfidf["norm"], **options),
        lambda: TfidfVectorizer(**options, **fitted, **tfidf), lambda: TfidfVectorizer(**options, **fitted, **tfidf),
        lambda: make_pipeline(CountVectorizer(**{**options, "dtype": draw.one([np.int64, np.float32, np.float64])}, **fitted), TfidfTransformer(**tfidf)),
        lambda: make_pipeline(HashingVectorizer(n_features=64, norm=None, **options), TfidfTransformer(**tfidf)),
    ])()  # fmt: skip


def step(draw: Any) -> Any:
    return draw.one([
        lambda: SelectKBest(chi2, k=draw.one([1, 3, "all"])), lambda: SelectPercentile(chi2, percentile=40), lambda: TruncatedSVD(2, random_state=0),
        lambda: pre.MaxAbsScaler(), lambda: pre.Normalizer(draw.one(["l1", "l2", "max"])), lambda: pre.StandardScaler(with_mean=False),
        lambda: make_pipeline(TruncatedSVD(3, random_state=0), pre.Normalizer(copy=False)), lambda: VarianceThreshold(),
        lambda: SelectFromModel(lin.LogisticRegression(C=5.0)), lambda: TfidfTransformer(), lambda: pre.Binarizer(),
        lambda: make_pipeline(TruncatedSVD(2, random_state=0), pre.StandardScaler()), lambda: NMF(2, random_state=0, max_iter=50),
        lambda: LatentDirichletAllocation(2, random_state=0, max_iter=2), lambda: pre.FunctionTransformer(np.log1p),
    ])()  # fmt: skip


def classifier(draw: Any) -> Any:
    return draw.one([
        lambda: LogisticRegression(C=draw.log(0.1, 50)), lambda: svm.LinearSVC(random_state=0, C=draw.log(0.1, 10)), lambda: nb.MultinomialNB(alpha=
            draw.log(0.01, 2)), lambda: nb.ComplementNB(norm=draw.chance(0.5)), lambda: nb.BernoulliNB(), lambda: lin.SGDClassifier(draw.one(
            ["hinge", "log_loss", "log", "modified_huber"]), random_state=0), lambda: lin.PassiveAggressiveClassifier(random_state=0, max_iter=30),
        lambda: lin.RidgeClassifier(), lambda: lin.Perceptron(random_state=0), lambda: ens.RandomForestClassifier(3, max_depth=5, random_state=0),
        lambda: ens.ExtraTreesClassifier(3, random_state=0), lambda: tree.DecisionTreeClassifier(random_state=0), lambda: KNeighborsClassifier(
            3, metric=draw.one(["minkowski", "cosine"])), lambda: NearestCentroid(), lambda: svm.SVC(kernel=draw.one(["rbf", "linear", "poly"]),
            probability=draw.chance(0.3), random_state=0), lambda: MLPClassifier((4,), max_iter=10, random_state=0), lambda: ens.
        AdaBoostClassifier(n_estimators=3, random_state=0), lambda: ens.GradientBoostingClassifier(n_estimators=3), lambda: CalibratedClassifierCV(
            svm.LinearSVC(random_state=0), cv=2), lambda: multiclass.OneVsRestClassifier(lin.LogisticRegression()), lambda: ens.VotingClassifier([("a",
            lin.LogisticRegression()), ("b", nb.MultinomialNB())], voting=draw.one(["hard", "soft"])), lambda: multiclass.OneVsRestClassifier(
            svm.LinearSVC(random_state=0)), lambda: ens.StackingClassifier([("a", nb.MultinomialNB()), ("b", svm.LinearSVC(random_state=0))], cv=2,
            passthrough=draw.chance(0.3)), lambda: ens.BaggingClassifier(lin.LogisticRegression(), n_estimators=2, random_state=0), lambda:
        _boosted(draw), lambda: svm.NuSVC(nu=0.2, random_state=0)])()  # fmt: skip


def _boosted(draw: Any) -> Any:
    if draw.chance(0.5):
        import lightgbm as lgb

        return lgb.LGBMClassifier(n_estimators=3, min_child_samples=3, n_jobs=1, verbose=-1)
    import xgboost as xgb

    return xgb.XGBClassifier(n_estimators=3, max_depth=3, n_jobs=1)


def fitted(draw: Any) -> tuple[Any, Any]:
    """A model fitted on texts, or on a frame with texts in some columns; and what to ask it for."""
    texts = corpus(draw)
    count = draw.one([2, 2, 3, 5])
    places = np.array([draw.whole(0, count - 1) for _ in texts])
    final = classifier(draw)
    y = places if "XGB" in str(final) else labels(draw, count)[places]
    if draw.chance(0.3):
        return _columns(draw, texts, y, final)
    source: Any = vectoriser(draw, texts)
    if draw.chance(0.25):
        source = FeatureUnion([("a", source), ("b", vectoriser(draw, texts)), ("c", make_pipeline(vectoriser(draw, texts), step(draw)))][
            : draw.whole(2, 3)], transformer_weights=draw.one([None, {"a": 0.3}]))  # fmt: skip
    steps = [("v", source)] + [(f"s{i}", step(draw)) for i in range(draw.one([0, 0, 1, 2]))]
    if draw.chance(0.25):
        model: Any = Pipeline(steps)
    elif draw.chance(0.1):
        flags = np.column_stack([places > 0, draw.rng.rand(len(texts)) < 0.4]).astype(int)
        model, y = Pipeline([*steps, ("m", multioutput.MultiOutputClassifier(LogisticRegression()))]), flags
    else:
        model = Pipeline([*steps, ("m", final)])
    if draw.chance(0.15):
        model = GridSearchCV(model, {}, cv=2) if hasattr(model.steps[-1][1], "predict") else model
    given = draw.one([texts, np.array(texts, dtype=object), pd.Series(texts), np.array(texts)])
    return model.fit(given, y), asked(draw)


def _columns(draw: Any, texts: list[str], y: np.ndarray, final: Any) -> tuple[Any, Any]:
    n = len(texts)
    frame = pd.DataFrame(
        {"title": texts, "body": texts[::-1], "price": draw.rng.rand(n) * 9, "kind": [draw.one("abc") for _ in texts]}
    )
    parts = [("t", vectoriser(draw, texts), "title"), ("b", draw.one([vectoriser(draw, texts), make_pipeline(vectoriser(draw, texts), step(draw))]),
        draw.one(["body", "title", 1])), ("n", zoo.scaler(draw), ["price"]), ("c", pre.OneHotEncoder(handle_unknown="ignore"), ["kind"])]  # fmt: skip
    kept = [parts[0]] + [one for one in parts[1:] if draw.chance(0.6)]
    prepare = ColumnTransformer(
        kept, remainder="drop", sparse_threshold=draw.one([0.3, 0.0, 1.0]), transformer_weights=draw.one([None, {"t": 2.0}])
    )
    model = Pipeline([("p", prepare), ("m", final)]) if draw.chance(0.8) else prepare
    questions, inputs = asked(draw), {}
    for name in frame:
        held: Any = np.empty(len(questions), object)
        held[:] = {"title": questions, "body": questions[::-1], "kind": [draw.one("abcd") for _ in questions]}.get(
            str(name), [0] * len(questions)
        )
        inputs[str(name)] = draw.rng.rand(len(questions)) if name == "price" else held
    return model.fit(frame, y), inputs
