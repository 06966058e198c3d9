"""Writes frames.json: frames of the worker protocol as bytes, and what they mean.

Lays the bytes out from docs/worker-protocol.md alone, so that it can disagree with both readers. Run
without arguments it writes the file beside it; with --check it only compares.
"""

from __future__ import annotations

import json
import struct
import sys
from pathlib import Path

DTYPES = [
    "BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP16", "FP32",
    "FP64", "BYTES",
]  # fmt: skip
KINDS = {"HELLO": 1, "FAILED": 2, "EXECUTE": 3, "RESULT": 4, "ERROR": 5, "PING": 6, "PONG": 7}
FORMS = {"matrix": 1, "columns": 2, "tensors": 3}


def string(value: str) -> bytes:
    return struct.pack("<H", len(value.encode())) + value.encode()


def text(value: str) -> bytes:
    return struct.pack("<I", len(value.encode())) + value.encode()


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 8)


def strings(*values: bytes) -> bytes:
    return b"".join(struct.pack("<I", len(value)) + value for value in values)


def tensor(name: str, dtype: str, shape: list[int], data: bytes) -> dict:
    return {"name": name, "dtype": dtype, "shape": shape, "data": data.hex()}


def tensors(head: bytes, listed: list[dict]) -> bytes:
    head += struct.pack("<H", len(listed))
    for one in listed:
        data = bytes.fromhex(one["data"])
        head += string(one["name"]) + bytes([DTYPES.index(one["dtype"]) + 1, len(one["shape"])])
        head += b"".join(struct.pack("<Q", size) for size in one["shape"]) + struct.pack("<Q", len(data))
    head = padded(head)
    for one in listed:
        head += padded(bytes.fromhex(one["data"]))
    return head


def frame(kind: str, ident: int, payload: bytes, length: int | None = None) -> bytes:
    length = len(payload) if length is None else length
    return struct.pack("<IBBHQ", length, KINDS[kind], 1, 0, ident) + payload


def valid() -> list[dict]:
    matrix = [tensor("input", "FP64", [2, 2], struct.pack("<4d", 1.5, -2.0, float("nan"), 4e300))]
    columns = [
        tensor("age", "INT64", [3], struct.pack("<3q", 22, 0, -1)),
        tensor("age:valid", "BOOL", [3], b"\1\0\1"),
        tensor("città", "BYTES", [3], strings("Köln".encode(), b"", b"Bern")),
        tensor("small", "FP16", [3], struct.pack("<3e", 0.5, 1, 2)),
    ]
    every = [
        tensor(name.lower(), name, [1, 2], bytes(range(2 * size)))
        for name, size in zip(DTYPES[1:12], [1, 2, 4, 8, 1, 2, 4, 8, 2, 4, 8])
    ]
    odd = [
        tensor("bytes", "BYTES", [2, 1], strings(b"\xff\xfe", b"a\0")),
        tensor("none", "FP32", [1, 0], b""),
        tensor("deep", "UINT8", [1, 1, 1, 1, 1, 1, 1, 2], b"\7\x08"),
    ]
    large = [tensor("large", "UINT8", [5000], bytes(i % 251 for i in range(5000))), matrix[0]]
    found = []

    def execute(name: str, ident: int, form: str, outputs: list[str], listed: list[dict]) -> None:
        head = bytes([FORMS[form]]) + struct.pack("<H", len(outputs))
        head += b"".join(string(output) for output in outputs)
        data = frame("EXECUTE", ident, tensors(head, listed))
        meaning = {"form": form, "outputs": outputs, "tensors": listed}
        found.append({"name": name, "kind": "EXECUTE", "id": ident, "hex": data.hex(), **meaning})

    def result(name: str, ident: int, listed: list[dict]) -> None:
        data = frame("RESULT", ident, tensors(b"", listed))
        found.append({"name": name, "kind": "RESULT", "id": ident, "hex": data.hex(), "tensors": listed})

    def error(name: str, kind: str, ident: int, fault: int, *texts: str) -> None:
        payload = bytes([fault]) + string(texts[0]) + text(texts[1]) + text(texts[2])
        meaning = {"fault": fault, "type": texts[0], "message": texts[1], "trace": texts[2]}
        data = frame(kind, ident, payload)
        found.append({"name": name, "kind": kind, "id": ident, "hex": data.hex(), "error": meaning})

    execute("a matrix, one output", 1, "matrix", ["predict"], matrix)
    execute("columns with validity and text", 2, "columns", ["predict", "predict_proba"], columns)
    execute("tensors, all outputs", 2**64 - 1, "tensors", [], every)
    execute("odd shapes", 7, "tensors", ["y"], odd)
    execute("a tensor that is not copied", 8, "tensors", ["y"], large)
    result("class labels", 1, [tensor("predict", "INT64", [2], struct.pack("<2q", 0, 2))])
    result("every numeric type", 2**64 - 1, every)
    result("odd shapes", 7, odd)
    result("columns back", 2, columns)
    result("nothing", 3, [])
    error("the input's fault", "ERROR", 4, 1, "ValueError", "not a number: 'ü'", "Traceback ...\n")
    error("the model's fault", "ERROR", 5, 2, "RuntimeError", "", "")
    error("the answer's fault", "ERROR", 6, 3, "", "output 'y' has 1 rows, the batch has 2", "t")
    error("not loaded", "FAILED", 0, 2, "ImportError", "no module", "Traceback")
    for kind in ("PING", "PONG"):
        found.append({"name": kind.lower(), "kind": kind, "id": 9, "hex": frame(kind, 9, b"").hex()})
    hello = json.dumps({"protocol": 1, "python": "3.11.7"}).encode()
    found.append({"name": "hello", "kind": "HELLO", "id": 0, "hex": frame("HELLO", 0, hello).hex()})
    return found


def malformed() -> list[dict]:
    good = tensors(b"", [tensor("x", "FP64", [2], bytes(16))])
    words = tensors(b"", [tensor("s", "BYTES", [2], strings(b"ab", b"c"))])
    error = bytes([1]) + string("E") + text("m") + text("t")

    def changed(data: bytes, at: int, to: bytes) -> bytes:
        return data[:at] + to + data[at + len(to) :]

    # Within `good`: count 0..2, name 2..5, dtype 5, dimensions 6, size 7..15, bytes 15..23.
    payloads = [
        ("no tensor count", b"\1"),
        ("more tensors than described", changed(good, 0, b"\xff\xff")),
        ("a name longer than the frame", changed(good, 2, b"\xff\xff")),
        ("a name that is not UTF-8", changed(good, 4, b"\xff")),
        ("dtype 0", changed(good, 5, b"\0")),
        ("dtype 14", changed(good, 5, b"\x0e")),
        ("no dimensions", changed(good, 6, b"\0")),
        ("nine dimensions", changed(good, 6, b"\x09")),
        ("a size that does not fit the bytes", changed(good, 7, b"\3")),
        ("a size of 2**64 - 1", changed(good, 7, b"\xff" * 8)),
        ("bytes that reach past the end", changed(good, 15, b"\x18")),
        ("bytes of 2**64 - 1", changed(good, 15, b"\xff" * 8)),
        ("fewer bytes than the shape", changed(good, 15, b"\x08")),
        ("surplus bytes", good + bytes(8)),
        ("no padding at the end", words[:-1]),
        ("cut within the data", good[:-9]),
        ("cut within the descriptions", good[:12]),
        ("a string length past its bytes", changed(words, words.index(b"\2\0\0\0ab"), b"\xff\xff\xff\x7f")),
        ("fewer strings than the shape", changed(words, 7, b"\3")),
        ("more strings than the shape", changed(words, 7, b"\1")),
    ]
    found = [
        {"name": f"result: {name}", "kind": "RESULT", "hex": frame("RESULT", 1, payload).hex()}
        for name, payload in payloads
    ]
    head = bytes([1]) + struct.pack("<H", 1) + string("y")
    executes = [
        ("unknown form", changed(head, 0, b"\4") + good[:]),
        ("form 0", changed(head, 0, b"\0") + good),
        ("an output name past the end", bytes([1]) + b"\1\0\xff\xff"),
        ("no tensors", head),
        ("empty", b""),
    ]
    found += [
        {"name": f"execute: {name}", "kind": "EXECUTE", "hex": frame("EXECUTE", 1, payload).hex()}
        for name, payload in executes
    ]
    errors = [
        ("empty", b""),
        ("unknown fault", changed(error, 0, b"\4")),
        ("a type past the end", changed(error, 1, b"\xff\xff")),
        ("a message of 4 GiB", changed(error, 4, b"\xff\xff\xff\xff")),
        ("a trace past the end", error[:-1]),
        ("text that is not UTF-8", error[:-1] + b"\xff"),
        ("surplus bytes", error + b"x"),
    ]
    found += [
        {"name": f"error: {name}", "kind": "ERROR", "hex": frame("ERROR", 1, payload).hex()}
        for name, payload in errors
    ]
    whole = frame("PING", 1, b"")
    headers = [
        ("kind 0", changed(whole, 4, b"\0")),
        ("kind 8", changed(whole, 4, b"\x08")),
        ("version 0", changed(whole, 5, b"\0")),
        ("version 2", changed(whole, 5, b"\2")),
        ("reserved field set", changed(whole, 6, b"\1")),
        ("a length above the limit", changed(whole, 0, struct.pack("<I", (1 << 30) + 1))),
        ("a length of 4 GiB", changed(whole, 0, b"\xff" * 4)),
        ("cut within the header", whole[:9]),
        ("cut within the payload", frame("RESULT", 1, good)[:-1]),
        ("cut behind the header", frame("RESULT", 1, good)[:16]),
    ]
    found += [{"name": f"header: {name}", "kind": "HEADER", "hex": data.hex()} for name, data in headers]
    return found


def main() -> None:
    path = Path(__file__).with_name("frames.json")
    content = json.dumps({"frames": valid(), "malformed": malformed()}, indent=1, ensure_ascii=False) + "\n"
    if sys.argv[1:] == ["--check"]:
        if path.read_text() != content:
            sys.exit("frames.json is stale: run tests/vectors/make_frames.py")
        return
    path.write_text(content)


if __name__ == "__main__":
    main()
