"""CatBoost with categorical features: comparisons, statistics of every kind, text and whole numbers."""

from __future__ import annotations

import os
import tempfile
from typing import Any

import numpy as np
import pandas as pd

import data

SMALL = {"iterations": 5, "depth": 3, "thread_count": 1, "random_seed": 0, "verbose": False, "allow_writing_files": False}
TREES = {**SMALL, "max_ctr_complexity": 1}
N = 170


def _frame(seed: int = 0) -> pd.DataFrame:
    frame = data.people(N, seed, missing=True)[["age", "city", "visits", "plan", "member"]]
    frame["city"] = frame["city"].fillna("nan")
    frame["code"] = np.random.RandomState(seed + 3).randint(-12, 13, N)
    return frame


def _score(frame: pd.DataFrame) -> np.ndarray:
    plain = frame.assign(income=2000.0)
    return (data.people_target(plain) + 0.8 * (frame["code"] % 5 == 2) + 0.9 * (frame["code"] < -6)).to_numpy().round(2)


FRAME = _frame()
CATEGORIES = ["city", "visits", "plan", "member", "code"]
SCORE = _score(FRAME)


def _labels(count: int, names: list) -> np.ndarray:
    return np.array(names)[np.digitize(SCORE, np.quantile(SCORE, np.linspace(0, 1, count + 1)[1:-1]))]


TWO = _labels(2, [0, 1])
THREE = _labels(3, ["low", "middle", "hög"])


def _objects(values: list) -> np.ndarray:
    array = np.empty(len(values), object)
    array[:] = values
    return array


def inputs(seed: int = 1, as_text: bool = False) -> dict[str, np.ndarray]:
    """Rows like the training set's, and categories that are new, empty, long, no ASCII, or not there."""
    frame = _frame(seed)[:18]
    age = [np.nan, np.inf, -np.inf, -0.0, 1e300, 40.5, 33.0, np.float64(np.float32(47.5)), 20.0, 3e38, 61.5, 38.0]
    city = ["東京", "Atlantis", None, "", "0", "ZÜRICH", "Zu\u0308rich", " Oslo", "x" * 17, "Oslo" * 10, "ü" * 50, "nan"]
    plan = ["basic", "plus", "Pro", "pro", "", "Pro", "basic", "plus", "Pro", "None", "0", "plus"]
    whole = [0, -12, 12, 1 << 62, -(1 << 63), 255, 3, -1, 7, 2, 5, -7]
    held: dict[str, Any] = {
        "age": np.concatenate([frame["age"].to_numpy(), age]),
        "city": _objects([*frame["city"], *city]),
        "visits": np.concatenate([frame["visits"].to_numpy(), np.array(whole)[::-1]]).astype("<i8"),
        "plan": _objects([*frame["plan"], *plan]),
        "member": np.concatenate([frame["member"].to_numpy(), np.arange(12) % 2 == 0]),
        "code": np.concatenate([frame["code"].to_numpy(), whole]).astype("<i8"),
    }
    if as_text:
        held["code"] = _objects([str(value) for value in held["code"][:-6]] + ["03", "+3", " 3", "3.0", "٣", "-0"])
        held["visits"] = _objects([str(value) for value in held["visits"]])
        numbers = ["", " 12", "0x1f", "1e2", "NaN", "33.", "-", "1e400", "1e", "twenty", "40.5", "\t61.5"]
        held["age"] = _objects([repr(float(value)) for value in frame["age"]] + numbers)
    return held


INPUTS = inputs()


def matrix_of(columns: dict[str, np.ndarray], names: list[str]) -> np.ndarray:
    """The rows as one matrix of text, without those that have a gap."""
    rows = np.array([[str(columns[name][row]) for name in names] for row in range(len(columns["city"]))], dtype=object)
    return rows[[value is not None for value in columns["city"]]]


EVERY = [
    "Borders:TargetBorderCount=3",
    "Buckets:TargetBorderCount=2",
    "BinarizedTargetMeanValue:TargetBorderCount=4",
    "Counter",
]


def cases(w) -> None:
    try:
        import catboost as cat
    except ImportError:
        return

    def classifier(y=TWO, **options):
        return cat.CatBoostClassifier(**{**TREES, "cat_features": CATEGORIES, **options}).fit(FRAME, y)

    def regressor(y=SCORE, **options):
        return cat.CatBoostRegressor(**{**TREES, "cat_features": CATEGORIES, **options}).fit(FRAME, y)

    for name, options in {
        "one_hot": {"one_hot_max_size": 30}, "some_one_hot": {"one_hot_max_size": 4}, "statistics": {"one_hot_max_size": 1},
        "together": {"max_ctr_complexity": 4, "depth": 5, "one_hot_max_size": 4}, "counter_full": {
            "simple_ctr": ["Counter"], "counter_calc_method": "Full", "one_hot_max_size": 1},
        "priors": {"simple_ctr": ["Borders:Prior=0.25:Prior=3", "Counter:CtrBorderCount=30:Prior=0.7"]},
        "lossguide": {"grow_policy": "Lossguide", "max_ctr_complexity": 2, "one_hot_max_size": 4, "depth": 5},
        "depthwise": {"grow_policy": "Depthwise", "one_hot_max_size": 4},
        "gaps_max": {"nan_mode": "Max", "max_ctr_complexity": 3, "depth": 4, "iterations": 12},
    }.items():  # fmt: skip
        w.add(f"cat_categories_{name}", lambda o=options: classifier(**o), INPUTS)
    w.add("cat_categories_as_text", lambda: classifier(max_ctr_complexity=2), inputs(2, as_text=True))
    w.add("cat_categories_three", lambda: classifier(THREE, max_ctr_complexity=3, depth=4), INPUTS)
    w.add("cat_categories_three_buckets", lambda: classifier(THREE, simple_ctr=EVERY[1:], one_hot_max_size=1), INPUTS)
    w.add("cat_categories_three_ova", lambda: classifier(THREE, loss_function="MultiClassOneVsAll"), INPUTS)
    w.add("cat_categories_regressor", lambda: regressor(simple_ctr=EVERY, iterations=8), INPUTS)
    w.add("cat_categories_regressor_together", lambda: regressor(
        simple_ctr=EVERY, combinations_ctr=EVERY, max_ctr_complexity=3, depth=4, iterations=8), INPUTS)  # fmt: skip
    w.add("cat_categories_poisson", lambda: regressor(np.abs(SCORE).round(), loss_function="Poisson"), INPUTS)
    w.add("cat_categories_several", lambda: regressor(
        np.column_stack([SCORE, SCORE * FRAME["code"]]), loss_function="MultiRMSE", one_hot_max_size=4), INPUTS)  # fmt: skip
    w.add("cat_categories_ranker", lambda: cat.CatBoostRanker(**TREES, loss_function="YetiRank", cat_features=["city"]).fit(
        FRAME[["age", "city"]], np.clip(SCORE, 0, 5), group_id=np.arange(N) // 10), {k: INPUTS[k] for k in ("age", "city")})  # fmt: skip
    w.add("cat_categories_unused", lambda: classifier(
        (FRAME["age"].fillna(40) > 40).astype(int), iterations=1, depth=1), INPUTS)  # fmt: skip
    matrices(w, cat)
    own(w, cat, classifier, regressor)


def matrices(w, cat) -> None:
    names = ["age", "city", "code"]
    mixed = FRAME[names].to_numpy(object)
    w.add("cat_categories_matrix", lambda: cat.CatBoostClassifier(**TREES, cat_features=[1, 2]).fit(mixed, THREE),
          matrix_of(inputs(4, as_text=True), names))  # fmt: skip
    whole = FRAME[["visits", "code", "visits"]].to_numpy()
    asked = np.column_stack([INPUTS["visits"], INPUTS["code"], INPUTS["code"]])
    w.add("cat_categories_whole", lambda: cat.CatBoostRegressor(**TREES, cat_features=[0, 1]).fit(whole, SCORE), asked)
    w.add(
        "cat_categories_flags",
        lambda: cat.CatBoostRegressor(**TREES, cat_features=[0, 1]).fit(whole % 2, SCORE),
        asked % 2 == 0,
    )
    # Numbers may be told as text without any category.
    x = FRAME[["age"]].assign(code=FRAME["code"])
    asked = inputs(5, as_text=True)
    w.add("cat_numbers_as_text", lambda: cat.CatBoostClassifier(**TREES).fit(x, TWO), {name: asked[name] for name in x.columns})


def own(w, cat, classifier, regressor) -> None:
    """The files of their own; a JSON has its categories where it is told the training set."""
    for name, build, y in (
        ("binary", lambda **o: classifier(max_ctr_complexity=3, one_hot_max_size=4, **o), TWO),
        ("lossguide", lambda **o: classifier(THREE, grow_policy="Lossguide", **o), THREE),
        ("regression", lambda **o: regressor(simple_ctr=EVERY, combinations_ctr=EVERY, max_ctr_complexity=2, **o), SCORE),
    ):
        for kind in ("cbm", "json"):

            def written(build=build, kind=kind, y=y):
                # JSON is long.
                model = build(**({"iterations": 2, "depth": 2} if kind == "json" else {}))
                pool = cat.Pool(FRAME, y, cat_features=CATEGORIES)
                with tempfile.TemporaryDirectory() as folder:
                    path = os.path.join(folder, "model")
                    model.save_model(path, format=kind, pool=pool if kind == "json" else None)
                    with open(path, "rb") as file:
                        return file.read()

            def reloaded(path, kind=kind, name=name):
                of = cat.CatBoostRegressor if name == "regression" else cat.CatBoostClassifier
                return of().load_model(str(path), format=kind)

            # CatBoost reads the numbers of its own JSON with an error in the last bit; the trained model's are exact.
            near = {"tolerance": 1e-14} if kind == "json" else {}
            w.add(f"cat_booster_categories_{name}_{kind}", written, INPUTS, reload=reloaded, **near)
