"""Every conformance case through gRPC, with raw and with typed contents."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import grpc
import pytest

import wire
from conftest import ROOT

CASES = json.loads((ROOT / "tests" / "conformance" / "cases.json").read_text(encoding="utf-8"))["cases"]


def ways(case: dict[str, Any]) -> list[str]:
    """Typed contents cannot carry FP16 or raw bytes, and nothing can tell the two apart without inputs."""
    sendable = all("raw" not in tensor and tensor["datatype"] != "FP16" for tensor in case["inputs"])
    return ["raw", "typed"] if sendable and case["inputs"] else ["raw"]


PARAMETERS = [pytest.param(case, way, id=f"{case['name']} ({way})") for case in CASES for way in ways(case)]


@pytest.mark.parametrize(("case", "way"), PARAMETERS)
def test_case(client, case, way):
    request = wire.request(
        case["model"], *case["inputs"], raw=way == "raw", ask=tuple(case.get("ask", ())), version=case.get("version", "")
    )
    request.id = "case-1"
    expected = case["expect"]
    if "error" in expected:
        with pytest.raises(grpc.RpcError) as caught:
            client.infer(request)
        code, message = wire.status(caught.value)
        assert (code, expected["error"]["message"] in message) == (expected["error"]["code"], True), message
        assert_fit_for_clients(message)
        return

    answer = client.infer(request)
    assert (answer.model_name, answer.id) == (case["model"], "case-1")
    assert answer.model_version
    assert bool(answer.raw_output_contents) == (way == "raw")
    got = wire.outputs(answer)
    wanted = expected["outputs"]
    assert [{**tensor, "data": None} for tensor in got] == [{**tensor, "data": None} for tensor in wanted]
    for one, other in zip(got, wanted):
        values = wire.elements(other["datatype"], other["data"])
        assert len(one["data"]) == len(values)
        for left, right in zip(one["data"], values):
            assert same(left, right, case.get("tolerance", 0)), (one["name"], left, right)


def test_names_are_unique():
    names = [case["name"] for case in CASES]
    assert len(names) == len(set(names)) > 50


def same(left: Any, right: Any, tolerance: float) -> bool:
    """Bit for bit, NaN equal to NaN, or within the tolerance."""
    if isinstance(right, float):
        if math.isnan(right) or math.isnan(left):
            return math.isnan(right) and math.isnan(left)
        return left == right or abs(left - right) <= tolerance
    return left == right


def assert_fit_for_clients(message: str) -> None:
    """The rules for what a client is told."""
    assert message
    assert not message.endswith(".")
    message = re.sub(r"https?://\S+", "", message)  # a library's exception may name its documentation
    for inside in ("/", "\\", "Traceback", "File ", "panicked", ".rs", "site-packages"):
        assert inside not in message, message
