"""Text into numbers, and models on it."""

from __future__ import annotations

import numpy as np
import sklearn
from sklearn.decomposition import TruncatedSVD
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.naive_bayes import BernoulliNB, ComplementNB, MultinomialNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import MaxAbsScaler
from sklearn.svm import SVC, LinearSVC

import data

TRAIN = data.texts()
ROWS = data.text_inputs()
Y = np.array(["spam", "ham"])[(np.arange(len(TRAIN)) % 3 == 0).astype(int)]
THREE = np.arange(len(TRAIN)) % 3


def cases(w) -> None:
    for name, options in {
        "default": {}, "bigrams": {"ngram_range": (1, 2), "max_features": 60}, "cased": {"lowercase": False},
        "binary": {"binary": True}, "stop_words": {"stop_words": "english"}, "own_stop_words": {"stop_words": ["the", "dog", "fox"]},
        "frequent": {"min_df": 3, "max_df": 0.6}, "char": {"analyzer": "char", "ngram_range": (1, 3), "max_features": 80},
        "char_wb": {"analyzer": "char_wb", "ngram_range": (2, 4), "max_features": 80}, "ascii": {"strip_accents": "ascii"},
        "unicode": {"strip_accents": "unicode"}, "given": {"vocabulary": ["dog", "free", "é", "fox", "東京"]},
        "char_ascii": {"analyzer": "char", "strip_accents": "ascii", "max_features": 60},
        "token_pattern": {"token_pattern": r"(?u)\b\w+\b"}, "f32": {"dtype": np.float32},
    }.items():  # fmt: skip
        w.add(f"count_{name}", lambda o=options: CountVectorizer(**o).fit(TRAIN), ROWS)
        if name in ("default", "bigrams", "char_wb", "binary", "ascii"):
            w.add(f"tfidf_{name}", lambda o=options: TfidfVectorizer(**o).fit(TRAIN), ROWS)
    for name, options in {
        "l1": {"norm": "l1"}, "no_norm": {"norm": None}, "no_idf": {"use_idf": False}, "not_smooth": {"smooth_idf": False},
        "sublinear": {"sublinear_tf": True}, "f32": {"dtype": np.float32},
    }.items():  # fmt: skip
        w.add(f"tfidf_{name}", lambda o=options: TfidfVectorizer(**o).fit(TRAIN), ROWS)
    for name, options in {
        "default": {}, "signed": {"alternate_sign": True}, "unsigned": {"alternate_sign": False, "norm": None},
        "char": {"analyzer": "char_wb", "ngram_range": (2, 3)}, "l1": {"norm": "l1"}, "binary": {"binary": True},
    }.items():  # fmt: skip
        w.add(
            f"hashing_{name}",
            lambda o=options: make_pipeline(HashingVectorizer(n_features=64, **o), MaxAbsScaler()).fit(TRAIN),
            ROWS,
        )
        if name == "default" and sklearn.__version__ >= "1.9":  # fitted by nature only of late
            w.add("hashing_alone", lambda: HashingVectorizer(n_features=16).fit(TRAIN), ROWS)
    for name, steps in {
        "logistic": [TfidfVectorizer(), LogisticRegression()], "multinomial": [CountVectorizer(), MultinomialNB()],
        "complement": [TfidfVectorizer(), ComplementNB()], "bernoulli": [CountVectorizer(binary=True), BernoulliNB()],
        "linear_svc": [TfidfVectorizer(ngram_range=(1, 2), max_features=90), LinearSVC(dual=True, random_state=0)],
        "sgd": [CountVectorizer(), TfidfTransformer(), SGDClassifier(random_state=0)],
        "svd": [TfidfVectorizer(), TruncatedSVD(4, random_state=0), LogisticRegression()],
        "forest": [CountVectorizer(max_features=20), RandomForestClassifier(4, max_depth=3, random_state=0)],
        "scaled": [CountVectorizer(max_features=20), MaxAbsScaler(), LogisticRegression()],
        "hashing": [HashingVectorizer(n_features=32), LogisticRegression()], "svc": [TfidfVectorizer(), SVC()],
        "svc_linear": [TfidfVectorizer(), SVC(kernel="linear")],
        "union": [FeatureUnion([("words", CountVectorizer(max_features=20)), ("characters", TfidfVectorizer(
            analyzer="char", max_features=20))], transformer_weights={"words": 0.5}), LogisticRegression()],
    }.items():  # fmt: skip
        w.add(f"text_{name}", lambda s=steps: make_pipeline(*s).fit(TRAIN, Y), ROWS)
        if name in ("logistic", "multinomial", "linear_svc", "bernoulli", "complement"):
            w.add(f"text_{name}_three", lambda s=steps: make_pipeline(*s).fit(TRAIN, THREE), ROWS)
    for name, pattern in {
        "apostrophes": r"(?u)\b\w+(?:'\w+)?\b", "no_digits": r"(?u)\b[^\d\W]+\b", "signs": r"\w+|[^\w\s]+", "any_case": r"(?i)\b[a-z]{2,}\b",
        "looks": r"(?<!\d)\b(?!\d)\w+\b(?=\s|$)", "numbers": r"\$?\d+(?:[.,]\d+)*%?|[#@]?\w+?\b", "group": r"(?:^|\s)(\S+)", "ascii_only": r"(?a)\b\w+\b",
    }.items():  # fmt: skip
        w.add(
            f"count_pattern_{name}",
            lambda p=pattern: CountVectorizer(token_pattern=p, lowercase=p[:4] != "(?i)").fit(TRAIN),
            ROWS,
        )
    w.add("text_net_f32", lambda: make_pipeline(TfidfVectorizer(dtype=np.float32, max_features=12), MLPClassifier(
        (3,), max_iter=5, random_state=0)).fit(TRAIN, THREE), ROWS)  # fmt: skip
    # The first token of a text may be empty, as the group of the first alternative is.
    w.add(
        "count_pattern_pairs", lambda: CountVectorizer(token_pattern=r"\w*[aeiou]\b|(\w+)", ngram_range=(1, 2)).fit(TRAIN), ROWS
    )
    w.add(
        "tfidf_split", lambda: TfidfVectorizer(tokenizer=str.split, preprocessor=str.lower, token_pattern=None).fit(TRAIN), ROWS
    )
    w.add("count_analyzer_split", lambda: CountVectorizer(analyzer=str.split).fit(TRAIN), ROWS)
    w.add(
        "tfidf_transformer",
        lambda: TfidfTransformer().fit(np.abs(data.numbers()).round()),
        np.abs(data.numbers(30, seed=2)).round(),
    )
