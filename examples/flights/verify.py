"""Checks what the job wrote against what it was given, and against Python itself. Must not start or stop anything."""

from __future__ import annotations

import json
import pickle
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

import data


@dataclass(frozen=True)
class Outcome:
    """The figures of a run, and the arrays the report draws."""

    summary: dict[str, object]
    problems: list[str]
    scores: np.ndarray
    late: np.ndarray
    latency_us: np.ndarray
    latency_rows: np.ndarray


def check(stream: pd.DataFrame, model: Path, output: Path, mean_batch_rows: float, executor: str) -> Outcome:
    """Reads a run's files and judges them.

    Args:
        stream: the flights the job was given, with their outcome.
        model: the pickled model that was served.
        output: the folder the job wrote to.
        mean_batch_rows: as the server counted them.
        executor: how the server ran the model.
    """
    problems: list[str] = []
    predictions = _read(output / "predictions", ["id", "score", "model_version"], problems)
    failures = _read(output / "failures", ["id", "code", "message"], problems)
    measured = json.loads((output / "job.json").read_text())

    problems += _ids(stream, predictions, failures)
    if measured["rows_in"] != len(stream):
        problems.append(f"the job read {measured['rows_in']} flights of {len(stream)}")
    if len(failures):
        worst = failures["message"].value_counts()
        problems.append(f"{len(failures)} flights failed, most often with: {worst.index[0]}")

    scored = stream.merge(predictions.drop_duplicates("id"), on="id", how="inner", validate="one_to_one")
    with open(model, "rb") as file:
        own = pickle.load(file).predict_proba(scored[data.FEATURES])[:, 1]
    apart = np.abs(own - scored["score"].to_numpy())
    difference = float(np.max(apart, initial=0.0))  # a score that is missing makes it NaN
    distinct = int(scored["score"].nunique())
    if difference != 0.0:
        problems.append(f"scores differ from Python's own by up to {difference}")
    if distinct < 2:
        problems.append("every flight got the same score")

    judged = scored[scored["late"].notna() & scored["score"].notna()]
    both = judged["late"].nunique() == 2
    auc = float(roc_auc_score(judged["late"], judged["score"])) if both else float("nan")
    if not both:
        problems.append("the flights were all late or all in time, so the scores cannot be judged")

    latency = sorted((int(us), rows) for us, rows in measured["latency_us"].items())
    latency_us, latency_rows = (np.array(column) for column in zip(*latency)) if latency else (np.zeros(1), np.zeros(1))
    summary = {
        "rows_in": measured["rows_in"],
        "predictions": len(predictions),
        "failures": len(failures),
        "distinct_scores": distinct,
        "roc_auc": auc,
        "max_abs_diff_vs_python": difference,
        "rows_per_second": len(predictions) / measured["seconds"],
        "latency_ms_p50": percentile_ms(latency_us, latency_rows, 0.50),
        "latency_ms_p99": percentile_ms(latency_us, latency_rows, 0.99),
        "mean_batch_rows": mean_batch_rows,
        "executor": executor,
    }
    return Outcome(
        summary, problems, judged["score"].to_numpy(), judged["late"].to_numpy(), latency_us, latency_rows.astype("float64")
    )


def percentile_ms(latency_us: np.ndarray, rows: np.ndarray, share: float) -> float:
    """The latency that this share of the rows did not exceed, in ms, from rows per latency."""
    place = np.searchsorted(np.cumsum(rows), share * np.sum(rows))
    return float(latency_us[min(place, len(latency_us) - 1)]) / 1000


def _read(folder: Path, columns: list[str], problems: list[str]) -> pd.DataFrame:
    """All finished files of a sink; unfinished ones are a problem, for nobody would ever read them."""
    files = sorted(file for file in folder.rglob("*") if file.is_file()) if folder.exists() else []
    unfinished = [file for file in files if file.name.startswith((".", "_")) or ".inprogress" in file.name]
    if unfinished:
        problems.append(f"{len(unfinished)} files of {folder.name} were never finished")
    parts = [pd.read_csv(file, names=columns, dtype={"model_version": "str"}) for file in files if file not in unfinished]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def _ids(stream: pd.DataFrame, predictions: pd.DataFrame, failures: pd.DataFrame) -> list[str]:
    """Every flight must have come out exactly once, as a prediction or as a failure."""
    problems = []
    out = pd.concat([predictions["id"], failures["id"]])
    twice = int(out.duplicated().sum())
    lost = int((~stream["id"].isin(out)).sum())
    strangers = int((~out.isin(stream["id"])).sum())
    if twice:
        problems.append(f"{twice} flights came out more than once")
    if lost:
        problems.append(f"{lost} flights never came out")
    if strangers:
        problems.append(f"{strangers} results belong to no flight")
    return problems
