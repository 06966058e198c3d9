"""Runs a command beside a server with the models of `tests/models`, for tests in other languages.

usage: python tests/e2e/with_server.py -- COMMAND [ARGUMENT...]

The command finds the address in `PELTON_ENDPOINT`, and in place of `{endpoint}` in its arguments. For servers of its own,
to be killed, `{program}`, `{python}` and `{models}` are the server's program, its Python and the folder of the models. The
command's exit code is ours.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "examples"))

import serving  # noqa: E402

CONFORMANCE_MODELS = ["iris.pkl", "mixed.joblib", "echo.py", "fussy.py"]


MODELS = ROOT / "target" / "models"
PYTHON = ROOT / ".venv" / "bin" / "python"


def arguments(models: list[str]) -> list[str]:
    """What `pelton serve` is told to serve these of the test models."""
    return [str(MODELS / model) for model in models] + ["--python", str(PYTHON)]


def fill(argument: str, places: dict[str, object]) -> str:
    """The argument with what each place stands for."""
    for place, value in places.items():
        argument = argument.replace(place, str(value))
    return argument


def main(command: list[str]) -> int:
    """Starts, runs, stops."""
    log = ROOT / "target" / "logs" / "with-server.log"
    options = ["--predict-model", "iris"]
    program = serving.binary("debug")
    with serving.Server(arguments(CONFORMANCE_MODELS) + options, log=log, program=program) as server:
        places = {"{endpoint}": server.grpc, "{program}": program, "{python}": PYTHON, "{models}": MODELS}
        filled = [fill(argument, places) for argument in command]
        return subprocess.run(filled, env={**os.environ, "PELTON_ENDPOINT": server.grpc}, check=False).returncode


if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] != "--":
        raise SystemExit(__doc__)
    try:
        raise SystemExit(main(sys.argv[2:]))
    except serving.ServerError as error:
        raise SystemExit(f"with_server: {error}") from None
