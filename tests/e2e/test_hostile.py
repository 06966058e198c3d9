"""Requests nobody should send: each gets the right status, and the server answers the next one as before."""

from __future__ import annotations

import socket
import struct

import grpc
import psutil
import pytest

import wire
from test_conformance import assert_fit_for_clients

INFER = "/inference.GRPCInferenceService/ModelInfer"
PREDICT = "/prediction.PredictionService/Predict"
ROW = [[5.1, 3.5, 1.4, 0.2]]


@pytest.fixture(autouse=True)
def still_serving(client, server):
    yield
    answer = client.infer(wire.request("iris", wire.matrix(ROW)))
    assert wire.outputs(answer)[0]["data"] == [0]
    assert server.process.poll() is None


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def field(number: int, payload: bytes) -> bytes:
    """A length-delimited protobuf field."""
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def tensor(name=b"input", datatype=b"FP64", shape=(1, 4), extra=b"") -> bytes:
    return field(1, name) + field(2, datatype) + field(3, b"".join(varint(size % 2**64) for size in shape)) + extra


def message(inputs=(), raw=(), model=b"iris") -> bytes:
    return field(1, model) + b"".join(field(5, one) for one in inputs) + b"".join(field(7, one) for one in raw)


FOUR = struct.pack("<4d", *ROW[0])
HOSTILE = {
    "no bytes at all": (INFER, b"", {"NOT_FOUND", "INVALID_ARGUMENT"}),
    "not a message": (INFER, b"\xff" * 64, {"INTERNAL", "INVALID_ARGUMENT"}),
    "a field longer than the message": (INFER, b"\x0a\xff\xff\xff\xff\x0f", {"INTERNAL", "INVALID_ARGUMENT"}),
    "a model name that is not UTF-8": (INFER, message([tensor()], [FOUR], b"\xff\xfe"), {"INTERNAL", "INVALID_ARGUMENT"}),
    "an input name that is not UTF-8": (INFER, message([tensor(b"\xff")], [FOUR]), {"INTERNAL", "INVALID_ARGUMENT"}),
    "a raw length that lies short": (INFER, message([tensor()], [FOUR[:-1]]), {"INVALID_ARGUMENT"}),
    "a raw length that lies long": (INFER, message([tensor()], [FOUR + b"\0"]), {"INVALID_ARGUMENT"}),
    "no raw contents for the second input": (INFER, message([tensor(), tensor(b"x")], [FOUR]), {"INVALID_ARGUMENT"}),
    "raw contents without an input": (INFER, message([], [FOUR]), {"INVALID_ARGUMENT"}),
    "a shape of 2^63 rows": (INFER, message([tensor(shape=(2**63 - 1, 2**63 - 1))], [FOUR]), {"INVALID_ARGUMENT"}),
    "a shape that overflows to its size": (INFER, message([tensor(shape=(2**62, 4))], [b""]), {"INVALID_ARGUMENT"}),
    "a negative size": (INFER, message([tensor(shape=(-1, 4))], [FOUR]), {"INVALID_ARGUMENT"}),
    "no shape": (INFER, message([tensor(shape=())], [FOUR]), {"INVALID_ARGUMENT"}),
    "a thousand dimensions": (INFER, message([tensor(shape=(1,) * 1000)], [FOUR]), {"INVALID_ARGUMENT"}),
    "ten thousand inputs": (INFER, message([tensor(b"i%d" % i) for i in range(10_000)], [FOUR] * 10_000), {"INVALID_ARGUMENT"}),
    "a name of a megabyte": (INFER, message([tensor(b"n" * 2**20)], [FOUR]), {"INVALID_ARGUMENT"}),
    "a model name of a megabyte": (INFER, message([tensor()], [FOUR], b"m" * 2**20), {"NOT_FOUND", "INVALID_ARGUMENT"}),
    "strings whose lengths lie": (
        INFER,
        message([tensor(b"age", b"BYTES", (2,))], [struct.pack("<II", 2**32 - 1, 2**32 - 1)], b"mixed"),
        {"INVALID_ARGUMENT"},
    ),
    "typed contents that do not fill the shape": (
        INFER,
        message([tensor(shape=(1000, 4), extra=field(5, field(7, FOUR)))]),
        {"INVALID_ARGUMENT"},
    ),
    "typed contents of another type": (INFER, message([tensor(extra=field(5, field(5, varint(1) * 4)))]), {"INVALID_ARGUMENT"}),
    "features that are half a number": (PREDICT, field(1, b"\0" * 7), {"INTERNAL", "INVALID_ARGUMENT"}),
    "no features": (PREDICT, b"", {"INVALID_ARGUMENT"}),
    "a million features": (PREDICT, field(1, b"\0" * 8_000_000), {"INVALID_ARGUMENT"}),
    "a method nobody knows": ("/inference.GRPCInferenceService/Nothing", b"", {"UNIMPLEMENTED"}),
    "a service nobody knows": ("/no.Such/Thing", b"", {"UNIMPLEMENTED"}),
}


@pytest.mark.parametrize(("method", "request_bytes", "statuses"), HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_request_is_refused(client, method, request_bytes, statuses):
    with pytest.raises(grpc.RpcError) as caught:
        client.send_bytes(method, request_bytes)
    code, text = wire.status(caught.value)
    assert code in statuses, text
    assert len(text) < 4096
    if code == "INVALID_ARGUMENT":
        assert_fit_for_clients(text)


def test_a_message_beyond_the_limit_is_refused_without_being_held(client, server):
    before = psutil.Process(server.process.pid).memory_info().rss
    with pytest.raises(grpc.RpcError) as caught:
        client.send_bytes(INFER, message([tensor()], [b"\0" * (80 << 20)]))
    assert wire.status(caught.value)[0] == "INVALID_ARGUMENT"
    assert psutil.Process(server.process.pid).memory_info().rss - before < 64 << 20


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_values_the_model_refuses_are_the_sender_s_fault(client, value):
    with pytest.raises(grpc.RpcError) as caught:
        client.infer(wire.request("iris", {"name": "input", "datatype": "FP64", "shape": [1, 4], "data": [1, value, 2, 3]}))
    code, text = wire.status(caught.value)
    # In the words of scikit-learn, whatever runs the model.
    told = "contains NaN" if value == "NaN" else "contains infinity or a value too large for dtype('float64')"
    assert (code, told in text) == ("INVALID_ARGUMENT", True), text


def test_one_bad_row_among_others_fails_alone(client):
    """Many requests at once, so that they meet in batches; only the ones at fault may fail."""
    stub = client.channel.unary_unary(INFER, lambda m: m.SerializeToString(), lambda raw: raw)
    values = [13.0 if i % 60 == 17 else 14.0 if i % 60 == 43 else float(i + 100) for i in range(300)]
    calls = [
        stub.future(wire.request("fussy", {"name": "x", "datatype": "FP64", "shape": [1], "data": [v]}), timeout=60)
        for v in values
    ]
    for value, call in zip(values, calls):
        if value == 13.0:
            assert wire.status(call.exception())[0] == "INVALID_ARGUMENT"
        elif value == 14.0:
            assert wire.status(call.exception())[0] == "INTERNAL"
        else:
            assert struct.unpack("<d", call.result()[-8:])[0] == value * 2


@pytest.mark.parametrize("port", ["grpc", "http"])
def test_noise_on_a_port_harms_nobody(server, port):
    host, number = getattr(server, port).rsplit(":", 1)
    for noise in (b"\0" * 1000, b"GET / HTTP/1.1\r\n" + b"a" * 100_000, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 500):
        with socket.create_connection((host, int(number)), timeout=10) as connection:
            try:
                connection.sendall(noise)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(4096):
                    pass
            except OSError:
                pass  # it may hang up in the middle of the noise
