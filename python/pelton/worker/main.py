"""The worker's main loop: load, say HELLO, answer batches until the server closes the connection.

Must not know how a model is called: that is an adapter's work.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
from collections.abc import Sequence
from typing import Any

from pelton.worker import frames, process


def main() -> None:
    """Runs a worker; does not return before the connection ends."""
    arguments = _arguments()
    sock = process.secure(arguments.parent, arguments.memory_limit_bytes)
    connection = frames.Connection(sock)
    try:
        adapter, hello = _load(arguments.model)
    except BaseException as error:  # noqa: BLE001 - whatever a model raises is the reason
        from pelton.worker.errors import encode_exception, trace_of

        sys.stderr.write(trace_of(error))
        connection.send(frames.FAILED, 0, [encode_exception(error)])
        sys.exit(1)
    connection.send(frames.HELLO, 0, [json.dumps(hello).encode()])
    # What loading made stays; without it, collecting garbage is cheap enough for a busy worker.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    try:
        serve(connection, adapter)
    except ConnectionError:
        pass  # the server is gone, so nobody waits


def serve(connection: frames.Connection, adapter: Any) -> None:
    """Answers frames until the connection ends."""
    from pelton.worker.errors import encode_exception
    from pelton.worker.tensors import decode_execute, encode_tensors

    while True:
        try:
            frame = connection.receive()
        except frames.FrameTooLarge as error:
            connection.send(frames.ERROR, error.id, [encode_exception(error)])
            continue
        if frame is None:
            return
        if frame.kind == frames.EXECUTE:
            tensors = None
            try:
                form, outputs, tensors = decode_execute(frame.payload)
                kind, pieces = frames.RESULT, encode_tensors(adapter.run(form, outputs, tensors))
                _check_size(pieces)
            except frames.ProtocolError:
                raise
            except BaseException as error:  # noqa: BLE001 - sys.exit in a model must not end the worker
                kind, pieces = frames.ERROR, [encode_exception(error)]
            connection.send(kind, frame.id, pieces)
            # Nothing of a batch is kept while the next one is waited for.
            del frame, tensors, pieces
        elif frame.kind == frames.PING:
            connection.send(frames.PONG, frame.id)
        else:
            raise frames.ProtocolError(f"frame kind {frame.kind} is not the server's to send")


def _check_size(pieces: list[frames.Buffer]) -> None:
    from pelton.worker.errors import AnswerError

    length = sum(map(len, pieces))
    if length > frames.MAX_PAYLOAD_BYTES:
        raise AnswerError(f"the answer takes {length} bytes, the limit is {frames.MAX_PAYLOAD_BYTES}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="A Pelton worker; started by the server.")
    parser.add_argument(
        "--model",
        required=True,
        action=_Model,
        help="the model's file or directory; several are applied in their order",
    )
    parser.add_argument("--key", action=_Key, help="the key of what is meant in the file before it")
    parser.add_argument("--parent", required=True, type=int, help="the server's process id")
    parser.add_argument("--memory-limit-bytes", type=int, default=None)
    arguments = parser.parse_args()
    del sys.argv[1:]  # libraries that read it must not trip over what is not theirs
    return arguments


class _Model(argparse.Action):
    """Gathers paths, each with room for a key."""

    def __call__(self, parser: Any, namespace: Any, value: Any, option: str | None = None) -> None:
        namespace.model = [*(namespace.model or []), (value, None)]


class _Key(argparse.Action):
    """Gives the last path its key."""

    def __call__(self, parser: Any, namespace: Any, value: Any, option: str | None = None) -> None:
        if not namespace.model:
            parser.error("--key stands behind a --model")
        *others, (path, _) = namespace.model
        namespace.model = [*others, (path, value)]


def _load(parts: Sequence[tuple[str, str | None]]) -> tuple[Any, dict[str, Any]]:
    from pelton.worker.errors import LoadError

    try:
        import numpy as np  # noqa: F401
    except ImportError as error:
        raise LoadError(
            f"the model's interpreter has no usable numpy ({error}): install numpy there"
        ) from error
    from pelton.worker.adapters import adapt
    from pelton.worker.loading import load_model
    from pelton.worker.pieces import Piece

    adapter = adapt(load_model([Piece(*part) for part in parts]))
    return adapter, adapter.describe()
