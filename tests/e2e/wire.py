"""The protocols as bytes and messages, without a client library that would correct what a test gets wrong on purpose.

Two independent sources of messages: tritonclient's generated ones for the Open Inference Protocol (its wire format is that
of `proto/open_inference_grpc.proto`), and two hand-made ones for the minimal contract.
"""

from __future__ import annotations

import base64
import struct
from typing import Any, Optional

import grpc
import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from tritonclient.grpc import service_pb2

TYPES = {
    "BOOL": np.bool_,
    "UINT8": np.uint8,
    "UINT16": np.uint16,
    "UINT32": np.uint32,
    "UINT64": np.uint64,
    "INT8": np.int8,
    "INT16": np.int16,
    "INT32": np.int32,
    "INT64": np.int64,
    "FP16": np.float16,
    "FP32": np.float32,
    "FP64": np.float64,
}
FIELDS = {
    "BOOL": "bool_contents",
    "UINT8": "uint_contents",
    "UINT16": "uint_contents",
    "UINT32": "uint_contents",
    "UINT64": "uint64_contents",
    "INT8": "int_contents",
    "INT16": "int_contents",
    "INT32": "int_contents",
    "INT64": "int64_contents",
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
    "BYTES": "bytes_contents",
}


class Client:
    """Sends messages, or bytes, as they are.

    Large answers are welcome, so that the limit tested is the server's.
    """

    def __init__(self, address: str) -> None:
        options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
        self.channel = grpc.insecure_channel(address, options=options)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.channel.close()

    def call(self, method: str, request: Any, answer: type, timeout_s: float = 30) -> Any:
        """A unary call of the Open Inference Protocol."""
        path = f"/inference.GRPCInferenceService/{method}"
        stub = self.channel.unary_unary(path, type(request).SerializeToString, answer.FromString)
        return stub(request, timeout=timeout_s)

    def infer(self, request: Any, timeout_s: float = 30) -> Any:
        """ModelInfer."""
        return self.call("ModelInfer", request, service_pb2.ModelInferResponse, timeout_s)

    def send_bytes(self, method: str, request: bytes, timeout_s: float = 30) -> bytes:
        """Any method of any service, with a message that is whatever bytes one likes."""
        stub = self.channel.unary_unary(method, lambda raw: raw, lambda raw: raw)
        return stub(request, timeout=timeout_s)

    def predict(self, features: list[float], timeout_s: float = 30) -> float:
        """The minimal contract."""
        stub = self.channel.unary_unary(
            "/prediction.PredictionService/Predict", PredictionRequest.SerializeToString, PredictionResponse.FromString
        )
        return stub(PredictionRequest(features=features), timeout=timeout_s).prediction


def request(model: str, *inputs: dict[str, Any], raw: bool = True, ask: tuple[str, ...] = (), version: str = "") -> Any:
    """A ModelInferRequest from tensors as in the conformance cases."""
    message = service_pb2.ModelInferRequest(model_name=model, model_version=version)
    for name in ask:
        message.outputs.add().name = name
    for tensor in inputs:
        added = message.inputs.add(name=tensor["name"], datatype=tensor["datatype"], shape=tensor["shape"])
        if "raw" in tensor:
            message.raw_input_contents.append(base64.b64decode(tensor["raw"]))
        elif raw:
            message.raw_input_contents.append(pack(tensor["datatype"], tensor["data"]))
        else:
            getattr(added.contents, FIELDS[tensor["datatype"]]).extend(elements(tensor["datatype"], tensor["data"]))
    return message


def matrix(rows: Any, name: str = "input") -> dict[str, Any]:
    """An FP64 tensor of this list of lists."""
    values = np.asarray(rows, dtype="<f8")
    return {"name": name, "datatype": "FP64", "shape": list(values.shape), "data": values.ravel().tolist()}


def elements(datatype: str, data: list[Any]) -> list[Any]:
    """The elements of a case's `data` as Python values."""
    if datatype == "BYTES":
        return [base64.b64decode(value["base64"]) if isinstance(value, dict) else value.encode() for value in data]
    if datatype.startswith("FP"):
        return [float(value) for value in data]
    return data


def pack(datatype: str, data: list[Any]) -> bytes:
    """The raw layout: little-endian, row-major, strings preceded by their length."""
    values = elements(datatype, data)
    if datatype == "BYTES":
        return b"".join(struct.pack("<I", len(value)) + value for value in values)
    return np.array(values, dtype=np.dtype(TYPES[datatype]).newbyteorder("<")).tobytes()


def outputs(answer: Any) -> list[dict[str, Any]]:
    """Name, datatype, shape and elements of every tensor of an answer, raw or typed."""
    found = []
    for index, tensor in enumerate(answer.outputs):
        if answer.raw_output_contents:
            data = unpack(tensor.datatype, answer.raw_output_contents[index])
        else:
            data = list(getattr(tensor.contents, FIELDS[tensor.datatype]))
        found.append({"name": tensor.name, "datatype": tensor.datatype, "shape": list(tensor.shape), "data": data})
    return found


def unpack(datatype: str, raw: bytes) -> list[Any]:
    """The elements of the raw layout."""
    if datatype != "BYTES":
        return np.frombuffer(raw, dtype=np.dtype(TYPES[datatype]).newbyteorder("<")).tolist()
    values, at = [], 0
    while at < len(raw):
        (length,) = struct.unpack_from("<I", raw, at)
        values.append(raw[at + 4 : at + 4 + length])
        at += 4 + length
    return values


def status(error: grpc.RpcError) -> tuple[str, Optional[str]]:
    """Name of the status, and the message."""
    return error.code().name, error.details()


def _prediction_messages() -> tuple[type, type]:
    field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="two_messages.proto", package="prediction", syntax="proto3")
    features = file.message_type.add(name="PredictionRequest").field.add(name="features", number=1)
    features.label, features.type = field.LABEL_REPEATED, field.TYPE_DOUBLE
    prediction = file.message_type.add(name="PredictionResponse").field.add(name="prediction", number=1)
    prediction.label, prediction.type = field.LABEL_OPTIONAL, field.TYPE_DOUBLE
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    request, response = (
        pool.FindMessageTypeByName(f"prediction.{name}") for name in ("PredictionRequest", "PredictionResponse")
    )
    return message_factory.GetMessageClass(request), message_factory.GetMessageClass(response)


PredictionRequest, PredictionResponse = _prediction_messages()
