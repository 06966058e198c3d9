"""Trains the models of the kernel benchmark with their own libraries.

    python kernel_models.py FOLDER [MODEL ...]

For every model: the file that Pelton reads (`NAME.pkl`), its rows (`NAME.rows.pkl`: a matrix, or a dict of columns),
Python's own probabilities for them (`NAME.expected.pkl`), and `NAME.onnx` where it converts, or `NAME.onnx.txt` with the
reason why not; `NAME.onnx64` computes in float64, as scikit-learn does. Must not measure anything.
"""

from __future__ import annotations

import pathlib
import pickle
import sys
import warnings

import numpy as np

# Rows that calls go round: more than any branch predictor or cache learns.
ROWS = 2048


def tabular(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """30 numeric features and two classes of the usual tabular kind."""
    from sklearn.datasets import make_classification

    x, y = make_classification(
        n, 30, n_informative=16, n_redundant=6, flip_y=0.08, class_sep=0.7, n_clusters_per_class=6, random_state=7
    )
    order = np.random.default_rng(seed).permutation(n)
    # What 32 bits hold: libraries that narrow their input see the same numbers as those that do not.
    return x[order].astype("f4").astype("f8"), y[order]


def mixed(n: int, seed: int):
    """14 numeric columns with gaps and 6 of text, and two classes."""
    import pandas as pd

    rng = np.random.default_rng(seed)
    x, y = tabular(n, seed)
    frame = pd.DataFrame({f"n{i}": x[:, i] for i in range(14)})
    for i, count in enumerate((3, 5, 8, 12, 20, 40)):
        cuts = np.quantile(x[:, 14 + i], np.linspace(0, 1, count + 1)[1:-1])
        frame[f"c{i}"] = pd.Series([f"level {k}" for k in np.digitize(x[:, 14 + i], cuts)], dtype=object)
    for i in range(0, 14, 3):
        frame.loc[rng.random(n) < 0.05, f"n{i}"] = np.nan
    return frame, y


def prepared():
    """Median imputing and scaling of the numbers, one-hot encoding of the text."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    text = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return ColumnTransformer([("n", numbers, [f"n{i}" for i in range(14)]), ("c", text, [f"c{i}" for i in range(6)])])


def scaled_logistic():
    """Scaling and logistic regression."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(*tabular(20000, 1))


def mixed_logistic():
    """The preparation and logistic regression."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    return make_pipeline(prepared(), LogisticRegression(max_iter=500)).fit(*mixed(20000, 1))


def mixed_histogram():
    """The preparation and histogram boosting."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.pipeline import make_pipeline

    last = HistGradientBoostingClassifier(max_iter=76, random_state=0, early_stopping=False)
    return make_pipeline(prepared(), last).fit(*mixed(20000, 1))


def category_histogram():
    """Ordinal encoding and histogram boosting that knows categories."""
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OrdinalEncoder

    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    first = ColumnTransformer([("c", encoder, [f"c{i}" for i in range(6)])], remainder="passthrough")
    last = HistGradientBoostingClassifier(max_iter=50, categorical_features=list(range(6)), random_state=0)
    return make_pipeline(first, last).fit(*mixed(20000, 1))


def histogram():
    """Histogram boosting alone."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(max_iter=76, random_state=0, early_stopping=False).fit(*tabular(20000, 1))


def forest():
    """A random forest of some 40 MB."""
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(100, max_depth=14, n_jobs=1, random_state=0).fit(*tabular(60000, 1))


def gradient():
    """Gradient boosting by exact trees."""
    from sklearn.ensemble import GradientBoostingClassifier

    return GradientBoostingClassifier(n_estimators=100, max_depth=6, random_state=0).fit(*tabular(8000, 1))


def xgboost(depth: int):
    """XGBoost of trees of a depth."""
    from xgboost import XGBClassifier

    return XGBClassifier(n_estimators=500, max_depth=depth, n_jobs=1, learning_rate=0.1).fit(*tabular(40000, 1))


def lightgbm():
    """LightGBM."""
    from lightgbm import LGBMClassifier

    return LGBMClassifier(n_estimators=500, num_leaves=128, max_depth=8, n_jobs=1, verbose=-1).fit(*tabular(60000, 1))


def catboost():
    """CatBoost."""
    from catboost import CatBoostClassifier

    model = CatBoostClassifier(iterations=500, depth=6, thread_count=1, verbose=False, allow_writing_files=False)
    return model.fit(*tabular(40000, 1))


def images(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """784 pixels of 7 classes."""
    rng = np.random.default_rng(seed)
    shapes = np.random.default_rng(5).random((7, 784)) < 0.25
    y = rng.integers(0, 7, n)
    return (shapes[y] * rng.random((n, 784)) + 0.1 * rng.random((n, 784))).astype("f4").astype("f8"), y


def narrow_images(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The same in float32."""
    x, y = images(n, seed)
    return x.astype("f4"), y


def net(rows_of=images):
    """A small dense net; of float32 rows it becomes one that reckons in float32."""
    from sklearn.neural_network import MLPClassifier

    return MLPClassifier((32, 32, 32), max_iter=15, random_state=0).fit(*rows_of(6000, 1))


MODELS = {
    "a": (scaled_logistic, tabular),
    "b_lr": (mixed_logistic, mixed),
    "b_hgb": (mixed_histogram, mixed),
    "b_hgbc": (category_histogram, mixed),
    "hgb": (histogram, tabular),
    "c": (forest, tabular),
    "d0": (gradient, tabular),
    "xgb6": (lambda: xgboost(6), tabular),
    "xgb8": (lambda: xgboost(8), tabular),
    "lgb8": (lightgbm, tabular),
    "cat6": (catboost, tabular),
    "e": (net, images),
    "e32": (lambda: net(narrow_images), narrow_images),
}


def to_onnx(name: str, model, rows) -> bytes:
    """The model as ONNX; raises where the converter cannot."""
    if name == "cat6":
        import tempfile

        with tempfile.NamedTemporaryFile(suffix=".onnx") as file:
            model.save_model(file.name, format="onnx")
            return pathlib.Path(file.name).read_bytes()
    if name.startswith(("xgb", "lgb")):
        import onnxmltools
        from onnxmltools.convert.common.data_types import FloatTensorType

        kind = [("x", FloatTensorType([None, rows.shape[1]]))]
        if name.startswith("xgb"):
            return onnxmltools.convert_xgboost(model, initial_types=kind).SerializeToString()
        return onnxmltools.convert_lightgbm(model, initial_types=kind, zipmap=False).SerializeToString()
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType

    if isinstance(rows, np.ndarray):
        kind = [("x", FloatTensorType([None, rows.shape[1]]))]
    else:
        text = {c for c in rows if rows[c].dtype == object}
        kind = [(c, (StringTensorType if c in text else FloatTensorType)([None, 1])) for c in rows]
    return convert_sklearn(model, initial_types=kind, options={"zipmap": False}).SerializeToString()


def to_onnx64(model, rows) -> bytes:
    """The model as ONNX in float64; only what is made of plain operators can be: a net."""
    import onnx
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import DoubleTensorType

    kind = [("x", DoubleTensorType([None, rows.shape[1]]))]
    made = convert_sklearn(model, initial_types=kind, options={"zipmap": False})
    narrow = {onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16}
    casts = (attribute.i for node in made.graph.node for attribute in node.attribute if attribute.name == "to")
    if narrow & {*casts, *(one.data_type for one in made.graph.initializer)}:
        raise RuntimeError("the converter narrows it")
    return made.SerializeToString()


def write(folder: pathlib.Path, name: str) -> None:
    """Everything about one model."""
    build, rows_of = MODELS[name]
    model = build()
    rows = rows_of(60000 if rows_of is tabular else 4 * ROWS, 99)[0][:ROWS]
    expected = model.predict_proba(rows)
    frame = not isinstance(rows, np.ndarray)
    told = (
        {c: rows[c].to_numpy().astype("U") if rows[c].dtype == object else rows[c].to_numpy() for c in rows} if frame else rows
    )
    (folder / f"{name}.rows.pkl").write_bytes(pickle.dumps(told, protocol=5))
    (folder / f"{name}.expected.pkl").write_bytes(pickle.dumps(np.ascontiguousarray(expected), protocol=5))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            (folder / f"{name}.onnx").write_bytes(to_onnx(name, model, rows))
            if name == "e":
                (folder / f"{name}.onnx64").write_bytes(to_onnx64(model, rows))
    except Exception as error:  # a converter that cannot is a finding, not a failure of the benchmark
        (folder / f"{name}.onnx.txt").write_text(f"{type(error).__name__}: {' '.join(str(error).split())[:160]}")
    # Last: a folder that was left half-way is trained again.
    (folder / f"{name}.pkl").write_bytes(pickle.dumps(model))
    print(f"{name}: {(folder / f'{name}.pkl').stat().st_size / 1e6:.1f} MB", flush=True)


def main() -> None:
    """Train what is named, or all."""
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[2:] or MODELS:
        write(folder, name)


if __name__ == "__main__":
    main()
