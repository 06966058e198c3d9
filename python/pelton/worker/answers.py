"""What models answer, made into arrays that can be sent: contiguous, little-endian, of a known type.

Must not know frames.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pelton.worker.errors import AnswerError
from pelton.worker.tensors import CODE_OF

_SENDABLE = frozenset(np.dtype(f"<{kind}{size}") for kind, size in CODE_OF)


def to_array(name: str, value: Any, rows: int) -> np.ndarray:
    """An array with that many rows, ready to be sent, or ``AnswerError``."""
    if type(value) is not np.ndarray:
        value = _as_array(name, value)
    if value.dtype not in _SENDABLE:
        value = _sendable(name, value)
    if not value.flags.c_contiguous:
        value = np.ascontiguousarray(value)
    if value.ndim == 0 or value.shape[0] != rows:
        got = "a single value" if value.ndim == 0 else f"{value.shape[0]} rows"
        raise AnswerError(f"output '{name}' has {got}, the batch has {rows}")
    if value.ndim > 8:
        raise AnswerError(f"output '{name}' has {value.ndim} dimensions, at most 8 can be sent")
    return value


def _as_array(name: str, value: Any) -> np.ndarray:
    if hasattr(value, "toarray"):  # scipy.sparse
        return np.asarray(value.toarray())
    if isinstance(value, np.matrix):
        return np.asarray(value)
    if hasattr(value, "to_numpy"):  # pandas, polars
        return np.asarray(value.to_numpy())
    if isinstance(value, dict) or value is None:
        raise AnswerError(f"output '{name}' is of type {type(value).__name__}, an array is needed")
    try:
        return np.asarray(value)
    except ValueError as error:
        raise AnswerError(f"output '{name}' is ragged, its rows must be of equal length") from error


def _sendable(name: str, array: np.ndarray) -> np.ndarray:
    kind = array.dtype.kind
    if kind == "O":
        return _objects(name, array)
    if kind in "US" or kind == "T":
        return array.astype(object)
    little = array.dtype.newbyteorder("<")
    if little in _SENDABLE:
        return array.astype(little)
    if kind == "f":  # long double
        return array.astype("<f8")
    if kind in "mM":
        raise AnswerError(
            f"output '{name}' is of dtype {array.dtype}, which cannot be sent: answer with numbers or text"
        )
    raise AnswerError(f"output '{name}' is of dtype {array.dtype}, which cannot be sent")


def _objects(name: str, array: np.ndarray) -> np.ndarray:
    """Objects are text if any of them is; otherwise numbers, if numpy can make them so."""
    values = array.ravel().tolist()
    kinds = set(map(type, values))
    if kinds <= {str, bytes}:
        return array
    for value in values:
        if isinstance(value, (list, tuple, np.ndarray, dict, set)):
            raise AnswerError(f"output '{name}' is ragged, its rows must be of equal length")
    if any(issubclass(kind, (str, bytes)) for kind in kinds):
        # Mixed labels, missing ones among them, as Python prints them.
        texts = np.empty(len(values), object)
        texts[:] = [value if isinstance(value, (str, bytes)) else str(value) for value in values]
        return texts.reshape(array.shape)
    try:
        numbers = array.astype("<f8") if None in values else np.array(values).reshape(array.shape)
    except (TypeError, ValueError) as error:
        names = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise AnswerError(f"output '{name}' holds objects of type {names}, which cannot be sent") from error
    if numbers.dtype.kind == "O":
        names = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise AnswerError(f"output '{name}' holds objects of type {names}, which cannot be sent")
    return numbers if numbers.dtype in _SENDABLE else _sendable(name, numbers)
