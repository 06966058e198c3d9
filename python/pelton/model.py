"""The class a model with code of its own derives from. Must not import numpy at run time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Optional, Union

if TYPE_CHECKING:
    import numpy as np


class Model:
    """A model with code of its own.

    Derive from it in a ``.py`` file, or in the ``model.py`` of a directory, and serve that path::

        import numpy as np
        import pelton


        class Doubler(pelton.Model):
            inputs = {"x": ("FP64", [-1, 3])}
            outputs = {"y": ("FP64", [-1, 3])}

            def load(self, path):
                self.factor = 2.0

            def predict(self, inputs):
                return {"y": inputs["x"] * self.factor}

    ``pelton serve doubler.py --python .venv/bin/python`` runs it in a process of its own.

    The file must hold exactly one class that derives from ``Model`` and is defined in it. It is made
    without arguments.

    Attributes:
        inputs: optional, ``{name: (dtype, shape)}``. ``dtype`` is a name of the Open Inference Protocol
            (``"FP64"``, ``"INT64"``, ``"BYTES"``, ``"BOOL"``, ...) or anything ``numpy.dtype`` takes;
            ``shape`` is a list whose first entry counts rows, -1 being any size. Requests that do not
            fit are refused before ``predict`` sees them. Not given: whatever is sent is passed on.
        outputs: optional, the same for what ``predict`` answers. Not given: found out per answer.
    """

    inputs: Optional[Mapping[str, tuple[str, Sequence[int]]]] = None
    outputs: Optional[Mapping[str, tuple[str, Sequence[int]]]] = None

    def load(self, path: str) -> None:
        """Loads what the model needs; called once, before the first ``predict``.

        Args:
            path: the directory of the model: the one given to the server, or the one holding the file.

        Whatever it raises is reported as the reason why the model cannot be served.
        """

    def predict(self, inputs: dict[str, np.ndarray]) -> dict[str, Union[np.ndarray, list]]:
        """Answers a batch of rows.

        Args:
            inputs: one array per input, each with the same number of rows in its first dimension.
                Numbers have the dtype they were sent with; strings are ``str`` objects in an array of
                dtype ``object`` (``bytes`` where the sender's bytes are not UTF-8). The arrays may be
                changed and kept.

        Returns:
            One array (or list) per output, each with as many rows as the inputs.

        Raises:
            ValueError, TypeError, KeyError, IndexError: the input is at fault; the caller is told the
                type and the message. When a batch of several requests raises, it is run again in
                parts, so that only the request at fault fails.
            Exception: anything else is reported as a fault of the model.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define predict(self, inputs)")
