#!/usr/bin/env python3
"""Measures the native engine of two commits on the same models in one run: what did a change cost, or win?

Usage: compare_kernels.py COMMIT [--python PATH] [--models a,c] [--repetitions 4] [--allowed 1.1]

The working tree is held against COMMIT, in turns. Prints microseconds a call of 1, 32 and 1024 rows by both and their
ratio, and exits 1 if one became slower than allowed. The models and the meaning of the figures are run_kernels.py's.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path

import harness
import run_kernels
from run_kernels import FOLDER, MODELS, SIZES

TREE = harness.OUT / "compared"
BUILT = harness.OUT / "compared-target"


def check_out(commit: str) -> Path:
    """The sources of a commit, in a tree of their own, which the next comparison uses again."""
    if TREE.exists():
        harness.step(f"checking out {commit}", ["git", "-C", str(TREE), "checkout", "--quiet", "--detach", commit])
    else:
        subprocess.run(["git", "worktree", "prune"], cwd=harness.ROOT, check=True)
        harness.step(f"checking out {commit}", ["git", "worktree", "add", "--quiet", "--detach", str(TREE), commit])
    return TREE


def engine(root: Path, target: Path | None, kept: str) -> Path:
    """The benchmark of one tree, under a name that the other's build does not overwrite."""
    to = harness.OUT / kept
    shutil.copy2(run_kernels.build(root, target), to)
    return to


def measure(engine_path: Path, name: str) -> dict:
    """One run of one engine on one model."""
    done = subprocess.run([str(engine_path), str(FOLDER), name], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def compare(name: str, engines: dict[str, Path], repetitions: int) -> dict:
    """The least of every size for both engines, in turns: what disturbs a run only ever makes it slower."""
    runs = {who: (lambda path=path: measure(path, name)) for who, path in engines.items()}
    found = harness.interleave(runs, repetitions)
    refused = {who: told[0]["refused"] for who, told in found.items() if "refused" in told[0]}
    if refused:
        return {"refused": refused}
    us = {who: run_kernels.least([one["us"] for one in told]) for who, told in found.items()}
    return {"us": us, "ratio": [now / before for now, before in zip(us["now"], us["before"])]}


def show(name: str, result: dict, allowed: float) -> bool:
    """The line of one model; whether it became no slower than allowed."""
    if "refused" in result:
        print(f"{name:8} " + "; ".join(f"refused {who}: {why}" for who, why in result["refused"].items()))
        return "now" not in result["refused"]
    columns = zip(result["us"]["before"], result["us"]["now"], result["ratio"])
    cells = "".join(f"{before:12.3f} {now:10.3f} {ratio:6.2f}x" for before, now, ratio in columns)
    slower = max(result["ratio"]) > allowed
    print(f"{name:8}{cells}{'  slower' if slower else ''}", flush=True)
    return not slower


def main() -> int:
    """Build both, run them in turns, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("commit", help="what the working tree is held against: a commit, a branch, HEAD~3")
    parser.add_argument("--python", help="an interpreter with bench/requirements-kernels.txt, to train what is missing")
    parser.add_argument("--models", help="some of them, with commas between")
    parser.add_argument("--repetitions", type=int, default=4)
    parser.add_argument("--allowed", type=float, default=1.1, help="times the time before; 1.1 by default")
    arguments = parser.parse_args()
    names = arguments.models.split(",") if arguments.models else list(MODELS)
    resolved = subprocess.run(
        ["git", "rev-parse", "--verify", "--short", f"{arguments.commit}^{{commit}}"],
        cwd=harness.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if resolved.returncode != 0:
        parser.error(f"{arguments.commit} is no commit of this repository; name one that `git log` knows")
    FOLDER.mkdir(parents=True, exist_ok=True)
    run_kernels.train(arguments.python, names)
    engines = {
        "before": engine(check_out(resolved.stdout.strip()), BUILT, "models-before"),
        "now": engine(harness.ROOT, None, "models-now"),
    }
    found = {"machine": harness.machine(), "before": resolved.stdout.strip(), "sizes": SIZES, "models": {}}
    print(f"microseconds a call of {', '.join(map(str, SIZES))} rows: at {found['before']}, now, and the second by the first")
    kept = True
    for name in names:
        found["models"][name] = compare(name, engines, arguments.repetitions)
        kept &= show(name, found["models"][name], arguments.allowed)
    path = harness.OUT / "compared.json"
    path.write_text(json.dumps(found, indent=1))
    print(f"\nall figures: {path.relative_to(harness.ROOT)}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
