"""Frames on the connection to the server: reading and writing bytes exactly (docs/worker-protocol.md).

Must not know what a tensor's bytes mean: that is ``tensors``. Does not need numpy.
"""

from __future__ import annotations

import os
import select
import socket
import struct
import time
from collections.abc import Sequence
from typing import NamedTuple, Union

Buffer = Union[bytes, bytearray, memoryview]

HELLO, FAILED, EXECUTE, RESULT, ERROR, PING, PONG = range(1, 8)
VERSION = 1
HEADER = struct.Struct("<IBBHQ")
HEADER_BYTES = 16
MAX_PAYLOAD_BYTES = 1 << 30

INPUT_AT_FAULT, MODEL_AT_FAULT, ANSWER_AT_FAULT = 1, 2, 3

# Frames up to this size arrive and leave in one system call and are copied once; larger ones are
# received in place and sent from where they are.
SMALL_BYTES = 1 << 16
MAX_PIECES = 512

# Frames that come within QUICK_NS of the last answer are watched for during WATCH_NS. On a virtual
# machine with two processors that took a third off the latency of one request at a time, and some of
# its CPU time; an idle worker sleeps.
QUICK_NS = 500_000
WATCH_NS = 150_000
MORE_PROCESSORS = (os.cpu_count() or 1) > 1

_U16 = struct.Struct("<H")
_U32 = struct.Struct("<I")


class ProtocolError(Exception):
    """The other side did not keep to the protocol; the connection cannot go on."""


class FrameTooLarge(Exception):
    """There is no memory for a frame. It was read to its end, so the next one can be."""

    def __init__(self, kind: int, ident: int, length: int) -> None:
        super().__init__(
            f"the batch takes {length} bytes, which the worker's memory does not hold; send fewer rows"
        )
        self.kind, self.id = kind, ident


class Frame(NamedTuple):
    """One frame; the payload's memory is the receiver's own and may be written to."""

    kind: int
    id: int
    payload: bytearray


def parse_header(header: Buffer) -> tuple[int, int, int]:
    """Kind, id and payload length of a frame."""
    length, kind, version, reserved, ident = HEADER.unpack_from(header)
    if version != VERSION:
        raise ProtocolError(f"frame of protocol version {version}, this worker speaks {VERSION}")
    if not HELLO <= kind <= PONG:
        raise ProtocolError(f"unknown frame kind {kind}")
    if reserved != 0:
        raise ProtocolError(f"reserved header field is {reserved}, not 0")
    if length > MAX_PAYLOAD_BYTES:
        raise ProtocolError(f"frame of {length} bytes, the limit is {MAX_PAYLOAD_BYTES}")
    return kind, ident, length


class Connection:
    """The server's end of the conversation, one frame at a time."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._buffer = bytearray(SMALL_BYTES)
        self._view = memoryview(self._buffer)
        self._held = 0
        readable = select.poll()
        readable.register(sock, select.POLLIN)
        self._poll = readable.poll
        self._frames_come_quickly = False

    def receive(self) -> Frame | None:
        """The next frame, or ``None`` when the server has closed the connection between frames."""
        if self._held < HEADER_BYTES:
            self._wait()
        while self._held < HEADER_BYTES:
            count = self._sock.recv_into(self._view[self._held :])
            if count == 0:
                if self._held == 0:
                    return None
                raise ProtocolError("the connection ended within a frame header")
            self._held += count
        kind, ident, length = parse_header(self._buffer)
        end = HEADER_BYTES + length
        if end <= self._held:
            payload = self._buffer[HEADER_BYTES:end]
            rest = self._held - end
            if rest:
                self._view[:rest] = bytes(self._view[end : self._held])
            self._held = rest
        else:
            got = self._held - HEADER_BYTES
            try:
                payload = bytearray(length)
            except MemoryError:
                self._held = 0
                self._skip(length - got)
                raise FrameTooLarge(kind, ident, length) from None
            payload[:got] = self._view[HEADER_BYTES : self._held]
            self._held = 0
            self._fill(payload, got)
        return Frame(kind, ident, payload)

    def _wait(self) -> None:
        """Waits for the next frame: while frames come quickly with open eyes, for a moment, before going
        to sleep, because waking a process takes longer than a small model does."""
        poll, clock = self._poll, time.perf_counter_ns
        began = clock()
        if self._frames_come_quickly:
            while not poll(0) and clock() - began < WATCH_NS:
                pass
        poll(None)
        self._frames_come_quickly = MORE_PROCESSORS and clock() - began < QUICK_NS

    def _skip(self, length: int) -> None:
        while length > 0:
            count = self._sock.recv_into(self._view[: min(length, SMALL_BYTES)])
            if count == 0:
                raise ProtocolError("the connection ended within a frame")
            length -= count

    def _fill(self, payload: bytearray, got: int) -> None:
        view = memoryview(payload)
        while got < len(payload):
            count = self._sock.recv_into(view[got:])
            if count == 0:
                raise ProtocolError("the connection ended within a frame")
            got += count

    def send(self, kind: int, ident: int, pieces: Sequence[Buffer] = ()) -> None:
        """Sends one frame whose payload is the pieces, one after another."""
        length = sum(map(len, pieces))
        header = HEADER.pack(length, kind, VERSION, 0, ident)
        if length <= SMALL_BYTES:
            self._sock.sendall(b"".join((header, *pieces)))
            return
        waiting = [memoryview(header), *map(memoryview, pieces)]
        while waiting:
            sent = self._sock.sendmsg(waiting[:MAX_PIECES])
            done = 0
            while done < len(waiting) and sent >= len(waiting[done]):
                sent -= len(waiting[done])
                done += 1
            del waiting[:done]
            if waiting:
                waiting[0] = waiting[0][sent:]


def encode_string(value: str) -> bytes:
    """u16 length and UTF-8 bytes."""
    data = value.encode("utf-8", "replace")
    if len(data) > 0xFFFF:
        raise ValueError(f"name of {len(data)} bytes, the limit is 65535")
    return _U16.pack(len(data)) + data


def encode_text(value: str) -> bytes:
    """u32 length and UTF-8 bytes."""
    data = value.encode("utf-8", "replace")
    return _U32.pack(len(data)) + data


def decode_string(payload: Buffer, offset: int) -> tuple[str, int]:
    """A string and the offset behind it."""
    try:
        (length,) = _U16.unpack_from(payload, offset)
        offset += 2
        end = offset + length
        if end > len(payload):
            raise ProtocolError(f"string of {length} bytes reaches past the end of the frame")
        return str(payload[offset:end], "utf-8"), end
    except (struct.error, UnicodeDecodeError) as error:
        raise ProtocolError(f"bad string: {error}") from error


def encode_error(fault: int, kind: str, message: str, trace: str) -> bytes:
    """The payload of FAILED and ERROR."""
    return bytes([fault]) + encode_string(kind[:200]) + encode_text(message) + encode_text(trace)


def decode_error(payload: Buffer) -> tuple[int, str, str, str]:
    """Fault, exception type, message and traceback of a FAILED or ERROR payload."""
    if not payload or payload[0] not in (INPUT_AT_FAULT, MODEL_AT_FAULT, ANSWER_AT_FAULT):
        raise ProtocolError("unknown fault in an error frame")
    kind, offset = decode_string(payload, 1)
    texts = []
    for _ in range(2):
        try:
            (length,) = _U32.unpack_from(payload, offset)
        except struct.error as error:
            raise ProtocolError(f"bad text: {error}") from error
        offset += 4
        if offset + length > len(payload):
            raise ProtocolError(f"text of {length} bytes reaches past the end of the frame")
        try:
            texts.append(str(payload[offset : offset + length], "utf-8"))
        except UnicodeDecodeError as error:
            raise ProtocolError(f"bad text: {error}") from error
        offset += length
    if offset != len(payload):
        raise ProtocolError(f"{len(payload) - offset} surplus bytes at the end of an error frame")
    return payload[0], kind, texts[0], texts[1]
