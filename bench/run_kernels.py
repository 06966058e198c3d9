#!/usr/bin/env python3
"""Measures the native engine on whole models, against their own libraries, ONNX Runtime, treelite and lleaves.

Usage: run_kernels.py [--python PATH] [--repetitions 2] [--models c,xgb6] [--no-lleaves] [--strict]

One thread, rotating rows, 1, 32 and 1024 rows a call, all in one run. Models are trained once into
target/bench/kernels; PATH is an interpreter that has bench/requirements-kernels.txt (one is made otherwise). Prints a
table and one line a target, writes target/bench/kernels.json. bench/README.md says what the figures mean.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import harness
from harness import Target

FOLDER = harness.OUT / "kernels"
VENV = harness.OUT / "kernels-venv"
SIZES = (1, 32, 1024)
MODELS = {
    "a": "scaler + logistic regression, 30 features",
    "b_lr": "mixed columns: impute, scale, one-hot + logistic regression",
    "b_hgb": "the same preparation + histogram boosting, 76 iterations",
    "b_hgbc": "ordinal encoding + histogram boosting with categories, 50 iterations",
    "hgb": "histogram boosting, 76 iterations, 30 features",
    "c": "random forest, 100 trees of depth 14",
    "d0": "gradient boosting (scikit-learn), 100 trees of depth 6",
    "xgb6": "XGBoost, 500 trees of depth 6",
    "xgb8": "XGBoost, 500 trees of depth 8",
    "lgb8": "LightGBM, 500 trees of 128 leaves",
    "cat6": "CatBoost, 500 trees of depth 6",
    "e": "dense net 784-32-32-32-7 in float64; onnx computes it in float32, onnx64 in float64",
    "e32": "the same trained on float32, in which both compute it",
}
# How many times faster than the other the engine has to be, by model and rows a call.
WANTED = {
    "library": {
        "c": {1: 1000, 1024: 15},
        **{name: {1: 15, 1024: 7} for name in ("d0", "xgb6", "xgb8", "lgb8")},
        "hgb": {1: 300, 1024: 5},
        "a": {1: 2000},
        "b_lr": {1: 5000, 1024: 30},
    },
    "onnx": {
        **{name: dict.fromkeys(SIZES, 7) for name in ("c", "d0", "xgb6", "xgb8", "lgb8", "cat6")},
        "e32": {1024: 1},
    },
    # A net's answers in float64 against others in float64.
    "onnx64": {"e": {1024: 1}},
}
LOAD_MS = 100


def environment(given: str | None) -> str:
    """An interpreter with the libraries."""
    if given:
        return given
    python = VENV / "bin" / "python"
    listed = harness.ROOT / "bench" / "requirements-kernels.txt"
    mark = VENV / "installed"
    if harness.is_older(mark, listed.stat().st_mtime):
        harness.step("making an environment with the libraries", [sys.executable, "-m", "venv", str(VENV)])
        harness.step("installing them", [str(python), "-m", "pip", "install", "--quiet", "-r", str(listed)])
        # lleaves needs an llvmlite that not every Python has: without it, it is left out.
        command = [str(python), "-m", "pip", "install", "--quiet", "lleaves==1.3.0", "llvmlite<0.43"]
        subprocess.run(command, cwd=harness.ROOT, check=False)
        mark.touch()
    return str(python)


def train(given: str | None, names: list[str]) -> None:
    """Train what is not there yet."""
    script = harness.ROOT / "bench" / "python" / "kernel_models.py"
    changed = script.stat().st_mtime
    missing = [name for name in names if harness.is_older(FOLDER / f"{name}.pkl", changed)]
    if missing:
        harness.step(f"training {', '.join(missing)}", [environment(given), str(script), str(FOLDER), *missing])


def build(root: Path = harness.ROOT, target: Path | None = None) -> Path:
    """The Rust side of the benchmark, of the sources in a folder."""
    print(f"- building the engine of {root}", file=sys.stderr, flush=True)
    command = ["cargo", "bench", "--locked", "--package", "pelton-native", "--bench", "models", "--no-run"]
    if target:
        command += ["--target-dir", str(target)]
    done = subprocess.run([*command, "--message-format=json"], cwd=root, check=True, stdout=subprocess.PIPE, text=True)
    made = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return Path(next(one["executable"] for one in made if one.get("executable")))


def least(found: list[list[float]]) -> list[float]:
    """The least of every size over repetitions: what disturbs a run only ever makes it slower."""
    return [min(column) for column in zip(*found)]


def run(name: str, python: str, engine: Path, arguments: argparse.Namespace) -> dict:
    """Everything about one model, the engine and the others in turns."""
    ours, others = [], []
    hidden = {"PYTHONPATH": ""} if not arguments.no_lleaves else {"PYTHONPATH": "", "PELTON_NO_LLEAVES": "1"}
    for _ in range(arguments.repetitions):
        line = subprocess.run([str(engine), str(FOLDER), name], check=True, capture_output=True, text=True).stdout
        ours.append(json.loads(line))
        command = [python, str(harness.ROOT / "bench" / "python" / "kernel_rivals.py"), str(FOLDER), name]
        told = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, **hidden}).stdout
        others.append(json.loads(told.splitlines()[-1]))
    result: dict = {"raw": {"pelton": ours, "others": others}, "skipped": others[0]["skipped"]}
    result["library_calls"] = {call: least([one["library"][call] for one in others]) for call in others[0]["library"]}
    result["library"] = least(list(result["library_calls"].values()))
    for runtime in ("onnx", "onnx64", "treelite", "lleaves"):
        if all(runtime in one for one in others):
            result[runtime] = least([one[runtime] for one in others])
    if "refused" in ours[0]:
        result["refused"] = ours[0]["refused"]
        return result
    result["pelton"] = least([one["us"] for one in ours])
    result |= {key: min(min(one[key]) for one in ours) for key in ("load_ms", "load_cpu_ms")}
    result |= {key: ours[0][key] for key in ("values", "differing", "largest_difference")}
    return result


def show(name: str, result: dict) -> None:
    """The part of the table about one model."""
    print(f"\n{name}: {MODELS[name]}")
    if "refused" in result:
        print(f"  not read: {result['refused']}")
    else:
        largest = f", at most {result['largest_difference']:.1e} apart" if result["differing"] else ""
        differing = f"{result['differing']} of {result['values']} values differ from Python's{largest}"
        print(f"  {differing}; loaded in {result['load_ms']:.1f} ms ({result['load_cpu_ms']:.1f} ms of CPU)")
    for who in ("pelton", "library", "onnx", "onnx64", "treelite", "lleaves"):
        if who in result:
            ratios = [them / us for them, us in zip(result[who], result.get("pelton", result[who]))]
            cells = "".join(f"{us:12.2f} us {ratio:9.1f}x" for us, ratio in zip(result[who], ratios))
            print(f"  {who:9}{cells}", flush=True)
    for runtime, why in result["skipped"].items():
        meant = {"lleaves": name.startswith("lgb"), "onnx64": name == "e"}.get(runtime, True)
        if meant:
            print(f"  {runtime:9} left out: {why}")


def targets(results: dict[str, dict]) -> list[Target]:
    """One of every ratio that is wanted, for the models that ran."""
    found = []
    for against, models in WANTED.items():
        for name, sizes in models.items():
            if name not in results:
                continue
            for size, wanted in sizes.items():
                at, result = SIZES.index(size), results[name]
                both = "pelton" in result and against in result
                times = result[against][at] / result["pelton"][at] if both else 0.0
                found.append(Target(f"{name}_times_{against}_at_{size}", times, wanted, at_least=True))
    if "load_ms" in results.get("c", {}):
        found.append(Target("c_load_ms", results["c"]["load_ms"], LOAD_MS, at_least=False))
    return found


def main() -> int:
    """Train, build, run, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", help="an interpreter with bench/requirements-kernels.txt")
    parser.add_argument("--repetitions", type=int, default=2)
    parser.add_argument("--models", help="some of them, with commas between")
    parser.add_argument("--no-lleaves", action="store_true", help="do not wait minutes for it to compile")
    parser.add_argument("--strict", action="store_true", help="exit 1 when a target is missed")
    arguments = parser.parse_args()
    names = arguments.models.split(",") if arguments.models else list(MODELS)
    FOLDER.mkdir(parents=True, exist_ok=True)
    python = environment(arguments.python)
    train(python, names)
    engine = build()
    found = {"machine": harness.machine(), "repetitions": arguments.repetitions, "sizes": SIZES, "models": {}}
    print("microseconds a call of 1, 32 and 1024 rows, and how many times that is Pelton's time")
    for name in names:
        found["models"][name] = run(name, python, engine, arguments)
        show(name, found["models"][name])
    return harness.finish("kernels", found, targets(found["models"]), arguments.strict)


if __name__ == "__main__":
    sys.exit(main())
