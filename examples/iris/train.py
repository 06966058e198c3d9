"""Trains the classic and pickles it.

usage: python examples/iris/train.py [OUTPUT]     (target/demo/iris.pkl by default)
"""

import pickle
import sys
from pathlib import Path

from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

output = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parents[2] / "target" / "demo" / "iris.pkl")
output.parent.mkdir(parents=True, exist_ok=True)

features, labels = load_iris(return_X_y=True)
model = LogisticRegression(max_iter=1000).fit(features, labels)
with open(output, "wb") as file:
    pickle.dump(model, file)
