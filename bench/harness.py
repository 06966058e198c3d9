"""What both benchmarks share: servers as child processes, the load generator, interleaved runs, targets.

Must not know what is compared with what: run_server.py and run_flink.py do.
"""

from __future__ import annotations

import json
import os
import platform
import re
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "target" / "bench"
RELEASE = ROOT / "target" / "release"
PYTHON = ROOT / ".venv" / "bin" / "python"
STUBS = OUT / "stubs"
MODEL = OUT / "model" / "lr.pkl"
CASES = OUT / "model" / "lr_cases.json"
START_LIMIT_S = 60


def prepare() -> None:
    """Build the generator, generate the baseline's stubs, train the model. Quick the second time."""
    step("building the load generator", ["cargo", "build", "--release", "--locked", "--quiet", "--package", "pelton-bench"])
    STUBS.mkdir(parents=True, exist_ok=True)
    sources = [ROOT / "requirements.txt", ROOT / "proto" / "prediction.proto", ROOT / "bench" / "python" / "train.py"]
    changed = max(source.stat().st_mtime for source in sources)
    if is_older(STUBS / "prediction_pb2_grpc.py", changed):
        arguments = [f"--python_out={STUBS}", f"--grpc_python_out={STUBS}", "-I", "proto", "proto/prediction.proto"]
        step("generating the baseline's stubs", [str(PYTHON), "-m", "grpc_tools.protoc", *arguments])
    if is_older(MODEL, changed) or is_older(CASES, changed):
        step("training the model", [str(PYTHON), "bench/python/train.py", str(MODEL.parent)])


def is_older(path: Path, changed: float) -> bool:
    """Whether a made file is missing or older than what it is made of."""
    return not path.exists() or path.stat().st_mtime < changed


def step(what: str, command: list[str]) -> None:
    """Run a command of the set-up from the repository's root; its failure ends the benchmark."""
    print(f"- {what}", file=sys.stderr, flush=True)
    subprocess.run(command, cwd=ROOT, check=True)


class Server:
    """A server as a child process, killed with all it started when the `with` block ends."""

    def __init__(self, name: str, command: list[str], environment: dict[str, str] | None = None) -> None:
        self.name = name
        self._log = (OUT / f"{name}.log").open("w+")
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.address = ""

    def __enter__(self) -> Server:
        self.address = self._await_address()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self._log.close()

    @property
    def pid(self) -> int:
        """The process, for CPU accounting; workers are below it."""
        return self.process.pid

    def _await_address(self) -> str:
        """The first address it prints; every server here prints its gRPC address first, once it is ready."""
        end = time.monotonic() + START_LIMIT_S
        while time.monotonic() < end:
            text = Path(self._log.name).read_text()
            found = re.search(r"(?:listening|grpc|gRPC)\D*(127\.0\.0\.1:\d+)", text)
            if found:
                return found.group(1)
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise SystemExit(f"{self.name} did not start; its log is {self._log.name}")


def echo() -> Server:
    """The hand-written tonic echo."""
    return Server("echo", [str(RELEASE / "pelton-bench"), "echo"])


def identity() -> Server:
    """Pelton's whole path around an executor that answers its input."""
    return Server("identity", [str(RELEASE / "pelton-bench"), "identity"])


def pelton(name: str, *more: str) -> Server:
    """`pelton serve` with the LogisticRegression pickle in Python workers."""
    flags = ["--executor", "python", "--python", str(PYTHON), "--grpc-port", "0", "--http-port", "0", *more]
    return Server(name, [str(RELEASE / "pelton"), "serve", f"lr={MODEL}", *flags])


def baseline() -> Server:
    """The Python gRPC server people start with."""
    command = [str(PYTHON), "bench/python/baseline_server.py", str(MODEL)]
    return Server("baseline", command, {"PYTHONPATH": str(STUBS)})


def load(server: Server, in_flight: int, *more: str, seconds: float = 2.0, warm_up: float = 0.5) -> dict:
    """One run of the load generator; anything but right answers ends the benchmark."""
    command = [str(RELEASE / "pelton-bench"), "load", "--target", server.address, "--cases", str(CASES)]
    command += ["--in-flight", str(in_flight), "--duration", str(seconds), "--warm-up", str(warm_up)]
    command += ["--watch-pid", str(server.pid), *more]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"load on {server.name} failed: {done.stderr.strip()}\n{done.stdout.strip()}")
    report = json.loads(done.stdout)
    if report["errors"]:
        raise SystemExit(f"{server.name} answered with errors: {report['errors']} {report.get('first_error')}")
    return report


def interleave(runs: dict[str, Callable[[], dict]], repetitions: int) -> dict[str, list[dict]]:
    """A B C, C B A, A B C ...: what drifts on the machine falls on all alike."""
    results: dict[str, list[dict]] = {name: [] for name in runs}
    for repetition in range(repetitions):
        names = list(runs) if repetition % 2 == 0 else list(reversed(runs))
        for name in names:
            results[name].append(runs[name]())
            print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return results


def median(results: Iterable[dict], key: str) -> float:
    """The median of one figure over repetitions."""
    return statistics.median(result[key] for result in results)


@dataclass
class Target:
    """What was measured and what was wanted."""

    name: str
    measured: float
    wanted: float
    at_least: bool

    @property
    def ok(self) -> bool:
        """Whether it was met."""
        return self.measured >= self.wanted if self.at_least else self.measured <= self.wanted

    def line(self) -> str:
        """The line the benchmark ends with."""
        sign = ">=" if self.at_least else "<="
        verdict = "ok" if self.ok else "short"
        return f"target {self.name} measured {self.measured:.3g} wanted {sign}{self.wanted:g} {verdict}"


def machine() -> dict:
    """Where and on what the figures were taken."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), "unknown")
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "commit": commit.stdout.strip(),
        "load_average": os.getloadavg()[0],
        "taken": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def finish(name: str, found: dict, targets: list[Target], strict: bool) -> int:
    """Write `target/bench/NAME.json`, print the target lines, return the exit code."""
    found["targets"] = [
        {"name": t.name, "measured": t.measured, "wanted": t.wanted, "at_least": t.at_least, "ok": t.ok} for t in targets
    ]
    path = OUT / f"{name}.json"
    path.write_text(json.dumps(found, indent=1))
    print(f"\nall figures: {path.relative_to(ROOT)}")
    for target in targets:
        print(target.line())
    return 1 if strict and not all(target.ok for target in targets) else 0
