"""One case: a model saved by its library, inputs, and what Python answers to them.

Answers come from the worker's own adapter, so they are what the Python executor would send. Must not
know any estimator.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import pathlib
import pickle
import platform
import sys
import warnings
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[4] / "python"))

from pelton.worker import metadata
from pelton.worker.estimator import EstimatorAdapter
from pelton.worker.loading import load_model
from pelton.worker.pieces import Piece
from pelton.worker.tensors import COLUMNS, MATRIX, TENSORS

LIBRARIES = ("sklearn", "xgboost", "lightgbm", "catboost", "imblearn", "category_encoders")
# How a case's model is saved, chosen by its name; the commonest ways more often.
CONTAINERS = (
    "pickle4", "joblib", "pickle4", "joblib", "pickle5", "pickle3", "pickle4", "joblib-zlib", "pickle2",
    "joblib", "skops", "pickle0", "joblib-gzip", "pickle4", "joblib-lzma", "pickle1", "joblib-xz", "joblib-bz2",
)  # fmt: skip
# What libraries say of options they do not have yet, or no longer.
ABSENT = ("does not support", "does not accept missing", "Unknown objective")
# Of the releases between the stacks that are kept whole: what only they answer so.
BETWEEN = {
    "sk10": (
        "one_vs_one_tree_2",
        "function_log1p",
        "neighbours_brute_2",
        "neighbours_grid_ties_brute",
        "neighbours_whole_ties",
    ),
    "sk11": ("histogram_categories_mask_three", "pipeline_union"),
    "sk13": ("neighbours_distance_2",),
    "sk16": ("one_hot_warn", "power_f32_rows"),
    "xgb09": (
        "xgb_old_binary",
        "xgb_old_poisson",
        "xgb_old_classifier_three",
        "xgb_old_early",
        "xgb_old_steep_pickle",
        "xgb_old_columns",
        "xgb_old_missing_sparse",
    ),
    "xgb12": (
        "xgb_old_raw",
        "xgb_old_three_pickle",
        "xgb_old_classifier",
        "xgb_old_dart_pickle",
        "xgb_old_missing",
        "xgb_old_missing_sparse",
        "xgb_old_forest",
        "xgb_old_forest_class",
        "xgb_old_parallel",
    ),
    "xgb13": ("xgb_old_dart", "xgb_old_missing_sparse"),
    "xgb14": ("xgb_old_saved_text", "xgb_old_missing_sparse", "xgb_old_dart_pickle", "xgb_old_forest_three"),
    "xgb33": ("xgb_booster_dart_ubj", "xgb_regressor_dart", "xgb_three_dart_forest", "xgb_categories_text"),
}
# Bytes from which on a model is compressed, whatever its name says.
LARGE = 3_000


class Refused(Exception):
    """The case says nothing: no row is answered, or the model cannot be run at all."""


class Writer:
    """Writes cases into a folder, and counts."""

    def __init__(self, folder: pathlib.Path, only: str = "", chosen: Callable[[str], bool] = lambda _: True) -> None:
        self.folder = folder
        self.only = only
        self.chosen = chosen
        self.written: list[str] = []
        self.failed: list[tuple[str, str]] = []
        self.absent: list[tuple[str, str]] = []

    def add(self, name: str, build: Callable[[], Any], inputs: Any, **options: Any) -> None:
        """Trains and writes one case; skips what this version of the library does not have."""
        if self.only not in name or not self.chosen(name):
            return
        try:
            with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                np.random.seed(zlib.crc32(name.encode()))  # for estimators that were given no seed
                model = timeless(build())
        except (ImportError, AttributeError, TypeError) as error:
            self.absent.append((name, f"{type(error).__name__}: {error}"[:200]))
            return
        except Exception as error:
            if any(words in str(error) for words in ABSENT):
                self.absent.append((name, str(error)[:200]))
                return
            self.failed.append((name, f"training: {type(error).__name__}: {error}"[:300]))
            return
        self.write(name, model, inputs, **options)

    def write(self, name: str, model: Any, inputs: Any, **options: Any) -> None:
        """Saves the model and its golden; a case that cannot be made is told at the end."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{name}.model"
        try:
            with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
                warnings.simplefilter("ignore")
                container = save(model, path, options.pop("container", None) or container_of(name))
                if container != "own" and path.stat().st_size > LARGE:
                    container = save(model, path, "joblib-zlib")
                reload = options.pop("reload", None)
                loaded = reload(path) if reload else load_model([Piece(str(path), None)]).model
                golden = run(name, loaded, inputs, **options)
        except Exception as error:
            path.unlink(missing_ok=True)
            self.failed.append((name, f"{type(error).__name__}: {error}"[:300]))
            return
        golden["container"] = container
        keep(self.folder / f"{name}.golden", golden)
        self.written.append(name)


def timeless(model: Any) -> Any:
    """A search without the seconds it took, which no two runs share."""
    if hasattr(model, "cv_results_"):
        for name in model.cv_results_:
            if name.endswith("_time"):
                model.cv_results_[name][:] = 0.0
        if hasattr(model, "refit_time_"):
            model.refit_time_ = 0.0
    return model


def keep(path: pathlib.Path, golden: dict[str, Any]) -> None:
    """Writes the golden, unless the file already says the same."""
    if path.exists() and plain(pickle.loads(zlib.decompress(path.read_bytes()))) == plain(golden):
        return
    path.write_bytes(zlib.compress(pickle.dumps(golden, protocol=4), 9))


def plain(golden: dict[str, Any]) -> bytes:
    """The golden in bytes that do not tell which of its equal strings are one object, as an ordinary pickle's do."""
    held = io.BytesIO()
    pickler = pickle.Pickler(held, protocol=4)
    pickler.fast = True
    pickler.dump(golden)
    return held.getvalue()


def is_committed(stack: str, name: str) -> bool:
    """All of the newest stack's cases, and of each other's a part of their own, so that the repository stays small."""
    if stack in BETWEEN:
        return name in BETWEEN[stack]
    share = {"sk12": (0, 9), "sk15": (9, 18)}.get(stack, (0, 20))
    return share[0] <= zlib.crc32(f"committed {name}".encode()) % 20 < share[1]


def container_of(name: str) -> str:
    return CONTAINERS[zlib.crc32(name.encode()) % len(CONTAINERS)]


def save(model: Any, path: pathlib.Path, container: str) -> str:
    """Writes the model; text and bytes are a library's own format. Says which container it became."""
    if isinstance(model, (str, bytes)):
        path.write_bytes(model if isinstance(model, bytes) else model.encode())
        return "own"
    if container == "skops":
        try:
            import skops.io

            data = skops.io.dumps(model)
            skops.io.loads(data, trusted=skops.io.get_untrusted_types(data=data))
        except Exception:
            container = "pickle4"
        else:
            path.write_bytes(data)
            return container
    if container.startswith("joblib"):
        import joblib

        method = container.partition("-")[2]
        joblib.dump(model, path, compress=(method, 3) if method else 0)
        if method == "gzip":  # its header has the time of day
            written = path.read_bytes()
            path.write_bytes(written[:4] + bytes(4) + written[8:])
        return container
    path.write_bytes(pickle.dumps(model, protocol=int(container[-1])))
    return container


def run(name: str, model: Any, inputs: Any, *, tolerance: float | None = None, measured: bool = False) -> dict[str, Any]:
    """What a golden holds. ``measured`` notes how far inputs of almost the same value take the answers."""
    if isinstance(inputs, np.ndarray):
        inputs = np.ascontiguousarray(inputs)
    adapter = EstimatorAdapter(model)
    hello = adapter.describe()
    form, tensors = tensors_of(inputs)
    if form == "columns" and hello["form"] in ("matrix", "any"):
        raise Refused("the model takes a matrix, or does not tell what: no door makes that of columns")
    code = {"matrix": MATRIX, "columns": COLUMNS, "text": MATRIX}[form]
    if hello["form"] == "any":
        code = TENSORS
    rows = tensors[0][1].shape[0]
    outputs, refused, self_difference = {}, {}, {}
    for output in [spec["name"] for spec in hello["outputs"]]:
        alone = [_answer(adapter, code, output, _take(tensors, [row])) for row in range(rows)]
        no = np.array([one is None for one in alone])
        refused[output] = no
        if no.all():
            continue
        kept = np.flatnonzero(~no)
        batch = _answer(adapter, code, output, _take(tensors, kept), strict=True)
        whole = np.zeros((rows, *batch.shape[1:]), batch.dtype)
        if batch.dtype.kind == "O":
            whole[...] = ""
        whole[kept] = batch
        outputs[output] = whole
        self_difference[output] = _difference(batch, np.concatenate([one for one in alone if one is not None]))
    if not outputs:
        raise Refused("every row is refused by every output")
    classes = covers(model)
    libraries = hello.pop("libraries")
    golden = {
        "name": name,
        "covers": classes,
        "final": metadata.class_of(final_of(model)),
        "libraries": used(libraries, classes),
        "machine": _machine(),
        "form": form,
        "inputs": inputs if form != "text" else _objects(inputs),
        "outputs": outputs,
        "refused": refused,
        "self_difference": self_difference,
        "hello": hello,
    }
    if tolerance is not None:
        golden["tolerance"] = tolerance
    if measured:
        golden["sensitivity"] = 16 * _sensitivity(adapter, code, tensors, outputs, refused)
    return golden


def tensors_of(inputs: Any) -> tuple[str, list[tuple[str, np.ndarray]]]:
    """The inputs as the worker gets them: what is missing in a column of objects is told by a validity."""
    if isinstance(inputs, dict):
        tensors = []
        for name, column in inputs.items():
            tensors += _column(name, column)
        return "columns", tensors
    if isinstance(inputs, list):
        return "text", [("input", _objects(inputs))]
    return "matrix", [("input", inputs)]


def _column(name: str, column: np.ndarray) -> list[tuple[str, np.ndarray]]:
    if column.dtype.kind != "O" or all(isinstance(value, str) for value in column):
        return [(name, column)]
    valid = np.array([value is not None for value in column])
    kinds = {type(value) for value in column[valid]}
    assert len(kinds) <= 1, f"column {name} mixes {kinds}"
    if kinds <= {str}:
        filled = _objects(["" if value is None else value for value in column])
    else:
        filled = np.array([0 if value is None else value for value in column]).astype({bool: "?", int: "<i8"}[kinds.pop()])
    return [(name, filled), (f"{name}:valid", valid)]


def _sensitivity(adapter: Any, code: int, tensors: list, outputs: dict, refused: dict) -> float:
    """What a last bit in the inputs makes of the answers, where numbers are answered."""
    moved = [(name, np.nextafter(array, np.inf) if array.dtype.kind == "f" else array) for name, array in tensors]
    most = 0.0
    for output, answer in outputs.items():
        kept = np.flatnonzero(~refused[output])
        again = _answer(adapter, code, output, _take(moved, kept))
        if again is not None and answer.dtype.kind == "f":
            most = max(most, _difference(again, answer[kept]))
    return most if np.isfinite(most) else 0.0


def _take(tensors: list[tuple[str, np.ndarray]], rows: Any) -> list[tuple[str, np.ndarray]]:
    # Fancy indexing copies, so whatever the model does to its input stays there.
    return [(name, np.ascontiguousarray(array[rows])) for name, array in tensors]


def _answer(adapter: Any, code: int, output: str, tensors: list, *, strict: bool = False) -> np.ndarray | None:
    try:
        with np.errstate(all="ignore"):
            return adapter.run(code, (output,), tensors)[0][1]
    except Exception:
        if strict:
            raise
        return None


def _difference(batch: np.ndarray, alone: np.ndarray) -> float:
    """The largest difference between a batch and its rows alone, relative where values are large."""
    if batch.dtype.kind != "f":
        return float((batch != alone).any()) if batch.shape == alone.shape else float("inf")
    with np.errstate(all="ignore"):
        apart = np.abs(batch - alone) / np.maximum(1.0, np.abs(alone))
    apart[(batch == alone) | (np.isnan(batch) & np.isnan(alone))] = 0.0
    return float(apart.max()) if apart.size else 0.0


def final_of(model: Any) -> Any:
    """The estimator whose outputs these are, behind pipelines and searches."""
    for _ in range(8):
        steps = getattr(model, "steps", None)
        if isinstance(steps, list) and steps:
            if isinstance(steps[-1][1], str) or steps[-1][1] is None:
                return model
            model = steps[-1][1]
        elif hasattr(model, "best_estimator_"):
            model = model.best_estimator_
        else:
            return model
    return model


def covers(model: Any) -> list[str]:
    """Every estimator class in the model, its own first."""
    found: dict[str, None] = {}
    seen: set[int] = set()

    def walk(value: Any, depth: int) -> None:
        if depth > 30 or id(value) in seen:
            return
        seen.add(id(value))
        if isinstance(value, dict):
            for one in value.values():
                walk(one, depth + 1)
        elif isinstance(value, (list, tuple)) or (isinstance(value, np.ndarray) and value.dtype == object):
            for one in list(np.ravel(value)) if isinstance(value, np.ndarray) else value:
                walk(one, depth + 1)
        elif type(value).__module__.split(".")[0] in LIBRARIES and not inspect.isclass(value):
            if depth == 0 or hasattr(value, "get_params"):
                found.setdefault(metadata.class_of(value))
            walk(getattr(value, "__dict__", {}), depth + 1)

    walk(model, 0)
    return list(found)


def used(libraries: dict[str, str], classes: list[str]) -> dict[str, str]:
    """Versions of what the model needs; others may be loaded by chance."""
    roots = {name.split(".")[0] for name in classes}
    names = {"sklearn": "scikit-learn", "imblearn": "imbalanced-learn", "category_encoders": "category-encoders"}
    wanted = {"numpy", "scipy", "pandas"} | {names.get(root, root) for root in roots}
    return {"python": platform.python_version(), **{name: libraries[name] for name in sorted(wanted & set(libraries))}}


def _objects(values: Any) -> np.ndarray:
    array = np.empty(len(values), object)
    array[:] = list(values)
    return array


def _machine() -> dict[str, Any]:
    """What decides the last bits of Python's own answers."""
    features = "unknown"
    with contextlib.suppress(OSError):
        for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("flags"):
                held = set(line.split(":")[1].split())
                features = " ".join(f for f in ("sse4_2", "avx2", "fma", "avx512f", "avx512bw") if f in held)
                break
    return {"architecture": platform.machine(), "features": features, "threads": 1}
