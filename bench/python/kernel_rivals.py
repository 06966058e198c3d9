"""Times a model of the kernel benchmark in its own library and in other runtimes: one thread, rotating rows.

    python kernel_rivals.py FOLDER NAME

Prints one line of JSON: microseconds a call of 1, 32 and 1024 rows by every call that can answer (`library` holds the
library's own public calls, the fastest of which counts), and why the others cannot. Must not train anything.
"""

from __future__ import annotations

import json
import os
import pathlib
import pickle
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy as np  # noqa: E402

SIZES = (1, 32, 1024)
SECONDS = 0.4

# A call takes a block of rows as `blocks` made it.
Call = Callable[[Any], Any]


def measure(call: Call, blocks: dict[int, list]) -> list[float]:
    """Microseconds a call for every size: a fifth of the calls are faster, others are disturbed."""
    found = []
    for size in SIZES:
        chunks = blocks[size]
        call(chunks[0])
        times: list[float] = []
        until, number = time.perf_counter() + SECONDS, 0
        # Long calls by CPU time, which other work on the machine does not change; as the Rust side does.
        clock = time.process_time if size >= 1024 else time.perf_counter
        while time.perf_counter() < until or len(times) < 8:
            start = clock()
            call(chunks[number % len(chunks)])
            times.append((clock() - start) * 1e6)
            number += 1
        found.append(sorted(times)[len(times) // 5])
    return found


def blocks(rows: Any, make: Callable[[Any], Any] = lambda part: part) -> dict[int, list]:
    """The rows in blocks of every size, each as a call takes it."""
    take = (
        (lambda i, n: rows.iloc[i : i + n]) if hasattr(rows, "iloc") else (lambda i, n: np.ascontiguousarray(rows[i : i + n]))
    )
    return {n: [make(take(i, n)) for i in range(0, len(rows) - n + 1, n)] for n in SIZES}


def rows_of(folder: pathlib.Path, name: str) -> Any:
    """The rows of a model as its library takes them."""
    stored = pickle.loads((folder / f"{name}.rows.pkl").read_bytes())
    if not isinstance(stored, dict):
        return stored
    import pandas as pd

    return pd.DataFrame({c: v.astype(object) if v.dtype.kind == "U" else v for c, v in stored.items()})


def library_calls(name: str, model: Any, rows: Any) -> dict[str, tuple[Call, dict[int, list]]]:
    """The library's own public calls."""
    if name.startswith("xgb"):
        import xgboost

        booster = model.get_booster()
        booster.set_param({"nthread": 1})
        narrow = blocks(rows.astype("f4"))
        return {
            "inplace_predict": (booster.inplace_predict, narrow),
            "DMatrix + predict": (lambda x: booster.predict(xgboost.DMatrix(x, nthread=1)), narrow),
            "predict_proba": (model.predict_proba, narrow),
        }
    if name.startswith("lgb"):
        booster = model.booster_
        return {
            "Booster.predict": (lambda x: booster.predict(x, num_threads=1), blocks(rows)),
            "predict_proba": (lambda x: model.predict_proba(x, num_threads=1), blocks(rows)),
        }
    if name.startswith("cat"):
        return {"predict_proba": (lambda x: model.predict_proba(x, thread_count=1), blocks(rows.astype("f4")))}
    # With its checks, as the engine has them too.
    if hasattr(model, "n_jobs"):
        model.set_params(n_jobs=1)
    whole = blocks(rows)
    return {"predict_proba": (model.predict_proba, whole), "predict": (model.predict, whole)}


def onnx_call(folder: pathlib.Path, name: str, rows: Any, kind: str = "onnx") -> tuple[Call, dict[int, list]]:
    """ONNX Runtime through its Python interface; of kind onnx64 it computes in float64, else in float32."""
    if kind == "onnx64" and name != "e":
        raise RuntimeError("one net alone is compared in float64")
    why = folder / f"{name}.onnx.txt"
    if why.exists():
        raise RuntimeError(f"no conversion: {why.read_text()}")
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(str(folder / f"{name}.{kind}"), options, providers=["CPUExecutionProvider"])
    outputs = [session.get_outputs()[-1].name]
    first = session.get_inputs()[0].name
    if not hasattr(rows, "iloc"):
        return lambda feed: session.run(outputs, feed), blocks(
            rows if kind == "onnx64" else rows.astype("f4"), lambda part: {first: part}
        )

    def feed(part: Any) -> dict[str, np.ndarray]:
        columns = {c: part[c].to_numpy().reshape(-1, 1) for c in part}
        return {c: v if v.dtype == object else v.astype("f4") for c, v in columns.items()}

    return lambda fed: session.run(outputs, fed), blocks(rows, feed)


def treelite_call(name: str, model: Any, rows: Any) -> tuple[Call, dict[int, list]]:
    """The general tree inference library of treelite."""
    if hasattr(rows, "iloc") or name in ("a", "e", "e32"):
        raise RuntimeError("no tree model")
    if name.startswith("cat"):
        raise RuntimeError("treelite does not read CatBoost's models")
    import treelite

    if name.startswith("xgb"):
        loaded, rows = treelite.frontend.from_xgboost(model.get_booster()), rows.astype("f4")
    elif name.startswith("lgb"):
        loaded = treelite.frontend.from_lightgbm(model.booster_)
    else:
        loaded = treelite.sklearn.import_model(model)
    return lambda x: treelite.gtil.predict(loaded, x, nthread=1), blocks(rows)


def lleaves_call(folder: pathlib.Path, name: str, model: Any, rows: Any) -> tuple[Call, dict[int, list]]:
    """The call of lleaves, which compiles LightGBM's models; minutes the first time."""
    if not name.startswith("lgb"):
        raise RuntimeError("LightGBM alone")
    if os.environ.get("PELTON_NO_LLEAVES"):
        raise RuntimeError("not asked for")
    import lleaves

    text = folder / f"{name}.txt"
    model.booster_.save_model(str(text))
    compiled = lleaves.Model(model_file=str(text))
    compiled.compile(cache=str(folder / f"{name}.lleaves"))
    return lambda x: compiled.predict(x, n_jobs=1), blocks(rows)


def main() -> None:
    """Measure one model."""
    folder, name = pathlib.Path(sys.argv[1]), sys.argv[2]
    warnings.simplefilter("ignore")
    rows = rows_of(folder, name)
    model = pickle.loads((folder / f"{name}.pkl").read_bytes())
    found: dict[str, Any] = {"library": {}, "skipped": {}}
    for call_name, (call, parts) in library_calls(name, model, rows).items():
        found["library"][call_name] = measure(call, parts)
    others = {
        "onnx": lambda: onnx_call(folder, name, rows),
        "onnx64": lambda: onnx_call(folder, name, rows, "onnx64"),
        "treelite": lambda: treelite_call(name, model, rows),
        "lleaves": lambda: lleaves_call(folder, name, model, rows),
    }
    for runtime, make in others.items():
        try:
            found[runtime] = measure(*make())
        except Exception as error:  # what cannot run is told, not hidden
            found["skipped"][runtime] = f"{type(error).__name__}: {' '.join(str(error).split())[:160]}"
    print(json.dumps(found))


if __name__ == "__main__":
    main()
