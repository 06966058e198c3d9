"""Pelton: serve models trained in Python.

Imports nothing heavy: a model file that says ``import pelton`` must not pay for what it does not use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional, Union

from pelton.model import Model

if TYPE_CHECKING:
    import os

__all__ = ["Model", "save", "save_rows"]


def save(model: Any, path: Union[str, os.PathLike], X_sample: Any, tolerance: Optional[float] = None) -> str:
    """Saves a fitted model, and beside it golden rows: sample rows with Python's answers to them.

    ``pelton serve`` verifies them when it loads the model, whatever runs it, and does not become ready
    when an answer differs::

        pelton.save(model, "churn.pkl", X_test[:200])

    Args:
        model: anything with ``predict`` or ``transform`` that can be pickled.
        path: where to; joblib writes what ends in ``.joblib``, pickle all else. The golden rows go to
            ``<path>.golden.json``, as plain data (docs/golden-rows.md).
        X_sample: rows as the model takes them: an array, a DataFrame, texts. Rows at the edges of what
            the model will meet (missing values, unknown categories) are worth more than many.
        tolerance: how far numbers may be off, absolute below 1 and relative above. Not given: equal bits
            where the native engine promises them, else 1e-12 (1e-6 for 32-bit floats).

    Returns:
        The path of the golden rows.

    Raises:
        ValueError: the sample is not what a client could send, or the model answers otherwise when it is.
    """
    from pelton.golden import save as save_with_golden_rows

    return save_with_golden_rows(model, path, X_sample, tolerance)


def save_rows(model: Union[str, os.PathLike], X_sample: Any, tolerance: Optional[float] = None) -> str:
    """Writes golden rows beside a model that was saved already, in one file or in pieces.

    The model is named as for ``pelton serve``, and loaded as it loads it, so its code runs::

        pelton.save_rows("churn.pkl", X_test[:200])
        pelton.save_rows("scaler.pkl+model.pkl+labels.pkl", X_test[:200])
        pelton.save_rows("bundle.pkl#model", X_test[:200])

    Args:
        model: a file; pieces joined by ``+``, in the order they are applied; ``#`` and the key of an
            entry of a bundle behind its file.
        X_sample: rows as the first of the pieces takes them.
        tolerance: as for ``save``.

    Returns:
        The path of the golden rows, beside the last of the pieces.

    Raises:
        ValueError: the pieces are no model, or the sample is not what a client could send.
    """
    from pelton.golden import save_rows as save_rows_beside

    return save_rows_beside(model, X_sample, tolerance)
