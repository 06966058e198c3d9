"""Writes the stream's input: the flights of September to December, one a line, in the order they left.

usage: python examples/flights/prepare.py [--rows N] [OUTPUT]     (target/demo/flights.csv by default)

CSV with a header; `departed_ms` is the event time (milliseconds since 1970, UTC), an empty field is a missing value, and
floats are written so that they read back bit for bit. The outcome is left out: the job must not see it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

import data

DEFAULT_OUTPUT = Path(__file__).resolve().parents[2] / "target" / "demo" / "flights.csv"


def write(stream: pd.DataFrame, output: Path) -> None:
    """Writes `stream_rows` as the job reads them."""
    epoch = pd.Timestamp(0, tz="UTC")
    rows = stream[["id", *data.FEATURES]].copy()
    rows.insert(1, "departed_ms", (stream["departed"] - epoch) // pd.Timedelta(milliseconds=1))
    output.parent.mkdir(parents=True, exist_ok=True)
    rows.to_csv(output, index=False, lineterminator="\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Writes the stream's input.")
    parser.add_argument("output", nargs="?", type=Path, default=DEFAULT_OUTPUT)
    parser.add_argument("--rows", type=int, help="only the first N flights")
    arguments = parser.parse_args()
    write(data.stream_rows(data.load(), arguments.rows), arguments.output)
