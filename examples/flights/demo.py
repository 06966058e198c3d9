"""The demo: trains on January to August, serves the pickle, scores September to December in Flink, checks every answer.

The pickle is served twice: natively, and in a Python worker, so that the picture can compare the two.

usage: make demo          or, once built: python examples/flights/demo.py [--rows N] [--output FOLDER] [--profile PROFILE]

Ends with code 0 only if every flight came out exactly once with exactly Python's own score. Stops what it started, also
on Ctrl-C and when something fails.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent))

import serving  # noqa: E402

if TYPE_CHECKING:
    import verify

PYTHON = ROOT / ".venv" / "bin" / "python"
JOB = HERE / "java" / "target" / "flights-job.jar"
MODEL = ROOT / "target" / "demo" / "flights.pkl"
# Natively nothing but the file is needed; a worker needs an interpreter that has the model's libraries.
EXECUTORS = {"native": [], "python": ["--executor", "python", "--python", str(PYTHON)]}


class DemoError(Exception):
    """Something is off; the message is for the person at the terminal."""


def main() -> int:
    """Runs the demo, prints the table, returns the exit code."""
    arguments = parse()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    try:
        with step("train the model (January to August)"):
            train()
        return run(arguments)
    except (DemoError, serving.ServerError) as error:
        print(f"\ndemo: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\ndemo: stopped", file=sys.stderr)
        return 130
    return 1


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Scores a stream of real flights and checks every answer.")
    parser.add_argument("--rows", type=int, help="only the first N flights of the stream")
    parser.add_argument("--output", type=Path, default=ROOT / "target" / "demo", help="where results go")
    parser.add_argument("--profile", default="release", help="which build of the server: release or debug")
    return parser.parse_args()


def run(arguments: argparse.Namespace) -> int:
    """Everything but the training."""
    output = arguments.output.resolve()
    output.mkdir(parents=True, exist_ok=True)
    for old in EXECUTORS:
        shutil.rmtree(output / old, ignore_errors=True)
    for old in ("summary.json", "report.png"):
        (output / old).unlink(missing_ok=True)

    with step("prepare the stream (September to December)"):
        import data
        import prepare

        stream = data.stream_rows(data.load(), arguments.rows)
        prepare.write(stream, output / "flights.csv")

    outcomes = {}
    for executor, options in EXECUTORS.items():
        folder = output / executor
        folder.mkdir()
        command = [f"flights={MODEL}", *options]
        with serving.Server(command, log=folder / "server.log", program=serving.binary(arguments.profile)) as server:
            with step(f"score {len(stream):,} flights in Flink, {executor} executor"):
                score(server.grpc, output / "flights.csv", folder)
            batch_rows = mean_batch_rows(server.http)
            running = executor_of(server.grpc)
        if running != executor:
            raise DemoError(f"the model was to run in the {executor} executor and ran in {running}")
        with step("check every answer against Python"):
            import verify

            outcomes[executor] = verify.check(stream, MODEL, folder, batch_rows, executor)

    import report

    summary = {**outcomes["native"].summary, "python": outcomes["python"].summary}
    (output / "summary.json").write_text(json.dumps(summary, indent=2) + "\n")
    report.draw(outcomes["native"], outcomes["python"], output / "report.png")
    show(outcomes, output)
    problems = [f"{executor}: {problem}" for executor, outcome in outcomes.items() for problem in outcome.problems]
    for problem in problems:
        print(f"demo: {problem}", file=sys.stderr)
    return 1 if problems else 0


def train() -> None:
    """Runs train.py unless the model there is what it would give."""
    key = hashlib.sha256(platform.python_version().encode())
    for source in (HERE / "train.py", HERE / "data.py", ROOT / "requirements.txt"):
        key.update(source.read_bytes())
    stamp = MODEL.with_suffix(".key")
    if MODEL.exists() and stamp.exists() and stamp.read_text() == key.hexdigest():
        return
    stamp.unlink(missing_ok=True)
    trained = subprocess.run(
        [PYTHON, str(HERE / "train.py"), str(MODEL)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OMP_WAIT_POLICY": "passive"},  # threads that spin starve each other on a busy machine
    )
    if trained.returncode != 0:
        raise DemoError(f"training failed\n{trained.stderr.strip()}")
    stamp.write_text(key.hexdigest())


def score(endpoint: str, rows: Path, output: Path) -> None:
    """Runs the Flink job to its end."""
    if not JOB.exists():
        raise DemoError("the Flink job is not built; run: make jobs")
    log = output / "flink.log"
    command = ["java", "-Xmx1g", "-jar", str(JOB), endpoint, str(rows), str(output)]
    job = None
    try:
        with open(log, "wb") as file, serving.uninterrupted():
            job = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, preexec_fn=serving.end_with_parent
            )
        code = job.wait()
    finally:
        if job is not None and job.poll() is None:
            job.kill()
            job.wait()
    if code != 0:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-25:])
        raise DemoError(f"the Flink job ended with code {code}; the end of {log}:\n{tail}")


def mean_batch_rows(address: str) -> float:
    """Rows a batch, as the server counted them."""
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    totals = {}
    for part in ("sum", "count"):
        found = [line for line in lines if line.startswith(f"pelton_batch_rows_{part}") and 'model="flights"' in line]
        if len(found) != 1:
            raise DemoError(f"the server's metrics have {len(found)} lines pelton_batch_rows_{part} for the model")
        totals[part] = float(found[0].rsplit(" ", 1)[1])
    return totals["sum"] / totals["count"]


def executor_of(address: str) -> str:
    """How the server runs the model: a property in the model's metadata."""
    import metadata

    return metadata.properties(address, "flights")["executor"]


def show(outcomes: dict[str, verify.Outcome], output: Path) -> None:
    """The figures, one a line, an executor a column."""
    rows = [
        ("flights in", "rows_in", "{:,}"),
        ("predictions out", "predictions", "{:,}"),
        ("failures", "failures", "{:,}"),
        ("distinct scores", "distinct_scores", "{:,}"),
        ("ROC AUC", "roc_auc", "{:.4f}"),
        ("largest difference from Python", "max_abs_diff_vs_python", "{}"),
        ("rows a second", "rows_per_second", "{:,.0f}"),
        ("latency p50", "latency_ms_p50", "{:.1f} ms"),
        ("latency p99", "latency_ms_p99", "{:.1f} ms"),
        ("rows a batch (mean)", "mean_batch_rows", "{:.1f}"),
    ]
    print()
    print(f"  {'executor':<32}" + "".join(f"{executor:>12}" for executor in outcomes))
    for name, key, form in rows:
        print(f"  {name:<32}" + "".join(f"{form.format(outcome.summary[key]):>12}" for outcome in outcomes.values()))
    print(f"\n  picture  {_short(output / 'report.png')}\n  figures  {_short(output / 'summary.json')}")
    print(f"  scores   {_short(output / 'native' / 'predictions')}")


@contextmanager
def step(label: str) -> Iterator[None]:
    """One line with what is done and how long it took."""
    begun = time.monotonic()
    print(f"  {label:<44} ", end="", flush=True)
    try:
        yield
    except BaseException:
        print("failed", flush=True)
        raise
    print(f"{time.monotonic() - begun:4.0f} s", flush=True)


def _short(path: Path) -> Path:
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path


def _leave(number: int, _: object) -> None:
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
