"""Pelton's tree engines against each model's own Python library and ONNX Runtime, in one run, one thread.

    python train.py DIRECTORY && python compare.py DIRECTORY BENCH_BINARY [MODEL ...]

BENCH_BINARY is what `cargo bench -p pelton-native --bench trees --no-run` names. Prints a table of microseconds per call
of 1, 32 and 1024 rotating rows (a fifth of the calls are faster), ratios, and one line per target; the last line is all
of it as JSON.
"""

import json
import os
import pathlib
import pickle
import subprocess
import sys
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np  # noqa: E402

SIZES = (1, 32, 1024)

# Ratios to reach: (against, model) -> one per size; None where none is set.
TARGETS = {
    ("library", "c"): (1000, None, 15),
    ("library", "d0"): (15, None, 7),
    ("library", "xgb6"): (15, None, 7),
    ("library", "xgb8"): (15, None, 7),
    ("library", "lgb8"): (15, None, 7),
    ("library", "hgb"): (300, None, 5),
    **{("onnx", model): (7, 7, 7) for model in ("c", "d0", "xgb6", "xgb8", "lgb8")},
}


def calls(name, model):
    """The library's fastest public call on a block of rows."""
    if name.startswith("xgb"):
        booster = model.get_booster()
        booster.set_param({"nthread": 1})
        return booster.inplace_predict
    if name.startswith("lgb"):
        booster = model.booster_
        return lambda x: booster.predict(x, num_threads=1)
    if hasattr(model, "n_jobs"):
        model.set_params(n_jobs=1)
    return model.predict_proba


def onnx_call(path):
    """ONNX Runtime's call on a block of rows."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    outputs = [session.get_outputs()[-1].name]
    return lambda x: session.run(outputs, {name: x})


def measure(call, rows, seconds=1.5):
    """Microseconds per call for every size."""
    found = []
    for n in SIZES:
        chunks = [np.ascontiguousarray(rows[i : i + n]) for i in range(0, len(rows) - n + 1, n)]
        call(chunks[0])
        times, until, i = [], time.perf_counter() + seconds / len(SIZES), 0
        while time.perf_counter() < until or len(times) < 5:
            # Long calls by CPU time, which other work on the machine does not change; as trees.rs does.
            clock = time.process_time if n >= 1024 else time.perf_counter
            start = clock()
            call(chunks[i % len(chunks)])
            times.append((clock() - start) * 1e6)
            i += 1
        found.append(sorted(times)[len(times) // 5])
    return found


def rows_of(path):
    """The rows a dump carries."""
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    entry = json.loads(data[8 : 8 + size])["x"]
    begin, end = (8 + size + o for o in entry["data_offsets"])
    return np.frombuffer(data[begin:end], "f8").reshape(entry["shape"])


def main():
    """Measures and prints."""
    directory, binary = pathlib.Path(sys.argv[1]), sys.argv[2]
    models = sys.argv[3:] or ["c", "d0", "xgb6", "xgb8", "lgb8", "hgb"]
    results = {}
    for name in models:
        rows = rows_of(directory / f"{name}.trees")
        lines = subprocess.run([binary, str(directory), name], check=True, capture_output=True, text=True).stdout.splitlines()
        lines = [json.loads(line) for line in lines]
        result = {"differing": lines[0]["differing"], "build_ms": lines[0]["build_ms"]}
        result["engines"] = {line["engine"]: line["us"] for line in lines[1:]}
        result["chosen"] = lines[-1]["chosen"]
        result["pelton"] = result["engines"]["chosen"]
        model = pickle.loads((directory / f"{name}.pkl").read_bytes())
        result["library"] = measure(calls(name, model), rows)
        if (directory / f"{name}.onnx").exists():
            result["onnx"] = measure(onnx_call(directory / f"{name}.onnx"), rows.astype("f4"))
        results[name] = result
        print(f"{name}: {result['differing']} values differ, laid out in {result['build_ms']:.0f} ms, {result['chosen']}")
        for who in ("pelton", "library", "onnx"):
            if who in result:
                ratios = [t / p for t, p in zip(result[who], result["pelton"])]
                print(f"  {who:8}" + "".join(f"{t:12.2f} us {r:8.1f}x" for t, r in zip(result[who], ratios)), flush=True)
    for (against, name), wanted in TARGETS.items():
        if against in results.get(name, {}):
            for n, theirs, ours, least in zip(SIZES, results[name][against], results[name]["pelton"], wanted):
                if least:
                    ok = "ok" if theirs / ours >= least else "short"
                    print(f"target {name}-{n}-vs-{against} measured {theirs / ours:.1f} wanted {least} {ok}")
    print(json.dumps(results))


if __name__ == "__main__":
    main()
