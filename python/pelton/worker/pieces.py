"""A model kept in pieces: what a key means in a bundle, and several objects joined to one model.

Must not read files: that is ``loading``. The native engine joins pieces by the same rules.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any, NamedTuple, Optional

import numpy as np

from pelton.worker import metadata
from pelton.worker.errors import LoadError

_SHOWN = 12
# Bundles within bundles that are looked into for a model, and how many of each.
_NESTED = 3
_LOOKED_INTO = 32
# Parts of the names that people give to what predicts.
_NAMES = ("model", "pipeline", "clf", "classifier")


class Piece(NamedTuple):
    """A file or directory of a model, and the key of what is meant in it."""

    path: str
    key: Optional[str] = None


class Joined(NamedTuple):
    """What runs, and the label encoder that turns its predictions back into labels."""

    model: Any
    decoder: Any = None


def is_bundle(value: Any) -> bool:
    """Whether it is a collection that may hold a model, not a model."""
    return isinstance(value, (dict, list, tuple)) and not metadata.methods_of(value)


def picked(value: Any, key: str, file: str) -> Any:
    """What the key means: an entry of a dict, an item of a list by its number, ``a.b`` one in the other."""
    found = list(_find(value, key))
    if found:
        return found[0]
    if not is_bundle(value):
        raise LoadError(
            f"'{file}' holds {described(value)}, which has no keys: leave '#{key}' away to serve it"
        )
    # Of a step into an entry, the entry itself would be the nearest.
    names = [] if "." in key else [name for name, _ in entries(value)]
    near = difflib.get_close_matches(key, names, 1, 0.7)
    asked = f" did you mean '{near[0]}'?" if near else ""
    raise LoadError(f"'{file}' has no '{key}';{asked} it holds {contents(value)}")


def _find(value: Any, key: str) -> Any:
    for name, held in entries(value):
        if name == key:
            yield held
    # The longest name first, so that a dot in a name is no step into it.
    for at in reversed([at for at, letter in enumerate(key) if letter == "."]):
        for name, held in entries(value):
            if name == key[:at]:
                yield from _find(held, key[at + 1 :])


def entries(value: Any) -> list[tuple[str, Any]]:
    """What a bundle holds, by the keys that mean it."""
    if isinstance(value, dict):
        return [(str(key), held) for key, held in value.items()]
    if isinstance(value, (list, tuple)):
        return [(str(index), held) for index, held in enumerate(value)]
    return []


def contents(value: Any) -> str:
    """The keys of a bundle with what each holds."""
    held = entries(value)
    shown = [f"'{key}' ({described(one)})" for key, one in held[:_SHOWN]]
    rest = f" and {len(held) - _SHOWN} more" if len(held) > _SHOWN else ""
    return (", ".join(shown) or "nothing") + rest


def described(value: Any) -> str:
    """A value in a few words."""
    if value is None:
        return "None"
    if isinstance(value, np.ndarray):
        return f"an array of shape {list(value.shape)}"
    if isinstance(value, (dict, list, tuple, set)):
        return f"a {type(value).__name__} of {len(value)}"
    if type(value).__module__ == "builtins":
        article = "an" if type(value).__name__[0] in "aeiou" else "a"
        return f"{article} {type(value).__name__}"
    return metadata.class_of(value)


def refuse_bundle(value: Any, file: str) -> None:
    """A collection is no model: tells how to serve what is in it."""
    if not is_bundle(value):
        return
    key = _likely(value)
    if key is None:
        raise LoadError(f"'{file}' holds {described(value)} without a model: {contents(value)}")
    step = "." if "#" in file else "#"
    raise LoadError(
        f"'{file}' holds {described(value)}, not a model; name the entry that is one by its key, such as "
        f"'{file}{step}{key}'{_joined_hint(value, key, file + step)}: it holds {contents(value)}"
    )


def _joined_hint(value: Any, model: str, before: str) -> str:
    """How to serve it with what may prepare its rows, and what may decode its labels."""
    held = dict(entries(value))
    if "predict" not in metadata.methods_of(held.get(model)):
        return ""
    decoders = [key for key, one in held.items() if type(one).__name__ == "LabelEncoder"]
    able = {key: metadata.methods_of(one) for key, one in held.items() if key not in decoders}
    preparing = [key for key, methods in able.items() if "transform" in methods and "predict" not in methods]
    keys = [*preparing[:_SHOWN], model, *decoders[:1]]
    if len(keys) == 1:
        return ""
    pieces = "+".join(before + key for key in keys)
    return f", or with what goes with it, in the order applied, 'NAME={pieces}'"


def _likely(value: Any, deeper: int = _NESTED) -> Optional[str]:
    """The key of what is most likely meant: what predicts, and what is held here before what is deeper."""
    held = entries(value)
    able = [key for key, one in held if metadata.methods_of(one)]
    models = [key for key, one in held if "predict" in metadata.methods_of(one)]
    named = [key for key in models if any(name in key for name in _NAMES)]
    if able:
        return (named or models or able)[0]
    bundles = [(key, one) for key, one in held if deeper and is_bundle(one)]
    for key, one in bundles[:_LOOKED_INTO]:
        found = _likely(one, deeper - 1)
        if found is not None:
            return f"{key}.{found}"
    return None


def joined(parts: Sequence[tuple[str, Any]]) -> Joined:
    """Objects applied in order: transformers, then a model; a label encoder behind it decodes.

    Args:
        parts: each with the name it has in messages.
    """
    decoder = None
    if len(parts) > 1 and type(parts[-1][1]).__name__ == "LabelEncoder":
        decoder = parts[-1]
        parts = parts[:-1]
    for name, part in parts[:-1]:
        if not callable(getattr(part, "transform", None)):
            raise LoadError(
                f"'{name}' holds {described(part)}, which does not transform: every piece but the last one "
                "must (and behind the model only a LabelEncoder, which decodes its labels)"
            )
    name, model = parts[-1]
    if not metadata.methods_of(model):
        raise LoadError(
            f"'{name}' holds {described(model)}, which has no predict or transform: wrap it in a class that "
            "derives from pelton.Model"
        )
    if decoder is not None:
        _check_decoder(*decoder, name, model)
    whole = model if len(parts) == 1 else _pipeline([part for _, part in parts])
    return Joined(whole, None if decoder is None else decoder[1])


def _pipeline(parts: list) -> Any:
    try:
        from sklearn.pipeline import Pipeline
    except ImportError as error:
        raise LoadError(
            f"a model in pieces needs scikit-learn, which its interpreter does not have ({error})"
        ) from error
    return Pipeline([(f"piece{number}", part) for number, part in enumerate(parts, 1)])


def _check_decoder(name: str, decoder: Any, model_name: str, model: Any) -> None:
    labels = len(decoder.classes_) if hasattr(decoder, "classes_") else 0
    if not labels:
        raise LoadError(f"'{name}' holds a LabelEncoder that was not fitted before it was saved")
    if "predict" not in metadata.methods_of(model):
        raise LoadError(f"'{name}' decodes labels, and '{model_name}' before it predicts none")
    classes = metadata.attribute(model, "classes_")
    if classes is None:
        return
    try:
        codes(np.asarray(classes), labels)
    except (TypeError, ValueError):
        told = ", ".join(map(str, np.asarray(classes).ravel().tolist()[:_SHOWN]))
        raise LoadError(
            f"'{name}' decodes {labels} labels numbered from 0, and '{model_name}' before it predicts "
            f"{told}: it was trained on other labels"
        ) from None


def codes(predicted: np.ndarray, labels: int) -> np.ndarray:
    """Predictions as places in the encoder's labels; whole numbers of any type are such."""
    predicted = np.asarray(predicted)
    if predicted.ndim == 2 and predicted.shape[1] == 1:
        predicted = predicted[:, 0]
    if predicted.ndim != 1:
        raise ValueError(
            f"the label encoder decodes one label a row, the model answers {predicted.shape[1:]}"
        )
    whole = predicted.astype(np.int64)
    if predicted.dtype.kind not in "biuf" or not np.array_equal(whole, predicted):
        raise ValueError("the model's predictions are no whole numbers, as the label encoder needs")
    if len(whole) and (whole.min() < 0 or whole.max() >= labels):
        raise ValueError(f"the model predicts a label that the encoder, which has {labels}, does not know")
    return whole
