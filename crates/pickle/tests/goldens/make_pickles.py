"""Writes the golden files of the readers' tests with the real libraries, and what Python sees in them.

Run once by each interpreter that has a version worth testing (Python 2.7 too, hence the old style)::

    python make_pickles.py NAME

makes ``NAME/*.json`` (one object each, described) and beside it the same object in every format that
interpreter has: ``<object>.<how>.<format>``. ``make_all.sh`` makes the environments.
"""

# ruff: noqa: C405, SIM105, UP003, UP010, UP018, UP020, UP028, UP032 (Python 2 reads this file too)

from __future__ import print_function, unicode_literals

import collections
import functools
import io
import json
import os
import pickle
import sys
import zlib

import numpy as np
import sklearn
from sklearn.ensemble import GradientBoostingClassifier, IsolationForest, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import LabelEncoder, OneHotEncoder, StandardScaler
from sklearn.svm import SVC

PY2 = sys.version_info[0] == 2
TEXT = (type(""), str)
INTS = (int, type(2**70))


def describe(value, depth=0):
    """Says what a value is, as JSON, the way the readers should see it."""
    if depth > 40:
        return {"t": "any"}
    below = depth + 1
    if value is None:
        return {"t": "none"}
    if isinstance(value, (bool, np.bool_)):
        return {"t": "bool", "v": bool(value)}
    if isinstance(value, np.generic):
        return describe_scalar(value)
    if isinstance(value, INTS):
        return {"t": "int", "v": str(value)}
    if isinstance(value, float):
        return {"t": "float", "v": repr(value)}
    if isinstance(value, complex):
        return {"t": "complex", "v": [value.real, value.imag]}
    if type(value) in TEXT:
        return describe_text(value)
    if isinstance(value, (bytes, bytearray)):
        return {"t": type(value).__name__, "v": list(bytearray(value))}
    if isinstance(value, np.ma.MaskedArray):
        found = describe_array(np.asarray(value.data), below)
        found["mask"] = [int(m) for m in np.ma.getmaskarray(value).ravel()]
        return found
    if type(value) is np.matrix:
        return describe_array(np.asarray(value), below)
    if type(value) is np.ndarray:
        return describe_array(value, below)
    if isinstance(value, np.dtype):
        return {"t": "dtype", "v": "object" if value.kind == "O" else str(value)}
    if type(value) in (tuple, list):
        return {"t": type(value).__name__, "v": [describe(item, below) for item in value]}
    if type(value) in (set, frozenset):
        return {"t": type(value).__name__, "v": len(value)}
    if type(value) in (dict, collections.OrderedDict, collections.defaultdict):
        pairs = [[describe(k, below), describe(v, below)] for k, v in value.items()]
        return {"t": "dict", "v": pairs}
    if isinstance(value, slice):
        return {"t": "slice", "v": [describe(part) for part in (value.start, value.stop, value.step)]}
    if isinstance(value, type):
        return {"t": "global", "name": value.__name__}
    if isinstance(value, np.ufunc):
        return {"t": "global", "name": value.__name__}
    return describe_object(value, below)


def describe_text(value):
    if not isinstance(value, type("")):
        # Python 2's str: ASCII is text, anything else bytes.
        data = bytearray(value)
        return {"t": "bytestr", "v": list(data)} if max(data or [0]) > 127 else {"t": "str", "v": value.decode("ascii")}
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return {"t": "surrogates"}
    # Python 2.7 encodes lone surrogates as if nothing were wrong.
    if any(0xD800 <= ord(c) < 0xE000 for c in value) and not PY2:
        return {"t": "surrogates"}
    return {"t": "str", "v": value}


def describe_scalar(value):
    if isinstance(value, (np.datetime64, np.timedelta64)):
        return {"t": "scalar", "dtype": str(value.dtype), "int": str(value.astype("i8"))}
    if isinstance(value, np.integer):
        return {"t": "scalar", "dtype": str(value.dtype), "int": str(int(value))}
    if isinstance(value, np.floating):
        return {"t": "scalar", "dtype": str(value.dtype), "float": repr(float(value))}
    if isinstance(value, np.str_):
        return {"t": "scalar", "dtype": None, "text": str(value)}
    return {"t": "any"}


def describe_array(array, depth):
    found = {"t": "array", "shape": list(array.shape)}
    kind = array.dtype.kind
    if array.dtype.names:
        found["dtype"] = "record"
        found["fields"] = {name: describe_array(np.ascontiguousarray(array[name]), depth) for name in array.dtype.names}
    elif kind == "O":
        found["dtype"] = "object"
        found["items"] = [describe(item, depth) for item in array.ravel(order="C")]
    elif kind in "US":
        found["dtype"] = kind
        found["texts"] = [t.decode("ascii") if isinstance(t, bytes) else t for t in array.ravel(order="C").tolist()]
    elif kind in "biufMm":
        name = str(array.dtype.newbyteorder("="))
        plain = np.ascontiguousarray(array.astype("<i8") if kind in "Mm" else array).astype("<f8")
        found["dtype"] = name
        # The elements in C order as little-endian float64.
        found["crc32"] = zlib.crc32(plain.tobytes("C")) & 0xFFFFFFFF
        found["head"] = [repr(v) for v in plain.ravel(order="C")[:3].tolist()]
    else:
        found["dtype"] = str(array.dtype)
    return found


def describe_object(value, depth):
    cls = type(value)
    if cls.__module__.startswith(("numpy.random", "mtrand", "pandas")) or (callable(value) and not hasattr(value, "fit")):
        return {"t": "any"}
    found = {"t": "object", "class": [cls.__module__, cls.__name__]}
    try:
        reduced = value.__reduce_ex__(2)
    except Exception:
        return {"t": "any"}
    if isinstance(reduced, str) or len(reduced) < 3 or reduced[2] is None:
        return found
    state = reduced[2]
    if type(state) is dict:
        found["attrs"] = {k: describe(v, depth) for k, v in state.items()}
    return found


def data():
    rng = np.random.RandomState(0)
    X = rng.normal(size=(60, 4))
    y = (X[:, 0] + X[:, 1] > 0).astype(int) + (X[:, 2] > 1)
    return X, y


def models():
    X, y = data()
    names = np.array(["no", "maybe", "yes"])
    yield "lr", Pipeline([("scale", StandardScaler()), ("clf", LogisticRegression(max_iter=200))]).fit(X, names[y])
    yield "linear", LinearRegression().fit(X, X[:, 0] * 2)
    yield "rf", RandomForestClassifier(n_estimators=3, max_depth=3, random_state=0).fit(X, y)
    yield "gb", GradientBoostingClassifier(n_estimators=2, max_depth=2, random_state=0).fit(X, y > 0)
    yield "forest", IsolationForest(n_estimators=2, max_samples=16, random_state=0).fit(X)
    grid = GridSearchCV(LogisticRegression(max_iter=200), {"C": [0.1, 1.0]}, cv=3)
    yield "grid", grid.fit(X, y > 0)
    texts = ["a red apple", "green apples", "the yellow banana", "bananas are fruit"]
    text = Pipeline([("tfidf", TfidfVectorizer()), ("nb", MultinomialNB())])
    yield "text", text.fit(texts, [0, 0, 1, 1])
    yield "svc", SVC(gamma="auto").fit(TfidfVectorizer().fit_transform(texts), [0, 0, 1, 1])
    yield "knn", KNeighborsClassifier(n_neighbors=3, weights="distance", algorithm="brute").fit(X[:20], y[:20])
    colours = np.array([["red", 1], ["green", 2], ["blue", 1]], dtype=object)
    yield "encoders", {"onehot": OneHotEncoder().fit(colours), "label": LabelEncoder().fit(["b", "a", "c"])}
    for maker in (newer_models, pandas_models, boosters):
        try:
            for pair in maker(X, y):
                yield pair
        except ImportError as missing:
            print("  without", missing)


def newer_models(X, y):
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.neural_network import MLPClassifier
    from sklearn.preprocessing import FunctionTransformer, OrdinalEncoder

    letters = np.array([["a", "b", None][i % 3] for i in range(60)], dtype=object)
    mixed = np.concatenate([X.astype(object), letters[:, None]], axis=1)
    numeric = Pipeline([("impute", SimpleImputer(strategy="median")), ("log", FunctionTransformer(np.exp))])
    columns = ColumnTransformer(
        [
            ("num", numeric, slice(0, 2)),
            ("cat", OneHotEncoder(drop="first"), [4]),
            ("ord", OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), [4]),
            ("keep", "passthrough", [2]),
        ]
    )
    yield "columns", columns.fit(mixed)
    yield "hgb", HistGradientBoostingClassifier(max_iter=3, max_depth=3, categorical_features=[3]).fit(np.c_[X[:, :3], y], y)
    yield "mlp", MLPClassifier(hidden_layer_sizes=(3,), max_iter=5, random_state=0).fit(X, y)


def pandas_models(X, y):
    import pandas as pd
    from sklearn.compose import ColumnTransformer

    frame = pd.DataFrame({"age": X[:, 0], "city": ["Oslo", "Bergen"] * 30})
    columns = ColumnTransformer([("num", StandardScaler(), ["age"]), ("cat", OneHotEncoder(), ["city"])])
    yield "frame", Pipeline([("prep", columns), ("clf", LogisticRegression())]).fit(frame, y)
    yield "pandas", {"columns": frame.columns, "series": frame["age"][:3], "frame": frame[:2]}


def boosters(X, y):
    import lightgbm

    yield "lgbm", lightgbm.LGBMClassifier(n_estimators=2, num_leaves=3, verbose=-1).fit(X, y)


def zoo():
    """Everything plain, and the awkward."""
    rng = np.random.RandomState(1)
    shared = [1, 2]
    ints = [0, 1, -1, 255, 256, 65535, 65536, -(2**31), 2**31, 2**63 - 1, -(2**63), 2**63, -(2**63) - 1, 2**200, -(2**200)]
    loop = ["self"]
    loop.append(loop)
    record = np.zeros(3, dtype=[(str("left"), str("<i8")), (str("pad"), str("u1")), (str("x"), str(">f4"))])
    record["left"] = [-1, 5, 2**40]
    record["x"] = [0.5, -1.5, 3.25]
    aligned = np.zeros(2, dtype=np.dtype([(str("flag"), str("?")), (str("value"), str("<f8"))], align=True))
    aligned["value"] = [1.5, -2.5]
    objects = np.empty((2, 2), dtype=object)
    objects[:] = [["a", 1], [None, 2.5]]
    nested = np.empty(2, dtype=object)
    nested[:] = [np.arange(3), objects]
    return collections.OrderedDict(
        [
            ("ints", ints),
            ("floats", [0.0, -0.0, 1.5, 1e308, 5e-324, float("inf"), float("-inf"), float("nan")]),
            ("texts", ["", "plain", "caf\xe9 \u20ac", "\U0001f600", "line\nend \\u0041 'q' \"d\"", "x" * 300]),
            ("bytes", [b"", b"abc", b"\x00\xff\n'\"\\", b"y" * 300, bytearray(b"ba\x80"), bytearray()]),
            ("constants", [None, True, False]),
            ("complex", complex(1.5, -2.0)),
            ("tuples", [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)]),
            ("shared", [shared, shared]),
            ("sets", [set([1, 2, 3]), frozenset(["a"]), set()]),
            ("dicts", [{}, {"a": 1, "b": [2]}, {1: "int", (1, 2): "tuple", None: "none"}]),
            ("default", collections.defaultdict(list, {"k": [1]})),
            ("slice", slice(1, None, 2)),
            ("partial", functools.partial(max, 1)),
            ("ufunc", np.log1p),
            ("type", np.float64),
            ("dtypes", [np.dtype(str("f8")), np.dtype(str("O")), np.dtype(str("i4"))]),
            ("scalars", [np.float64(1.5), np.float32(0.1), np.int64(-7), np.uint8(200), np.bool_(True), np.float16(0.5)]),
            ("f8", rng.normal(size=(3, 4))),
            ("fortran", np.asfortranarray(rng.normal(size=(3, 4, 2)))),
            ("strided", rng.normal(size=(6, 4))[::2, 1:3]),
            ("big_endian", np.arange(5).astype(str(">i4"))),
            ("small", [np.arange(3, dtype=t) for t in ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4")]),
            ("bools", np.array([True, False, True])),
            ("empty", [np.zeros((0, 3)), np.zeros(0, dtype=int)]),
            ("zero_dim", np.array(3.5)),
            ("large", np.arange(1000).reshape(10, 100)),
            ("texts_u", np.array(["caf\xe9", "", "abc"])),
            ("texts_s", np.array([b"ab", b"c"])),
            ("times", np.array(["2020-01-01", "1969-12-31"], dtype="datetime64[D]")),
            ("record", record),
            ("aligned", aligned),
            ("objects", objects),
            ("nested", nested),
            ("masked", np.ma.masked_array([1.0, 2.0, 3.0], mask=[False, True, False])),
            ("loop", loop),
        ]
    )


def save(folder, name, value, all_forms):
    found = describe(value)
    with io.open(os.path.join(folder, name + ".json"), "w", encoding="utf-8") as out:
        out.write(type("")(json.dumps(found, sort_keys=True, separators=(str(","), str(":")))) + "\n")
    path = os.path.join(folder, name)
    highest = pickle.HIGHEST_PROTOCOL
    for protocol in range(highest + 1) if all_forms else sorted(set([highest, min(highest, 4)])):
        with open("{}.p{}.pkl".format(path, protocol), "wb") as out:
            pickle.dump(value, out, protocol=protocol)
    save_joblib(path, value, all_forms)
    for writer in (save_skops, save_dill):
        try:
            writer(path, name, value)
        except ImportError:
            pass


def save_joblib(path, value, all_forms):
    try:
        import joblib
    except ImportError:
        from sklearn.externals import joblib
    joblib.dump(value, path + ".raw.joblib")
    forms = ["zlib", "gzip", "bz2", "xz", "lzma", "lz4"] if all_forms else []
    for form in forms:
        try:
            joblib.dump(value, path + "." + form + ".joblib", compress=(str(form), 3))
        except (ImportError, ValueError, NotImplementedError) as missing:
            print("  without", form, missing)


def save_skops(path, name, value):
    import zipfile

    import skops.io

    if name not in ("lr", "text", "columns", "hgb", "svc", "grid", "encoders", "frame"):
        return
    if name in ("lr", "text"):
        skops.io.dump(value, path + ".stored.skops")
    skops.io.dump(value, path + ".deflated.skops", compression=zipfile.ZIP_DEFLATED)


def save_dill(path, name, value):
    import dill

    if name in ("lr", "zoo", "columns", "rf"):
        with open(path + ".dill.pkl", "wb") as out:
            dill.dump(value, out)


def save_npy(folder):
    arrays = {
        "f8": np.arange(12.0).reshape(3, 4),
        "fortran": np.asfortranarray(np.arange(12.0).reshape(3, 4)),
        "big": np.arange(4).astype(str(">i2")),
        "texts": np.array(["caf\xe9", "a"]),
        "record": zoo()["record"],
        "objects": zoo()["objects"],
        "empty": np.zeros((0, 2)),
        "scalar": np.array(1.5),
    }
    for name, array in arrays.items():
        path = os.path.join(folder, "npy_" + name)
        with open(path + ".json", "w") as out:
            out.write(json.dumps(describe(array), sort_keys=True) + "\n")
        np.save(path + ".v1.npy", array)
    with open(os.path.join(folder, "npy_f8.v2.npy"), "wb") as out:
        np.lib.format.write_array(out, arrays["f8"], version=(2, 0))


def main():
    folder = sys.argv[1]
    if not os.path.isdir(folder):
        os.makedirs(folder)
    for old in os.listdir(folder):
        os.remove(os.path.join(folder, old))
    print(folder, "Python", sys.version.split()[0], "scikit-learn", sklearn.__version__, "numpy", np.__version__)
    save(folder, "zoo", zoo(), all_forms=True)
    save_npy(folder)
    for name, model in models():
        save(folder, name, model, all_forms=name == "lr")


if __name__ == "__main__":
    main()
