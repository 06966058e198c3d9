"""What a fitted model says about itself: inputs, outputs, classes, libraries.

Reads attributes only; calling the model is for ``probe``. Must not fail on a model that says nothing.
"""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

import numpy as np

from pelton.worker import columns
from pelton.worker.categories import categories_of
from pelton.worker.tensors import CODE_OF, NAMES

INPUT = "input"
METHODS = ("predict", "predict_proba", "decision_function", "score_samples", "transform")
# Objects that answer any attribute with themselves must not be followed for ever.
_MAX_NESTING = 16
# Distributions by the module that is imported.
_LIBRARIES = {
    "numpy": "numpy", "sklearn": "scikit-learn", "pandas": "pandas", "scipy": "scipy",
    "xgboost": "xgboost", "lightgbm": "lightgbm", "catboost": "catboost", "torch": "torch",
    "keras": "keras", "tensorflow": "tensorflow", "joblib": "joblib", "skops": "skops",
    "imblearn": "imbalanced-learn", "category_encoders": "category-encoders",
}  # fmt: skip


class Inputs(NamedTuple):
    """How the model is to be fed."""

    form: str  # matrix, columns, any
    names: list[str] | None  # columns, in order
    features: int | None  # of a matrix
    text: bool  # one text a row
    accepts: list[str]  # by column; one entry for a matrix
    examples: list[Any]  # a plausible value by column, None where unknown
    objects: dict[str, Any]  # columns fed as Python objects, with what stands for a gap
    categories: bool = False  # of a matrix: some are text or whole numbers, and no other numbers

    def sent_as_text(self) -> bool:
        """Whether a matrix is announced as text."""
        return self.categories or self.accepts[0] == columns.TEXT


def inputs_of(model: Any) -> Inputs:
    """The inputs, from the feature names and counts the model was fitted with."""
    names = feature_names(model)
    if names is not None:
        evidence = _judged(model, names)
        for name, known in categories_of(model).items():
            if known and all(isinstance(value, str) for value in known):
                evidence.add(name, columns.TEXT, known[0])
        accepts = [evidence.verdict(name) for name in names]
        examples = [evidence.example.get(name) for name in names]
        return Inputs("columns", names, len(names), False, accepts, examples, evidence.objects)
    features = feature_count(model)
    if features is not None:
        positions = [str(position) for position in range(features)]
        evidence = _judged(model, positions)
        verdicts = {evidence.verdict(position) for position in positions}
        accepts = columns.TEXT if verdicts == {columns.TEXT} else columns.NUMERIC
        if columns.ANY in verdicts and type(model).__module__.split(".")[0] == "sklearn":
            accepts = columns.NUMERIC if _no_text(evidence) else columns.ANY
        elif columns.TEXT in verdicts and len(verdicts) > 1:
            accepts = columns.ANY
        examples = [evidence.example.get(position) for position in positions]
        if evidence.categories:
            examples = ["0" if example is None else example for example in examples]
            return Inputs("matrix", None, features, False, [columns.ANY], examples, {}, True)
        return Inputs("matrix", None, features, False, [accepts], examples, {})
    if columns.is_text_model(model):
        return Inputs("matrix", None, None, True, [columns.TEXT], ["a text"], {})
    return Inputs("any", None, None, False, [columns.ANY], [], {})


def _judged(model: Any, names: list[str]) -> columns.Evidence:
    try:
        return columns.judge(model, names)
    except Exception as error:  # noqa: BLE001 - foreign objects; not knowing is a good answer
        print(f"what the columns take is unknown: {type(error).__name__}: {error}", file=sys.stderr)
        return columns.Evidence(names)


def _no_text(evidence: columns.Evidence) -> bool:
    return not any(columns.TEXT in kinds for kinds in evidence.seen.values())


def feature_names(model: Any) -> list[str] | None:
    """The names of the columns the model was fitted on, if they were given to it."""
    # Some libraries make names up where the data had none, so they are asked in their own terms.
    own = type(model).__module__.split(".")[0] in ("xgboost", "lightgbm", "catboost")
    names = _library_names(model) if own else attribute(model, "feature_names_in_")
    if names is None and type(model).__module__.startswith("category_encoders."):
        # Before 2.6 they tell what they give: the same where no column becomes several.
        given = attribute(model, "feature_names")
        names = given if isinstance(given, list) and len(given) == attribute(model, "_dim") else None
    if names is None:
        first = _first_step(model)
        names = feature_names(first) if first is not None else None
    if names is None or len(names) == 0 or not all(isinstance(name, str) for name in names):
        return None
    return [str(name) for name in names]


def _library_names(model: Any) -> Any:
    root = type(model).__module__.split(".")[0]
    if root == "xgboost":
        booster = model.get_booster() if hasattr(model, "get_booster") else model
        names = attribute(booster, "feature_names")
        # Before 1.4 made up where the data had none, also of the rows to predict.
        import xgboost

        old = tuple(int(part) for part in xgboost.__version__.split(".")[:2]) < (1, 4)
        generic = old and names is not None and all(n == f"f{i}" for i, n in enumerate(names))
        return None if generic else names
    if root == "lightgbm":
        names = attribute(model, "feature_name_")
        if names is None and hasattr(model, "feature_name"):
            names = model.feature_name()
        # Made up where the data had none.
        generic = names is not None and all(n == f"Column_{i}" for i, n in enumerate(names))
        return None if generic else names
    if root == "catboost":
        names = attribute(model, "feature_names_")
        generic = names is not None and all(n == str(i) for i, n in enumerate(names))
        return None if generic else names
    return None


def feature_count(model: Any) -> int | None:
    """The number of features the model was fitted on."""
    if columns.takes_labels(model) or type(model).__name__ == "IsotonicRegression":
        return 1  # it was fitted on a vector
    for name in ("n_features_in_", "n_features_"):
        count = attribute(model, name)
        if isinstance(count, (int, np.integer)) and count > 0:
            return int(count)
    first = _first_step(model)
    if first is not None:
        return feature_count(first)  # a pipeline asks its first step, which may be no more than a word
    root = type(model).__module__.split(".")[0]
    if root == "catboost":
        names = attribute(model, "feature_names_")
        return len(names) if names else None
    for method in ("num_features", "num_feature"):
        if root in ("xgboost", "lightgbm") and hasattr(model, method):
            return int(getattr(model, method)())
    names = attribute(model, "feature_names") if root == "xgboost" else None
    return len(names) if names else None  # made up before 1.4 where the data had none


def _first_step(model: Any) -> Any:
    """The first step of a pipeline that does something."""
    steps = getattr(model, "steps", None)
    if not isinstance(steps, list):
        return None
    return next((step for _, step in steps if step is not None and not isinstance(step, str)), None)


def final_of(model: Any) -> Any:
    """What answers: the last step of a pipeline, the best of a search."""
    for _ in range(_MAX_NESTING):
        steps = attribute(model, "steps")
        inner = steps[-1][1] if isinstance(steps, list) and steps else attribute(model, "best_estimator_")
        if inner is None:
            break
        model = inner
    return model


def methods_of(model: Any) -> list[str]:
    """The methods that are there after fitting."""
    return [name for name in METHODS if callable(attribute(model, name))]


def texts_of(classes: Any) -> list[str] | None:
    """Class labels as text, in the order of the probabilities' columns."""
    if classes is None or (isinstance(classes, list) and classes and isinstance(classes[0], np.ndarray)):
        return None
    try:
        return [str(label) for label in np.asarray(classes).tolist()]
    except (TypeError, ValueError):
        return None


def platform_of(model: Any) -> str:
    """The library the model is of, in a word."""
    for kind in type(model).__mro__:
        root = kind.__module__.split(".")[0]
        if root in ("sklearn", "xgboost", "lightgbm", "catboost", "keras", "torch", "statsmodels"):
            return root
    return "python"


def class_of(model: Any) -> str:
    """The model's class, with its module."""
    return f"{type(model).__module__}.{type(model).__qualname__}"


def libraries() -> dict[str, str]:
    """Versions of the libraries the model has loaded, by the name they are installed under."""
    found = {}
    for module, distribution in _LIBRARIES.items():
        version = getattr(sys.modules.get(module), "__version__", None)
        if isinstance(version, str):
            found[distribution] = version
    return found


def dtype_name(dtype: np.dtype) -> str:
    """The protocol's name of a numpy dtype that can be sent."""
    if dtype.kind in "OUST":
        return "BYTES"
    return NAMES[CODE_OF[dtype.kind, dtype.itemsize]]


def attribute(model: Any, name: str) -> Any:
    """Properties of foreign objects may raise anything when there is nothing."""
    try:
        return getattr(model, name, None)
    except Exception:  # noqa: BLE001
        return None
