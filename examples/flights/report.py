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


def draw(outcome: Outcome, file: Path) -> None:
    """Writes the picture as PNG."""
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
        figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
        _calibration(left, outcome)
        _latency(right, outcome)
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


def _latency(axes: plt.Axes, outcome: Outcome) -> None:
    latency_ms = np.maximum(outcome.latency_us / 1000, 0.01)
    edges = np.geomspace(latency_ms.min() * 0.9, latency_ms.max() * 1.1, 45)
    axes.hist(latency_ms, bins=edges, weights=outcome.latency_rows, color=BLUE, edgecolor="white", linewidth=0.4)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    top = axes.get_ylim()[1]
    axes.set_ylim(0, top * 1.12)
    for share, name, height in ((0.5, "p50", 1.02), (0.99, "p99", 1.1)):
        at = percentile_ms(outcome.latency_us, outcome.latency_rows, share)
        axes.axvline(at, color=ORANGE, linewidth=1.2)
        side = "left" if name == "p50" else "right"
        axes.text(at, top * height, f" {name} {at:.1f} ms ", color=ORANGE, ha=side, va="top", fontsize=9)
    axes.set_title(f"How long a row took  {outcome.summary['rows_per_second']:,.0f} rows/s", loc="left", fontweight="bold")
    axes.set_xlabel("from entering the scoring step to the result, ms, at full speed")
    axes.set_ylabel("rows")
