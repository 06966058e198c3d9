"""Mistakes an operator makes, against the built server with a real interpreter: exit code, and words that help.

The command's own tests have every flag, variable and key; these have what only shows when a model is loaded.
"""

from __future__ import annotations

import re
import socket
import subprocess
from pathlib import Path

import pytest

from conftest import MODELS, PYTHON


@pytest.fixture
def refused(program, tmp_path):
    """Runs `pelton serve` in an empty folder; gives exit code and what stderr says, without times and folders."""

    def run(*arguments: str) -> tuple[int, str]:
        ports = [] if "--grpc-port" in arguments else ["--grpc-port", "0", "--http-port", "0"]
        done = subprocess.run(
            [str(program), "serve", *arguments, *ports],
            cwd=tmp_path,
            env={"PATH": "/usr/bin:/bin"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert done.stdout == ""
        told = [line for line in done.stderr.splitlines() if not re.match(r"\d{4}-\d\d-\d\dT", line)]
        return done.returncode, "\n".join(told).replace(str(tmp_path) + "/", "")

    return run


def write(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text)
    return name


def test_a_pickle_for_a_worker_without_an_interpreter(refused):
    code, told = refused(str(MODELS / "iris.pkl"), "--executor", "python")
    assert code == 2
    assert "loading it runs code" in told
    assert "--python" in told


def test_a_model_that_cannot_be_imported_says_which_module_is_missing(refused, tmp_path):
    name = write(tmp_path, "needy.py", "import no_such_library\nimport pelton\nclass M(pelton.Model):\n    pass\n")
    code, told = refused(name, "--python", PYTHON)
    assert code == 1
    assert "needy" in told
    assert "no_such_library" in told


def test_a_model_whose_load_raises_says_what(refused, tmp_path):
    name = write(
        tmp_path,
        "broken.py",
        "import pelton\nclass M(pelton.Model):\n    def load(self, path):\n        raise OSError('weights are gone')\n"
        "    def predict(self, inputs):\n        return inputs\n",
    )
    code, told = refused(name, "--python", PYTHON)
    assert code == 1
    assert "weights are gone" in told


@pytest.mark.parametrize(("executor", "code"), [("auto", 2), ("python", 1)])
def test_a_pickle_of_something_that_is_no_model(refused, tmp_path, executor, code):
    import pickle

    (tmp_path / "list.pkl").write_bytes(pickle.dumps([1, 2, 3]))
    (tmp_path / "bundle.pkl").write_bytes(pickle.dumps({"model": {"clf": 1}, "names": ["a"]}))
    # The native engine sees it before a port opens, a worker when it loads the file; they have the same words.
    got, told = refused("list.pkl", "--python", PYTHON, "--executor", executor)
    assert (got, "'list.pkl' holds a list of 3 without a model: '0' (an int), '1' (an int)" in told) == (code, True), told
    got, told = refused("bundle.pkl#model.svc", "--python", PYTHON, "--executor", executor)
    assert (got, "'bundle.pkl' has no 'model.svc'; it holds 'model' (a dict of 1)" in told) == (code, True), told
    got, told = refused("bundle.pkl", "--python", PYTHON, "--executor", executor)
    assert (got, "'bundle.pkl' holds a dict of 2 without a model: 'model' (a dict of 1)" in told) == (code, True), told


def test_a_pickle_cut_short(refused, tmp_path):
    (tmp_path / "cut.pkl").write_bytes((MODELS / "iris.pkl").read_bytes()[:200])
    code, told = refused("cut.pkl", "--python", PYTHON)
    assert code in (1, 2)
    assert "cut" in told


def test_a_port_that_is_taken(refused):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, told = refused(str(MODELS / "iris.pkl"), "--python", PYTHON, "--grpc-port", port, "--http-port", "0")
    assert code == 1
    assert port in told
    assert "--grpc-port" in told


def test_every_mistake_is_told_at_once(refused):
    code, told = refused("nowhere.pkl", "--workers", "none", "--run-timeout", "5", "--python", "/no/python")
    assert code == 2
    for words in ("nowhere.pkl does not exist", "--workers", "--run-timeout", "/no/python"):
        assert words in told
