"""What each input column of a fitted scikit-learn model takes: numbers, text, or unknown.

Judged from what the parts were fitted on (categories, statistics, the kind of estimator). Must not
guess: where the parts do not tell, or contradict each other, the column takes anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

NUMERIC, TEXT, ANY = "numeric", "text", "any"

_VECTORIZERS = {"TfidfVectorizer", "CountVectorizer", "HashingVectorizer"}
_BY_CATEGORY = {"OneHotEncoder", "OrdinalEncoder", "TargetEncoder"}
_KEEPS_COLUMNS = {"SimpleImputer"}
_OF_LABELS = {"LabelEncoder", "LabelBinarizer"}
_UNKNOWN = {
    "FunctionTransformer", "MissingIndicator", "DictVectorizer", "FeatureHasher", "MultiLabelBinarizer",
    "SelectFromModel",
}  # fmt: skip
# Objects that answer any attribute with themselves must not be followed for ever.
_MAX_NESTING = 16
_INNER = ("best_estimator_", "estimator_", "regressor_", "classifier_")


class Evidence:
    """What has been seen about each of the columns."""

    def __init__(self, names: Sequence[str]) -> None:
        self.seen: dict[str, set[str]] = {name: set() for name in names}
        self.example: dict[str, Any] = {}
        # Columns to be sent as Python objects, as they were in training, and what stands for a gap.
        self.objects: dict[str, Any] = {}
        # Texts put where a value is missing: the column may be of text or, in a frame with text, of numbers.
        self.constants: dict[str, str] = {}
        # Columns of categories that may be text or whole numbers (CatBoost).
        self.categories: set[str] = set()

    def add(self, column: str | None, kind: str, example: Any = None) -> None:
        if column in self.seen:
            self.seen[column].add(kind)
            if example is not None:
                self.example.setdefault(column, example)

    def add_constant(self, column: str | None, value: str) -> None:
        if column in self.seen:
            self.constants.setdefault(column, value)

    def settle(self) -> None:
        """Of columns that nothing else tells of, a constant does."""
        for column, value in self.constants.items():
            if not self.seen[column]:
                self.add(column, TEXT, value)

    def add_category(self, column: str | None) -> None:
        if column in self.seen:
            self.add(column, ANY, "a")
            self.categories.add(column)

    def add_objects(self, column: str | None, missing: Any) -> None:
        if column in self.seen:
            self.objects.setdefault(column, missing)

    def verdict(self, column: str) -> str:
        kinds = self.seen[column]
        return next(iter(kinds)) if len(kinds) == 1 else ANY


def judge(model: Any, names: Sequence[str]) -> Evidence:
    """Walks the model's parts with the columns each of them is given."""
    evidence = Evidence(names)
    _walk(model, list(names), evidence)
    evidence.settle()
    return evidence


def is_text_model(model: Any) -> bool:
    """Whether the model takes one text a row: a text vectoriser, or a pipeline that starts with one."""
    first = model
    for _ in range(_MAX_NESTING):
        inner = _inner(first)
        steps = getattr(first, "steps", None)
        if inner is not None:
            first = inner
        elif isinstance(steps, list) and steps:
            first = _first_step(steps)
        else:
            break
    if type(first).__name__ == "FeatureUnion":
        parts = [part for _, part in first.transformer_list]
        return bool(parts) and all(is_text_model(part) for part in parts)
    return type(first).__name__ in _VECTORIZERS


def takes_labels(model: Any) -> bool:
    """Whether the model takes one label a row, as it was given them when fitted: not a matrix."""
    return type(model).__name__ in _OF_LABELS and hasattr(model, "classes_")


def _first_step(steps: list) -> Any:
    for _, step in steps:
        if step is not None and step != "passthrough":
            return step
    return None


def _inner(model: Any) -> Any:
    for attribute in _INNER:
        inner = getattr(model, attribute, None)
        if inner is not None and (hasattr(inner, "predict") or hasattr(inner, "transform")):
            return inner
    calibrated = getattr(model, "calibrated_classifiers_", None)
    if calibrated:
        return getattr(calibrated[0], "estimator", None)
    return None


def _walk(part: Any, columns: list, evidence: Evidence) -> None:
    if part is None or isinstance(part, str):  # "drop", "passthrough"
        return
    kind = type(part).__name__
    inner = _inner(part)
    if inner is not None:
        _walk(inner, columns, evidence)
    elif hasattr(part, "transformers_"):
        _walk_column_transformer(part, columns, evidence)
    elif isinstance(getattr(part, "steps", None), list):
        _walk_pipeline(part, columns, evidence)
    elif kind == "FeatureUnion":
        for _, one in part.transformer_list:
            _walk(one, columns, evidence)
    elif kind in _VECTORIZERS:
        for column in columns:
            evidence.add(column, TEXT, "a text")
    elif getattr(part, "is_categorical_", None) is not None and hasattr(part, "_preprocessor"):
        _walk_by_dtype(part, columns, evidence)
    elif kind in _BY_CATEGORY:
        for column, categories in zip(columns, getattr(part, "categories_", [])):
            _judge_categories(column, categories, evidence)
    elif takes_labels(part):
        for column in columns:
            _judge_categories(column, part.classes_, evidence)
    elif kind in _KEEPS_COLUMNS:
        _judge_imputer(part, columns, evidence)
    elif _takes_numbers(part):
        for column in columns:
            evidence.add(column, NUMERIC)
    elif hasattr(part, "get_cat_feature_indices"):
        categorical = set(part.get_cat_feature_indices())
        for position, column in enumerate(columns):
            if position in categorical:
                evidence.add_category(column)
            else:
                evidence.add(column, ANY)
    else:
        # Its name is all that is known; one that is judged elsewhere too stays open.
        for column in columns:
            evidence.add(column, ANY)


def _walk_pipeline(part: Any, columns: list, evidence: Evidence) -> None:
    for _, step in part.steps:
        if step is None or isinstance(step, str):
            continue
        _walk(step, columns, evidence)
        # Behind a step that makes new columns, nothing is known about the old ones.
        if type(step).__name__ not in _KEEPS_COLUMNS:
            if hasattr(step, "transformers_"):
                _walk_passed_through(part, step, columns, evidence)
            return


def _walk_passed_through(pipeline: Any, step: Any, columns: list, evidence: Evidence) -> None:
    final = pipeline.steps[-1][1]
    if final is step or not _takes_numbers(final):
        return
    for _, part, selected in step.transformers_:
        if (isinstance(part, str) and part == "passthrough") or type(part).__name__ == "FunctionTransformer":
            for column in _resolve(selected, columns):
                if not evidence.seen.get(column):
                    evidence.add(column, NUMERIC)


def _walk_by_dtype(part: Any, columns: list, evidence: Evidence) -> None:
    """Gradient boosting that tells categories by their dtype encodes them inside."""
    encoder = part._preprocessor.named_transformers_["encoder"]
    known = iter(getattr(encoder, "categories_", []))
    for column, categorical in zip(columns, part.is_categorical_):
        if categorical:
            _judge_categories(column, next(known, []), evidence)
        else:
            evidence.add(column, NUMERIC)


def _walk_column_transformer(part: Any, columns: list, evidence: Evidence) -> None:
    # Columns by position refer to those the transformer was fitted on.
    for _, one, selected in part.transformers_:
        if isinstance(one, str) or _is_identity(one):
            continue
        _walk(one, _resolve(selected, columns), evidence)


def _is_identity(part: Any) -> bool:
    return type(part).__name__ == "FunctionTransformer" and getattr(part, "func", None) is None


def _resolve(selected: Any, columns: list) -> list:
    """Column names from what a ColumnTransformer may be given: names, positions, a mask, a slice."""
    if isinstance(selected, (str, int, np.integer)):
        selected = [selected]
    if isinstance(selected, slice):
        start, stop = selected.start, selected.stop
        if isinstance(start, str) or isinstance(stop, str):
            first = columns.index(start) if start is not None else 0
            last = columns.index(stop) + 1 if stop is not None else len(columns)
            return columns[first : last : selected.step]
        return columns[selected]
    if callable(selected):
        return []
    chosen = list(selected)
    if chosen and all(isinstance(one, (bool, np.bool_)) for one in chosen):
        return [column for column, keep in zip(columns, chosen) if keep]
    return [one if isinstance(one, str) else _at(columns, one) for one in chosen]


def _at(columns: list, position: Any) -> Any:
    try:
        return columns[int(position)]
    except (TypeError, ValueError, IndexError):
        return None


def _judge_categories(column: Any, categories: Any, evidence: Evidence) -> None:
    values = np.asarray(categories, dtype=object).ravel().tolist()
    present = [value for value in values if value is not None and value == value]
    if any(value is None for value in values) and all(value == value for value in values):
        # Told apart from NaN, which would be an unknown category.
        evidence.add_objects(column, None)
    if not present:
        return
    if all(isinstance(value, str) for value in present):
        evidence.add(column, TEXT, present[0])
    elif all(isinstance(value, (bool, int, float, np.number, np.bool_)) for value in present):
        evidence.add(column, NUMERIC, present[0])
        if np.asarray(categories).dtype.kind == "O":
            evidence.add_objects(column, np.nan)  # compared as objects, which numbers alone refuse
    else:
        evidence.add(column, ANY, present[0])


def _judge_imputer(part: Any, columns: list, evidence: Evidence) -> None:
    if getattr(part, "missing_values", np.nan) is None:
        for column in columns:
            evidence.add_objects(column, None)
    for column, value in zip(columns, np.asarray(getattr(part, "statistics_", []), dtype=object)):
        if isinstance(value, str):
            if getattr(part, "strategy", "") == "constant":
                evidence.add_constant(column, value)
            else:
                evidence.add(column, TEXT, value)
        elif isinstance(value, (int, float, np.number)) and getattr(part, "strategy", "") in (
            "mean",
            "median",
        ):
            evidence.add(column, NUMERIC)


def _takes_numbers(part: Any) -> bool:
    """scikit-learn's own estimators check their input for numbers; others may do as they like."""
    module = type(part).__module__.split(".")[0]
    kind = type(part).__name__
    if module != "sklearn" or kind in _UNKNOWN or kind in _VECTORIZERS:
        return False
    if getattr(part, "is_categorical_", None) is not None:
        return False  # may have been fitted on text categories
    nested = ("estimators_", "estimators", "estimator", "base_estimator", "transformer_list", "kernel")
    if kind.startswith(("RandomForest", "ExtraTrees", "GradientBoosting", "HistGradient", "Isolation")):
        return True
    return not any(hasattr(part, name) for name in nested if name != "kernel")
