"""Writes models of scikit-learn before 0.21 and what they answer, for the test `old_releases`.

Run by a Python that has such a release (2.7 has 0.17.1, 3.6 has 0.20.4, hence the old style)::

    python make.py FOLDER
"""

# ruff: noqa: UP010 (Python 2 reads this file too)

from __future__ import print_function

import json
import os
import pickle
import sys
import warnings
import zlib

import numpy as np
import sklearn
from sklearn.calibration import CalibratedClassifierCV
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import (
    AdaBoostClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    IsolationForest,
    VotingClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Imputer, PolynomialFeatures
from sklearn.svm import SVC

warnings.simplefilter("ignore")
RNG = np.random.RandomState(0)
X = RNG.randint(-8, 9, (60, 3)) / 2.0
T = X.sum(axis=1) + 0.3 * X[:, 0] * X[:, 1]
TWO = np.array(["no", "yes"])[(T > 0).astype(int)]
THREE = np.digitize(T, [-2, 2])
ROWS = np.concatenate([X[:6], RNG.normal(size=(8, 3)) * 3])
GAPS, GAP_ROWS = X.copy(), ROWS.copy()
GAPS[::7, 1] = GAP_ROWS[::3, 1] = np.nan
SMALL = {"n_estimators": 4, "random_state": 0}


def models():
    yield "svc", SVC(probability=True, random_state=0, gamma=0.2), X, THREE
    yield "svc_two", SVC(kernel="linear"), X, TWO
    yield "gb_two", GradientBoostingClassifier(max_depth=2, **SMALL), X, TWO
    yield "gb_three", GradientBoostingClassifier(max_depth=2, **SMALL), X, THREE
    yield "gb_exponential", GradientBoostingClassifier(max_depth=2, loss="exponential", **SMALL), X, TWO
    for loss in ("ls", "lad", "quantile"):
        yield "gb_" + loss, GradientBoostingRegressor(max_depth=2, loss=loss, **SMALL), X, T
    yield "imputer", make_pipeline(Imputer(strategy="median"), LogisticRegression()), GAPS, TWO
    yield "discriminant", LinearDiscriminantAnalysis(n_components=1), X, THREE
    yield "adaptive", AdaBoostClassifier(**SMALL), X, THREE
    yield "calibrated", CalibratedClassifierCV(GaussianNB(), method="isotonic", cv=2), X, TWO
    yield "voting", VotingClassifier([("a", GaussianNB()), ("b", LogisticRegression())], voting="soft"), X, THREE
    yield "polynomial", PolynomialFeatures(2), X, None
    if sklearn.__version__ < "0.18":
        from sklearn.decomposition import RandomizedPCA

        yield "randomized", RandomizedPCA(2, whiten=True, random_state=0), X, None
    else:
        from sklearn.preprocessing import QuantileTransformer

        yield "quantiles", QuantileTransformer(n_quantiles=10), X, None
        yield "isolation", IsolationForest(n_estimators=3, max_samples=20, random_state=0, contamination=0.2), X, None
        yield "projected", PCA(2, whiten=True), X, None


def main():
    folder = sys.argv[1]
    if not os.path.isdir(folder):
        os.makedirs(folder)
    for name, model, x, y in models():
        model.fit(x, y)
        rows = GAP_ROWS if x is GAPS else ROWS
        told = {"rows": [[None if np.isnan(v) else v for v in row] for row in rows.tolist()], "answers": {}}
        # One of scikit-learn before 0.19: the scores are scaled by the greatest of the batch since.
        for method in ("predict_proba", "decision_function", "transform"):
            # Once, models of other kinds had them too.
            foreign = hasattr(model, "predict") if method == "transform" else not hasattr(model, "classes_")
            foreign = foreign and name != "isolation"
            if foreign and not (name == "discriminant" and method == "transform"):
                continue
            if name == "svc" and method == "decision_function" and sklearn.__version__ >= "0.19":
                continue
            if hasattr(model, method):
                told["answers"][method] = np.asarray(getattr(model, method)(rows)).ravel().tolist()
        if hasattr(model, "classes_"):
            told["labels"] = np.searchsorted(model.classes_, model.predict(rows)).tolist()
        elif name == "isolation":
            told["labels"] = ((model.predict(rows) + 1) // 2).tolist()
        elif hasattr(model, "predict"):
            told["answers"]["predict"] = model.predict(rows).tolist()
        with open(os.path.join(folder, name + ".pkl"), "wb") as out:
            out.write(zlib.compress(pickle.dumps(model, 2), 9))
        with open(os.path.join(folder, name + ".json"), "w") as out:
            out.write(json.dumps(told) + "\n")
    print(folder, "Python", sys.version.split()[0], "scikit-learn", sklearn.__version__)


if __name__ == "__main__":
    main()
