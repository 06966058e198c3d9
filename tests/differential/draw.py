"""Choices from a seed: the only source of chance, so that a seed is a case.

Must not know an estimator.
"""

from __future__ import annotations

from typing import Any

import numpy as np


class Draw:
    """Choices from a seed."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.RandomState(seed)

    def one(self, options: Any) -> Any:
        options = list(options)
        return options[self.rng.randint(len(options))]

    def chance(self, share: float) -> bool:
        return bool(self.rng.rand() < share)

    def whole(self, low: int, high: int) -> int:
        return int(self.rng.randint(low, high + 1))

    def real(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high))

    def log(self, low: float, high: float) -> float:
        return float(np.exp(self.rng.uniform(np.log(low), np.log(high))))


def labels(draw: Draw, count: int) -> np.ndarray:
    """So many labels of a kind that scikit-learn takes as classes, in no order."""
    texts = ["nein", "ja", "vielleicht é", "", "yy", "z" * 30, "東京", "b c", "0", "1.5", "True", "None", "e\u0301"]
    held = np.empty(count, object)
    held[:] = texts[:count]
    kinds = {
        "int": lambda: np.arange(count), "odd": lambda: np.array([7, -3, 12, 40, 5, 6, 8, 9, 10, 11, -100, 0])[:count],
        "narrow": lambda: (np.arange(count) * 20 - 100).astype(draw.one(["i1", "i2", "i4"])), "unsigned": lambda: np.arange(
            count).astype(draw.one(["u1", "u2", "u4", "u8"])) * 3, "large": lambda: np.arange(count) * (1 << 40) - 5,
        "float": lambda: np.arange(count) * 2.0 - 3.0, "f32": lambda: (np.arange(count) * 2.0 - 1).astype("f4"),
        "text": lambda: np.array(texts[:count]), "object": lambda: held,
    }  # fmt: skip
    if count == 2:
        kinds |= {"bool": lambda: np.array([False, True]), "signs": lambda: np.array([-1, 1])}
    return draw.rng.permutation(kinds[draw.one(kinds)]())


def matrix(draw: Draw) -> np.ndarray:
    n, features = draw.whole(30, 160), draw.whole(1, 9)
    if draw.chance(0.05):
        features = draw.one([31, 32, 33, 64, 70])
    columns = []
    for _ in range(features):
        kind = draw.one(
            ["grid", "grid", "normal", "wide", "tiny", "constant", "counts", "skewed", "few", "f32", "huge", "zeros"]
        )
        columns.append(
            {
                "grid": lambda: draw.rng.randint(-8, 9, n) / 2.0,
                "normal": lambda: draw.rng.standard_normal(n),
                "wide": lambda: draw.rng.standard_normal(n) * 1e6,
                "tiny": lambda: draw.rng.standard_normal(n) * draw.one([1e-6, 1e-6, 1e-30, 1e-39]),
                "constant": lambda: np.full(n, draw.one([3.25, 0.0, -0.0, 0.1])),
                "counts": lambda: draw.rng.poisson(2.0, n).astype("f8"),
                "skewed": lambda: np.exp(draw.rng.standard_normal(n)),
                "few": lambda: draw.rng.choice([-1.0, 0.0, 2.5], n),
                "f32": lambda: draw.rng.standard_normal(n).astype("f4").astype("f8"),
                "huge": lambda: draw.rng.standard_normal(n) * draw.one([1e12, 1e12, 1e30]),
                "zeros": lambda: np.where(draw.rng.rand(n) < 0.7, 0.0, draw.rng.standard_normal(n)),
            }[kind]()
        )
    return np.column_stack(columns)


def holes(draw: Draw, x: np.ndarray) -> np.ndarray:
    x = x.copy()
    x[draw.rng.rand(*x.shape) < draw.real(0.02, 0.3)] = np.nan
    return x


def asked(draw: Draw, rows: np.ndarray) -> np.ndarray:
    """As many rows as a batch may have that kernels cut in blocks."""
    count = draw.one([len(rows)] * 8 + [1, 2, 7, 63, 64, 65, 300])
    return rows[np.resize(draw.rng.permutation(len(rows)), count)] if count != len(rows) else rows
