"""One plausible row through every output at load: true dtypes and shapes, a warm model, early failures.

Must not refuse a model because the row was not to its liking; only one that cannot work at all.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from pelton.worker import metadata
from pelton.worker.answers import to_array
from pelton.worker.errors import AnswerError, LoadError, message_of
from pelton.worker.tensors import COLUMNS, MATRIX, Named

if TYPE_CHECKING:
    from pelton.worker.estimator import EstimatorAdapter

# Raised where values are not liked; anything else means that the model cannot work.
_DISLIKED = (ValueError, TypeError, LookupError, ArithmeticError, AnswerError)


def probe(
    adapter: EstimatorAdapter, inputs: metadata.Inputs, methods: list[str], default: str
) -> list[dict[str, Any]]:
    """The outputs as HELLO lists them."""
    row = plausible_row(inputs)
    specs: list[dict[str, Any]] = []
    for method in methods:
        if row is None:
            specs += _introspected(adapter, method)
            continue
        try:
            value = adapter.call(method, adapter.rows_of(*row))
            specs += _observed(adapter, method, value)
        except AnswerError as error:
            if method == default:
                _judge(method, True, error)
                specs += _introspected(adapter, method)
            else:  # what cannot be sent is no output
                print(f"{method} is not offered: {message_of(error)}", file=sys.stderr)
        except Exception as error:  # noqa: BLE001
            _judge(method, method == default, error)
            specs += _introspected(adapter, method)
    return specs


def plausible_row(inputs: metadata.Inputs) -> tuple[int, list[Named]] | None:
    """Form and tensors of one row: known categories, zeros elsewhere. ``None``: nothing is known."""
    if inputs.form == "any":
        return None
    if inputs.text:
        return MATRIX, [(metadata.INPUT, _objects(["a text"]))]
    if inputs.form == "columns":
        assert inputs.names is not None
        values = zip(inputs.names, inputs.accepts, inputs.examples)
        return COLUMNS, [(name, _column(accepts, example)) for name, accepts, example in values]
    if inputs.sent_as_text():
        return MATRIX, [(metadata.INPUT, _objects(inputs.examples).reshape(1, -1))]
    numbers = [
        0.0 if example is None or isinstance(example, str) else float(example) for example in inputs.examples
    ]
    return MATRIX, [(metadata.INPUT, np.array([numbers]))]


def _column(accepts: str, example: Any) -> np.ndarray:
    if accepts == "text" or isinstance(example, str):
        return _objects([example if isinstance(example, str) else ""])
    return np.array([0.0 if example is None else example])


def _objects(values: list) -> np.ndarray:
    array = np.empty(len(values), object)
    array[:] = values
    return array


def _observed(adapter: EstimatorAdapter, method: str, value: Any) -> list[dict[str, Any]]:
    if isinstance(value, list) and value and isinstance(value[0], np.ndarray) and value[0].ndim == 2:
        names = adapter.split(method, len(value))
        return [_spec(name, to_array(name, part, 1)) for name, part in zip(names, value)]
    return [_spec(method, to_array(method, value, 1))]


def _spec(name: str, array: np.ndarray) -> dict[str, Any]:
    return {"name": name, "dtype": metadata.dtype_name(array.dtype), "shape": [-1, *array.shape[1:]]}


def _judge(method: str, default: bool, error: Exception) -> None:
    # sklearn's NotFittedError is a ValueError too, but no value would help.
    if isinstance(error, _DISLIKED) and not isinstance(error, AttributeError):
        print(
            f"the probe row was refused by {method}, so its output is described from the model's "
            f"attributes: {type(error).__name__}: {message_of(error)}",
            file=sys.stderr,
        )
        return
    if not default:
        print(f"{method} does not work: {type(error).__name__}: {message_of(error)}", file=sys.stderr)
        return
    raise LoadError(
        f"the model was loaded, but {method} does not work: {type(error).__name__}: {message_of(error)}; "
        "was it fitted, and saved by the library versions of this interpreter?"
    ) from error


def _introspected(adapter: EstimatorAdapter, method: str) -> list[dict[str, Any]]:
    classes = adapter.classes()
    many = isinstance(classes, list) and bool(classes) and isinstance(classes[0], np.ndarray)
    if method == "predict":
        dtype = np.asarray(classes).dtype if classes is not None and not many else np.dtype("<f8")
        known = dtype.kind in "OUST" or dtype.kind + str(dtype.itemsize) in _KNOWN
        name = metadata.dtype_name(dtype) if known else "FP64"
        targets = len(classes) if many else adapter.targets()
        return [{"name": method, "dtype": name, "shape": [-1, targets] if many or targets > 1 else [-1]}]
    if method == "predict_proba":
        if many:
            names = adapter.split(method, len(classes))
            sizes = [len(one) for one in classes]
            return [{"name": n, "dtype": "FP64", "shape": [-1, s]} for n, s in zip(names, sizes)]
        return [{"name": method, "dtype": "FP64", "shape": [-1, len(classes) if classes is not None else -1]}]
    if method == "decision_function":
        shape = [-1] if classes is None or len(classes) <= 2 else [-1, adapter.scores(len(classes))]
        return [{"name": method, "dtype": "FP64", "shape": shape}]
    return [{"name": method, "dtype": "FP64", "shape": [-1] if method == "score_samples" else [-1, -1]}]


_KNOWN = {"b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"}
