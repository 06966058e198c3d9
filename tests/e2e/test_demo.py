"""`make demo` in small: the real job over the first departures of September."""

from __future__ import annotations

import json
import signal
import subprocess
import time

import psutil
import pytest
import serving

from conftest import PYTHON, ROOT

DEMO = [PYTHON, str(ROOT / "examples" / "flights" / "demo.py")]
ROWS = 6000

pytestmark = pytest.mark.timeout(540)


@pytest.fixture(autouse=True)
def built():
    for needed in (serving.binary("release"), ROOT / "examples" / "flights" / "java" / "target" / "flights-job.jar"):
        assert needed.exists(), f"{needed} is not built; run: make server jobs"


def test_every_flight_is_scored_exactly_as_python_would(tmp_path):
    run = subprocess.run(
        [*DEMO, "--rows", str(ROWS), "--output", str(tmp_path)], capture_output=True, text=True, timeout=500, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    summary = json.loads((tmp_path / "summary.json").read_text())
    of_worker = summary.pop("python")
    for executor, one in (("native", summary), ("python", of_worker)):
        assert set(one) == {
            "rows_in",
            "predictions",
            "failures",
            "distinct_scores",
            "roc_auc",
            "max_abs_diff_vs_python",
            "rows_per_second",
            "latency_ms_p50",
            "latency_ms_p99",
            "mean_batch_rows",
            "executor",
        }
        assert one["executor"] == executor
        assert (one["rows_in"], one["predictions"], one["failures"]) == (ROWS, ROWS, 0)
        assert one["max_abs_diff_vs_python"] == 0.0
        assert one["distinct_scores"] > ROWS // 2
        assert one["roc_auc"] > 0.85
        assert one["mean_batch_rows"] > 1
        assert 0 < one["latency_ms_p50"] <= one["latency_ms_p99"]
        assert one["rows_per_second"] > 0
    assert (tmp_path / "report.png").read_bytes().startswith(b"\x89PNG")
    assert f"{ROWS:,}" in run.stdout


def name(process: psutil.Process) -> str:
    try:
        return process.name()
    except psutil.NoSuchProcess:
        return ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_stopped_in_the_middle_it_leaves_nothing_running(tmp_path, number):
    demo = subprocess.Popen(
        [*DEMO, "--output", str(tmp_path)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        # Started in the background, we would ignore SIGINT, and so would our children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        family = []
        deadline = time.monotonic() + 300
        # Until server and job are there.
        while not {"pelton", "java"} <= {name(process) for process in family}:
            assert demo.poll() is None, demo.stdout.read().decode()
            assert time.monotonic() < deadline
            time.sleep(0.05)
            family = psutil.Process(demo.pid).children(recursive=True)
        demo.send_signal(number)
        assert demo.wait(60) == {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -9}[number]
        gone, alive = psutil.wait_procs(family, timeout=20)
        assert alive == []
        assert len(gone) >= 2
    finally:
        demo.kill()
        demo.stdout.close()


def test_iris_prints_the_three_classes():
    run = subprocess.run(
        [PYTHON, str(ROOT / "examples" / "iris" / "demo.py")], capture_output=True, text=True, timeout=300, check=False
    )
    assert (run.returncode, run.stdout.split()) == (0, ["0.0", "1.0", "2.0"]), run.stderr
