"""Training sets and awkward inputs. All values are drawn from seeds, on grids that put thresholds on exact numbers.

Must not know a library beyond numpy and pandas.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

CITIES = ["Zürich", "Oslo", "東京", "Lima", "", "0", "São Paulo"]
PLANS = ["basic", "plus", "Pro"]


def numbers(n: int = 160, features: int = 5, seed: int = 0, missing: bool = False) -> np.ndarray:
    """Multiples of a half in [-4, 4]: midpoints are exact, so inputs can meet thresholds exactly."""
    rng = np.random.RandomState(seed)
    x = rng.randint(-8, 9, size=(n, features)) / 2.0
    if missing:
        x[rng.rand(*x.shape) < 0.15] = np.nan
    return x


def reals(n: int = 160, features: int = 5, seed: int = 0) -> np.ndarray:
    return np.random.RandomState(seed).standard_normal((n, features)) * [1.0, 3.0, 0.1, 10.0, 1e3, 1.0, 2.0][:features]


def score(x: np.ndarray, seed: int = 0) -> np.ndarray:
    rng = np.random.RandomState(seed + 1000)
    z = np.nan_to_num((x - np.nanmean(x, 0)) / (np.nanstd(x, 0) + 1e-9))
    value = z[:, 0] - 0.7 * z[:, 1 % x.shape[1]] + np.sin(2 * z[:, 2 % x.shape[1]]) + 0.5 * z[:, 0] * z[:, -1]
    return value + 0.4 * rng.standard_normal(len(x))


def target(x: np.ndarray, seed: int = 0) -> np.ndarray:
    return score(x, seed).round(3)


def classes(x: np.ndarray, count: int = 2, labels: str = "int", seed: int = 0) -> np.ndarray:
    """Labels: `int` (0..), `odd` (integers out of order), `text`, `object`, `bool`, `float`."""
    s = score(x, seed)
    y = np.digitize(s, np.quantile(s, np.linspace(0, 1, count + 1)[1:-1]))
    names = {
        "int": np.arange(count),
        "odd": np.array([7, -3, 12, 40, 5, 6, 8, 9, 10, 11])[:count],
        "text": np.array(["nein", "ja", "vielleicht é", "x", "yy", "z", "a", "b", "c", "d"])[:count],
        "object": np.array(["no", "yes", "maybe ü", "x", "yy", "z", "a", "b", "c", "d"], dtype=object)[:count],
        "bool": np.array([False, True])[:count],
        "float": np.array([0.0, 1.0, 2.0, 5.0])[:count],
    }[labels]
    return names[y]


def several(x: np.ndarray, seed: int = 0) -> np.ndarray:
    """Two targets."""
    return np.column_stack([target(x, seed), target(x[:, ::-1], seed + 1)])


def several_classes(x: np.ndarray, labels: str = "int", seed: int = 0) -> np.ndarray:
    return np.column_stack([classes(x, 2, labels, seed), classes(x[:, ::-1], 3, labels, seed + 1)])


SPECIAL = [
    np.nan, np.inf, -np.inf, -0.0, 0.0, 5e-324, 1e-40, -1e-40, 1e-35, -1e-36, 1.1754943508222875e-38,
    1e300, -1e300, 3.4028234663852886e38, 3.5e38, 16777217.0, 0.1, 255.0, 256.0, -1.0, 1e19,
]  # fmt: skip


def awkward(x: np.ndarray, seed: int = 0, plain: int = 14, at: int = 14) -> np.ndarray:
    """Rows like the training set's, rows on the midpoints of its values and one ulp beside them, and rows
    with each special value in one column."""
    rng = np.random.RandomState(seed + 77)
    features = x.shape[1]
    base = x[rng.randint(0, len(x), plain)].astype("f8").copy()
    base += rng.choice([0.0, 0.3, -0.011], size=base.shape)
    rows = [base]
    middles = np.empty((at, features))
    for column in range(features):
        known = np.unique(x[~np.isnan(x[:, column]), column].astype("f8"))
        known = known if len(known) else np.zeros(1)
        between = np.concatenate([known, (known[1:] + known[:-1]) / 2])
        middles[:, column] = between[rng.randint(0, len(between), at)]
    steps = rng.randint(0, 5, middles.shape)
    middles = np.where(steps == 1, np.nextafter(middles, np.inf), middles)
    middles = np.where(steps == 2, np.nextafter(middles, -np.inf), middles)
    near = middles.astype("f4")
    middles = np.where(steps == 3, np.nextafter(near, np.float32(np.inf)).astype("f8"), middles)
    middles = np.where(steps == 4, np.nextafter(near, np.float32(-np.inf)).astype("f8"), middles)
    rows.append(middles)
    special = np.nan_to_num(x[rng.randint(0, len(x), len(SPECIAL))].astype("f8"))
    special[np.arange(len(SPECIAL)), rng.randint(0, features, len(SPECIAL))] = SPECIAL
    rows.append(special)
    rows.append(np.vstack([np.zeros(features), np.full(features, np.nan), np.full(features, -0.0)]))
    return np.vstack(rows)


def single(rows: np.ndarray) -> np.ndarray:
    """As float32; what does not fit becomes infinite."""
    with np.errstate(over="ignore"):
        return rows.astype("f4")


def _objects(values: list) -> np.ndarray:
    array = np.empty(len(values), object)
    array[:] = values
    return array


def people(n: int = 200, seed: int = 0, missing: bool = True) -> pd.DataFrame:
    """Columns of every kind: floats, whole numbers, booleans, text; with gaps if wanted."""
    rng = np.random.RandomState(seed)
    frame = pd.DataFrame(
        {
            "age": rng.randint(18, 80, n).astype("f8"),
            "income": (rng.standard_normal(n) * 900 + 3000).round(2),
            "visits": rng.randint(0, 9, n),
            "city": _objects([CITIES[i] for i in rng.choice(7, n, p=[0.3, 0.25, 0.2, 0.1, 0.05, 0.06, 0.04])]),
            "plan": _objects([PLANS[i] for i in rng.choice(3, n)]),
            "member": rng.rand(n) < 0.4,
        }
    )
    if missing:
        frame.loc[rng.rand(n) < 0.12, "age"] = np.nan
        frame.loc[rng.rand(n) < 0.1, "city"] = np.nan
    return frame


def people_target(frame: pd.DataFrame, seed: int = 0) -> np.ndarray:
    rng = np.random.RandomState(seed + 5)
    value = (
        frame["age"].fillna(40).to_numpy() / 20
        + frame["income"].to_numpy() / 2000
        - 0.4 * frame["visits"].to_numpy()
        + (frame["plan"] == "Pro").to_numpy() * 1.5
        + frame["member"].to_numpy() * 0.7
        + frame["city"].map({"Oslo": 1.0, "Lima": -2.0}).fillna(0.0).to_numpy()
    )
    return (value + 0.5 * rng.standard_normal(len(frame))).round(3)


def people_classes(frame: pd.DataFrame, count: int = 2, labels: str = "int", seed: int = 0) -> np.ndarray:
    value = people_target(frame, seed)
    y = np.digitize(value, np.quantile(value, np.linspace(0, 1, count + 1)[1:-1]))
    names = {"int": [0, 1, 2], "text": ["leaves", "stays", "grows"], "bool": [False, True]}[labels]
    return np.array(names)[y]


def people_inputs(seed: int = 0, n: int = 24, columns: list[str] | None = None) -> dict[str, np.ndarray]:
    """Rows to ask for: known and unknown categories, gaps, empty and non-ASCII text, extreme numbers."""
    rng = np.random.RandomState(seed + 31)
    frame = people(n, seed + 9, missing=True)
    age = np.concatenate([frame["age"].to_numpy(), [np.nan, -0.0, 1e300, np.inf, 40.5, np.nextafter(40.5, 50), 33, 20]])
    income = np.concatenate([frame["income"].to_numpy(), [3000.0, np.nan, -1.0, 5e-324, 1e12, 2500.25, 0.0, 1e5]])
    visits = np.concatenate([frame["visits"].to_numpy(), [0, -5, 1 << 40, 3, 4, 255, 1, 100000]]).astype("<i8")
    city = ["Oslo", "Atlantis", None, "", "0", "ZÜRICH", "Zu\u0308rich", " Oslo"]
    plan = ["basic", "plus", "Pro", "pro", "enterprise", "Pro", "", "plus"]
    known = [value if isinstance(value, str) else None for value in frame["city"]]
    held = {
        "age": age,
        "income": income,
        "visits": visits,
        "city": _objects(known + city),
        "plan": _objects([str(value) for value in frame["plan"]] + plan),
        "member": np.concatenate([frame["member"].to_numpy(), rng.rand(8) < 0.5]),
    }
    return {name: held[name] for name in columns} if columns else held


TEXTS = [
    "the quick brown fox jumps over the lazy dog", "free money now!!! click http://spam.example/win",
    "Meeting at 10:30, bring the Q3 numbers", "Über die Straße läuft ein Fuchs", "東京 は 大きい です",
    "win win win a FREE prize", "lunch tomorrow?", "re: re: fwd: invoice attached", "it's a dog's life, isn't it",
    "cheap watches cheap pills", "the meeting is moved to friday", "привет как дела", "naïve café résumé", "",
    "a I", "under_score and-hyphen email@example.com 3.14", "FREE free Free", "dog dog dog fox",
]  # fmt: skip


def texts(n: int = 80, seed: int = 0) -> list[str]:
    rng = np.random.RandomState(seed)
    words = " ".join(TEXTS).split()
    return [" ".join(words[i] for i in rng.randint(0, len(words), rng.randint(3, 12))) for _ in range(n)]


def text_inputs() -> list[str]:
    return [
        *TEXTS, "unknownword zzz", "   ", "\t\n", "İstanbul ŞEKER ǅ ﬁne", "e\u0301 vs é", "ＦＵＬＬ width １２３", "a" * 300,
        "dog\u00a0fox\u2003cat", "don't can't", "x_y __init__ 1_000", "🦊 fox 🐶 dog", "Σίσυφος ΣΊΣΥΦΟΣ", "ß ẞ STRASSE",
        "free\x00money", "numbers 123 45 6", "CamelCase snake_case", "ΑΒΓ αβγ", "ｶﾀｶﾅ カタカナ", "٣٤ arabic digits", "½ ² x²",
    ]  # fmt: skip
