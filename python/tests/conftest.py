"""What the tests share: a model saved as anyone would, asked through real frames."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

from pelton.worker import tensors
from pelton.worker.adapters import adapt
from pelton.worker.loading import load_model
from pelton.worker.pieces import Piece


class Served:
    """A loaded model behind encoded frames, without the socket."""

    def __init__(self, *parts: Path | str) -> None:
        """Each part is a path, perhaps with ``#`` and a key behind it."""
        named = [str(part).partition("#") for part in parts]
        self.adapter = adapt(load_model([Piece(path, key or None) for path, _, key in named]))
        self.hello = self.adapter.describe()

    def ask(self, form: int, named: list, *outputs: str) -> dict[str, np.ndarray]:
        payload = bytearray(b"".join(tensors.encode_execute(form, outputs, named)))
        # Frames start with a header of 16 bytes, so offsets within the payload are aligned alike.
        answer = self.adapter.run(*tensors.decode_execute(payload))
        return dict(tensors.decode_tensors(bytearray(b"".join(tensors.encode_tensors(answer)))))

    def matrix(self, array, *outputs: str) -> dict[str, np.ndarray]:
        return self.ask(tensors.MATRIX, [("input", np.ascontiguousarray(array))], *outputs)

    def columns(self, columns: dict, *outputs: str) -> dict[str, np.ndarray]:
        named = [(name, np.ascontiguousarray(values)) for name, values in columns.items()]
        return self.ask(tensors.COLUMNS, named, *outputs)

    def output(self, name: str) -> dict:
        return next(output for output in self.hello["outputs"] if output["name"] == name)

    def input(self, name: str) -> dict:
        return next(one for one in self.hello["inputs"] if one["name"] == name)


@pytest.fixture
def serve(tmp_path):
    """Saves a model by pickle, or takes a path, and serves it."""

    def serve_model(model) -> Served:
        if isinstance(model, Path):
            return Served(model)
        path = tmp_path / "model.pkl"
        path.write_bytes(pickle.dumps(model))
        return Served(path)

    return serve_model


def texts(*values: str) -> np.ndarray:
    """An object array of strings."""
    return np.array(values, dtype=object)
