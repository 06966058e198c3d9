"""Workers that die, in every way, under load: each request is answered once, and nobody else notices."""

from __future__ import annotations

import collections
import os
import random
import re
import signal
import struct
import threading
import time

import grpc
import psutil
import pytest

import wire
from test_shutdown import wait_until

INFER = "/inference.GRPCInferenceService/ModelInfer"


def doubling(model: str, value: float):
    return wire.request(model, {"name": "x", "datatype": "FP64", "shape": [1], "data": [value]})


def worker_pids(server) -> list[int]:
    """Every worker that was ever ready, oldest first, as the log names them."""
    return [int(pid) for pid in re.findall(r"worker ready .*\bpid=(\d+)", server.output())]


class Load:
    """Keeps `width` requests in flight from threads, and writes down how each ended."""

    def __init__(self, address: str, model: str, width: int) -> None:
        self.outcomes: collections.Counter[str] = collections.Counter()
        self.wrong: list[object] = []
        self.sent = 0
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._address, self._model = address, model
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(width)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive()

    def _run(self, number: int) -> None:
        values = random.Random(number)
        with wire.Client(self._address) as client:
            while not self._stop.is_set():
                value = float(values.randint(100, 10**9))
                with self._lock:
                    self.sent += 1
                try:
                    answer = wire.outputs(client.infer(doubling(self._model, value)))[0]["data"]
                    outcome = "OK"
                    if answer != [value * 2]:
                        self.wrong.append((value, answer))
                except grpc.RpcError as error:
                    outcome = wire.status(error)[0]
                with self._lock:
                    self.outcomes[outcome] += 1


def test_workers_killed_under_load_cost_no_answer(serve):
    server = serve("--workers", "2", models=("deadly.py",))
    with Load(server.grpc, "deadly", 8) as load:
        for kill in range(5):
            # Both workers are there again, and at work, before one of them goes.
            assert wait_until(lambda kill=kill: len(worker_pids(server)) == 2 + kill, 60), server.tail()
            before = load.outcomes["OK"]
            assert wait_until(lambda before=before: load.outcomes["OK"] > before + 50, 60), load.outcomes
            victims = [pid for pid in worker_pids(server) if psutil.pid_exists(pid)]
            assert len(victims) == 2
            os.kill(victims[kill % 2], signal.SIGKILL)
        before = load.outcomes["OK"]
        assert wait_until(lambda: load.outcomes["OK"] > before + 50, 60), load.outcomes
    assert load.wrong == []
    assert sum(load.outcomes.values()) == load.sent
    # With a second worker there, a lost batch is run again, and nobody notices.
    assert set(load.outcomes) == {"OK"}, load.outcomes
    assert server.stop() == 0


@pytest.mark.parametrize(("value", "name"), [(1.0, "leaves"), (2.0, "crashes"), (3.0, "hangs"), (4.0, "eats memory")])
def test_a_model_that_dies_takes_nobody_along(serve, value, name):
    limits = ["--run-timeout", "2s", "--memory-limit", "1GiB"]
    server = serve(*limits, models=("deadly.py", "iris.pkl", "fussy.py"))
    with Load(server.grpc, "fussy", 2) as neighbours, wire.Client(server.grpc) as client:
        with pytest.raises(grpc.RpcError) as caught:
            client.infer(doubling("deadly", value), timeout_s=60)
        code, message = wire.status(caught.value)
        # Out of memory may be an exception the model raises, or the end of the worker.
        assert code in ({"UNAVAILABLE"} if value != 4.0 else {"UNAVAILABLE", "INTERNAL"}), (name, message)

        def answers_again() -> bool:
            try:
                return wire.outputs(client.infer(doubling("deadly", 21.0)))[0]["data"] == [42.0]
            except grpc.RpcError as error:
                assert wire.status(error)[0] == "UNAVAILABLE"
                return False

        assert wait_until(answers_again, 60), server.tail()
    assert set(neighbours.outcomes) == {"OK"}, neighbours.outcomes
    assert server.stop() == 0


def test_readiness_tells_the_truth_while_a_worker_is_away(serve):
    from tritonclient.grpc import service_pb2

    server = serve(models=("deadly.py", "iris.pkl"))
    with wire.Client(server.grpc) as client:

        def ready(model: str) -> bool:
            request = service_pb2.ModelReadyRequest(name=model)
            return client.call("ModelReady", request, service_pb2.ModelReadyResponse).ready

        assert ready("deadly")
        assert ready("iris")
        for _ in range(6):
            with pytest.raises(grpc.RpcError):
                client.infer(doubling("deadly", 1.0))
            # Whatever it says, it must be true at once; and the neighbour is never touched.
            if ready("deadly"):
                assert wire.outputs(client.infer(doubling("deadly", 4.5)))[0]["data"] == [9.0]
            else:
                try:
                    client.infer(doubling("deadly", 4.5), timeout_s=10)
                except grpc.RpcError as error:
                    assert wire.status(error)[0] == "UNAVAILABLE"
                else:
                    # Only because the worker was back by then.
                    assert ready("deadly")
            assert ready("iris")
    assert server.stop() == 0


def test_deadlines_are_kept(serve):
    server = serve(models=("slow.py",))
    with wire.Client(server.grpc) as client:
        begun = time.monotonic()
        with pytest.raises(grpc.RpcError) as caught:
            client.infer(
                wire.request("slow", {"name": "seconds", "datatype": "FP64", "shape": [1], "data": [3.0]}), timeout_s=0.3
            )
        assert wire.status(caught.value)[0] == "DEADLINE_EXCEEDED"
        assert time.monotonic() - begun < 2


def test_a_full_queue_refuses_at_once_and_says_when_to_come_again(serve):
    server = serve("--max-queue-rows", "4", "--max-batch-rows", "1", models=("slow.py",))
    with wire.Client(server.grpc) as client:
        stub = client.channel.unary_unary(INFER, lambda m: m.SerializeToString(), lambda raw: raw)
        request = wire.request("slow", {"name": "seconds", "datatype": "FP64", "shape": [1], "data": [0.2]})
        calls = [stub.future(request, timeout=60) for _ in range(60)]
        outcomes = collections.Counter(call.exception().code().name if call.exception() else "OK" for call in calls)
        assert set(outcomes) == {"OK", "RESOURCE_EXHAUSTED"}, outcomes
        refused = next(call for call in calls if call.exception() is not None)
        assert any(key == "grpc-status-details-bin" for key, _ in refused.trailing_metadata())
    assert server.stop() == 0


def test_cancelled_requests_are_not_run(serve):
    server = serve("--max-batch-rows", "1", models=("slow.py",))
    with wire.Client(server.grpc) as client:
        stub = client.channel.unary_unary(INFER, lambda m: m.SerializeToString(), lambda raw: raw)
        one_second = wire.request("slow", {"name": "seconds", "datatype": "FP64", "shape": [1], "data": [1.0]})
        calls = [stub.future(one_second, timeout=60) for _ in range(20)]
        calls[0].result()
        for call in calls[1:]:
            call.cancel()
        begun = time.monotonic()
        quick = wire.request("slow", {"name": "seconds", "datatype": "FP64", "shape": [1], "data": [0.0]})
        assert struct.unpack("<d", stub(quick, timeout=60)[-8:])[0] == 0.0
        # What was running may finish; the nineteen that waited are gone.
        assert time.monotonic() - begun < 10
    assert psutil.pid_exists(server.process.pid)
    assert server.stop() == 0
