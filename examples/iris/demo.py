"""The classic setup, whole: train, serve, score three flowers in Flink, print.

usage: make demo-iris          or, once built: python examples/iris/demo.py [PROFILE]
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent))

import serving  # noqa: E402

PYTHON = ROOT / ".venv" / "bin" / "python"
MODEL = ROOT / "target" / "demo" / "iris.pkl"
JOB = HERE / "java" / "target" / "iris-job.jar"


def main(profile: str) -> int:
    """Runs it; the job's own output is the result."""
    subprocess.run([PYTHON, str(HERE / "train.py"), str(MODEL)], check=True)
    log = MODEL.with_name("iris-server.log")
    with serving.Server([str(MODEL), "--python", str(PYTHON)], log=log, program=serving.binary(profile)) as server:
        return subprocess.run(["java", "-jar", str(JOB), server.grpc], stdin=subprocess.DEVNULL, check=False).returncode


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "release"))
    except serving.ServerError as error:
        sys.exit(f"iris: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
