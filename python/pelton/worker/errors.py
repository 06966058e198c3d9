"""From an exception to the payload of an ERROR or FAILED frame.

Must not decide what happens next, and must not need numpy: its absence is one of the errors.
"""

from __future__ import annotations

import traceback

from pelton.worker import frames

_INPUT_FAULTS = (ValueError, TypeError, LookupError)
_MAX_MESSAGE = 8_000
_MAX_TRACE = 32_000


class LoadError(Exception):
    """The model cannot be loaded, for a reason told in full by the message."""


class AnswerError(Exception):
    """The model answered with something that cannot be sent; the message names the output."""


def encode_exception(error: BaseException) -> bytes:
    """Fault, type, message and traceback. An empty type: the message stands alone."""
    if isinstance(error, (AnswerError, LoadError, frames.FrameTooLarge)):
        kind, fault = "", frames.ANSWER_AT_FAULT
        if isinstance(error, LoadError):
            fault = frames.MODEL_AT_FAULT
        elif isinstance(error, frames.FrameTooLarge):
            fault = frames.INPUT_AT_FAULT
    else:
        kind = type(error).__name__
        fault = frames.INPUT_AT_FAULT if isinstance(error, _INPUT_FAULTS) else frames.MODEL_AT_FAULT
    return frames.encode_error(fault, kind, message_of(error)[:_MAX_MESSAGE], trace_of(error))


def message_of(error: BaseException) -> str:
    """The message, whatever ``__str__`` does."""
    try:
        if isinstance(error, KeyError) and len(error.args) == 1:
            return f"{error.args[0]!r}" if not isinstance(error.args[0], str) else error.args[0]
        return str(error)
    except Exception as second:  # noqa: BLE001 - a broken __str__ must not end the worker
        return f"(its message cannot be shown: {type(second).__name__})"


def trace_of(error: BaseException) -> str:
    """The traceback, its last part if it is long; none where the message tells all there is."""
    if isinstance(error, LoadError) and isinstance(error.__cause__, (type(None), ModuleNotFoundError)):
        return ""
    try:
        return "".join(traceback.format_exception(type(error), error, error.__traceback__))[-_MAX_TRACE:]
    except Exception:  # noqa: BLE001
        return ""
