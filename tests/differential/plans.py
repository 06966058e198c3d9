"""What a case is made of: data, a trained model, and rows to ask for. Everything comes from one random state.

Must not write files or know the native engine.
"""

from __future__ import annotations

import inspect
import sys
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse
from sklearn.pipeline import Pipeline, make_pipeline

import boosted
import data
import deep
import mixes
import odd
import rare
import words
import zoo
from draw import Draw, asked, holes, labels, matrix

KINDS = ["common"] * 3 + ["rare"] * 6 + ["mixes"] * 5 + ["boosted"] * 4 + ["text"] + ["deep"] * 4 + ["odd"] * 5 + ["words"] * 3


def plan(seed: int, kind: str | None = None) -> tuple[str, Any, Any]:
    """A name that says what it is, a trained model, and inputs."""
    draw = Draw(seed)
    drawn = draw.one(KINDS)
    return getattr(sys.modules[__name__], f"_{kind or drawn}")(draw)


def target(draw: Draw, x: np.ndarray, kind: str) -> np.ndarray:
    seed = draw.whole(0, 10_000)
    if kind == "regression":
        return data.target(x, seed)
    if kind == "several":
        return data.several(x, seed)
    if kind == "counts":
        return np.round(np.abs(data.target(x, seed)) * 2)
    score = data.score(x, seed)
    if kind == "flags":
        return np.column_stack([score > 0, score > np.median(score) + 0.5, draw.rng.rand(len(x)) < 0.4]).astype(
            draw.one([int, bool, "f8"])
        )
    if kind == "several classes":
        kinds = [labels(draw, count) for count in (2, draw.whole(2, 4))]
        parts = [kinds[0][boosted.cut(score, 2)], kinds[1][boosted.cut(data.score(x[:, ::-1], seed), len(kinds[1]))]]
        if kinds[0].dtype.kind != kinds[1].dtype.kind:
            parts = [part.astype(object) if draw.chance(0.3) else np.unique(part, return_inverse=True)[1] for part in parts]
        return np.column_stack(parts)
    count = 2 if kind == "binary" else draw.one([3, 3, 4, 5, 8, 9, 12])
    return labels(draw, count)[boosted.cut(score, count)]


def rows(draw: Draw, x: np.ndarray, model: Any) -> np.ndarray:
    inputs = data.awkward(x, draw.whole(0, 10_000), plain=draw.whole(3, 12), at=draw.whole(4, 16))
    inputs = asked(draw, inputs)
    # In single precision the outermost quantiles are compared as the release of NumPy does it.
    kind = draw.one(
        ["f8"] * 9 + (["i8", "u1"] if "QuantileTransformer" in str(model) else ["f4"] * 4 + ["i8", "u1", "i4", "i1", "u4", "?"])
    )
    if kind == "f4":
        return data.single(inputs)
    if kind == "?":
        return np.nan_to_num(inputs) > 0
    if kind in ("i8", "u1", "i4", "i1", "u4"):
        low, high = {"i8": (-1e6, 1e6), "u1": (0, 200), "i4": (-1e6, 2e9), "i1": (-128, 127), "u4": (0, 4e9)}[kind]
        return np.clip(np.nan_to_num(inputs), low, high).astype(kind)
    return inputs


def _fitted(draw: Draw, model: Any, x: np.ndarray, y: Any) -> tuple[Any, Any]:
    """The model, trained on one of the forms that rows come in, and the names of their columns where they have any."""
    form = draw.one(["f8"] * 8 + ["f4", "f4", "sparse", "frame", "frame", "frame f4", "list", "fortran", "mixed"])
    names = None
    given: Any = x
    if form in ("f4", "frame f4") and "KMeans" not in str(model):
        given = np.clip(x, -3e38, 3e38).astype("f4")
    if form == "sparse":
        given = scipy.sparse.csr_matrix(x)
    elif form == "list":
        given = x.tolist()
    elif form == "fortran":
        given = np.asfortranarray(x)
    elif form.startswith("frame") or form == "mixed":
        names = [f"c{i}" for i in range(x.shape[1])]
        given = pd.DataFrame(given, columns=names)
        if form == "mixed":
            for name in names:
                if draw.chance(0.4) and np.array_equal(given[name], np.round(given[name])):
                    given[name] = given[name].astype(draw.one(["i8", "i4"]))
    if hasattr(model, "monotonic_cst") and draw.chance(0.3):
        model.set_params(monotonic_cst=[draw.one([0, 1, -1]) for _ in range(x.shape[1])])
    weights = {}
    if (
        draw.chance(0.2)
        and y is not None
        and not isinstance(model, Pipeline)
        and "sample_weight" in inspect.signature(model.fit).parameters
    ):
        weights = {"sample_weight": draw.rng.rand(len(x)) + 0.05}
    return (model.fit(given) if y is None else model.fit(given, y, **weights)), names


def _case(draw: Draw, model: Any, x: np.ndarray, y: Any) -> tuple[str, Any, Any]:
    model, names = (model.fit(x, y), None) if isinstance(model, deep.Frozen) else _fitted(draw, model, x, y)
    inputs = rows(draw, x, model)
    if hasattr(model, "transform") and inputs.dtype != "f4":
        # What merely passes whole numbers on answers floats natively, whole numbers in Python.
        inputs = inputs.astype("f8")
    if "KMeans" in str(model):  # rows of another type than the centres raise in every release: a fault
        inputs = inputs.astype("f8")
    return zoo.label(model), model, inputs if names is None else dict(zip(names, inputs.T.copy()))


def _common(draw: Draw) -> tuple[str, Any, Any]:
    x = matrix(draw)
    gaps = draw.chance(0.3)
    x = holes(draw, x) if gaps else x
    kind = draw.one(["binary"] * 4 + ["classes"] * 3 + ["regression"] * 3 + ["several", "several classes", "counts"])
    y = target(draw, x, kind)
    if draw.chance(0.12):
        model = zoo.transformer(draw, gaps)
    else:
        model = zoo.chained(draw, zoo.estimator(draw, kind, gaps), gaps)
    return _case(draw, model, x, y)


def _rare(draw: Draw) -> tuple[str, Any, Any]:
    x = matrix(draw)
    gaps = draw.chance(0.2)
    x = holes(draw, x) if gaps else x
    kind = draw.one(["binary"] * 3 + ["classes"] * 3 + ["regression"] * 4 + ["several", "several classes", "flags", "none", "transform"] + [
        "transform"] * 2)  # fmt: skip
    if kind == "none":
        return _case(draw, rare.unlabelled(draw), np.nan_to_num(x), None)
    y = target(draw, x, {"transform": "binary"}.get(kind, kind))
    if kind == "transform":
        model = rare.transformer(draw, gaps)
        if draw.chance(0.15) and hasattr(model, "set_output"):
            model.set_output(transform="pandas")
        return _case(draw, model, x, np.unique(y, return_inverse=True)[1] if y.dtype.kind in "OU" else y)
    makers = {"binary": rare.classifier, "classes": rare.classifier, "regression": rare.regressor, "several": rare.several,
              "several classes": rare.several_classes, "flags": rare.flags}  # fmt: skip
    model = makers[kind](draw, gaps)
    if draw.chance(0.3):
        before = rare.transformer(draw, gaps) if draw.chance(0.6) else zoo.step(draw)
        steps = [zoo.imputer(draw)] if gaps and draw.chance(0.8) else []
        model = make_pipeline(*steps, before, model)
    return _case(draw, model, x, y)


def _mixes(draw: Draw) -> tuple[str, Any, Any]:
    model, inputs = mixes.fitted(draw)
    return zoo.label(model), model, _renamed(model, inputs)


def _boosted(draw: Draw) -> tuple[str, Any, Any]:
    x = matrix(draw)
    if draw.chance(0.5):
        x = holes(draw, x)
    x = np.clip(x, -1e30, 1e30)
    model, names = boosted.trained(draw, x, data.score(x, draw.whole(0, 9999)))
    inputs = rows(draw, x, model)
    return zoo.label(model), model, inputs if names is None else _renamed(model, dict(zip(names, inputs.T.copy())))


def _renamed(model: Any, inputs: dict) -> dict:
    """Columns as LightGBM calls them, which does not like names with spaces."""
    if not type(model).__module__.startswith("lightgbm"):
        return inputs
    names = model.feature_name_ if hasattr(model, "feature_name_") else model.feature_name()
    return dict(zip(names, inputs.values()))


def _text(draw: Draw) -> tuple[str, Any, Any]:
    texts = data.texts(draw.whole(20, 90), draw.whole(0, 999))
    count = draw.one([2, 2, 3])
    y = labels(draw, count)[[draw.whole(0, count - 1) for _ in texts]]
    model = zoo.of_text(draw)
    inputs = [draw.one(data.text_inputs()) for _ in range(12)] + data.texts(6, draw.whole(0, 999))
    return zoo.label(model), model.fit(texts, y), inputs


def _deep(draw: Draw) -> tuple[str, Any, Any]:
    x = np.clip(matrix(draw)[:80], -1e6, 1e6)
    score = data.score(x, draw.whole(0, 9999))
    kind = draw.one(
        ["binary", "classes", "target", "target", "regression", "regression", "several", "flags", "several classes"]
    )
    y = deep.target(draw, score) if kind == "target" else target(draw, x, kind)
    if kind == "regression":
        model = deep.regressor(draw, draw.one([1, 1, 2]))
    elif kind in ("several", "flags", "several classes"):
        model = deep.several(draw, kind)
    else:
        model = deep.classifier(draw, draw.one([0, 1, 1, 2]) if kind == "target" else draw.one([1, 1, 2]))
    return _case(draw, model, x, np.abs(y) if kind == "regression" else y)


def _odd(draw: Draw) -> tuple[str, Any, Any]:
    model, inputs = odd.fitted(draw, matrix(draw))
    return zoo.label(model), model, inputs


def _words(draw: Draw) -> tuple[str, Any, Any]:
    model, inputs = words.fitted(draw)
    return zoo.label(model), model, inputs
