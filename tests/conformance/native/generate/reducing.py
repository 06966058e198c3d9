"""Decompositions."""

from __future__ import annotations

from sklearn.decomposition import PCA, FactorAnalysis, FastICA, IncrementalPCA, TruncatedSVD
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import data

R = data.reals(n=100, seed=3) / [1, 3, 0.1, 10, 1e3]
ROWS = data.awkward(R, 1)
WIDE = data.numbers(90, 30)


def cases(w) -> None:
    for name, options in {
        "all": {}, "two": {"n_components": 2}, "share": {"n_components": 0.8}, "whiten": {"n_components": 3, "whiten": True},
        "randomized": {"n_components": 3, "svd_solver": "randomized", "random_state": 0}, "one": {"n_components": 1},
    }.items():  # fmt: skip
        w.add(f"pca_{name}", lambda o=options: PCA(**o).fit(R), ROWS)
    w.add("pca_f32", lambda: PCA(3).fit(R.astype("f4")), data.single(ROWS))
    w.add("pca_f32_rows", lambda: PCA(3).fit(R), data.single(ROWS))
    w.add("pca_whiten_f32_rows", lambda: PCA(3, whiten=True).fit(R), data.single(ROWS))
    w.add("pca_wide", lambda: PCA(5).fit(WIDE), WIDE[:20] + 0.25)
    w.add("pca_scaled", lambda: make_pipeline(StandardScaler(), PCA(2)).fit(R), ROWS)
    w.add("incremental_pca", lambda: IncrementalPCA(2, batch_size=30).fit(R), ROWS)
    w.add("svd", lambda: TruncatedSVD(3, random_state=0).fit(R), ROWS)
    w.add("svd_arpack", lambda: TruncatedSVD(2, algorithm="arpack", random_state=0).fit(R), ROWS)
    w.add("svd_f32_rows", lambda: TruncatedSVD(2, random_state=0).fit(R), data.single(ROWS))
    w.add("fast_ica", lambda: FastICA(2, random_state=0, whiten="unit-variance").fit(R), ROWS)
    w.add("factors", lambda: FactorAnalysis(3, random_state=0).fit(R), ROWS)
    w.add(
        "factors_rotated_f32_rows", lambda: FactorAnalysis(2, rotation="varimax", svd_method="lapack").fit(R), data.single(ROWS)
    )
