"""Ways of ending: asked to, and not asked."""

from __future__ import annotations

import signal
import time

import grpc
import psutil
import pytest

import wire

SLOW = {"name": "seconds", "datatype": "FP64", "shape": [1], "data": [1.5]}


def workers(server) -> list[psutil.Process]:
    return psutil.Process(server.process.pid).children(recursive=True)


def wait_until(condition, timeout_s: float = 20) -> bool:
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def ended(server) -> int:
    """The exit code of a server that was asked to stop: asked again before it has, it would stop at once and say so."""
    return server.process.wait(45)


def in_flight(server, model: str) -> float:
    import urllib.request

    with urllib.request.urlopen(f"http://{server.http}/metrics", timeout=10) as answer:
        for line in answer.read().decode().splitlines():
            if line.startswith("pelton_in_flight{") and f'model="{model}"' in line:
                return float(line.rsplit(" ", 1)[1])
    return 0.0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_stop_it_finishes_what_is_in_flight(serve, number):
    server = serve(models=("slow.py",))
    orphans = workers(server)
    assert orphans
    with wire.Client(server.grpc) as client:
        stub = client.channel.unary_unary(
            "/inference.GRPCInferenceService/ModelInfer", lambda m: m.SerializeToString(), lambda raw: raw
        )
        call = stub.future(wire.request("slow", SLOW), timeout=30)
        assert wait_until(lambda: in_flight(server, "slow") == 1)
        server.process.send_signal(number)
        assert call.result(30)
        assert ended(server) == 0
    assert wait_until(lambda: not any(worker.is_running() for worker in orphans))


def test_while_stopping_it_takes_nothing_new(serve):
    server = serve(models=("slow.py",))
    with wire.Client(server.grpc) as client, wire.Client(server.grpc) as late:
        stub = client.channel.unary_unary(
            "/inference.GRPCInferenceService/ModelInfer", lambda m: m.SerializeToString(), lambda raw: raw
        )
        call = stub.future(wire.request("slow", SLOW), timeout=30)
        assert wait_until(lambda: in_flight(server, "slow") == 1)
        server.process.send_signal(signal.SIGTERM)

        def refused() -> bool:
            try:
                late.infer(wire.request("slow", {**SLOW, "data": [0.0]}), timeout_s=5)
            except grpc.RpcError as error:
                assert wire.status(error)[0] == "UNAVAILABLE"
                return True
            return False

        assert wait_until(refused, 5)
        assert call.result(30)
    assert ended(server) == 0


def test_the_grace_has_an_end(serve):
    server = serve("--shutdown-grace", "500ms", models=("slow.py",))
    orphans = workers(server)
    with wire.Client(server.grpc) as client:
        stub = client.channel.unary_unary(
            "/inference.GRPCInferenceService/ModelInfer", lambda m: m.SerializeToString(), lambda raw: raw
        )
        call = stub.future(wire.request("slow", {**SLOW, "data": [25.0]}), timeout=30)
        assert wait_until(lambda: in_flight(server, "slow") == 1)
        begun = time.monotonic()
        server.stop(check=False)
        assert time.monotonic() - begun < 15
        assert wire.status(call.exception(10))[0] in {"UNAVAILABLE", "CANCELLED"}
    assert wait_until(lambda: not any(worker.is_running() for worker in orphans))


def test_killed_it_leaves_no_worker_behind(serve):
    server = serve("--workers", "3", models=("iris.pkl", "slow.py"))
    orphans = workers(server)
    assert len([worker for worker in orphans if "python" in worker.name()]) >= 6
    with wire.Client(server.grpc) as client:
        stub = client.channel.unary_unary(
            "/inference.GRPCInferenceService/ModelInfer", lambda m: m.SerializeToString(), lambda raw: raw
        )
        call = stub.future(wire.request("slow", {**SLOW, "data": [20.0]}), timeout=30)
        assert wait_until(lambda: in_flight(server, "slow") == 1)
        server.process.kill()
        server.process.wait()
        assert wire.status(call.exception(10))[0] == "UNAVAILABLE"
    # Also the one in the middle of a batch.
    assert wait_until(lambda: not any(worker.is_running() for worker in orphans), 15)
