"""Tables that boosters learn, rows made awkward for them, and how rows and answers are written."""

import json
import struct

import numpy as np

N = 48


def write_rows(path, arrays, **meta):
    """`arrays` as safetensors."""
    names = {"u1": "U8", "i8": "I64", "f4": "F32", "f8": "F64"}
    header, offset = {"__metadata__": {k: str(v) for k, v in meta.items()}}, 0
    arrays = {k: np.ascontiguousarray(v) for k, v in arrays.items()}
    for name, a in arrays.items():
        header[name] = {"dtype": names[a.dtype.str[1:]], "shape": list(a.shape), "data_offsets": [offset, offset + a.nbytes]}
        offset += a.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(a.tobytes() for a in arrays.values()))


def rows(n_features, seed, missing=True):
    """Rows with zeros of both signs, denormals, huge values and gaps."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(N, n_features)).round(2)
    x[::7, 0], x[1::11, 1], x[2::13, 2 % n_features] = 0.0, -0.0, 1e-40
    x[3::17, -1], x[4::19, -1] = 1e30, -1e30
    if missing:
        x[rng.random(x.shape) < 0.15] = np.nan
        x[5] = np.nan
    return x


def training(n, n_features, seed, classes=2, missing=False):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, n_features)).round(2)
    score = x[:, 0] + np.sin(3 * x[:, 1]) + x[:, 2] * x[:, 3] + 0.3 * rng.normal(size=n)
    y = np.digitize(score, np.quantile(score, np.linspace(0, 1, classes + 1)[1:-1])) if classes else score
    if missing:
        x[rng.random(x.shape) < 0.2] = np.nan
    return x, y


def at_thresholds(x, thresholds, seed=0):
    """Puts (feature, threshold) pairs, and the values next to them, into the rows."""
    rng = np.random.default_rng(seed)
    for r in range(0, len(x), 3):
        f, t = thresholds[rng.integers(len(thresholds))]
        x[r, f] = (t, np.nextafter(t, type(t)(-np.inf)), np.nextafter(t, type(t)(np.inf)))[r // 3 % 3]
    return x
