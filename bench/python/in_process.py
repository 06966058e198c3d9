"""The model's own cost: predict of one row in this process, without any server.

Usage: in_process.py MODEL.pkl CASES.json [--seconds 2]

Prints JSON: `predict_us_p50`, `predict_us_mean`, `calls`. The rows are numpy matrices of shape [1, features] made
beforehand, so nothing but predict is timed.
"""

from __future__ import annotations

import argparse
import json
import pickle
import statistics
import time

import numpy as np


def main() -> None:
    """Time predict and print what it costs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("cases")
    parser.add_argument("--seconds", type=float, default=2.0)
    arguments = parser.parse_args()
    with open(arguments.model, "rb") as file:
        model = pickle.load(file)
    with open(arguments.cases, encoding="utf-8") as file:
        rows = [np.asarray([row]) for row in json.load(file)["features"]]
    for row in rows[:500]:
        model.predict(row)
    spent: list[int] = []
    end = time.perf_counter() + arguments.seconds
    while time.perf_counter() < end:
        row = rows[len(spent) % len(rows)]
        start = time.perf_counter_ns()
        model.predict(row)
        spent.append(time.perf_counter_ns() - start)
    result = {
        "calls": len(spent),
        "predict_us_mean": statistics.fmean(spent) / 1e3,
        "predict_us_p50": statistics.median(spent) / 1e3,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
