"""The tables that families of boosters learn, and the rows they are asked: on a grid, real, and with gaps."""

from __future__ import annotations

import numpy as np

import data

X = data.numbers()
R = data.reals(seed=3)
GAPS = data.numbers(seed=5, missing=True)
ROWS = data.awkward(X)
REAL_ROWS = data.awkward(R, 1)
GAP_ROWS = data.awkward(GAPS)
T = data.target(X)
COUNTS = np.round(np.abs(T) * 2)
