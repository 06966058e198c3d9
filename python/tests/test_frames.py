"""The shared byte vectors, and reading from sockets that deliver bytes as they like."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from pelton.worker import frames, tensors
from pelton.worker.frames import Connection, ProtocolError

VECTORS = Path(__file__).parents[2] / "tests" / "vectors"
ALL = json.loads((VECTORS / "frames.json").read_text())
KINDS = {"HELLO": 1, "FAILED": 2, "EXECUTE": 3, "RESULT": 4, "ERROR": 5, "PING": 6, "PONG": 7}
FORMS = {"matrix": 1, "columns": 2, "tensors": 3}


def received(data: bytes) -> frames.Frame:
    """The frame as a worker reads it: in dribbles, then the end of the connection."""
    theirs, ours = socket.socketpair()
    with theirs, ours:

        def dribble():
            for start in range(0, len(data), 7):
                theirs.send(data[start : start + 7])
            theirs.shutdown(socket.SHUT_WR)

        thread = threading.Thread(target=dribble)
        thread.start()
        try:
            return Connection(ours).receive()
        finally:
            thread.join()


def sent(kind: int, ident: int, pieces) -> bytes:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        Connection(ours).send(kind, ident, pieces)
        ours.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: theirs.recv(1 << 16), b""))


def arrays(listed: list[dict]) -> list[tuple[str, np.ndarray]]:
    named = []
    for one in listed:
        data = bytes.fromhex(one["data"])
        if one["dtype"] == "BYTES":
            array = tensors.decode_strings("s", bytearray(data), 0, len(data), int(np.prod(one["shape"])))
        else:
            array = np.frombuffer(data, tensors.DTYPES[tensors.CODES[one["dtype"]]])
        named.append((one["name"], array.reshape(one["shape"])))
    return named


def same(found, expected) -> None:
    assert [name for name, _ in found] == [name for name, _ in expected]
    for (_, got), (_, wanted) in zip(found, expected):
        assert got.dtype == wanted.dtype
        np.testing.assert_array_equal(got, wanted)


@pytest.mark.parametrize("vector", ALL["frames"], ids=lambda v: f"{v['kind']} {v['name']}")
def test_frames_are_read_and_written_to_the_byte(vector):
    data = bytes.fromhex(vector["hex"])
    frame = received(data)
    assert (frame.kind, frame.id) == (KINDS[vector["kind"]], vector["id"])
    if vector["kind"] == "EXECUTE":
        form, outputs, found = tensors.decode_execute(frame.payload)
        assert (form, list(outputs)) == (FORMS[vector["form"]], vector["outputs"])
        same(found, arrays(vector["tensors"]))
        assert all(array.flags.writeable and array.flags.aligned for _, array in found)
        pieces = tensors.encode_execute(form, outputs, found)
    elif vector["kind"] == "RESULT":
        found = tensors.decode_tensors(frame.payload)
        same(found, arrays(vector["tensors"]))
        pieces = tensors.encode_tensors(found)
    elif "error" in vector:
        error = vector["error"]
        parts = frames.decode_error(frame.payload)
        assert parts == (error["fault"], error["type"], error["message"], error["trace"])
        pieces = [frames.encode_error(*parts)]
    else:
        pieces = [frame.payload]
    assert sent(frame.kind, frame.id, pieces) == data


@pytest.mark.parametrize("vector", ALL["malformed"], ids=lambda v: v["name"])
def test_malformed_frames_are_refused(vector):
    with pytest.raises(ProtocolError):
        frame = received(bytes.fromhex(vector["hex"]))
        if vector["kind"] == "EXECUTE":
            tensors.decode_execute(frame.payload)
        elif vector["kind"] == "ERROR":
            frames.decode_error(frame.payload)
        else:
            tensors.decode_tensors(frame.payload)


def test_no_cut_and_no_flipped_byte_escapes_but_as_a_protocol_error():
    vector = next(v for v in ALL["frames"] if v["name"] == "columns with validity and text")
    payload = bytes.fromhex(vector["hex"])[16:]
    for cut in range(len(payload)):
        with pytest.raises(ProtocolError):
            tensors.decode_execute(bytearray(payload[:cut]))
    for place in range(len(payload)):
        for value in (0, 1, 0x7F, 0xFF):
            changed = bytearray(payload)
            changed[place] = value
            try:
                tensors.decode_execute(changed)
            except ProtocolError:
                pass


def test_large_frames_in_many_pieces_arrive_whole():
    values = np.arange(3_000_000, dtype=np.float64)
    named = [(f"n{i}", values[i::700]) for i in range(700)]
    named = [(name, np.ascontiguousarray(array)) for name, array in named]
    ours, theirs = socket.socketpair()
    with ours, theirs:
        writer = threading.Thread(
            target=lambda: Connection(ours).send(frames.RESULT, 5, tensors.encode_tensors(named))
        )
        writer.start()
        frame = Connection(theirs).receive()
        writer.join()
    assert frame.id == 5
    same(tensors.decode_tensors(frame.payload), named)


def test_two_frames_in_one_delivery_are_two_frames():
    ping = frames.HEADER.pack(0, frames.PING, 1, 0, 3)
    theirs, ours = socket.socketpair()
    with theirs, ours:
        theirs.sendall(ping + frames.HEADER.pack(0, frames.PING, 1, 0, 4))
        theirs.close()
        connection = Connection(ours)
        assert [connection.receive().id, connection.receive().id] == [3, 4]
        assert connection.receive() is None


@pytest.mark.parametrize("length", [1, 2, 7, 64, 65])
@pytest.mark.parametrize("value", ["x", "é", "\0", "日"])
def test_strings_of_one_length_read_as_any_others(length, value):
    array = np.empty(40, object)
    array[:] = [value * length] * 39 + ["y" * len((value * length).encode())]
    data = bytearray(tensors.encode_strings(array))
    found = tensors.decode_strings("s", data, 0, len(data), 40)
    assert found.dtype == object and found.tolist() == array.tolist()
    assert all(type(one) is str for one in found.tolist())


def test_the_vectors_are_those_the_script_writes():
    subprocess.run([sys.executable, str(VECTORS / "make_frames.py"), "--check"], check=True)
