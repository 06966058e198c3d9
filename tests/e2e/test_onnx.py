"""ONNX models through the built server, asked by tritonclient and compared with ONNX Runtime in Python bit for bit."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
from tritonclient import grpc as triton
from tritonclient.utils import InferenceServerException

from conftest import ROOT

GOLDENS = ROOT / "tests" / "conformance" / "onnx"
ROWS = np.random.default_rng(3).uniform(0, 8, (257, 4)).astype(np.float32)


@pytest.fixture
def client(serve):
    models = [f"{name}={GOLDENS / name}.onnx" for name in ("iris_zipmap", "columns", "lookup", "xgboost")]
    server = serve(*models, models=())
    with triton.InferenceServerClient(server.grpc) as client:
        yield client


def python(name: str, feed: dict[str, np.ndarray]) -> list:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(GOLDENS / f"{name}.onnx", options).run(None, feed)


def tensor(name: str, values: np.ndarray, datatype: str) -> triton.InferInput:
    tensor = triton.InferInput(name, list(values.shape), datatype)
    tensor.set_data_from_numpy(values)
    return tensor


def test_an_onnx_model_tells_its_own_names_and_labels(client):
    metadata = client.get_model_metadata("iris_zipmap")
    assert metadata.platform == "onnxruntime_onnx"
    assert [(spec.name, spec.datatype, list(spec.shape)) for spec in metadata.inputs] == [("X", "FP32", [-1, 4])]
    names = [spec.name for spec in metadata.outputs]
    assert names == ["output_label", "output_probability", "predict", "predict_proba"]
    columns = client.get_model_metadata("columns")
    assert [(spec.name, spec.datatype) for spec in columns.inputs] == [
        ("age", "FP32"),
        ("visits", "INT64"),
        ("city", "BYTES"),
    ]


def test_answers_are_those_of_python(client):
    label, maps = python("iris_zipmap", {"X": ROWS})
    scores = np.array([list(row.values()) for row in maps], dtype=np.float32)
    answer = client.infer("iris_zipmap", [tensor("X", ROWS, "FP32")])
    np.testing.assert_array_equal(answer.as_numpy("output_label"), label)
    np.testing.assert_array_equal(answer.as_numpy("output_probability"), scores)
    # Doubles under Pelton's name for a matrix, answers under scikit-learn's.
    asked = [triton.InferRequestedOutput(name) for name in ("predict", "predict_proba")]
    answer = client.infer("iris_zipmap", [tensor("input", ROWS.astype(np.float64), "FP64")], outputs=asked)
    np.testing.assert_array_equal(answer.as_numpy("predict"), label)
    np.testing.assert_array_equal(answer.as_numpy("predict_proba"), scores)


def test_a_row_alone_has_the_answer_it_has_among_others(client):
    _, expected = python("xgboost", {"input": ROWS})
    for row in range(20):
        answer = client.infer("xgboost", [tensor("input", ROWS[row : row + 1], "FP32")])
        np.testing.assert_array_equal(answer.as_numpy("probabilities"), expected[row : row + 1])


def test_text_and_number_columns(client):
    age, visits = np.array([31, 52, 70], dtype=np.float32), np.array([3, 1, 0])
    city = np.array(["Köln", "Oslo", "Atlantis"], dtype=object)
    label, _ = python("columns", {"age": age[:, None], "visits": visits[:, None], "city": city[:, None]})
    inputs = [tensor("city", city, "BYTES"), tensor("age", age, "FP32"), tensor("visits", visits[:, None], "INT64")]
    answer = client.infer("columns", inputs)
    assert [text.decode() for text in answer.as_numpy("output_label")] == label.tolist()


def test_a_row_that_the_model_refuses_is_told_without_names(client):
    with pytest.raises(InferenceServerException) as caught:
        client.infer("lookup", [tensor("x", np.array([[9.0]], dtype=np.float32), "FP32")])
    assert caught.value.status() == "StatusCode.INVALID_ARGUMENT"
    assert "out of data bounds" in caught.value.message()
    assert "Gather" not in caught.value.message()
