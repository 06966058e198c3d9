"""Pelton: serve models trained in Python.

Imports nothing heavy: a model file that says ``import pelton`` must not pay for what it does not use.
"""

from __future__ import annotations

from pelton.model import Model

__all__ = ["Model"]
