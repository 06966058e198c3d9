"""Clients other people wrote: tritonclient, grpcio's health and reflection; and one that knows two messages."""

from __future__ import annotations

import pickle
import urllib.request

import grpc
import joblib
import numpy as np
import pandas as pd
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from tritonclient import grpc as triton
from tritonclient.utils import InferenceServerException

import wire
from conftest import MODELS

IRIS = [[5.1, 3.5, 1.4, 0.2], [6.2, 2.9, 4.3, 1.3], [7.7, 3.0, 6.1, 2.3]]


@pytest.fixture
def tritonclient(server):
    with triton.InferenceServerClient(server.grpc) as client:
        yield client


def test_tritonclient_sees_a_ready_server_and_its_models(tritonclient):
    assert tritonclient.is_server_live()
    assert tritonclient.is_server_ready()
    assert tritonclient.get_server_metadata().name == "pelton"
    for model in ("iris", "mixed", "echo", "fussy"):
        assert tritonclient.is_model_ready(model)
    metadata = tritonclient.get_model_metadata("mixed")
    assert {(tensor.name, tensor.datatype) for tensor in metadata.inputs} == {("age", "FP64"), ("city", "BYTES")}
    outputs = {tensor.name: tensor for tensor in metadata.outputs}
    assert outputs["predict"].datatype == "BYTES"
    assert (outputs["predict_proba"].datatype, list(outputs["predict_proba"].shape)) == ("FP64", [-1, 2])
    assert list(tritonclient.get_model_metadata("iris").inputs[0].shape) == [-1, 4]


def test_tritonclient_gets_python_s_own_answers_bit_for_bit(tritonclient):
    with open(MODELS / "iris.pkl", "rb") as file:
        model = pickle.load(file)
    rows = np.random.default_rng(1).uniform(0, 8, (257, 4))
    tensor = triton.InferInput("input", list(rows.shape), "FP64")
    tensor.set_data_from_numpy(rows)
    asked = [triton.InferRequestedOutput(name) for name in ("predict", "predict_proba")]
    answer = tritonclient.infer("iris", [tensor], outputs=asked, request_id="42")
    assert answer.get_response().id == "42"
    np.testing.assert_array_equal(answer.as_numpy("predict"), model.predict(rows))
    np.testing.assert_allclose(answer.as_numpy("predict_proba"), model.predict_proba(rows), rtol=0, atol=1e-12)


def test_tritonclient_sends_text_and_missing_values(tritonclient):
    model = joblib.load(MODELS / "mixed.joblib")
    rows = pd.DataFrame({"age": [70.0, np.nan, 30.0], "city": ["Oslo", "Tromsø", "Paris"]})
    age = triton.InferInput("age", [3], "FP64")
    age.set_data_from_numpy(rows["age"].to_numpy())
    city = triton.InferInput("city", [3], "BYTES")
    city.set_data_from_numpy(rows["city"].to_numpy(dtype=object))
    answer = tritonclient.infer("mixed", [age, city])
    assert [label.decode() for label in answer.as_numpy("predict")] == model.predict(rows).tolist()


def test_tritonclient_is_told_what_is_wrong(tritonclient):
    tensor = triton.InferInput("input", [1, 3], "FP64")
    tensor.set_data_from_numpy(np.ones((1, 3)))
    with pytest.raises(InferenceServerException, match="3 features a row, the model takes 4"):
        tritonclient.infer("iris", [tensor])


def test_an_unknown_model_is_not_found_rather_than_not_ready(client):
    from tritonclient.grpc import service_pb2

    for method in ("ModelReady", "ModelMetadata"):
        request = getattr(service_pb2, f"{method}Request")(name="tulips")
        with pytest.raises(grpc.RpcError) as caught:
            client.call(method, request, getattr(service_pb2, f"{method}Response"))
        assert wire.status(caught.value)[0] == "NOT_FOUND"


def test_health_knows_the_server_and_each_model(client):
    health = health_pb2_grpc.HealthStub(client.channel)
    serving = health_pb2.HealthCheckResponse.SERVING
    for service in ("", "iris", "mixed"):
        assert health.Check(health_pb2.HealthCheckRequest(service=service), timeout=10).status == serving
    with pytest.raises(grpc.RpcError) as caught:
        health.Check(health_pb2.HealthCheckRequest(service="tulips"), timeout=10)
    assert wire.status(caught.value)[0] == "NOT_FOUND"


def test_reflection_describes_both_services(client):
    database = ProtoReflectionDescriptorDatabase(client.channel)
    services = set(database.get_services())
    assert {"inference.GRPCInferenceService", "prediction.PredictionService", "grpc.health.v1.Health"} <= services
    file = database.FindFileContainingSymbol("prediction.PredictionRequest")
    assert [field.name for message in file.message_type for field in message.field] == ["features", "prediction"]


def test_a_client_with_two_messages_gets_a_number(client):
    assert [client.predict(row) for row in IRIS] == [0.0, 1.0, 2.0]


def test_a_client_with_two_messages_is_told_what_is_wrong(client):
    with pytest.raises(grpc.RpcError) as caught:
        client.predict([1.0, 2.0])
    code, message = wire.status(caught.value)
    assert code == "INVALID_ARGUMENT"
    assert "2 features a row, the model takes 4" in message


def test_the_http_port_tells_health_and_metrics(server, client):
    client.infer(wire.request("iris", wire.matrix(IRIS)))
    for path in ("/v2/health/live", "/v2/health/ready"):
        with urllib.request.urlopen(f"http://{server.http}{path}", timeout=10) as answer:
            assert answer.status == 200
    with urllib.request.urlopen(f"http://{server.http}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    assert 'model="iris"' in text
    for meter in ("requests", "batch_rows", "queue_wait", "executor", "in_flight", "queue_rows", "restarts", "ready"):
        assert meter in text, meter
