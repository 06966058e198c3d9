"""Support vectors, naive Bayes, neighbours, dense nets, discriminants, clusters."""

from __future__ import annotations

import numpy as np
import pandas as pd
import scipy.sparse as sp
from sklearn import naive_bayes as nb
from sklearn import neighbors as near
from sklearn import svm
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline

import data

X = data.numbers(n=100)
R = data.reals(n=100, seed=3) / [1, 3, 0.1, 10, 1e3]
ROWS = data.awkward(X)
REAL_ROWS = data.awkward(R, 1)
T = data.target(X)
RT = data.target(R)


def cases(w) -> None:
    vectors(w)
    bayes(w)
    neighbours(w)
    nets(w)
    discriminants(w)
    clusters(w)
    dummies(w)


def vectors(w) -> None:
    for count, labels in ((2, "text"), (3, "odd"), (4, "object")):
        y = data.classes(R, count, labels)
        for kernel in ("rbf", "linear", "poly", "sigmoid"):
            w.add(f"svc_{kernel}_{count}", lambda y=y, k=kernel: svm.SVC(kernel=k, C=2, coef0=0.5).fit(R, y), REAL_ROWS)
        w.add(f"svc_ovo_{count}", lambda y=y: svm.SVC(decision_function_shape="ovo").fit(R, y), REAL_ROWS)
        w.add(f"svc_break_ties_{count}", lambda y=y: svm.SVC(break_ties=True).fit(R, y), REAL_ROWS)
        w.add(f"svc_proba_{count}", lambda y=y: svm.SVC(probability=True, random_state=0).fit(R, y), REAL_ROWS)
        w.add(f"nu_svc_{count}", lambda y=y: svm.NuSVC(nu=0.3, gamma=0.2).fit(R, y), REAL_ROWS)
    w.add(
        "svc_balanced_auto",
        lambda: svm.SVC(gamma="auto", class_weight="balanced").fit(R, data.classes(R, 2, "bool")),
        REAL_ROWS,
    )
    w.add("svc_grid", lambda: svm.SVC().fit(X, data.classes(X)), ROWS)
    w.add("svc_f32_rows", lambda: svm.SVC().fit(R, data.classes(R, 3)), data.single(REAL_ROWS))
    w.add("svc_degree_5", lambda: svm.SVC(kernel="poly", degree=5, gamma=0.3).fit(R, data.classes(R)), REAL_ROWS)
    for kernel in ("rbf", "linear", "poly", "sigmoid"):
        w.add(f"svr_{kernel}", lambda k=kernel: svm.SVR(kernel=k, degree=2).fit(R, RT), REAL_ROWS)
    w.add("nu_svr", lambda: svm.NuSVR(nu=0.4).fit(R, RT), REAL_ROWS)
    w.add("svr_f32_rows", lambda: svm.SVR().fit(R, RT), data.single(REAL_ROWS))
    w.add("one_class_svm", lambda: svm.OneClassSVM(nu=0.2).fit(R), REAL_ROWS)


def bayes(w) -> None:
    counts = np.round(np.abs(X) * 2)
    count_rows = np.vstack([np.abs(ROWS), ROWS[:6]])
    for count, labels in ((2, "text"), (3, "odd")):
        y = data.classes(X, count, labels)
        w.add(f"gaussian_bayes_{count}", lambda y=y: nb.GaussianNB().fit(X, y), ROWS)
        w.add(f"gaussian_bayes_priors_{count}", lambda y=y, c=count: nb.GaussianNB(
            priors=[1 / c] * c, var_smoothing=1e-3).fit(R, y), REAL_ROWS)  # fmt: skip
        w.add(f"multinomial_bayes_{count}", lambda y=y: nb.MultinomialNB().fit(counts, y), count_rows)
        w.add(f"multinomial_bayes_alpha_{count}", lambda y=y: nb.MultinomialNB(alpha=0.1, fit_prior=False).fit(
            counts, y), count_rows)  # fmt: skip
        w.add(f"bernoulli_bayes_{count}", lambda y=y: nb.BernoulliNB(binarize=1.0).fit(X, y), ROWS)
        w.add(f"bernoulli_bayes_plain_{count}", lambda y=y: nb.BernoulliNB(binarize=None).fit(
            (X > 0).astype(float), y), np.vstack([(X[:12] > 0).astype(float), ROWS[:10]]))  # fmt: skip
        w.add(f"complement_bayes_{count}", lambda y=y: nb.ComplementNB().fit(counts, y), count_rows)
        w.add(f"complement_bayes_norm_{count}", lambda y=y: nb.ComplementNB(norm=True, alpha=0.5).fit(counts, y), count_rows)
    w.add("categorical_bayes", lambda: nb.CategoricalNB(min_categories=12).fit(counts, data.classes(X)), np.abs(ROWS).round())
    w.add("gaussian_bayes_f32_rows", lambda: nb.GaussianNB().fit(R, data.classes(R)), data.single(REAL_ROWS))
    w.add("multinomial_bayes_one_class", lambda: nb.MultinomialNB().fit(counts, np.zeros(len(X), int)), count_rows[:8])


def neighbours(w) -> None:
    for count, labels in ((2, "text"), (3, "odd")):
        y = data.classes(R, count, labels)
        for algorithm in ("brute", "kd_tree", "ball_tree", "auto"):
            w.add(f"neighbours_{algorithm}_{count}", lambda y=y, a=algorithm: near.KNeighborsClassifier(
                4, algorithm=a, leaf_size=7).fit(R, y), REAL_ROWS)  # fmt: skip
        w.add(f"neighbours_distance_{count}", lambda y=y: near.KNeighborsClassifier(5, weights="distance").fit(R, y),
              np.vstack([R[:8], REAL_ROWS]))  # fmt: skip
    y = data.classes(R, 3)
    for metric in ("manhattan", "chebyshev", "euclidean"):
        for algorithm in ("brute", "kd_tree"):
            w.add(f"neighbours_{metric}_{algorithm}", lambda m=metric, a=algorithm: near.KNeighborsClassifier(
                3, metric=m, algorithm=a).fit(R, y), REAL_ROWS)  # fmt: skip
    for p in (1, 3):
        w.add(f"neighbours_p_{p}", lambda p=p: near.KNeighborsClassifier(3, p=p, weights="distance").fit(R, y), REAL_ROWS)
    w.add("neighbours_cosine", lambda: near.KNeighborsClassifier(3, metric="cosine").fit(R, y), REAL_ROWS)
    by_angle(w, y)
    w.add("neighbours_one", lambda: near.KNeighborsClassifier(1).fit(R, y), np.vstack([R[:10], REAL_ROWS]))
    w.add("neighbours_grid_ties", lambda: near.KNeighborsClassifier(5).fit(X, data.classes(X)), X[:40])
    w.add("neighbours_grid_ties_brute", lambda: near.KNeighborsClassifier(5, algorithm="brute").fit(X, data.classes(X)), X[:40])
    # Rows of another type than the points, whose distances NumPy sorts; of whole points Python refuses none.
    if np.__version__ < "2":
        w.add("neighbours_grid_ties_f32_rows", lambda: near.KNeighborsClassifier(5, algorithm="brute").fit(
            X, data.classes(X)), data.single(X[:40]))  # fmt: skip
        w.add("neighbours_whole_ties", lambda: near.KNeighborsClassifier(5, algorithm="brute").fit(
            X.astype(int), data.classes(X)), X[:40])  # fmt: skip
    w.add("neighbours_wide", lambda: near.KNeighborsClassifier(3).fit(data.numbers(60, 20), data.classes(data.numbers(60, 20))),
          data.numbers(30, 20, seed=4) + 0.01)  # fmt: skip
    w.add("neighbours_several", lambda: near.KNeighborsClassifier(3).fit(R, data.several_classes(R)), REAL_ROWS)
    w.add("neighbours_f32_rows", lambda: near.KNeighborsClassifier(3).fit(R, y), data.single(REAL_ROWS))
    w.add("neighbours_f32_trained", lambda: near.KNeighborsClassifier(3).fit(R.astype("f4"), y), data.single(REAL_ROWS))
    for algorithm in ("brute", "kd_tree"):
        w.add(f"neighbours_regressor_{algorithm}", lambda a=algorithm: near.KNeighborsRegressor(
            4, algorithm=a).fit(R, RT), REAL_ROWS)  # fmt: skip
        w.add(f"neighbours_regressor_distance_{algorithm}", lambda a=algorithm: near.KNeighborsRegressor(
            4, algorithm=a, weights="distance").fit(R, RT), np.vstack([R[:8], REAL_ROWS]))  # fmt: skip
    w.add("neighbours_regressor_several", lambda: near.KNeighborsRegressor(3).fit(R, data.several(R)), REAL_ROWS)
    w.add("nearest_centroid", lambda: near.NearestCentroid().fit(R, y), REAL_ROWS)


def by_angle(w, y) -> None:
    """Metrics that no k-d tree has, and sparse points."""
    w.add(
        "neighbours_cosine_distance",
        lambda: near.KNeighborsClassifier(4, metric="cosine", weights="distance").fit(R, y),
        REAL_ROWS,
    )
    # A row without a direction is as far from all: of such NumPy 2 takes those the CPU likes.
    told = REAL_ROWS[(np.abs(REAL_ROWS) > 1e-9).any(1) & (np.abs(REAL_ROWS) < 1e200).all(1)]
    w.add("neighbours_cosine_regressor", lambda: near.KNeighborsRegressor(4, metric="cosine").fit(R, RT), told)
    # Equally near points of several classes, of which NumPy takes which it likes: refused.
    w.add("neighbours_cosine_ties", lambda: near.KNeighborsClassifier(3, metric="cosine").fit(X[:40].round(), data.classes(X[:40], 3)),
          X[40:60])  # fmt: skip
    places = R[:, :2] / [2, 1]
    for metric, rows, asked in (("canberra", R, REAL_ROWS), ("braycurtis", R, REAL_ROWS), ("hamming", X, ROWS),
                                ("haversine", places, data.awkward(places, 1)[:28])):  # fmt: skip
        w.add(f"neighbours_{metric}", lambda m=metric, r=rows: near.KNeighborsClassifier(3, metric=m).fit(r, y), asked)
        if metric != "hamming":
            w.add(f"neighbours_{metric}_brute", lambda m=metric, r=rows: near.KNeighborsClassifier(
                3, metric=m, algorithm="brute", weights="distance").fit(r, y), asked)  # fmt: skip
    texts, labels = data.texts(70, 3), data.classes(X[:70], 3, "text")
    known = set(" ".join(texts).lower().split())
    asked = [
        text
        for text in data.text_inputs() + data.texts(12, 5)
        if len([word for word in known & set(text.lower().split()) if len(word) > 1]) > 1
    ]
    for name, model in {
        "euclidean": near.KNeighborsClassifier(3), "cosine": near.KNeighborsClassifier(4, metric="cosine"),
        "distance": near.KNeighborsClassifier(5, weights="distance"), "rest": OneVsRestClassifier(near.KNeighborsClassifier(3)),
    }.items():  # fmt: skip
        w.add(f"neighbours_texts_{name}", lambda m=model: make_pipeline(TfidfVectorizer(), m).fit(texts, labels), asked)
    w.add("neighbours_counted_texts", lambda: make_pipeline(CountVectorizer(), near.KNeighborsClassifier(
        4, weights="distance")).fit(texts[:40], np.arange(40) % 3), asked)  # fmt: skip
    w.add("neighbours_texts_regressor", lambda: make_pipeline(TfidfVectorizer(), near.KNeighborsRegressor(
        3, metric="cosine", weights="distance")).fit(texts, T[:70]), asked)  # fmt: skip
    sparse = sp.csr_matrix(np.where(np.abs(R) > 0.8, R, 0.0))
    w.add("neighbours_sparse_dense_rows", lambda: near.KNeighborsClassifier(3).fit(sparse, y), REAL_ROWS[:28])


def nets(w) -> None:
    for activation in ("relu", "tanh", "logistic", "identity"):
        options = {"hidden_layer_sizes": (9, 4), "activation": activation, "max_iter": 60, "random_state": 0}
        for count, labels in ((2, "text"), (3, "odd")):
            w.add(f"net_{activation}_{count}", lambda o=options, c=count, n=labels: MLPClassifier(**o).fit(
                R, data.classes(R, c, n)), REAL_ROWS)  # fmt: skip
        w.add(f"net_regressor_{activation}", lambda o=options: MLPRegressor(**o).fit(R, RT), REAL_ROWS)
    small = {"hidden_layer_sizes": (6,), "max_iter": 60, "random_state": 0}
    w.add("net_multilabel", lambda: MLPClassifier(**small).fit(R, (data.several(R) > 0).astype(int)), REAL_ROWS)
    w.add("net_regressor_several", lambda: MLPRegressor(**small).fit(R, data.several(R)), REAL_ROWS)
    w.add(
        "net_lbfgs_one_layer",
        lambda: MLPClassifier((5,), solver="lbfgs", random_state=0).fit(R, data.classes(R, 2, "bool")),
        REAL_ROWS,
    )
    w.add("net_f32", lambda: MLPClassifier(**small).fit(R.astype("f4"), data.classes(R)), data.single(REAL_ROWS))
    w.add("net_f32_rows", lambda: MLPClassifier(**small).fit(R, data.classes(R)), data.single(REAL_ROWS))
    w.add("net_early_stopping", lambda: MLPClassifier(early_stopping=True, **small).fit(R, data.classes(R, 3)), REAL_ROWS)


def discriminants(w) -> None:
    for count, labels in ((2, "text"), (3, "odd")):
        y = data.classes(R, count, labels)
        for solver in ("svd", "lsqr", "eigen"):
            w.add(f"lda_{solver}_{count}", lambda y=y, s=solver: LinearDiscriminantAnalysis(solver=s).fit(R, y), REAL_ROWS)
        w.add(f"lda_shrinkage_{count}", lambda y=y: LinearDiscriminantAnalysis(
            solver="lsqr", shrinkage="auto").fit(R, y), REAL_ROWS)  # fmt: skip
        w.add(f"qda_{count}", lambda y=y: QuadraticDiscriminantAnalysis().fit(R, y), REAL_ROWS)
        w.add(f"qda_regularised_{count}", lambda y=y: QuadraticDiscriminantAnalysis(reg_param=0.1).fit(R, y), REAL_ROWS)
    w.add("lda_f32_rows", lambda: LinearDiscriminantAnalysis().fit(R, data.classes(R, 3)), data.single(REAL_ROWS))


def clusters(w) -> None:
    w.add("k_means", lambda: KMeans(4, n_init=2, random_state=0).fit(R), REAL_ROWS)
    # Rows in float32 raise where the centres are float64, in every version: a fault that is not repeated.
    w.add("k_means_f32", lambda: KMeans(3, n_init=2, random_state=0).fit(R.astype("f4")), data.single(REAL_ROWS))
    w.add("k_means_grid", lambda: KMeans(5, n_init=1, random_state=0).fit(X), ROWS)
    w.add("mini_batch_k_means", lambda: MiniBatchKMeans(3, n_init=2, random_state=0, batch_size=40).fit(R), REAL_ROWS)
    bisected(w)
    names = ["a", "b", "c", "d", "e"]
    w.add("k_means_columns", lambda: KMeans(3, n_init=1, random_state=0).fit(pd.DataFrame(R, columns=names)),
          dict(zip(names, REAL_ROWS.T.copy())))  # fmt: skip


def bisected(w) -> None:
    from sklearn.cluster import BisectingKMeans  # since 1.1

    for strategy in ("biggest_inertia", "largest_cluster"):
        w.add(
            f"bisecting_{strategy}",
            lambda s=strategy: BisectingKMeans(5, random_state=0, bisecting_strategy=s).fit(R),
            REAL_ROWS,
        )
    w.add("bisecting_f32", lambda: BisectingKMeans(4, random_state=0).fit(R.astype("f4")), data.single(REAL_ROWS))
    w.add("bisecting_grid", lambda: BisectingKMeans(3, random_state=0).fit(X), ROWS)
    w.add("bisecting_one", lambda: BisectingKMeans(1, random_state=0).fit(X), ROWS[:12])


def dummies(w) -> None:
    y = data.classes(X, 3, "text")
    for strategy in ("most_frequent", "prior"):
        w.add(f"dummy_{strategy}", lambda s=strategy: DummyClassifier(strategy=s).fit(X, y), ROWS[:12])
    w.add("dummy_constant", lambda: DummyClassifier(strategy="constant", constant="ja").fit(X, y), ROWS[:12])
    for strategy in ("mean", "median"):
        w.add(f"dummy_regressor_{strategy}", lambda s=strategy: DummyRegressor(strategy=s).fit(X, T), ROWS[:12])
    w.add("dummy_regressor_quantile", lambda: DummyRegressor(strategy="quantile", quantile=0.3).fit(X, T), ROWS[:12])
    w.add("dummy_regressor_several", lambda: DummyRegressor().fit(X, data.several(X)), ROWS[:12])
