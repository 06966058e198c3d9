"""Writes random objects in every form, with what Python sees in them, for a comparison by the thousand.

    python random_pickles.py FOLDER SEED COUNT
    PELTON_RANDOM_PICKLES=FOLDER cargo test -p pelton-pickle --test goldens -- --ignored random

Any Python 3 with numpy and joblib will do; dill and lz4 are used where they are.
"""

import collections
import contextlib
import json
import os
import pickle
import random
import sys

import joblib
import make_pickles
import numpy as np

DTYPES = ["i1", "u1", "<i2", ">i2", "<u2", "<i4", ">u4", "<i8", ">i8", "<u8", "<f2", ">f2", "<f4", ">f4", "<f8", ">f8", "?"]
OTHERS = ["M8[ns]", "m8[us]", "U3", ">U2", "S4", "O"]
SIGNS = ["a", "Z", " ", "\n", "\\", "'", '"', "\u00e9", "\u20ac", "\U0001f600", "\x00", "\x7f", "\\u0041", "\ud800"]


class Maker:
    """Makes random values; some are used twice, as picklers' memos deserve."""

    def __init__(self, seed):
        self.pick = random.Random(seed)
        self.numpy = np.random.RandomState(seed)
        self.recent = []

    def text(self):
        return "".join(self.pick.choice(SIGNS) for _ in range(self.pick.choice([0, 1, 3, 20, 300])))

    def leaf(self):
        pick = self.pick
        makers = [
            lambda: None,
            lambda: pick.random() < 0.5,
            lambda: pick.randint(-300, 300),
            lambda: pick.randint(-(2 ** pick.randint(1, 130)), 2 ** pick.randint(1, 130)),
            lambda: pick.choice([0.0, -0.0, 1e300, float("nan"), float("inf"), pick.gauss(0, 1)]),
            self.text,
            lambda: bytes(pick.randrange(256) for _ in range(pick.choice([0, 1, 5, 300]))),
            lambda: bytearray(b"xy"),
            lambda: complex(pick.random(), -1),
            lambda: np.float32(pick.random()),
            lambda: np.int16(pick.randint(-9, 9)),
            lambda: slice(pick.randint(0, 4), None, None),
        ]
        return pick.choice(makers)()

    def elements(self, dtype, count):
        if dtype == "O":
            array = np.empty(count, dtype=object)
            array[:] = [self.leaf() for _ in range(count)]
            return array
        if "U" in dtype:
            return np.array([self.pick.choice(["", "a", "\u00e9b", "\u20ac"]) for _ in range(count)], dtype=dtype)
        if "S" in dtype:
            return np.array([self.pick.choice([b"", b"a", b"bcd"]) for _ in range(count)], dtype=dtype)
        if dtype[0] in "Mm":
            return self.numpy.randint(-(2**40), 2**40, count).astype(dtype)
        if "f" in dtype:
            return (self.numpy.normal(size=count) * 10.0 ** self.pick.randint(-3, 3)).astype(dtype)
        return self.numpy.randint(0, 100, count).astype(dtype)

    def array(self):
        shape = tuple(self.pick.choice([0, 1, 2, 3, 5]) for _ in range(self.pick.choice([0, 1, 1, 2, 2, 3])))
        dtype = self.pick.choice(DTYPES + OTHERS)
        array = self.elements(dtype, int(np.prod(shape))).reshape(shape)
        if dtype != "O" and self.pick.random() < 0.3:
            array = np.asfortranarray(array)
        if array.ndim and self.pick.random() < 0.2:
            array = array[::2]
        if array.ndim and dtype in ("<f8", "<i8") and self.pick.random() < 0.3:
            return np.ma.masked_array(np.ascontiguousarray(array), mask=self.numpy.rand(*array.shape) < 0.5)
        return array

    def record(self):
        fields = [(chr(97 + i), self.pick.choice(DTYPES)) for i in range(self.pick.randint(1, 5))]
        array = np.zeros(self.pick.choice([0, 1, 4]), dtype=np.dtype(fields, align=self.pick.random() < 0.5))
        for name, _ in fields:
            array[name] = self.numpy.randint(0, 2, len(array))
        return array

    def value(self, depth=0):
        if self.recent and self.pick.random() < 0.1:
            return self.pick.choice(self.recent)
        made = self.new(depth)
        self.recent = [*self.recent[-5:], made]
        return made

    def new(self, depth):
        chance = self.pick.random()
        if depth > 4 or chance < 0.35:
            return self.leaf()
        if chance < 0.55:
            return self.array()
        if chance < 0.6:
            return self.record()
        inner = [self.value(depth + 1) for _ in range(self.pick.choice([0, 1, 2, 3, 4]))]
        if chance < 0.7:
            return inner
        if chance < 0.8:
            return tuple(inner)
        if chance < 0.93:
            pairs = [(self.text().replace("\ud800", "") + str(i), item) for i, item in enumerate(inner)]
            return dict(pairs) if chance < 0.9 else collections.OrderedDict(pairs)
        return {1, 2, 3} if chance < 0.96 else frozenset(["a", "b"])


def save(folder, name, value, pick):
    path = os.path.join(folder, name)
    with open(path + ".json", "w") as out:
        json.dump(make_pickles.describe(value), out)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with open(f"{path}.p{protocol}.pkl", "wb") as out:
            pickle.dump(value, out, protocol)
    form = pick.choice(["raw", "zlib", "gzip", "bz2", "xz", "lzma"])
    compress = 0 if form == "raw" else (form, pick.randint(1, 9))
    joblib.dump(value, f"{path}.{form}.joblib", compress=compress, protocol=pick.choice([2, 3, 4]))
    with contextlib.suppress(ImportError):
        make_pickles.save_dill(path, "zoo", value)


def main():
    folder, seed, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    os.makedirs(folder, exist_ok=True)
    maker = Maker(seed)
    for index in range(count):
        maker.recent = []
        save(folder, f"r{seed}_{index}", [maker.value() for _ in range(maker.pick.choice([1, 3, 8]))], maker.pick)


if __name__ == "__main__":
    main()
