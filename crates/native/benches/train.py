"""Trains the models of the kernel benchmark and writes each as a dump for Rust, a pickle for Python and ONNX where it converts.

    python train.py DIRECTORY [MODEL ...]

Models: c (random forest 100 x depth 14), d0 (sklearn gradient boosting 100 x 6), xgb6, xgb8 (500 trees), lgb8 (500 x 128
leaves), hgb (76 trees, leaf-wise). 30 numeric features, two classes, as in the usual tabular case.
"""

import pathlib
import pickle
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "tests" / "goldens"))
import dump


def data(n, seed):
    """Rows and two classes of the usual tabular kind."""
    from sklearn.datasets import make_classification

    x, y = make_classification(
        n, 30, n_informative=16, n_redundant=6, flip_y=0.08, class_sep=0.7, n_clusters_per_class=6, random_state=7
    )
    order = np.random.default_rng(seed).permutation(n)
    return x[order], y[order]


def train(name):
    """The fitted model of this name, and what dumps it."""
    if name == "c":
        from sklearn.ensemble import RandomForestClassifier

        x, y = data(60000, 1)
        return RandomForestClassifier(100, max_depth=14, n_jobs=2, random_state=0).fit(x, y), dump.forest
    if name == "d0":
        from sklearn.ensemble import GradientBoostingClassifier

        x, y = data(8000, 1)
        return GradientBoostingClassifier(n_estimators=100, max_depth=6, random_state=0).fit(x, y), dump.gradient_boosting
    if name in ("xgb6", "xgb8"):
        from xgboost import XGBClassifier

        x, y = data(40000, 1)
        return XGBClassifier(n_estimators=500, max_depth=int(name[3]), n_jobs=2, learning_rate=0.1).fit(
            x, y
        ), lambda p, m, x: dump.xgboost(p, m.get_booster(), x)
    if name == "lgb8":
        from lightgbm import LGBMClassifier

        x, y = data(60000, 1)
        return LGBMClassifier(n_estimators=500, num_leaves=128, max_depth=8, n_jobs=2, verbose=-1).fit(
            x, y
        ), lambda p, m, x: dump.lightgbm(p, m.booster_, x)
    if name == "hgb":
        from sklearn.ensemble import HistGradientBoostingClassifier

        x, y = data(20000, 1)
        return HistGradientBoostingClassifier(max_iter=76, random_state=0, early_stopping=False).fit(
            x, y
        ), dump.hist_gradient_boosting
    raise SystemExit(f"unknown model '{name}'")


def to_onnx(name, model):
    """The model as ONNX takes it; raises where the converter cannot."""
    from skl2onnx.common.data_types import FloatTensorType

    kind = [("x", FloatTensorType([None, 30]))]
    if name.startswith("xgb"):
        import onnxmltools
        from onnxmltools.convert.common.data_types import FloatTensorType as F

        return onnxmltools.convert_xgboost(model, initial_types=[("x", F([None, 30]))])
    if name.startswith("lgb"):
        import onnxmltools
        from onnxmltools.convert.common.data_types import FloatTensorType as F

        return onnxmltools.convert_lightgbm(model, initial_types=[("x", F([None, 30]))], zipmap=False)
    from skl2onnx import convert_sklearn

    return convert_sklearn(model, initial_types=kind, options={id(model): {"zipmap": False}})


def main():
    """Writes every model asked for."""
    directory = pathlib.Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[2:] or ["c", "d0", "xgb6", "xgb8", "lgb8", "hgb"]:
        model, write = train(name)
        rows = data(60000, 99)[0][:2048].astype("f4").astype("f8")
        write(directory / f"{name}.trees", model, rows)
        (directory / f"{name}.pkl").write_bytes(pickle.dumps(model))
        try:
            (directory / f"{name}.onnx").write_bytes(to_onnx(name, model).SerializeToString())
        except Exception as error:  # a converter that cannot is a finding, not a failure of the benchmark
            print(f"{name}: no ONNX: {str(error)[:120]}", flush=True)
        print(name, flush=True)


if __name__ == "__main__":
    main()
