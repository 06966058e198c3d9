"""What can be drawn: data, estimators, pipelines. Everything comes from one random state, so a seed is a case.

Must not write files or know the native engine.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pandas as pd

import data
import zoo

LABELS = ("int", "odd", "text", "object", "bool", "float")
WORDS = ["a", "b", "ab", "B", "", "0", "1.0", "ä", "東京", "long word with spaces", "None", "nan", "x" * 40, "é", "e\u0301"]


class Draw:
    """Choices from a seed."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.RandomState(seed)

    def one(self, options: Any) -> Any:
        options = list(options)
        return options[self.rng.randint(len(options))]

    def chance(self, share: float) -> bool:
        return bool(self.rng.rand() < share)

    def whole(self, low: int, high: int) -> int:
        return int(self.rng.randint(low, high + 1))

    def real(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high))

    def log(self, low: float, high: float) -> float:
        return float(np.exp(self.rng.uniform(np.log(low), np.log(high))))


def plan(seed: int) -> tuple[str, Any, Any]:
    """A name that says what it is, a trained model, and inputs."""
    draw = Draw(seed)
    kind = draw.one(["matrix"] * 5 + ["columns"] * 3 + ["boosters"] * 2 + ["text"])
    return getattr(sys.modules[__name__], f"_{kind}")(draw)


def matrix(draw: Draw) -> np.ndarray:
    n, features = draw.whole(25, 160), draw.whole(1, 9)
    columns = []
    for _ in range(features):
        kind = draw.one(["grid", "grid", "normal", "wide", "tiny", "constant", "counts", "skewed", "few", "f32"])
        columns.append(
            {
                "grid": lambda: draw.rng.randint(-8, 9, n) / 2.0,
                "normal": lambda: draw.rng.standard_normal(n),
                "wide": lambda: draw.rng.standard_normal(n) * 1e6,
                "tiny": lambda: draw.rng.standard_normal(n) * 1e-6,
                "constant": lambda: np.full(n, 3.25),
                "counts": lambda: draw.rng.poisson(2.0, n).astype("f8"),
                "skewed": lambda: np.exp(draw.rng.standard_normal(n)),
                "few": lambda: draw.rng.choice([-1.0, 0.0, 2.5], n),
                "f32": lambda: draw.rng.standard_normal(n).astype("f4").astype("f8"),
            }[kind]()
        )
    return np.column_stack(columns)


def holes(draw: Draw, x: np.ndarray) -> np.ndarray:
    x = x.copy()
    x[draw.rng.rand(*x.shape) < draw.real(0.02, 0.3)] = np.nan
    return x


def target(draw: Draw, x: np.ndarray, kind: str) -> np.ndarray:
    seed = draw.whole(0, 10_000)
    if kind == "regression":
        return data.target(x, seed)
    if kind == "several":
        return data.several(x, seed)
    if kind == "counts":
        return np.round(np.abs(data.target(x, seed)) * 2)
    if kind == "several classes":
        return data.several_classes(x, draw.one(["int", "text"]), seed)
    count = 2 if kind == "binary" else draw.whole(3, 6)
    labels = draw.one(LABELS)
    if (count > 2 and labels == "bool") or (count > 4 and labels == "float"):
        labels = "text"
    return data.classes(x, count, labels, seed)


def rows(draw: Draw, x: np.ndarray, model: Any) -> np.ndarray:
    inputs = data.awkward(x, draw.whole(0, 10_000), plain=draw.whole(3, 12), at=draw.whole(4, 16))
    # In single precision the outermost quantiles are compared as the release of NumPy does it.
    kind = draw.one(["f8"] * 6 + (["i8", "u1"] if "QuantileTransformer" in str(model) else ["f4", "f4", "i8", "u1"]))
    if kind == "f4":
        return data.single(inputs)
    if kind in ("i8", "u1"):
        return np.clip(np.nan_to_num(inputs), 0 if kind == "u1" else -1e6, 200 if kind == "u1" else 1e6).astype(kind)
    return inputs


def _matrix(draw: Draw) -> tuple[str, Any, Any]:
    x = matrix(draw)
    gaps = draw.chance(0.3)
    if gaps:
        x = holes(draw, x)
    kind = draw.one(["binary"] * 4 + ["classes"] * 3 + ["regression"] * 3 + ["several", "several classes", "counts"])
    y = target(draw, x, kind)
    if draw.chance(0.12):
        model = zoo.transformer(draw, gaps)
    else:
        model = zoo.chained(draw, zoo.estimator(draw, kind, gaps), gaps)
    if draw.chance(0.15):
        x = x.astype("f4")
    if draw.chance(0.2):
        names = [f"c{i}" for i in range(x.shape[1])]
        model = model.fit(pd.DataFrame(x, columns=names), y)
        inputs = rows(draw, x, model)
        inputs = inputs if hasattr(model, "predict") or inputs.dtype == "f4" else inputs.astype("f8")
        return zoo.label(model), model, dict(zip(names, inputs.T.copy()))
    model = model.fit(x, y)
    inputs = rows(draw, x, model)
    # What merely passes whole numbers on answers floats natively, whole numbers in Python.
    return (
        zoo.label(model),
        model,
        inputs if hasattr(model, "predict") else inputs.astype("f4" if inputs.dtype == "f4" else "f8"),
    )


def _columns(draw: Draw) -> tuple[str, Any, Any]:
    n = draw.whole(40, 160)
    frame, inputs = {}, {}
    asked = draw.whole(10, 30)
    for index in range(draw.whole(2, 7)):
        name = draw.one(["col", "Spalte ü", "x", "feature name"]) + str(index)
        frame[name], inputs[name] = _column(draw, n, asked)
    frame = pd.DataFrame(frame)
    numeric = [name for name in frame if frame[name].dtype.kind in "fiub"]
    words = [name for name in frame if name not in numeric]
    numbers = np.nan_to_num(frame[numeric].to_numpy(dtype="f8")) if numeric else np.zeros((n, 1))
    coded = [pd.factorize(frame[name])[0] for name in words]
    kind = draw.one(["binary", "binary", "classes", "regression"])
    y = target(draw, np.column_stack([numbers, *coded]).astype("f8"), kind)
    model = zoo.columns(draw, frame, numeric, words, kind)
    model = model.fit(frame, y)
    return zoo.label(model), model, inputs


def _column(draw: Draw, n: int, asked: int) -> tuple[Any, np.ndarray]:
    kind = draw.one(["float", "float", "whole", "bool", "text", "text", "text"])
    gaps = draw.chance(0.4)
    if kind == "float":
        values = matrix(draw)[:, 0]
        values = np.resize(values, n)
        ask = np.concatenate([draw.rng.choice(values, asked - 6), [np.nan, -0.0, 1e300, 0.5, draw.real(-3, 3), 1e-40]])
        draw.rng.shuffle(ask)
        if gaps:
            values = holes(draw, values.reshape(-1, 1))[:, 0]
        return values, ask
    if kind == "whole":
        values = draw.rng.randint(0, draw.whole(2, 12), n)
        return values, np.concatenate([draw.rng.choice(values, asked - 3), [-1, 99, 1 << 33]]).astype("<i8")
    if kind == "bool":
        return draw.rng.rand(n) < 0.5, draw.rng.rand(asked) < 0.5
    known = [draw.one(WORDS) for _ in range(draw.whole(1, 6))]
    values: list[Any] = [draw.one(known) for _ in range(n)]
    ask: list[Any] = [draw.one(known) for _ in range(asked - 4)] + [draw.one(WORDS) for _ in range(3)] + ["unseen"]
    if gaps:
        values = [None if draw.chance(0.1) else value for value in values]
        ask[draw.whole(0, asked - 1)] = None
    held = np.empty(asked, object)
    held[:] = ask
    return pd.Series(values, dtype=object), held


def _boosters(draw: Draw) -> tuple[str, Any, Any]:
    x = matrix(draw)
    if draw.chance(0.5):
        x = holes(draw, x)
    kind = draw.one(["binary", "binary", "classes", "regression", "counts"])
    y = target(draw, x, kind)
    model = zoo.booster(draw, kind)
    if type(model).__module__.startswith("xgboost") and kind in ("binary", "classes"):
        y = np.unique(y, return_inverse=True)[1]
    return zoo.label(model), model.fit(x, y), rows(draw, x, model)


def _text(draw: Draw) -> tuple[str, Any, Any]:
    texts = data.texts(draw.whole(20, 90), draw.whole(0, 999))
    y = np.array([draw.one(["spam", "ham"]) for _ in texts])
    model = zoo.of_text(draw)
    inputs = [draw.one(data.text_inputs()) for _ in range(12)] + data.texts(6, draw.whole(0, 999))
    return zoo.label(model), model.fit(texts, y), inputs
