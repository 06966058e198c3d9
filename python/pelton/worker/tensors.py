"""Tensors in a payload: bytes to numpy arrays and back (docs/worker-protocol.md).

Numeric arrays share the memory of the frame they came in. Must not know what a model is.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np

from pelton.worker.frames import Buffer, ProtocolError, decode_string, encode_string

BYTES = 13
NAMES = {
    1: "BOOL", 2: "UINT8", 3: "UINT16", 4: "UINT32", 5: "UINT64", 6: "INT8", 7: "INT16",
    8: "INT32", 9: "INT64", 10: "FP16", 11: "FP32", 12: "FP64", 13: "BYTES",
}  # fmt: skip
CODES = {name: code for code, name in NAMES.items()}
DTYPES = {
    1: np.dtype(np.bool_), 2: np.dtype("<u1"), 3: np.dtype("<u2"), 4: np.dtype("<u4"),
    5: np.dtype("<u8"), 6: np.dtype("<i1"), 7: np.dtype("<i2"), 8: np.dtype("<i4"),
    9: np.dtype("<i8"), 10: np.dtype("<f2"), 11: np.dtype("<f4"), 12: np.dtype("<f8"),
}  # fmt: skip
CODE_OF = {(dtype.kind, dtype.itemsize): code for code, dtype in DTYPES.items()}
MATRIX, COLUMNS, TENSORS = 1, 2, 3
MAX_DIMENSIONS = 8
MAX_TENSORS = 0xFFFF

_U16 = struct.Struct("<H")
_U32 = struct.Struct("<I")
_TAIL = [struct.Struct(f"<{dimensions + 1}Q") for dimensions in range(MAX_DIMENSIONS + 1)]
_PADDING = [b"\0" * count for count in range(8)]
# Labels repeat: the encoded form of each is kept, up to this many.
_MAX_KEPT = 4096

Named = tuple[str, np.ndarray]


def decode_execute(payload: bytearray) -> tuple[int, tuple[str, ...], list[Named]]:
    """Form, outputs asked for, and the tensors."""
    if len(payload) < 3:
        raise ProtocolError("an EXECUTE frame of less than 3 bytes")
    form = payload[0]
    if not MATRIX <= form <= TENSORS:
        raise ProtocolError(f"unknown form {form}")
    (count,) = _U16.unpack_from(payload, 1)
    offset = 3
    outputs = []
    for _ in range(count):
        name, offset = decode_string(payload, offset)
        outputs.append(name)
    return form, tuple(outputs), decode_tensors(payload, offset)


def decode_tensors(payload: bytearray, offset: int = 0) -> list[Named]:
    """The tensors that start at an offset and fill the rest of the payload."""
    try:
        return _decode_tensors(payload, offset)
    except struct.error as error:
        raise ProtocolError(f"tensor descriptions reach past the end of the frame: {error}") from error


def _decode_tensors(payload: bytearray, offset: int) -> list[Named]:
    (count,) = _U16.unpack_from(payload, offset)
    offset += 2
    described = []
    total = len(payload)
    for _ in range(count):
        name, offset = decode_string(payload, offset)
        if offset + 2 > total:
            raise ProtocolError("tensor descriptions reach past the end of the frame")
        code, dimensions = payload[offset], payload[offset + 1]
        if dimensions == 0 or dimensions > MAX_DIMENSIONS:
            raise ProtocolError(f"tensor '{name}' has {dimensions} dimensions")
        tail = _TAIL[dimensions]
        sizes = tail.unpack_from(payload, offset + 2)
        offset += 2 + tail.size
        described.append((name, code, sizes[:-1], sizes[-1]))
    tensors = []
    for name, code, shape, size in described:
        offset = (offset + 7) & ~7
        if size > total - offset:
            raise ProtocolError(f"tensor '{name}' of {size} bytes reaches past the end of the frame")
        tensors.append((name, _array(name, code, shape, payload, offset, size)))
        offset += size
    if (offset + 7) & ~7 != total:
        raise ProtocolError(f"{total - offset} bytes after the last tensor of a frame of {total}")
    return tensors


def _array(
    name: str, code: int, shape: tuple[int, ...], payload: bytearray, offset: int, size: int
) -> np.ndarray:
    elements = 1
    for dimension in shape:
        elements *= dimension
    if code == BYTES:
        return decode_strings(name, payload, offset, size, elements).reshape(shape)
    dtype = DTYPES.get(code)
    if dtype is None:
        raise ProtocolError(f"tensor '{name}' has unknown dtype code {code}")
    if elements * dtype.itemsize != size:
        raise ProtocolError(f"tensor '{name}' of shape {list(shape)} and type {NAMES[code]} in {size} bytes")
    return np.ndarray(shape, dtype, payload, offset)


def decode_strings(name: str, payload: bytearray, offset: int, size: int, count: int) -> np.ndarray:
    """An object array of ``str``; ``bytes`` where they are not UTF-8."""
    if count * 4 > size:
        raise ProtocolError(f"tensor '{name}' of {count} strings in {size} bytes")
    even = _even_strings(payload, offset, size, count)
    if even is not None:
        return even
    end = offset + size
    values: list[Any] = []
    append = values.append
    unpack = _U32.unpack_from
    for _ in range(count):
        if offset + 4 > end:
            raise ProtocolError(f"tensor '{name}': a string's length reaches past its bytes")
        (length,) = unpack(payload, offset)
        offset += 4
        stop = offset + length
        if stop > end:
            raise ProtocolError(f"tensor '{name}': a string reaches past its bytes")
        data = payload[offset:stop]
        try:
            append(data.decode())
        except UnicodeDecodeError:
            append(bytes(data))
        offset = stop
    if offset != end:
        raise ProtocolError(f"tensor '{name}' has more bytes than its {count} strings")
    array = np.empty(count, object)
    array[:] = values
    return array


def _even_strings(payload: bytearray, offset: int, size: int, count: int) -> np.ndarray | None:
    """Many ASCII strings of one length (codes, mostly) are decoded by numpy, four times as fast."""
    if count < 16 or size % count:
        return None
    stride = size // count
    length = stride - 4
    if not 0 < length <= 64:
        return None
    grid = np.ndarray((count, stride), np.uint8, payload, offset)
    lengths = np.ascontiguousarray(grid[:, :4]).view("<u4")
    if not (lengths == length).all():
        return None
    data = np.ascontiguousarray(grid[:, 4:])
    # numpy drops trailing NULs, and casts nothing but ASCII.
    if data.min() == 0 or data.max() > 127:
        return None
    return data.view(f"S{length}").ravel().astype(f"U{length}").astype(object)


def encode_execute(form: int, outputs: Sequence[str], tensors: Sequence[Named]) -> list[Buffer]:
    """The pieces of an EXECUTE payload; workers only need it in tests."""
    head = bytearray([form])
    head += _U16.pack(len(outputs))
    for name in outputs:
        head += encode_string(name)
    return _encode(head, tensors)


def encode_tensors(tensors: Sequence[Named]) -> list[Buffer]:
    """The pieces of a RESULT payload. The arrays must be contiguous, of a type in ``DTYPES`` or object
    arrays of ``str`` and ``bytes``."""
    return _encode(bytearray(), tensors)


def _encode(head: bytearray, tensors: Sequence[Named]) -> list[Buffer]:
    head += _U16.pack(len(tensors))
    datas: list[Buffer] = []
    for name, array in tensors:
        head += encode_string(name)
        dtype = array.dtype
        if dtype.kind == "O":
            code = BYTES
            data: Buffer = encode_strings(array)
        else:
            code = CODE_OF[dtype.kind, dtype.itemsize]
            data = array.data.cast("B") if array.size else b""
        dimensions = array.ndim
        head += bytes((code, dimensions))
        head += _TAIL[dimensions].pack(*array.shape, len(data))
        datas.append(data)
    head += _PADDING[-len(head) & 7]
    pieces: list[Buffer] = [head]
    for data in datas:
        pieces.append(data)
        surplus = -len(data) & 7
        if surplus:
            pieces.append(_PADDING[surplus])
    return pieces


class _Encoded(dict):
    """Length-prefixed bytes by value."""

    def __missing__(self, value: Any) -> bytes:
        data = value if isinstance(value, bytes) else value.encode()
        encoded = _U32.pack(len(data)) + data
        if len(self) < _MAX_KEPT and len(data) <= 64:
            self[value] = encoded
        return encoded


_encoded = _Encoded()


def encode_strings(array: np.ndarray) -> bytes:
    """An object array of ``str`` and ``bytes``, row by row."""
    return b"".join([_encoded[value] for value in array.ravel().tolist()])
