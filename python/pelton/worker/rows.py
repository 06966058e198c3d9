"""Bound inputs as a model wants them: a matrix, a DataFrame, a list of texts.

On the path of every batch. Must not judge the inputs: the server has done so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from pelton.worker.categories import Categories
from pelton.worker.tensors import MATRIX, Named

VALID_SUFFIX = ":valid"


def columns_of(tensors: Sequence[Named]) -> dict[str, np.ndarray]:
    """Tensors by name and in their shapes, missing values put where the validity says so."""
    columns: dict[str, np.ndarray] = {}
    for name, array in tensors:
        if name.endswith(VALID_SUFFIX) and name[: -len(VALID_SUFFIX)] in columns:
            column = name[: -len(VALID_SUFFIX)]
            columns[column] = with_missing(columns[column], array)
        else:
            columns[name] = array
    return columns


def flat_columns_of(tensors: Sequence[Named]) -> dict[str, np.ndarray]:
    """The same with ``[rows, 1]`` as ``[rows]``, as columns of a DataFrame must be, and widened."""
    return {
        name: widened(array.reshape(-1) if array.ndim == 2 and array.shape[1] == 1 else array)
        for name, array in columns_of(tensors).items()
    }


def with_missing(column: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """NaN where the value is missing, as ``pandas.read_csv`` would have it: integers become floats,
    text and booleans become objects."""
    valid = valid.reshape(column.shape)
    if valid.all():
        return column
    kind = column.dtype.kind
    if kind in "iu":
        column = column.astype(np.float64)
    elif kind == "b":
        column = column.astype(object)
    column[~valid] = np.nan
    return column


def widened(array: np.ndarray) -> np.ndarray:
    """Whole numbers as 64 bits, as they mostly were in training: a model that multiplies its columns
    must not overflow because the client sends them narrow. Half floats are for the wire alone."""
    kind, size = array.dtype.kind, array.dtype.itemsize
    if kind in "iu" and size < 8:
        return array.astype(np.int64)
    return array.astype(np.float64) if kind == "f" and size == 2 else array


def as_objects(column: np.ndarray, missing: Any) -> np.ndarray:
    """Python objects with ``missing`` where there is no value."""
    values = column.astype(object)
    values[values != values] = missing  # NaN alone differs from itself
    return values


def frame_builder(
    names: Sequence[str],
    categories: Categories | None = None,
    objects: Mapping[str, Any] | None = None,
) -> Callable[[int, Sequence[Named]], Any]:
    """A function from bound inputs to a DataFrame with the columns in the model's order."""
    import pandas as pd

    index_of_names = pd.Index(list(names), dtype=object)

    def build(form: int, tensors: Sequence[Named]) -> Any:
        if form == MATRIX:
            return pd.DataFrame(widened(tensors[0][1]), columns=index_of_names, copy=False)
        return pd.DataFrame(flat_columns_of(tensors), copy=False)

    def build_with_kinds(form: int, tensors: Sequence[Named]) -> Any:
        if form == MATRIX:
            columns: dict[str, Any] = dict(zip(names, widened(tensors[0][1]).T))
        else:
            columns = flat_columns_of(tensors)
        for name, known in (categories or {}).items():
            columns[name] = pd.Categorical(columns[name], categories=known)
        for name, missing in (objects or {}).items():
            columns[name] = pd.Series(as_objects(columns[name], missing), dtype=object)
        return pd.DataFrame(columns, copy=False)

    return build_with_kinds if categories or objects else build


def matrix_of(form: int, tensors: Sequence[Named]) -> np.ndarray:
    """A matrix: as sent, or the columns side by side."""
    if form == MATRIX or len(tensors) == 1:
        return widened(tensors[0][1])
    columns = flat_columns_of(tensors)
    return np.column_stack(list(columns.values()))


def labels_of(form: int, tensors: Sequence[Named]) -> np.ndarray:
    """One label a row, as label encoders want them."""
    return widened(tensors[0][1]).ravel()


def texts_of(form: int, tensors: Sequence[Named]) -> np.ndarray:
    """One text a row, as text vectorisers want them."""
    return tensors[0][1].ravel()
