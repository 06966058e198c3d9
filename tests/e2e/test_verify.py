"""The demo's own judge: whatever is off in a run's files, it must say so."""

from __future__ import annotations

import json
import pickle
import sys

import numpy as np
import pandas as pd
import pytest

from conftest import ROOT

sys.path.insert(0, str(ROOT / "examples" / "flights"))

import data
import train
import verify

ROWS = 60


@pytest.fixture
def run(tmp_path):
    """A flawless run of a small model, as files; `run.check()` judges what is there then."""
    random = np.random.default_rng(7)
    stream = pd.DataFrame({name: random.uniform(0, 100, ROWS) for name in data.WHOLE + data.REAL})
    for name in data.TEXT:
        stream[name] = random.choice(["A", "B"], ROWS)
    stream["id"] = np.arange(ROWS) * 3
    stream["late"] = (stream["dep_delay"] > 50).astype("float64")
    stream.loc[0, "late"] = np.nan
    known = stream[stream["late"].notna()]
    model = train.build().set_params(trees__min_samples_leaf=2).fit(known[data.FEATURES], known["late"])
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(model))
    scores = model.predict_proba(stream[data.FEATURES])[:, 1]
    part = tmp_path / "predictions" / "2013-09" / "part-0.csv"
    part.parent.mkdir(parents=True)
    part.write_text("".join(f"{number},{score!r},1\n" for number, score in zip(stream["id"], scores.tolist())))
    measured = {"rows_in": ROWS, "predictions": ROWS, "failures": 0, "seconds": 0.5, "latency_us": {"1000": 59, "9000": 1}}
    (tmp_path / "job.json").write_text(json.dumps(measured))

    class Run:
        folder = tmp_path

        @staticmethod
        def lines():
            return part.read_text().splitlines()

        @staticmethod
        def write(lines):
            part.write_text("\n".join(lines) + "\n")

        @staticmethod
        def check():
            return verify.check(stream, tmp_path / "model.pkl", tmp_path, 8.0, "python")

    return Run


def test_a_flawless_run_has_no_problems(run):
    outcome = run.check()
    assert outcome.problems == []
    assert outcome.summary["max_abs_diff_vs_python"] == 0.0
    assert outcome.summary["rows_per_second"] == 120
    assert (outcome.summary["latency_ms_p50"], outcome.summary["latency_ms_p99"]) == (1.0, 9.0)


def test_a_lost_flight(run):
    run.write(run.lines()[1:])
    assert run.check().problems == ["1 flights never came out"]


def test_a_flight_that_came_out_twice(run):
    run.write([*run.lines(), run.lines()[0]])
    assert run.check().problems == ["1 flights came out more than once"]


def test_a_result_of_no_flight(run):
    run.write([*run.lines(), "7,0.5,1"])
    assert run.check().problems == ["1 results belong to no flight"]


def test_a_score_that_differs_in_its_last_bit(run):
    first, *others = run.lines()
    number, score, version = first.split(",")
    run.write([f"{number},{float(np.nextafter(float(score), 1))!r},{version}", *others])
    (problem,) = run.check().problems
    assert problem.startswith("scores differ from Python's own by up to ")


def test_constant_scores(run):
    run.write([line.split(",")[0] + ",0.5,1" for line in run.lines()])
    assert "every flight got the same score" in run.check().problems


def test_a_score_that_is_missing(run):
    first, second, *others = run.lines()
    run.write([first, second.split(",")[0] + ",NaN,1", *others])
    assert any("differ" in problem for problem in run.check().problems)


def test_failures_are_told_with_their_reason(run):
    first, *others = run.lines()
    run.write(others)
    part = run.folder / "failures" / "2013-09" / "part-0.csv"
    part.parent.mkdir(parents=True)
    part.write_text(first.split(",")[0] + ',UNAVAILABLE,"the worker was lost, twice"\n')
    assert run.check().problems == ["1 flights failed, most often with: the worker was lost, twice"]


def test_a_file_that_was_never_finished(run):
    (run.folder / "predictions" / "2013-09" / ".part-1.csv.inprogress.x").write_text("9,0.5,1\n")
    assert run.check().problems == ["1 files of predictions were never finished"]
