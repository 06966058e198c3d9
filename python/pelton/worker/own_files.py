"""Model files that XGBoost, LightGBM and CatBoost write in forms of their own, told apart by content.

Each becomes the object of its library that the native engine answers as, so that a model is the same
whatever runs it. Must not look at a file's name.
"""

from __future__ import annotations

import json
import os
from typing import Any, Optional

from pelton.worker.errors import LoadError

_LOOKED_AT = 1 << 16
# Bytes of the parameters that XGBoost's old binary form begins with, and of a name at most.
_PARAMETERS, _NAME = 136, 64


def library_of(content: bytes) -> Optional[str]:
    """The library that wrote a file; ``None`` if none of these did."""
    if content.startswith(b"CBM1"):
        return "catboost"
    if content.startswith((b"tree\n", b"tree\r\n")):
        return "lightgbm"
    if _is_old_xgboost(content):
        return "xgboost"
    if content.lstrip()[:1] != b"{":
        return None
    ends = (content[:_LOOKED_AT], content[-_LOOKED_AT:])
    if any(b'"oblivious_trees"' in end or b'"features_info"' in end for end in ends):
        return "catboost"
    return "xgboost" if any(b"learner" in end for end in ends) else None


def is_old_xgboost(path: str) -> bool:
    """Whether it is XGBoost's old binary form, which has no mark of its own."""
    with open(path, "rb") as file:
        return _is_old_xgboost(file.read(4 + _PARAMETERS + 2 * (8 + _NAME)))


def _is_old_xgboost(content: bytes) -> bool:
    """Behind the parameters are the objective's name and the booster's, each behind its length."""
    rest = content[4:] if content.startswith(b"binf") else content
    names, at = [], _PARAMETERS
    for _ in range(2):
        length = int.from_bytes(rest[at : at + 8], "little")
        if len(rest) < at + 8 or length > _NAME:
            return False
        names.append(rest[at + 8 : at + 8 + length])
        at += 8 + length
    return names[1] in (b"gbtree", b"dart", b"gblinear")


def load(path: str, library: str) -> Any:
    """The model in a file of that library."""
    name = os.path.basename(path)
    try:
        return _LOADERS[library](path)
    except ImportError as error:
        raise LoadError(
            f"'{name}' is a model of {library}, which the model's interpreter does not have ({error}): "
            f"install {library} there"
        ) from error


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _xgboost(path: str) -> Any:
    import xgboost

    # From memory, because the library judges files by their names.
    content = _read(path)
    booster = xgboost.Booster()
    booster.load_model(bytearray(content))
    saved_as = json.loads(booster.attr("scikit_learn") or "{}")
    if saved_as.get("_estimator_type") != "classifier":
        return booster
    model = xgboost.XGBClassifier()
    model.load_model(bytearray(content))
    return model


def _lightgbm(path: str) -> Any:
    import lightgbm

    return lightgbm.Booster(model_str=_read(path).decode("utf-8"))


def _catboost(path: str) -> Any:
    import catboost

    with open(path, "rb") as file:
        kind = "cbm" if file.read(4) == b"CBM1" else "json"
    model = catboost.CatBoost()
    model.load_model(path, format=kind)
    classifier = len(model.classes_) > 0
    model = catboost.CatBoostClassifier() if classifier else catboost.CatBoostRegressor()
    model.load_model(path, format=kind)
    return model


_LOADERS = {"xgboost": _xgboost, "lightgbm": _lightgbm, "catboost": _catboost}
