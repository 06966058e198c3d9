"""Makes the ONNX models of the tests and what ONNX Runtime answers them from Python.

usage: python tests/conformance/onnx/generate.py

Needs scikit-learn, skl2onnx, onnxmltools, lightgbm, xgboost, catboost, onnx and onnxruntime; the versions last used are
in `cases.json`. Everything it writes is small and committed, so only whoever changes a model runs it.

`cases.json` says for each model what is sent (with the ONNX names and exact types), what Python's
`InferenceSession.run` answers with one thread, and how maps of labels to numbers flatten. Numbers are hexadecimal
bytes (little-endian), so that they compare bit for bit.
"""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

import catboost
import lightgbm
import numpy as np
import onnx
import onnxmltools
import onnxruntime
import xgboost
from onnx import TensorProto, helper
from onnxmltools.convert.common.data_types import FloatTensorType as ToolsFloat
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, Int64TensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_iris
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

HERE = Path(__file__).resolve().parent
OPSET = 17
TYPES = {
    "bool": "BOOL",
    "uint8": "UINT8",
    "uint16": "UINT16",
    "uint32": "UINT32",
    "uint64": "UINT64",
    "int8": "INT8",
    "int16": "INT16",
    "int32": "INT32",
    "int64": "INT64",
    "float16": "FP16",
    "float32": "FP32",
    "float64": "FP64",
    "object": "BYTES",
}

iris = load_iris()
X, y = iris.data.astype(np.float32), iris.target
ODD = np.array([[np.nan, 1, 2, 3], [np.inf, -1, 0, 1e30], [-0.0, 0, 1e-40, 5]], dtype=np.float32)
rng = np.random.default_rng(7)


def tensor(name: str, array: np.ndarray) -> dict:
    kind = TYPES[array.dtype.name if array.dtype.kind not in "OU" else "object"]
    data = [str(text) for text in array.ravel()] if kind == "BYTES" else array.tobytes().hex()
    return {"name": name, "datatype": kind, "shape": list(array.shape), "data": data}


def flattened(value) -> np.ndarray:
    """A sequence of maps as one matrix: the columns are in the order of the labels."""
    if isinstance(value, list):
        return np.array([list(row.values()) for row in value], dtype=np.float32)
    return np.asarray(value)


def session(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def answered(name: str, model: onnx.ModelProto, *feeds: dict[str, np.ndarray]) -> dict:
    path = HERE / f"{name}.onnx"
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    running = session(path)
    names = [output.name for output in running.get_outputs()]
    cases = []
    for feed in feeds:
        outputs = [flattened(output) for output in running.run(None, feed)]
        cases.append(
            {
                "inputs": [tensor(key, value) for key, value in feed.items()],
                "outputs": [tensor(key, value) for key, value in zip(names, outputs, strict=True)],
            }
        )
    return {"model": path.name, "cases": cases}


def of_sklearn() -> list[dict]:
    rows = np.vstack([X[::9], ODD[2:]])
    linear = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(X, y)
    forest = RandomForestClassifier(20, max_depth=5, random_state=0).fit(X, iris.target_names[y])
    regressor = GradientBoostingRegressor(n_estimators=20, random_state=0).fit(X, X @ [1, 2, 3, 4])
    net = MLPClassifier((32, 32), max_iter=300, random_state=0).fit(X, y)
    one = X[:1]
    return [
        answered("iris_zipmap", to_onnx(linear, X[:1], target_opset=OPSET), {"X": rows}, {"X": one}),
        answered(
            "iris_plain",
            to_onnx(linear, X[:1], target_opset=OPSET, options={"zipmap": False}),
            {"X": rows},
            {"X": one},
        ),
        answered("forest_strings", to_onnx(forest, X[:1], target_opset=OPSET), {"X": np.vstack([rows, ODD])}),
        answered("regressor", to_onnx(regressor, X[:1], target_opset=OPSET), {"X": rows}, {"X": one}),
        answered("net", to_onnx(net, X[:1], target_opset=OPSET, options={"zipmap": False}), {"X": rows}),
        of_columns(),
    ]


def of_columns() -> dict:
    import pandas

    size = 120
    frame = pandas.DataFrame(
        {
            "age": rng.normal(40, 12, size).astype(np.float32),
            "visits": rng.integers(0, 9, size),
            "city": rng.choice(["Köln", "Bern", "Oslo"], size),
        }
    )
    label = np.where(frame.age + 5 * frame.visits > 60, "stays", "goes")
    steps = ColumnTransformer(
        [
            ("numbers", StandardScaler(), ["age", "visits"]),
            ("words", OneHotEncoder(handle_unknown="ignore"), ["city"]),
        ]
    )
    model = make_pipeline(steps, LogisticRegression()).fit(frame, label)
    types = [
        ("age", FloatTensorType([None, 1])),
        ("visits", Int64TensorType([None, 1])),
        ("city", StringTensorType([None, 1])),
    ]
    proto = to_onnx(model, initial_types=types, target_opset=OPSET)
    feed = {
        "age": frame.age.to_numpy()[:7].reshape(-1, 1),
        "visits": frame.visits.to_numpy()[:7].reshape(-1, 1),
        "city": np.array([*frame.city[:6], "Atlantis"], dtype=object).reshape(-1, 1),
    }
    return answered("columns", proto, feed)


def of_others() -> list[dict]:
    kinds = [("input", ToolsFloat([None, 4]))]
    light = lightgbm.LGBMClassifier(n_estimators=15, verbose=-1, random_state=0).fit(X, y)
    boost = xgboost.XGBClassifier(n_estimators=15, max_depth=4, random_state=0).fit(X, y)
    cat = catboost.CatBoostClassifier(iterations=15, depth=4, verbose=False, random_seed=0, allow_writing_files=False).fit(X, y)
    rows = np.vstack([X[::9], ODD])
    path = HERE / "catboost.onnx"
    cat.save_model(str(path), format="onnx")
    return [
        answered(
            "lightgbm",
            onnxmltools.convert_lightgbm(light, initial_types=kinds, target_opset=15, zipmap=True),
            {"input": rows},
        ),
        answered("xgboost", onnxmltools.convert_xgboost(boost, initial_types=kinds, target_opset=15), {"input": rows}),
        answered("catboost", onnx.load(path), {"features": rows}),
    ]


def graph(name: str, nodes: list, inputs: list, outputs: list, initializers: list = ()) -> onnx.ModelProto:
    made = helper.make_graph(nodes, name, inputs, outputs, initializers)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="pelton tests")
    model.ir_version = 8
    return model


def of_types() -> dict:
    """One input and one output of every type, and tensors of more than two dimensions."""
    arrays = {
        "bool": rng.integers(0, 2, (5, 2, 3)).astype(bool),
        "int8": rng.integers(-128, 128, (5, 4)).astype(np.int8),
        "int16": rng.integers(-(2**15), 2**15, (5, 1)).astype(np.int16),
        "int32": rng.integers(-(2**31), 2**31, (5,)).astype(np.int32),
        "int64": rng.integers(-(2**62), 2**62, (5, 2)),
        "uint8": rng.integers(0, 256, (5, 4)).astype(np.uint8),
        "uint16": rng.integers(0, 2**16, (5, 4)).astype(np.uint16),
        "uint32": rng.integers(0, 2**32, (5, 4)).astype(np.uint32),
        "uint64": rng.integers(0, 2**63, (5, 4)).astype(np.uint64),
        "float16": rng.normal(size=(5, 2)).astype(np.float16),
        "float32": rng.normal(size=(5, 2, 2, 2)).astype(np.float32),
        "float64": rng.normal(size=(5, 3)),
        "string": np.array([["", "Köln"], ["a", "b\n"], ["日本", "x" * 300], ["'", "\\"], ["é", "0"]], dtype=object),
    }
    codes = {
        "bool": TensorProto.BOOL,
        "int8": TensorProto.INT8,
        "int16": TensorProto.INT16,
        "int32": TensorProto.INT32,
        "int64": TensorProto.INT64,
        "uint8": TensorProto.UINT8,
        "uint16": TensorProto.UINT16,
        "uint32": TensorProto.UINT32,
        "uint64": TensorProto.UINT64,
        "float16": TensorProto.FLOAT16,
        "float32": TensorProto.FLOAT,
        "float64": TensorProto.DOUBLE,
        "string": TensorProto.STRING,
    }
    nodes, inputs, outputs = [], [], []
    for name, array in arrays.items():
        shape = ["rows", *array.shape[1:]]
        nodes.append(helper.make_node("Identity", [name], [f"{name}_out"]))
        inputs.append(helper.make_tensor_value_info(name, codes[name], shape))
        outputs.append(helper.make_tensor_value_info(f"{name}_out", codes[name], shape))
    return answered("types", graph("types", nodes, inputs, outputs), arrays)


def simple(name: str, nodes: list, shape: list, result: list, *initializers, kind: int = TensorProto.FLOAT) -> None:
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)
    y = helper.make_tensor_value_info("y", kind, result)
    model = graph(name, nodes, [x], [y], list(initializers))
    if shape is not None:
        onnx.checker.check_model(model)
    (HERE / f"{name}.onnx").write_bytes(model.SerializeToString())


def of_corners() -> None:
    """Models that are served in a special way, or fail: the tests say how."""
    two = helper.make_tensor("two", TensorProto.FLOAT, [1], [2.0])
    double = [helper.make_node("Mul", ["x", "two"], ["y"])]
    simple("fixed_batch", double, [3, 2], [3, 2], two)
    simple("single_row", double, [1, 2], [1, 2], two)
    simple("scalar_output", [helper.make_node("ReduceSum", ["x"], ["y"], keepdims=0)], ["n", 2], [])
    simple("no_shape", double, None, None, two)
    simple(
        "bfloat16",
        [helper.make_node("Cast", ["x"], ["y"], to=TensorProto.BFLOAT16)],
        ["n", 2],
        ["n", 2],
        kind=TensorProto.BFLOAT16,
    )
    table = helper.make_tensor("table", TensorProto.FLOAT, [4], [10.0, 20.0, 30.0, 40.0])
    lookup = [
        helper.make_node("Cast", ["x"], ["index"], to=TensorProto.INT64),
        helper.make_node("Gather", ["table", "index"], ["y"]),
    ]
    simple("lookup", lookup, ["n", 1], ["n", 1], table)
    sums = [helper.make_node("CumSum", ["x", "axis"], ["y"])]
    simple("across_rows", sums, ["n", 2], ["n", 2], helper.make_tensor("axis", TensorProto.INT64, [], [0]))
    rounds()
    missing()
    declared_otherwise()
    division()
    outside()


def rounds() -> None:
    """Adds one as often as the first value says: a run as long as one likes."""
    one = helper.make_tensor("one", TensorProto.FLOAT, [1], [1.0])
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["go_on"]),
            helper.make_node("Add", ["value", "one"], ["next"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("round", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("value", TensorProto.FLOAT, None),
        ],
        [
            helper.make_tensor_value_info("go_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("next", TensorProto.FLOAT, None),
        ],
    )
    nodes = [
        helper.make_node("ReduceMax", ["x"], ["most"], keepdims=0),
        helper.make_node("Cast", ["most"], ["count"], to=TensorProto.INT64),
        helper.make_node("Loop", ["count", "", "x"], ["y"], body=body),
    ]
    simple("rounds", nodes, ["n", 1], ["n", 1], one)


def missing() -> None:
    """An optional output that is always empty."""
    optional = helper.make_optional_type_proto(helper.make_tensor_type_proto(TensorProto.FLOAT, ["n", 2]))
    nodes = [
        helper.make_node("Identity", ["x"], ["y"]),
        helper.make_node("Optional", [], ["z"], type=helper.make_tensor_type_proto(TensorProto.FLOAT, ["n", 2])),
    ]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 2])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 2])
    z = helper.make_value_info("z", optional)
    (HERE / "optional_output.onnx").write_bytes(graph("optional", nodes, [x], [y, z]).SerializeToString())


def declared_otherwise() -> None:
    """A map declared as of float64, as skl2onnx does for float64 inputs; an output with rows of its own; one without a type."""
    element = helper.make_tensor_type_proto(TensorProto.DOUBLE, [])
    maps = helper.make_sequence_type_proto(helper.make_map_type_proto(TensorProto.INT64, element))
    nodes = [
        helper.make_node("Identity", ["x"], ["probabilities"]),
        helper.make_node("ZipMap", ["probabilities"], ["z"], domain="ai.onnx.ml", classlabels_int64s=[4, 9]),
        helper.make_node("Split", ["x"], ["a", "b"], axis=1),
        helper.make_node("Unsqueeze", ["a", "first"], ["c"]),
        helper.make_node("Unsqueeze", ["b", "first"], ["d"]),
        helper.make_node("Concat", ["c", "d"], ["targets"], axis=0),
        helper.make_node("Neg", ["x"], ["untyped"]),
    ]
    x = helper.make_tensor_value_info("x", TensorProto.DOUBLE, ["n", 2])
    targets = helper.make_tensor_value_info("targets", TensorProto.DOUBLE, [2, "n", 1])
    outputs = [helper.make_value_info("z", maps), targets, onnx.ValueInfoProto(name="untyped")]
    first = onnx.numpy_helper.from_array(np.array([0]), "first")
    model = graph("declared_otherwise", nodes, [x], outputs, [first])
    model.opset_import.append(helper.make_opsetid("ai.onnx.ml", 1))
    (HERE / "declared_otherwise.onnx").write_bytes(model.SerializeToString())


def division() -> None:
    """Division of whole numbers: ONNX Runtime ends its process for the least one by -1, older ones for any by 0."""
    columns = [helper.make_tensor_value_info(name, TensorProto.INT64, ["n", 1]) for name in ("a", "b", "y")]
    model = graph("division", [helper.make_node("Div", ["a", "b"], ["y"])], columns[:2], columns[2:])
    (HERE / "division.onnx").write_bytes(model.SerializeToString())


def outside() -> None:
    """Weights in another file: beside the model, and where no model may look."""
    for name, place in (("external", "external.weights"), ("escaping", "../../../secret.weights")):
        weights = TensorProto(name="two", data_type=TensorProto.FLOAT, dims=[2])
        weights.data_location = TensorProto.EXTERNAL
        for key, value in (("location", place), ("offset", "0"), ("length", "8")):
            weights.external_data.add(key=key, value=value)
        x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 2])
        y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 2])
        model = graph(name, [helper.make_node("Mul", ["x", "two"], ["y"])], [x], [y], [weights])
        (HERE / f"{name}.onnx").write_bytes(model.SerializeToString())
        if name == "external":
            with_a_map(weights, x)
    (HERE / "external.weights").write_bytes(np.array([2, 3], dtype=np.float32).tobytes())


def with_a_map(weights: TensorProto, x) -> None:
    """The same weights, and a map for each row."""
    nodes = [
        helper.make_node("Mul", ["x", "two"], ["scores"]),
        helper.make_node("ZipMap", ["scores"], ["z"], domain="ai.onnx.ml", classlabels_int64s=[7, 8]),
    ]
    of_one = helper.make_map_type_proto(TensorProto.INT64, helper.make_tensor_type_proto(TensorProto.FLOAT, []))
    z = helper.make_value_info("z", helper.make_sequence_type_proto(of_one))
    model = graph("external_map", nodes, [x], [z], [weights])
    (HERE / "external_map.onnx").write_bytes(model.SerializeToString())


def main() -> None:
    libraries = ("onnxruntime", "onnx", "skl2onnx", "onnxmltools", "scikit-learn", "lightgbm", "xgboost", "catboost")
    models = of_sklearn() + of_others() + [of_types()]
    of_corners()
    page = {"made_with": {name: version(name) for name in libraries}, "models": models}
    (HERE / "cases.json").write_text(json.dumps(page, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
