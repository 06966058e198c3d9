"""From paths to a model object: pickle, joblib, skops, a library's own file, or a class deriving from
``pelton.Model``.

The file's content decides how it is read, not only its name. Every failure is told in words that say
what to do. Must not look into the object: that is ``metadata``.
"""

from __future__ import annotations

import importlib.util
import inspect
import mmap
import os
import pickle
import re
import sys
import zipfile
from collections.abc import Sequence
from typing import Any

from pelton.model import Model
from pelton.worker import own_files, pieces
from pelton.worker.errors import LoadError

_COMPRESSED = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"\x5d\x00\x00": "lzma",
    b"\x04\x22\x4d\x18": "lz4",
    b"\x78\x01": "zlib",
    b"\x78\x5e": "zlib",
    b"\x78\x9c": "zlib",
    b"\x78\xda": "zlib",
    b"ZF0x": "zlib",  # joblib before 0.10
}
_ZIP = b"PK\x03\x04"
_PICKLES = (".pkl", ".pickle", ".joblib", ".skops")


def load_model(parts: Sequence[pieces.Piece]) -> pieces.Joined:
    """The model in the files: what is meant in each, joined in their order."""
    objects = []
    for part in parts:
        path = file_of(part.path)
        value, name = _load(path), os.path.basename(path)
        if isinstance(value, Model):
            return _whole(value, part, len(parts), name)
        if part.key is not None:
            value, name = pieces.picked(value, part.key, name), f"{name}#{part.key}"
        pieces.refuse_bundle(value, name)
        objects.append((name, value))
    return pieces.joined(objects)


def file_of(path: str) -> str:
    """The model's file: the path itself, or the one model in a directory."""
    path = os.path.abspath(path)
    if not os.path.exists(path):
        raise LoadError(f"'{os.path.basename(path)}' does not exist")
    return _only_model_of(path) if os.path.isdir(path) else path


def _whole(model: Model, part: pieces.Piece, count: int, name: str) -> pieces.Joined:
    if count > 1 or part.key is not None:
        raise LoadError(f"'{name}' is a class deriving from pelton.Model, which cannot be a piece of a model")
    return pieces.Joined(model)


def _load(path: str) -> Any:
    """The object in the file, or an instance of the one ``pelton.Model`` class, loaded."""
    if path.endswith(".py"):
        return _load_class(path)
    # Modules of the model's own may lie beside it, and must not hide installed ones.
    if os.path.dirname(path) not in sys.path:
        sys.path.append(os.path.dirname(path))
    try:
        return _load_file(path)
    except LoadError:
        raise
    except ModuleNotFoundError as error:
        raise LoadError(
            f"the model needs the Python module '{error.name}', which its interpreter does not have: "
            "install it there, in the version the model was trained with, or put it beside the model's file"
        ) from error
    except AttributeError as error:
        raise _explained(error) from error


def _only_model_of(directory: str) -> str:
    module = os.path.join(directory, "model.py")
    if os.path.isfile(module):
        return module
    found = sorted(name for name in os.listdir(directory) if name.endswith(_PICKLES))
    if len(found) == 1:
        return os.path.join(directory, found[0])
    held = "holds " + ", ".join(f"'{name}'" for name in found) if found else "holds none of them"
    raise LoadError(
        f"the directory '{os.path.basename(directory)}' must hold a model.py or exactly one "
        f"{', '.join(_PICKLES)} file, it {held}"
    )


def _load_file(path: str) -> Any:
    with open(path, "rb") as file:
        start = file.read(8)
    if not start:
        raise LoadError(f"'{os.path.basename(path)}' is empty")
    if start.startswith(_ZIP):
        return _load_skops(path)
    library = _own_library(path, start)
    if library is not None:
        return own_files.load(path, library)
    compression = next((name for magic, name in _COMPRESSED.items() if start.startswith(magic)), None)
    if compression or _holds_joblib_arrays(path):
        return _load_joblib(path, compression)
    with open(path, "rb") as file:
        try:
            return pickle.load(file)
        except (pickle.UnpicklingError, EOFError, UnicodeDecodeError) as error:
            raise LoadError(
                f"'{os.path.basename(path)}' is not a whole pickle or joblib file: "
                f"{type(error).__name__}: {error}"
            ) from error


def _own_library(path: str, start: bytes) -> str | None:
    # Few pickles begin like this, and none in a protocol of these ten years.
    likely = start.startswith((b"{", b" ", b"\n", b"CBM1", b"tree"))
    if not likely and not own_files.is_old_xgboost(path):
        return None
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        ends = content[: 1 << 16] + content[-(1 << 16) :]
    return own_files.library_of(ends)


def _holds_joblib_arrays(path: str) -> bool:
    """joblib writes array bytes between the opcodes, where ``pickle`` would trip over them."""
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.find(b"joblib.numpy_pickle") >= 0


def _load_joblib(path: str, compression: str | None) -> Any:
    try:
        import joblib
    except ImportError as error:
        kind = f"a {compression}-compressed file" if compression else "written by joblib"
        raise LoadError(
            f"'{os.path.basename(path)}' is {kind}, and the model's interpreter has no joblib: "
            "install joblib there"
        ) from error
    return joblib.load(path)


def _load_skops(path: str) -> Any:
    try:
        import skops.io
    except ImportError as error:
        raise LoadError(
            f"'{os.path.basename(path)}' is a zip file; if skops wrote it, "
            "install skops in the model's interpreter"
        ) from error
    try:
        # The operator named an interpreter for this model, which is the leave to run its code.
        return skops.io.load(path, trusted=skops.io.get_untrusted_types(file=path))
    except (zipfile.BadZipFile, KeyError) as error:
        raise LoadError(
            f"'{os.path.basename(path)}' is a zip file that skops cannot read: {error}"
        ) from error


def _explained(error: AttributeError) -> Exception:
    """Names what a pickle refers to and the interpreter does not have."""
    text = str(error)
    missing = re.search(r"Can't get attribute '([^']+)' on <module '([^']+)'", text)
    if missing is None:
        return error
    name, module = missing.groups()
    if module.split(".")[-1] == "__main__":
        return LoadError(
            f"the model refers to '{name}', which was defined in the script that saved it: move "
            f"'{name}' into a module of its own, import it from there in the script, save the model "
            "again, and put the module beside the model's file or install it in its interpreter"
        )
    version = getattr(sys.modules.get(module.split(".")[0]), "__version__", None)
    held = f" (version {version})" if version else ""
    return LoadError(
        f"the model refers to '{module}.{name}', which the installed '{module.split('.')[0]}'{held} "
        "does not have: install the version the model was trained with"
    )


def _load_class(path: str) -> Model:
    directory = os.path.dirname(path)
    stem = os.path.splitext(os.path.basename(path))[0]
    # Its own name, unless that hides a module somebody needs.
    free = stem.isidentifier() and stem not in sys.modules and importlib.util.find_spec(stem) is None
    name = stem if free else "pelton_served_model"
    sys.path.insert(0, directory)  # as for a script: its own modules lie beside it
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise LoadError(f"'{os.path.basename(path)}' cannot be read as Python")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    found = [
        value
        for value in vars(module).values()
        if inspect.isclass(value)
        and issubclass(value, Model)
        and value is not Model
        and value.__module__ == name
    ]
    # A base class in the same file is no second model.
    found = [one for one in found if not any(one in other.__mro__[1:] for other in found)]
    if len(found) != 1:
        names = ", ".join(f"'{one.__name__}'" for one in found) or "none"
        raise LoadError(
            f"'{os.path.basename(path)}' must define exactly one class deriving from pelton.Model, "
            f"it defines {names}"
        )
    model = found[0]()
    model.load(directory)
    return model
