"""Draws a run: how far the scores can be trusted, and how long a row took. Must not compute figures of its own."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np
from sklearn.calibration import calibration_curve

from verify import Outcome, percentile_ms

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator, PercentFormatter

INK, GREY, BLUE, LIGHT, ORANGE = "#1c2733", "#7b8794", "#1f6f8b", "#cfe3ea", "#d9822b"


def draw(outcome: Outcome, python: Outcome, file: Path) -> None:
    """Writes the picture as PNG: the native run, and the Python worker's for comparison."""
    style = {
        "font.size": 10,
        "axes.edgecolor": GREY,
        "axes.labelcolor": INK,
        "text.color": INK,
        "xtick.color": GREY,
        "ytick.color": GREY,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "grid.color": "#e7ebee",
        "axes.axisbelow": True,
    }
    with plt.rc_context(style):
        figure, (left, middle, right) = plt.subplots(
            1, 3, figsize=(13.5, 4.2), layout="constrained", gridspec_kw={"width_ratios": [1.05, 1.35, 0.75]}
        )
        _calibration(left, outcome)
        _latency(middle, {"native": (outcome, BLUE), "Python worker": (python, GREY)})
        _throughput(right, {"native": (outcome, BLUE), "Python\nworker": (python, GREY)})
        figure.savefig(file, dpi=140)
        plt.close(figure)


def _calibration(axes: plt.Axes, outcome: Outcome) -> None:
    observed, predicted = calibration_curve(outcome.late, outcome.scores, n_bins=15, strategy="uniform")
    shares, edges = np.histogram(outcome.scores, bins=30, range=(0, 1))
    axes.bar(edges[:-1], shares / shares.max() * 0.3, width=np.diff(edges), align="edge", color=LIGHT, edgecolor="white")
    axes.text(0.93, 0.02, "bars: how many flights got the score", color=GREY, ha="right", va="bottom", fontsize=8)
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle="--")
    axes.plot(predicted, observed, color=BLUE, linewidth=2, marker="o", markersize=4)
    axes.set_title(f"Can the scores be trusted?  ROC AUC {outcome.summary['roc_auc']:.3f}", loc="left", fontweight="bold")
    axes.set_xlabel("predicted probability of arriving 15 minutes late or more")
    axes.set_ylabel("share that did")
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1, decimals=0))


def _latency(axes: plt.Axes, runs: dict[str, tuple[Outcome, str]]) -> None:
    lowest = min(outcome.latency_us.min() for outcome, _ in runs.values()) / 1000
    highest = max(outcome.latency_us.max() for outcome, _ in runs.values()) / 1000
    edges = np.geomspace(max(lowest, 0.01) * 0.9, highest * 1.1, 55)
    for outcome, colour in runs.values():
        latency_ms = np.maximum(outcome.latency_us / 1000, 0.01)
        axes.hist(
            latency_ms, bins=edges, weights=outcome.latency_rows, color=colour, alpha=0.75, edgecolor="white", linewidth=0.4
        )
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    top = axes.get_ylim()[1]
    axes.set_ylim(0, top * 1.3)
    for place, (name, (outcome, colour)) in enumerate(runs.items()):
        p50, p99 = (percentile_ms(outcome.latency_us, outcome.latency_rows, share) for share in (0.5, 0.99))
        text = f"{name}: p50 {p50:.1f} ms, p99 {p99:.1f} ms"
        axes.text(
            0.01, 0.985 - 0.065 * place, text, color=colour, transform=axes.transAxes, va="top", fontweight="bold", fontsize=9
        )
        for at in (p50, p99):
            axes.axvline(at, ymax=0.84, color=colour, linewidth=1.2, linestyle="--")
    axes.set_title("How long a row took", loc="left", fontweight="bold")
    axes.set_xlabel("from entering the scoring step to the result, ms, at full speed")
    axes.set_ylabel("rows")


def _throughput(axes: plt.Axes, runs: dict[str, tuple[Outcome, str]]) -> None:
    rates = [outcome.summary["rows_per_second"] for outcome, _ in runs.values()]
    bars = axes.bar(list(runs), rates, color=[colour for _, colour in runs.values()], width=0.6)
    axes.bar_label(bars, labels=[f"{rate:,.0f}" for rate in rates], padding=3)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.set_ylim(0, max(rates) * 1.12)
    axes.grid(visible=False, axis="x")
    difference = max(outcome.summary["max_abs_diff_vs_python"] for outcome, _ in runs.values())
    axes.set_title(f"Rows a second\n(largest difference {difference:g})", loc="left", fontweight="bold", fontsize=10)
