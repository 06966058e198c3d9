"""Saves a model with golden rows: sample rows and Python's answers to them, for the server to verify.

The format is docs/golden-rows.md. Needs numpy and what the model itself needs.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import math
import os
import pickle
import platform
from collections.abc import Iterable, Sequence
from typing import Any, Optional

import numpy as np

from pelton.model import Model
from pelton.worker import metadata, pieces
from pelton.worker.answers import to_array
from pelton.worker.errors import LoadError
from pelton.worker.estimator import EstimatorAdapter, decoded, method_of
from pelton.worker.loading import file_of, load_model
from pelton.worker.rows import VALID_SUFFIX
from pelton.worker.tensors import CODE_OF, COLUMNS, MATRIX, Named

FORMAT = 1
SUFFIX = ".golden.json"
MAX_ROWS = 10_000
# As the server: what Python itself keeps to where its libraries sum in an order of their own.
CLOSE, CLOSE_SINGLE = 1e-12, 1e-6
# What to do about dates, which no client can send.
_DATES = (
    "; train on numbers made of it (year, weekday, seconds since 1970), or on its text as clients would "
    "send it, and give the sample so"
)


def save(model: Any, path: Any, sample: Any, tolerance: Optional[float] = None) -> str:
    """See ``pelton.save``."""
    path = os.fspath(path)
    folder = os.path.dirname(path) or "."
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"the folder '{folder}' of '{path}' does not exist; make it first")
    if not metadata.methods_of(model):
        hint = ""
        if pieces.is_bundle(model):
            hint = "; pickle it, and name its entries to pelton.save_rows, such as 'bundle.pkl#model'"
        raise ValueError(f"{pieces.described(model)} is no model: it has no predict or transform{hint}")
    rows = _rows(pieces.Joined(model), sample, tolerance)
    text = _saved(model, path)
    return _write(path + SUFFIX, {"model": _file(path, text)}, rows)


def save_rows(model: Any, sample: Any, tolerance: Optional[float] = None) -> str:
    """See ``pelton.save_rows``."""
    parts = pieces_of(os.fspath(model))
    try:
        joined = load_model(parts)
    except LoadError as error:
        raise ValueError(str(error)) from None
    if isinstance(joined.model, Model):
        raise ValueError(f"'{model}' is a class of its own, which has no golden rows")
    rows = _rows(joined, sample, tolerance)
    files = []
    for part in parts:
        path = file_of(part.path)
        with open(path, "rb") as file:
            told = _file(path, file.read())
        files.append(told if part.key is None else {**told, "key": part.key})
    # The names of all, beside the last; a key may have any letter.
    names = [one["file"] + (f"#{one['key']}" if "key" in one else "") for one in files]
    name = "+".join(names).replace("/", "_").replace("\0", "_")
    path = os.path.join(os.path.dirname(file_of(parts[-1].path)), name + SUFFIX)
    whole = len(parts) == 1 and parts[0].key is None
    return _write(path, {"model": files[0]} if whole else {"pieces": files}, rows)


def pieces_of(spec: str) -> list[pieces.Piece]:
    """The pieces of a model as ``pelton serve`` takes it: what exists as a file is that file."""
    parts, found = spec.split("+"), []
    while parts:
        counts = range(len(parts), 0, -1)
        whole = next((count for count in counts if os.path.lexists("+".join(parts[:count]))), None)
        if whole is not None:
            found.append(pieces.Piece("+".join(parts[:whole])))
            parts = parts[whole:]
            continue
        piece, used = _keyed(parts)
        found.append(piece)
        parts = parts[used:]
    return found


def _keyed(parts: list[str]) -> tuple[pieces.Piece, int]:
    for count in range(len(parts), 0, -1):
        text = "+".join(parts[:count])
        # A key ends at the next +, so that the # stands in the last of the parts.
        start = len(text) - len(parts[count - 1])
        for at in range(len(text) - 1, start - 1, -1):
            if text[at] == "#" and os.path.lexists(text[:at]):
                return pieces.Piece(text[:at], text[at + 1 :]), count
    path, mark, key = parts[0].partition("#")
    return pieces.Piece(path, key if mark else None), 1


def _rows(joined: pieces.Joined, sample: Any, tolerance: Optional[float]) -> dict[str, Any]:
    """What the file tells of the rows and of who answered."""
    if tolerance is not None and not (isinstance(tolerance, (int, float)) and 0 < tolerance < math.inf):
        raise ValueError(f"the tolerance {tolerance!r} is no number above 0")
    adapter = EstimatorAdapter(*joined)
    form, tensors = _tensors_of(sample, metadata.inputs_of(joined.model))
    count = tensors[0][1].shape[0]
    if not 1 <= count <= MAX_ROWS:
        raise ValueError(f"the sample has {count} rows; give 1 to {MAX_ROWS:,}, a few hundred are plenty")
    answers = _answers(joined, sample, count)
    _check_served(adapter, form, tensors, answers, tolerance)
    return {
        "class": metadata.class_of(joined.model),
        "python": platform.python_version(),
        "libraries": metadata.libraries(),
        "rows": count,
        "tolerance": tolerance,
        "inputs": [_told(name, array) for name, array in tensors],
        "outputs": [_told(name, array) for name, array in answers],
    }


def _file(path: str, content: bytes) -> dict[str, Any]:
    digest = hashlib.sha256(content).hexdigest()
    return {"file": os.path.basename(path), "bytes": len(content), "sha256": digest}


def _write(path: str, saved_with: dict[str, Any], rows: dict[str, Any]) -> str:
    golden = {"pelton_golden": FORMAT, **saved_with, **rows}
    # NaN and infinities are texts, so that any reader of JSON can read the file.
    content = json.dumps(golden, ensure_ascii=False, allow_nan=False, indent=1) + "\n"
    _replace(path, content.encode())
    return path


def _saved(model: Any, path: str) -> bytes:
    """Writes the model as joblib or pickle, by the path's ending, and gives what was written."""
    if path.endswith(".joblib"):
        import joblib

        joblib.dump(model, path + ".part")
        with open(path + ".part", "rb") as file:
            content = file.read()
        os.replace(path + ".part", path)
        return content
    content = pickle.dumps(model)
    _replace(path, content)
    return content


def _replace(path: str, content: bytes) -> None:
    with open(path + ".part", "wb") as file:
        file.write(content)
    os.replace(path + ".part", path)


def _answers(joined: pieces.Joined, sample: Any, count: int) -> list[Named]:
    """What every method of the model says to the sample as it was given."""
    model, decoder = joined
    named: list[Named] = []
    for name in metadata.methods_of(model):
        call = method_of(model, name)
        if name == "predict" and decoder is not None:
            call = decoded(call, decoder)
        # Some models change what they are given.
        value = call(sample.copy() if hasattr(sample, "copy") else sample)
        if isinstance(value, list) and value and isinstance(value[0], np.ndarray) and value[0].ndim == 2:
            named += [(f"{name}_{part}", to_array(name, one, count)) for part, one in enumerate(value)]
        else:
            named.append((name, to_array(name, value, count)))
    return named


def _check_served(
    adapter: EstimatorAdapter,
    form: int,
    tensors: list[Named],
    answers: list[Named],
    tolerance: Optional[float],
) -> None:
    """The rows as a client sends them must give the same answers, or the server would always differ."""
    for name, expected in answers:
        # Models may change what they are given.
        ((_, got),) = adapter.run(form, (name,), [(one, array.copy()) for one, array in tensors])
        row = first_difference(expected, got, tolerance)
        if row is not None:
            raise ValueError(
                f"row {row} of the sample gives another '{name}' when its columns are sent to a server: "
                f"{_shown(expected[row])} here, {_shown(got[row])} there; give the sample as in training"
            )


def first_difference(
    expected: np.ndarray, got: np.ndarray, tolerance: Optional[float] = None
) -> Optional[int]:
    """The first row that differs; numbers may by the tolerance, absolute below 1 and relative above."""
    if expected.shape != got.shape or (expected.dtype.kind == "f") != (got.dtype.kind == "f"):
        return 0
    if expected.dtype.kind == "f":
        limit = tolerance or (CLOSE if expected.dtype.itemsize == 8 else CLOSE_SINGLE)
        with np.errstate(invalid="ignore"):
            near = np.isfinite(expected) & (
                np.abs(expected - got) <= limit * np.maximum(1.0, np.abs(expected))
            )
        same = near | (expected == got) | ((expected != expected) & (got != got))
    else:
        same = expected == got
    rows = np.asarray(same).reshape(len(expected), -1).all(axis=1)
    return None if rows.all() else int(np.argmin(rows))


def _shown(value: Any) -> str:
    return str(np.asarray(value).tolist())


def _tensors_of(sample: Any, inputs: metadata.Inputs) -> tuple[int, list[Named]]:
    """The sample as a client would send it: one tensor a named column, or one matrix."""
    if hasattr(sample, "toarray"):  # scipy.sparse
        sample = sample.toarray()
    frame = hasattr(sample, "columns") and hasattr(sample, "iloc")
    if frame and inputs.form != "matrix":
        names = inputs.names if inputs.names is not None else [str(name) for name in sample.columns]
        missing = [name for name in names if name not in sample.columns]
        if missing:
            raise ValueError(f"the sample lacks the column '{missing[0]}', which the model was fitted on")
        return COLUMNS, [tensor for name in names for tensor in _column(name, sample[name])]
    if not frame and hasattr(sample, "to_list"):  # a Series of texts
        sample = np.array(sample.to_list(), dtype=object)
    array = np.asarray(sample)
    if array.ndim not in (1, 2):
        raise ValueError(f"the sample has {array.ndim} dimensions; give rows and columns")
    return MATRIX, [(metadata.INPUT, _plain(metadata.INPUT, array))]


def _column(name: str, series: Any) -> Iterable[Named]:
    """A column, and which of its rows are there if some are not and NaN cannot say so."""
    values = series.tolist()
    there = np.array([not _is_missing(value) for value in values])
    numpy_floats = getattr(series.dtype, "kind", "") == "f" and isinstance(series.dtype, np.dtype)
    if there.all() or numpy_floats:
        array = series.to_numpy() if isinstance(series.dtype, np.dtype) else _objects(values)
        yield name, _plain(name, array)
        return
    present = _plain(name, _objects([value for value in values if not _is_missing(value)]))
    filled = np.full(len(values), "" if present.dtype.kind == "O" else 0, present.dtype)
    filled[there] = present
    yield name, filled
    yield name + VALID_SUFFIX, there


def _is_missing(value: Any) -> bool:
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, (float, np.floating)) and math.isnan(value)


def _objects(values: Sequence[Any]) -> np.ndarray:
    array = np.empty(len(values), object)
    array[:] = values
    return array


def _plain(name: str, array: np.ndarray) -> np.ndarray:
    """Numbers, or objects that are all text."""
    if array.dtype.kind in "OUST":
        kinds = {type(value) for value in array.ravel().tolist()}
        if kinds <= {str}:
            return array.astype(object)
        if kinds and all(issubclass(kind, (bool, np.bool_)) for kind in kinds):
            return array.astype(np.bool_)
        if kinds and all(issubclass(kind, (int, np.integer)) for kind in kinds):
            return array.astype(np.int64)
        if kinds and all(issubclass(kind, (int, float, np.number)) for kind in kinds):
            return array.astype(np.float64)
        told = ", ".join(sorted(kind.__name__ for kind in kinds))
        dates = any(issubclass(kind, (datetime.date, datetime.timedelta)) for kind in kinds)
        advice = _DATES if dates else "; give a column one type, and None where there is no value"
        raise ValueError(
            f"'{name}' of the sample holds {told}, which cannot be sent to a server as one type{advice}"
        )
    if (array.dtype.kind, array.dtype.itemsize) not in CODE_OF:
        advice = _DATES if array.dtype.kind in "mM" else "; convert it to float64, int64 or text"
        raise ValueError(
            f"'{name}' of the sample is of dtype {array.dtype}, which cannot be sent to a server{advice}"
        )
    return np.ascontiguousarray(array)


def _told(name: str, array: np.ndarray) -> dict[str, Any]:
    """A tensor in the file."""
    data = array.ravel().tolist()
    if array.dtype.kind == "f":
        # A shortest repr gives the same bits back; FP32 goes through the double that equals it.
        data = [value if math.isfinite(value) else _special(value) for value in data]
    elif array.dtype.kind == "O":
        data = [value if isinstance(value, str) else value.decode("utf-8") for value in data]
    return {
        "name": name,
        "datatype": metadata.dtype_name(array.dtype),
        "shape": list(array.shape),
        "data": data,
    }


def _special(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"
