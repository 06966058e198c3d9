#!/usr/bin/env python3
"""Measures the Flink connector: the same job with a ceiling, the usual way and Pelton.

Usage: run_flink.py [--repetitions 3] [--rows 2000000] [--strict]

Ways: (ceiling) an AsyncFunction that completes at once; (blocking) a FlatMap with one waiting Predict call a row, on the
Python gRPC baseline server; (pelton) the connector with its defaults, on `pelton serve` with the same pickle. Each run is
a JVM of its own with a warm-up. Prints a table and one line a target, writes target/bench/flink.json. bench/README.md
says what the figures mean.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from functools import partial

import harness
from harness import Target, median

JAR = harness.ROOT / "bench" / "java" / "target" / "bench-job.jar"
LINES = harness.OUT / "model" / "lr_cases.csv"
# The blocking way does some thousand rows a second; rates are compared, so it gets fewer.
BLOCKING_SHARE = 0.004
WARM_UP_SHARE = 0.5


def write_lines() -> None:
    """The cases as the job reads them: prediction, then features."""
    cases = json.loads(harness.CASES.read_text())
    rows = zip(cases["predictions"], cases["features"])
    LINES.write_text("".join(",".join(map(repr, [prediction, *features])) + "\n" for prediction, features in rows))


def run(way: str, server: harness.Server | None, rows: int) -> dict:
    """One run of the job; a wrong answer ends the benchmark."""
    output = harness.OUT / f"flink_{way}.json"
    output.unlink(missing_ok=True)
    address, pid = (server.address, server.pid) if server else ("-", 0)
    job = [way, address, str(pid), str(int(rows * WARM_UP_SHARE)), str(rows), str(LINES), str(output)]
    command = ["java", "-Xmx2g", "-jar", str(JAR), *job]
    done = subprocess.run(command, cwd=harness.ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0 or not output.exists():
        raise SystemExit(f"the {way} job failed:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    report = json.loads(output.read_text())
    if report["wrong"]:
        raise SystemExit(f"the {way} job got {report['wrong']} wrong answers")
    return report


def print_table(found: dict[str, list[dict]]) -> None:
    """Medians over the repetitions."""
    names = ("rows/s", "min", "max", "p50 ms", "p99 ms", "cpu s/M rows", "of it job", "of it server")
    keys = ("latency_ms_p50", "latency_ms_p99", "cpu_s_per_million", "job_cpu_s_per_million", "server_cpu_s_per_million")
    print(f"\nthe same Flink job, scored three ways\n{'way':<10}" + "".join(f"{name:>14}" for name in names))
    for way, results in found.items():
        rates = [result["rows_per_second"] for result in results]
        figures = [median(results, "rows_per_second"), min(rates), max(rates), *(median(results, key) for key in keys)]
        print(f"{way:<10}" + "".join(f"{figure:>14,.2f}" for figure in figures))


def main() -> int:
    """Run, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--rows", type=int, default=2_000_000, help="rows measured; the blocking way gets 0.4 %% of them")
    parser.add_argument("--strict", action="store_true", help="exit 1 when a target is missed")
    arguments = parser.parse_args()
    harness.prepare()
    write_lines()
    if not JAR.exists():
        raise SystemExit(f"{JAR.relative_to(harness.ROOT)} is not built, run: make java")
    found: dict = {"machine": harness.machine(), "repetitions": arguments.repetitions}
    with harness.baseline() as baseline, harness.pelton("pelton") as pelton:
        print("- the Flink job, three ways ", end="", file=sys.stderr, flush=True)
        runs = {
            "ceiling": partial(run, "ceiling", None, arguments.rows),
            "blocking": partial(run, "blocking", baseline, int(arguments.rows * BLOCKING_SHARE)),
            "pelton": partial(run, "pelton", pelton, arguments.rows),
        }
        found["ways"] = harness.interleave(runs, arguments.repetitions)
    print_table(found["ways"])
    rates = {way: median(results, "rows_per_second") for way, results in found["ways"].items()}
    found["pelton_of_ceiling"] = rates["pelton"] / rates["ceiling"]
    print(f"\npelton reaches {found['pelton_of_ceiling']:.0%} of the ceiling")
    targets = [Target("flink_times_blocking_grpc_baseline", rates["pelton"] / rates["blocking"], 50, at_least=True)]
    return harness.finish("flink", found, targets, arguments.strict)


if __name__ == "__main__":
    sys.exit(main())
