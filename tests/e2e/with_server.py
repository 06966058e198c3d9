"""Runs a command beside a server with the models of `tests/models`, for tests in other languages.

usage: python tests/e2e/with_server.py -- COMMAND [ARGUMENT...]

The command finds the address in `PELTON_ENDPOINT`, and in place of `{endpoint}` in its arguments. Its exit code is ours.
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


def arguments(models: list[str]) -> list[str]:
    """What `pelton serve` is told to serve these of the test models."""
    folder = ROOT / "target" / "models"
    return [str(folder / model) for model in models] + ["--python", str(ROOT / ".venv" / "bin" / "python")]


def main(command: list[str]) -> int:
    """Starts, runs, stops."""
    log = ROOT / "target" / "logs" / "with-server.log"
    options = ["--predict-model", "iris"]
    with serving.Server(arguments(CONFORMANCE_MODELS) + options, log=log, program=serving.binary("debug")) as server:
        filled = [argument.replace("{endpoint}", server.grpc) for argument in command]
        return subprocess.run(filled, env={**os.environ, "PELTON_ENDPOINT": server.grpc}, check=False).returncode


if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] != "--":
        raise SystemExit(__doc__)
    try:
        raise SystemExit(main(sys.argv[2:]))
    except serving.ServerError as error:
        raise SystemExit(f"with_server: {error}") from None
