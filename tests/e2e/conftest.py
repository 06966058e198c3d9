"""What the end-to-end tests share: the built server, running with the models of `tests/models`."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
for folder in (HERE, ROOT / "examples"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

import serving  # noqa: E402

import wire  # noqa: E402

MODELS = ROOT / "target" / "models"
PYTHON = str(ROOT / ".venv" / "bin" / "python")


@pytest.fixture(scope="session")
def program() -> Path:
    """The server's program."""
    program = serving.binary("release")
    assert program.exists(), f"{program} is not built; run: make server"
    return program


@pytest.fixture
def serve(program, tmp_path):
    """Starts servers with the arguments given; stops what still runs when the test ends."""
    servers = []

    def start(*arguments: str, models=("iris.pkl",), python=True, **options) -> serving.Server:
        command = [str(MODELS / model) for model in models] + list(arguments)
        command += ["--python", PYTHON] if python else []
        server = serving.Server(command, log=tmp_path / f"server-{len(servers)}.log", program=program, **options)
        servers.append(server)
        return server.__enter__()

    yield start
    for server in servers:
        server.kill()


@pytest.fixture(scope="session", params=["auto", "python"])
def server(request, program, tmp_path_factory):
    """One server for every test that does it no harm: iris, mixed, echo and fussy; whatever runs them, and workers alone."""
    models = ["iris.pkl", "mixed.joblib", "echo.py", "fussy.py"]
    command = [str(MODELS / model) for model in models] + ["--python", PYTHON, "--predict-model", "iris"]
    command += ["--executor", request.param]
    log = tmp_path_factory.mktemp("server") / "server.log"
    with serving.Server(command, log=log, program=program) as running:
        yield running


@pytest.fixture
def client(server):
    """A bare client of the shared server."""
    with wire.Client(server.grpc) as client:
        yield client
