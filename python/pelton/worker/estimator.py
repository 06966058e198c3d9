"""The adapter for objects with ``predict`` or ``transform``: scikit-learn and whatever looks like it.

Must not judge inputs beyond giving them the form the model was fitted with.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pelton.worker import metadata, rows
from pelton.worker.adapters import hello
from pelton.worker.answers import to_array
from pelton.worker.categories import categories_of
from pelton.worker.columns import takes_labels
from pelton.worker.errors import LoadError
from pelton.worker.metadata import INPUT, Inputs
from pelton.worker.pieces import codes
from pelton.worker.probe import probe
from pelton.worker.tensors import Named


class EstimatorAdapter:
    """Calls the methods the outputs are named after."""

    def __init__(self, model: Any, decoder: Any = None) -> None:
        """``decoder`` is the label encoder that turns predictions back into labels."""
        _refuse_unfitted(model)
        self._model = model
        self._decoder = decoder
        self._inputs = metadata.inputs_of(model)
        self._rows = _rows_builder(model, self._inputs)
        methods = metadata.methods_of(model)
        self._calls: dict[str, tuple[Callable[[Any], Any], int | None]] = {
            name: (method_of(model, name), None) for name in methods
        }
        if decoder is not None and "predict" in self._calls:
            self._calls["predict"] = (decoded(self._calls["predict"][0], decoder), None)
        default = next((name for name in ("predict", "transform") if name in methods), methods[0])
        self._default: tuple[str, ...] = (default,)
        self._outputs = probe(self, self._inputs, methods, default)

    def run(self, form: int, outputs: tuple[str, ...], tensors: Sequence[Named]) -> list[Named]:
        count = tensors[0][1].shape[0]
        data = self._rows(form, tensors)
        if len(outputs) == 1:
            name = outputs[0]
            call, part = self._call(name)
            value = call(data)
            return [(name, to_array(name, value if part is None else value[part], count))]
        named = []
        answered: dict[Any, Any] = {}
        for name in outputs or self._default:
            call, part = self._call(name)
            if call not in answered:
                # Some models change what they are given (StandardScaler(copy=False)).
                answered[call] = call(data.copy() if hasattr(data, "copy") else data)
            value = answered[call]
            named.append((name, to_array(name, value if part is None else value[part], count)))
        return named

    def _call(self, name: str) -> tuple[Callable[[Any], Any], int | None]:
        try:
            return self._calls[name]
        except KeyError:
            raise ValueError(f"the model has no output '{name}'") from None

    def rows_of(self, form: int, tensors: Sequence[Named]) -> Any:
        """The inputs as the model takes them."""
        return self._rows(form, tensors)

    def call(self, name: str, data: Any) -> Any:
        """What a method answers, as it answers it."""
        return self._calls[name][0](data)

    def classes(self) -> Any:
        """The labels the model answers, as it keeps them."""
        classes = metadata.attribute(self._model, "classes_")
        if self._decoder is None or classes is None:
            return classes
        labels = np.asarray(self._decoder.classes_)
        return labels[codes(np.asarray(classes), len(labels))]

    def scores(self, classes: int) -> int:
        """Columns of ``decision_function`` for more than two classes: one a class, or one a pair of them."""
        final = metadata.final_of(self._model)
        by_pair = metadata.attribute(final, "decision_function_shape") == "ovo"
        return classes * (classes - 1) // 2 if by_pair else classes

    def targets(self) -> int:
        """Numbers that ``predict`` answers for a row, as far as the model tells."""
        count = metadata.attribute(metadata.final_of(self._model), "n_outputs_")
        return count if isinstance(count, int) else 1

    def split(self, name: str, parts: int) -> list[str]:
        """Names one output per target for a method that answers a list, and forgets the method's own."""
        call, _ = self._calls.pop(name)
        names = [f"{name}_{part}" for part in range(parts)]
        self._calls.update({one: (call, part) for part, one in enumerate(names)})
        if self._default == (name,):
            self._default = tuple(names)
        return names

    def describe(self) -> dict[str, Any]:
        return hello(
            self._model,
            form=self._inputs.form,
            inputs=_input_specs(self._inputs),
            outputs=self._outputs,
            default_outputs=list(self._default),
            classes=metadata.texts_of(self.classes()),
        )


def decoded(predict: Callable[[Any], Any], decoder: Any) -> Callable[[Any], Any]:
    """``predict`` with the labels that the encoder has for its numbers."""
    labels = np.asarray(decoder.classes_)
    return lambda data: labels[codes(predict(data), len(labels))]


def _refuse_unfitted(model: Any) -> None:
    if type(model).__module__.split(".")[0] != "sklearn":
        return
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    try:
        check_is_fitted(model)
    except NotFittedError as error:
        if _cannot_tell(model):
            return
        raise LoadError(f"the model was not fitted before it was saved: {error}") from error
    except (TypeError, ValueError, AttributeError):
        pass  # it cannot tell; the probe will


def _cannot_tell(model: Any) -> bool:
    """Whether a release before 1.1 goes by attributes that this kind of estimator never has."""
    if hasattr(model, "__sklearn_is_fitted__"):
        return False
    import sklearn

    old = tuple(int(part) for part in sklearn.__version__.split(".")[:2]) < (1, 1)
    return hasattr(model, "steps") or (old and not hasattr(model, "predict"))


def method_of(model: Any, name: str) -> Callable[[Any], Any]:
    """A method of the model, called as its library wants it."""
    method = getattr(model, name)
    if metadata.platform_of(model) == "keras":
        return functools.partial(method, verbose=0)
    if metadata.class_of(model) == "xgboost.core.Booster":
        import xgboost

        names = metadata.feature_names(model)
        return lambda data: model.predict(xgboost.DMatrix(data, feature_names=names))
    return method


def _rows_builder(model: Any, inputs: Inputs) -> Callable[[int, Sequence[Named]], Any]:
    if inputs.text:
        return rows.texts_of
    if takes_labels(model):
        return rows.labels_of
    if inputs.form == "columns":
        assert inputs.names is not None
        try:
            return rows.frame_builder(inputs.names, categories_of(model), inputs.objects)
        except ImportError as error:
            if metadata.platform_of(model) in ("xgboost", "lightgbm", "catboost"):
                return rows.matrix_of  # these take a matrix in the same order
            raise LoadError(
                "the model was trained on a DataFrame with named columns, and its interpreter has no "
                f"usable pandas ({error}): install pandas there"
            ) from error
    if inputs.form == "any":
        return _any_builder()
    return rows.matrix_of


def _any_builder() -> Callable[[int, Sequence[Named]], Any]:
    """One tensor is passed on as it is; several become the columns of a DataFrame, or a matrix."""
    try:
        build = rows.frame_builder([])
    except ImportError:
        build = rows.matrix_of

    def rows_of(form: int, tensors: Sequence[Named]) -> Any:
        return tensors[0][1] if len(tensors) == 1 else build(form, tensors)

    return rows_of


def _input_specs(inputs: Inputs) -> list[dict[str, Any]]:
    if inputs.form == "any":
        return []
    if inputs.text:
        return [{"name": INPUT, "dtype": "BYTES", "shape": [-1], "accepts": "text"}]
    if inputs.form == "matrix":
        dtype = "BYTES" if inputs.sent_as_text() else "FP64"
        shape = [-1, inputs.features]
        return [{"name": INPUT, "dtype": dtype, "shape": shape, "accepts": inputs.accepts[0]}]
    assert inputs.names is not None
    return [
        {"name": name, "dtype": _column_dtype(accepts, example), "shape": [-1], "accepts": accepts}
        for name, accepts, example in zip(inputs.names, inputs.accepts, inputs.examples)
    ]


def _column_dtype(accepts: str, example: Any) -> str:
    if accepts == "text" or isinstance(example, str):
        return "BYTES"
    if isinstance(example, (int, np.integer)) and not isinstance(example, (bool, np.bool_)):
        return "INT64"
    return "FP64"
