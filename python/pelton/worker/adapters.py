"""Adapters call a model: bound inputs in, named arrays out. One kind per way of being called.

Each has ``run`` and ``describe`` (the content of HELLO). Must not know the connection.
"""

from __future__ import annotations

import platform
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from pelton.model import Model
from pelton.worker import metadata
from pelton.worker.answers import to_array
from pelton.worker.errors import AnswerError, LoadError
from pelton.worker.pieces import Joined
from pelton.worker.rows import columns_of
from pelton.worker.tensors import CODES, DTYPES, Named


class Adapter(Protocol):
    """What the main loop needs of a model."""

    def run(self, form: int, outputs: tuple[str, ...], tensors: Sequence[Named]) -> list[Named]:
        """The outputs asked for, in that order; all of them (or the default) if none is."""

    def describe(self) -> dict[str, Any]:
        """The content of HELLO."""


def adapt(joined: Joined) -> Adapter:
    """The adapter for a loaded model."""
    model, decoder = joined
    if isinstance(model, Model):
        return ClassAdapter(model)
    from pelton.worker.estimator import EstimatorAdapter

    return EstimatorAdapter(model, decoder)


def hello(model: Any, **rest: Any) -> dict[str, Any]:
    """What every HELLO has, and the rest."""
    return {
        "protocol": 1,
        "python": platform.python_version(),
        "platform": metadata.platform_of(model),
        "class": metadata.class_of(model),
        "libraries": metadata.libraries(),
        **rest,
    }


class ClassAdapter:
    """A model of a class deriving from ``pelton.Model``."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._inputs = _declared(model, "inputs")
        self._outputs = _declared(model, "outputs")
        self._casts = {name: DTYPES.get(CODES[dtype]) for name, dtype, _ in self._outputs or []}

    def run(self, form: int, outputs: tuple[str, ...], tensors: Sequence[Named]) -> list[Named]:
        rows = tensors[0][1].shape[0]
        answer = self._model.predict(columns_of(tensors))
        if not isinstance(answer, dict):
            raise AnswerError(
                f"predict must return a dict of arrays by output, it returned {type(answer).__name__}"
            )
        named = []
        for name in outputs or answer:
            if name not in answer:
                self._refuse(name, answer)
            array = to_array(name, answer[name], rows)
            named.append((name, self._cast(name, array)))
        return named

    def _refuse(self, name: str, answer: dict) -> None:
        held = ", ".join(f"'{one}'" for one in answer) or "nothing"
        if self._outputs is not None:
            raise AnswerError(
                f"the model declares the output '{name}' and did not answer it, it answered {held}"
            )
        raise ValueError(f"the model has no output '{name}', it answered {held}")

    def _cast(self, name: str, array: np.ndarray) -> np.ndarray:
        """The declared dtype, as the metadata promises it."""
        if name not in self._casts:
            return array
        wanted = self._casts[name]
        held = array.dtype if array.dtype.kind != "O" else None
        if wanted == held:
            return array
        if wanted is not None and held is not None and np.can_cast(held, wanted, "same_kind"):
            return np.ascontiguousarray(array.astype(wanted))
        declared = wanted if wanted is not None else "BYTES"
        raise AnswerError(f"output '{name}' is declared as {declared} and was answered as {array.dtype}")

    def describe(self) -> dict[str, Any]:
        if self._inputs is None:
            form, inputs = "any", []
        else:
            form = "tensors"
            inputs = [
                {"name": name, "dtype": dtype, "shape": shape, "accepts": "exactly"}
                for name, dtype, shape in self._inputs
            ]
        outputs = [
            {"name": name, "dtype": dtype, "shape": shape} for name, dtype, shape in self._outputs or []
        ]
        return hello(
            self._model,
            form=form,
            inputs=inputs,
            outputs=outputs,
            default_outputs=[output["name"] for output in outputs],
            classes=None,
        )


def _declared(model: Model, attribute: str) -> list[tuple[str, str, list[int]]] | None:
    declared = getattr(model, attribute)
    if declared is None:
        return None
    where = f"{type(model).__name__}.{attribute}"
    if not isinstance(declared, dict) or not declared:
        raise LoadError(f"{where} must be a dict {{name: (dtype, shape)}} that is not empty")
    checked = []
    for name, pair in declared.items():
        if not isinstance(name, str) or not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise LoadError(f"{where}['{name}'] must be a pair (dtype, shape), such as ('FP64', [-1, 4])")
        dtype, shape = pair
        shape = list(shape)
        if not shape or shape[0] not in (-1, None) or not all(s is None or isinstance(s, int) for s in shape):
            raise LoadError(
                f"{where}['{name}'] has the shape {shape}: give sizes, -1 for any, rows (-1) first"
            )
        checked.append((name, _dtype_name(where, name, dtype), [-1 if s is None else s for s in shape]))
    return checked


def _dtype_name(where: str, name: str, dtype: Any) -> str:
    if isinstance(dtype, str) and dtype in CODES:
        return dtype
    try:
        return metadata.dtype_name(np.dtype(dtype))
    except (TypeError, KeyError):
        raise LoadError(
            f"{where}['{name}'] has the dtype {dtype!r}: give one of {', '.join(CODES)}"
        ) from None
