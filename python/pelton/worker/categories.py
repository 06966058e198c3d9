"""Columns that a LightGBM or XGBoost model was fitted on as pandas categories, and wants back as such.

Must not fail on a model that has none, and must not guess: where the model does not tell which
columns they are, it is fed as it comes and says itself what it misses.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Optional

# The categories in the order of their codes, or None where the model looks values up by itself.
Categories = Mapping[str, Optional[list]]


def categories_of(model: Any) -> Categories:
    """The categorical columns by name."""
    root = type(model).__module__.split(".")[0]
    if root == "lightgbm":
        return _of_lightgbm(getattr(model, "booster_", model))
    if root == "xgboost":
        return _of_xgboost(model)
    return {}


def _of_lightgbm(booster: Any) -> Categories:
    kept = getattr(booster, "pandas_categorical", None)
    if not kept:
        return {}
    header = booster.model_to_string(num_iteration=1)
    found = re.search(r"^feature_infos=(.*)$", header, re.MULTILINE)
    # Numbers are told as a range in brackets, categories by their codes.
    infos = found.group(1).split(" ") if found else []
    names = [
        name
        for name, info in zip(booster.feature_name(), infos)
        if info != "none" and not info.startswith("[")
    ]
    return dict(zip(names, kept)) if len(names) == len(kept) else {}


def _of_xgboost(model: Any) -> Categories:
    booster = model.get_booster() if hasattr(model, "get_booster") else model
    types, names = booster.feature_types, booster.feature_names
    # From 3.1 on the model keeps its categories and looks values up; before, the codes of each
    # batch's own categories went into the trees, which answers wrongly without a word.
    if not types or not names or "c" not in types or not hasattr(booster, "get_categories"):
        return {}
    return {name: None for name, kind in zip(names, types) if kind == "c"}
