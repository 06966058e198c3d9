"""Mixtures, centres, outliers and other estimators whose answers are distances or projections."""

from __future__ import annotations

import numpy as np
from sklearn import cluster, covariance, cross_decomposition, mixture
from sklearn import neighbors as near
from sklearn.decomposition import FastICA, KernelPCA
from sklearn.isotonic import IsotonicRegression
from sklearn.kernel_approximation import Nystroem, RBFSampler
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LogisticRegression, Ridge, SGDOneClassSVM
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import SplineTransformer, StandardScaler
from sklearn.random_projection import GaussianRandomProjection, SparseRandomProjection

import data

R = data.reals(n=50, seed=3) / [1, 3, 0.1, 10, 1e3]
REAL_ROWS = data.awkward(R, 1, plain=10, at=6)
T = data.target(R)


def cases(w) -> None:
    mixtures(w)
    centres(w)
    outliers(w)
    products(w)
    kernels(w)
    curves(w)
    splines(w)


def mixtures(w) -> None:
    for kind in ("full", "tied", "diag", "spherical"):
        w.add(f"mixture_{kind}", lambda k=kind: mixture.GaussianMixture(3, covariance_type=k, random_state=0).fit(R), REAL_ROWS)
        w.add(f"mixture_bayesian_{kind}", lambda k=kind: mixture.BayesianGaussianMixture(
            n_components=3, covariance_type=k, random_state=0, max_iter=20).fit(R), REAL_ROWS)  # fmt: skip
        w.add(f"mixture_{kind}_f32_rows", lambda k=kind: mixture.GaussianMixture(
            2, covariance_type=k, random_state=0).fit(R), data.single(REAL_ROWS[:28]))  # fmt: skip
    w.add("mixture_bayesian_distribution", lambda: mixture.BayesianGaussianMixture(
        n_components=3, weight_concentration_prior_type="dirichlet_distribution", random_state=0).fit(R), REAL_ROWS)  # fmt: skip
    w.add("mixture_one", lambda: mixture.GaussianMixture(1).fit(R), REAL_ROWS)


def centres(w) -> None:
    for count, labels in ((2, "text"), (3, "odd")):
        y = data.classes(R, count, labels)
        for metric in ("euclidean", "manhattan"):
            w.add(f"centroids_{metric}_{count}", lambda y=y, m=metric: near.NearestCentroid(metric=m).fit(R, y), REAL_ROWS)
        w.add(f"centroids_priors_{count}", lambda y=y, c=count: near.NearestCentroid(
            priors=[0.2, 0.8] if c == 2 else [0.2, 0.5, 0.3]).fit(R, y), REAL_ROWS)  # fmt: skip
        w.add(f"centroids_manhattan_priors_{count}", lambda y=y: near.NearestCentroid(
            metric="manhattan", priors="empirical").fit(R, y), REAL_ROWS[:4])  # fmt: skip
        w.add(f"centroids_shrunk_{count}", lambda y=y: near.NearestCentroid(shrink_threshold=0.3).fit(R, y), REAL_ROWS)
    w.add("centroids_f32_rows", lambda: near.NearestCentroid().fit(R, data.classes(R, 3)), data.single(REAL_ROWS))
    w.add("mean_shift", lambda: cluster.MeanShift(bandwidth=2.0).fit(R), REAL_ROWS)
    w.add("affinity", lambda: cluster.AffinityPropagation(random_state=0).fit(R), REAL_ROWS)
    w.add("birch", lambda: cluster.Birch(n_clusters=3, threshold=0.8).fit(R), REAL_ROWS)
    w.add("birch_merged", lambda: cluster.Birch(
        n_clusters=cluster.KMeans(2, n_init=1, random_state=0), threshold=1.5).fit(R), REAL_ROWS[:12])  # fmt: skip
    w.add("birch_all", lambda: cluster.Birch(n_clusters=None, threshold=1.5).fit(R), REAL_ROWS)


def outliers(w) -> None:
    for name, options in {
        "auto": {}, "brute": {"algorithm": "brute", "n_neighbors": 5}, "manhattan": {"metric": "manhattan"},
        "contamination": {"contamination": 0.1, "n_neighbors": 200}, "ball": {"algorithm": "ball_tree", "n_neighbors": 3},
    }.items():  # fmt: skip
        w.add(f"local_outliers_{name}", lambda o=options: near.LocalOutlierFactor(novelty=True, **o).fit(R), REAL_ROWS)
    w.add("local_outliers_f32", lambda: near.LocalOutlierFactor(
        5, novelty=True).fit(R[:20].astype("f4")), data.single(REAL_ROWS[:4]))  # fmt: skip
    w.add("local_outliers_f32_rows", lambda: near.LocalOutlierFactor(novelty=True).fit(R), data.single(REAL_ROWS))
    w.add("envelope", lambda: covariance.EllipticEnvelope(random_state=0).fit(R), REAL_ROWS)
    w.add("envelope_scaled", lambda: make_pipeline(StandardScaler(), covariance.EllipticEnvelope(
        contamination=0.2, random_state=0)).fit(R), REAL_ROWS)  # fmt: skip
    w.add("envelope_f32_rows", lambda: covariance.EllipticEnvelope(random_state=0).fit(R), data.single(REAL_ROWS[:28]))
    w.add("plane_outliers", lambda: SGDOneClassSVM(nu=0.1, random_state=0).fit(R), REAL_ROWS)


def products(w) -> None:
    for name, options in {"variance": {"whiten": "unit-variance"}, "arbitrary": {"whiten": "arbitrary-variance"},
                          "no": {"whiten": False}}.items():  # fmt: skip
        w.add(f"ica_{name}", lambda o=options: FastICA(
            None if not o["whiten"] else 3, random_state=0, **o).fit(R), REAL_ROWS)  # fmt: skip
    w.add("ica_f32_rows", lambda: FastICA(2, random_state=0, whiten="unit-variance").fit(R), data.single(REAL_ROWS))
    w.add("random_projection", lambda: GaussianRandomProjection(3, random_state=0).fit(R), REAL_ROWS)
    w.add("random_projection_sparse", lambda: SparseRandomProjection(4, random_state=0).fit(R), REAL_ROWS)
    w.add("neighbourhood_components", lambda: near.NeighborhoodComponentsAnalysis(
        2, random_state=0, max_iter=5).fit(R, data.classes(R, 3)), REAL_ROWS)  # fmt: skip
    for name, options in {"": {}, "_unscaled": {"scale": False}, "_one": {"n_components": 1}}.items():
        w.add(f"pls{name}", lambda o=options: cross_decomposition.PLSRegression(**o).fit(R, T), REAL_ROWS)
        w.add(f"pls{name}_several", lambda o=options: cross_decomposition.PLSRegression(**o).fit(R, data.several(R)), REAL_ROWS)
    w.add("pls_canonical", lambda: cross_decomposition.PLSCanonical().fit(R, data.several(R)), REAL_ROWS)
    w.add("cca", lambda: cross_decomposition.CCA(n_components=2).fit(R, data.several(R)), REAL_ROWS)
    w.add("pls_f32_rows", lambda: cross_decomposition.PLSRegression().fit(R, T), data.single(REAL_ROWS))


def kernels(w) -> None:
    small = R[:30]
    for kernel in ("linear", "rbf", "poly", "sigmoid", "laplacian", "cosine"):
        w.add(f"kernel_ridge_{kernel}", lambda k=kernel: KernelRidge(kernel=k, alpha=0.5).fit(small, T[:30]), REAL_ROWS)
        w.add(f"kernel_pca_{kernel}", lambda k=kernel: KernelPCA(3, kernel=k, eigen_solver="dense").fit(small), REAL_ROWS)
        w.add(f"nystroem_{kernel}", lambda k=kernel: Nystroem(k, n_components=8, random_state=0).fit(R), REAL_ROWS)
    w.add("kernel_ridge_several", lambda: KernelRidge(kernel="rbf", gamma=0.3).fit(small, data.several(R)[:30]), REAL_ROWS)
    w.add("kernel_ridge_f32_rows", lambda: KernelRidge(kernel="rbf").fit(small, T[:30]), data.single(REAL_ROWS[:20]))
    w.add("nystroem_options", lambda: Nystroem(
        "poly", degree=2, coef0=0.5, gamma=0.2, n_components=6, random_state=0).fit(R), REAL_ROWS)  # fmt: skip
    w.add("rbf_sampler", lambda: RBFSampler(gamma=0.7, n_components=7, random_state=0).fit(R), REAL_ROWS[:20])
    w.add("rbf_sampler_f32_rows", lambda: RBFSampler(n_components=7, random_state=0).fit(R), data.single(REAL_ROWS[:20]))
    w.add("nystroem_pipeline", lambda: make_pipeline(StandardScaler(), Nystroem(n_components=8, random_state=0), LogisticRegression()).fit(
        R, data.classes(R, 3, "text")), REAL_ROWS)  # fmt: skip


def curves(w) -> None:
    column = R[:, :1]
    given = data.awkward(column)
    for outside in ("nan", "clip", "raise"):
        w.add(f"isotonic_{outside}", lambda o=outside: IsotonicRegression(out_of_bounds=o).fit(column[:, 0], T), given)
    w.add("isotonic_falling", lambda: IsotonicRegression(increasing=False, out_of_bounds="clip").fit(column, T), given)
    w.add("isotonic_f32_rows", lambda: IsotonicRegression(out_of_bounds="clip").fit(column, T), data.single(given))
    w.add("agglomeration", lambda: cluster.FeatureAgglomeration(3).fit(R), REAL_ROWS)
    w.add("agglomeration_f32_rows", lambda: cluster.FeatureAgglomeration(2).fit(R), data.single(REAL_ROWS))


def splines(w) -> None:
    grid, real = data.numbers(60, 3), R[:, :3]
    for extrapolation in ("constant", "linear", "continue", "periodic", "error"):
        for degree in (1, 3):
            w.add(f"splines_{extrapolation}_{degree}", lambda e=extrapolation, d=degree: SplineTransformer(
                degree=d, extrapolation=e, n_knots=6).fit(grid), data.awkward(grid, 2))  # fmt: skip
    w.add("splines_quantile", lambda: SplineTransformer(knots="quantile", include_bias=False).fit(real), data.awkward(real, 2))
    w.add("splines_given", lambda: SplineTransformer(degree=2, knots=np.array([[-1, -2, 0], [0, 0, 0.5], [3, 1, 2.0]])).fit(
        real), data.awkward(real, 2))  # fmt: skip
    w.add("splines_f32_rows", lambda: SplineTransformer().fit(real), data.single(data.awkward(real, 2)[:24]))
    w.add("splines_sparse", lambda: SplineTransformer(sparse_output=True, n_knots=4).fit(real), data.awkward(real, 2))
    single = data.single(data.awkward(real, 2)[:30])
    for extrapolation in ("constant", "linear", "periodic"):
        w.add(f"splines_{extrapolation}_f32_rows", lambda e=extrapolation: SplineTransformer(extrapolation=e, n_knots=4).fit(
            real), single)  # fmt: skip
    for extrapolation in ("constant", "continue"):
        w.add(f"splines_sparse_{extrapolation}_f32_rows", lambda e=extrapolation: SplineTransformer(
            degree=1, sparse_output=True, extrapolation=e, n_knots=4).fit(real), single)  # fmt: skip
    # A missing value is what the batch makes of it: refused.
    w.add("splines_sparse_gaps", lambda: SplineTransformer(
        degree=1, sparse_output=True, extrapolation="continue", handle_missing="zeros").fit(grid), grid[:4])  # fmt: skip
    w.add("splines_gaps", lambda: SplineTransformer(handle_missing="zeros").fit(data.numbers(60, 3, missing=True)),
          data.awkward(grid, 2))  # fmt: skip
    w.add("splines_level", lambda: SplineTransformer(degree=0, extrapolation="linear").fit(real), data.awkward(real, 2))
    w.add("splines_ridge", lambda: make_pipeline(SplineTransformer(n_knots=4), Ridge()).fit(R, T), REAL_ROWS)
