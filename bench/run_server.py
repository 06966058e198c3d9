#!/usr/bin/env python3
"""Measures the server: what its path costs beside a bare tonic echo, and what it makes of a Python model.

Usage: run_server.py [--repetitions 5] [--seconds 2] [--only path|python] [--strict]

All in one run, interleaved; ratios are of medians. Prints a table and one line a target, writes target/bench/server.json.
With --strict a missed target is exit code 1. bench/README.md says what the figures mean.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from functools import partial

import harness
from harness import Target, median


def measure_path(arguments: argparse.Namespace) -> tuple[dict, list[Target]]:
    """Identity executor against tonic echo, the same message."""
    found = {}
    with harness.echo() as echo, harness.identity() as identity:
        for in_flight in (1, 16, 64):
            print(f"- the path at {in_flight} in flight ", end="", file=sys.stderr, flush=True)
            runs = {
                server.name: partial(harness.load, server, in_flight, "--expect", "identity", seconds=arguments.seconds)
                for server in (echo, identity)
            }
            found[str(in_flight)] = harness.interleave(runs, arguments.repetitions)

    def ratio(in_flight: int) -> float:
        at = found[str(in_flight)]
        return median(at["identity"], "requests_per_second") / median(at["echo"], "requests_per_second")

    one = found["1"]
    added = median(one["identity"], "latency_us_p50") - median(one["echo"], "latency_us_p50")
    targets = [
        Target("path_throughput_of_echo_at_64", ratio(64), 0.7, at_least=True),
        Target("path_added_us_at_1", added, 60, at_least=False),
    ]
    return found, targets


def in_process(seconds: float) -> dict:
    """The model's own cost, in the shape of a load report."""
    command = [str(harness.PYTHON), "bench/python/in_process.py", str(harness.MODEL), str(harness.CASES)]
    command += ["--seconds", str(seconds)]
    done = subprocess.run(command, cwd=harness.ROOT, capture_output=True, text=True, check=True)
    result = json.loads(done.stdout)
    result["latency_us_p50"] = result["predict_us_p50"]
    result["latency_us_mean"] = result["predict_us_mean"]
    result["requests_per_second"] = 1e6 / result["predict_us_mean"]
    return result


def measure_python(arguments: argparse.Namespace) -> tuple[dict, list[Target]]:
    """The LogisticRegression pickle: in process, served by Pelton, served by the usual Python server."""
    found = {}
    seconds = arguments.seconds
    with (
        harness.baseline() as baseline,
        harness.pelton("pelton") as pelton,
        harness.pelton("pelton_no_batching", "--no-batching") as alone,
    ):
        for in_flight in (1, 32, 64):
            print(f"- the Python model at {in_flight} in flight ", end="", file=sys.stderr, flush=True)

            def predict(server, in_flight=in_flight):
                return harness.load(server, in_flight, "--protocol", "predict", seconds=seconds)

            runs = {
                "baseline": partial(predict, baseline),
                "pelton": partial(predict, pelton),
                "pelton_oip": partial(harness.load, pelton, in_flight, seconds=seconds),
            }
            if in_flight == 1:
                runs["pelton_no_batching"] = partial(predict, alone)
                runs["in_process"] = partial(in_process, seconds)
            found[str(in_flight)] = harness.interleave(runs, arguments.repetitions)

    def ratio(in_flight: int, name: str, other: str) -> float:
        at = found[str(in_flight)]
        return median(at[name], "requests_per_second") / median(at[other], "requests_per_second")

    one = found["1"]
    added = median(one["pelton"], "latency_us_p50") - median(one["in_process"], "latency_us_p50")
    targets = [
        Target("python_added_us_at_1", added, 150, at_least=False),
        Target("python_times_grpc_baseline_at_32", ratio(32, "pelton", "baseline"), 20, at_least=True),
        Target("python_times_grpc_baseline_at_64", ratio(64, "pelton", "baseline"), 20, at_least=True),
        Target("batching_throughput_kept_at_1", ratio(1, "pelton", "pelton_no_batching"), 0.95, at_least=True),
    ]
    return found, targets


def print_table(title: str, found: dict) -> None:
    """Medians over the repetitions, and the spread of the throughput."""
    head = ("in flight", "server", "req/s", "min", "max", "mean us", "p50 us", "p99 us", "server cpu us", "client cpu us")
    print(f"\n{title}\n{head[0]:>9}  {head[1]:<19}" + "".join(f"{name:>14}" for name in head[2:]))
    for in_flight, servers in found.items():
        for name, results in servers.items():
            rates = [result["requests_per_second"] for result in results]
            figures = [median(results, "requests_per_second"), min(rates), max(rates)]
            keys = ("latency_us_mean", "latency_us_p50", "latency_us_p99", "server_cpu_us", "client_cpu_us")
            figures += [median(results, key) if key in results[0] else float("nan") for key in keys]
            print(f"{in_flight:>9}  {name:<19}" + "".join(f"{figure:>14,.1f}" for figure in figures))


def main() -> int:
    """Run, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--only", choices=("path", "python"))
    parser.add_argument("--strict", action="store_true", help="exit 1 when a target is missed")
    arguments = parser.parse_args()
    harness.prepare()
    found: dict = {"machine": harness.machine(), "seconds": arguments.seconds, "repetitions": arguments.repetitions}
    targets: list[Target] = []
    parts = {"path": measure_path, "python": measure_python}
    for part, measure in parts.items():
        if arguments.only in (None, part):
            found[part], reached = measure(arguments)
            targets += reached
    titles = {
        "path": "the request path: identity executor against a hand-written tonic echo",
        "python": "LogisticRegression pickle: Pelton's Python worker against a Python gRPC server",
    }
    for part, title in titles.items():
        if part in found:
            print_table(title, found[part])
    return harness.finish("server", found, targets, arguments.strict)


if __name__ == "__main__":
    sys.exit(main())
