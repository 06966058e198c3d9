"""Starts `pelton serve` on free ports, waits until it answers, and stops it whatever happens.

The demos and the end-to-end tests use it. It must not know any model.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Optional

ROOT = Path(__file__).resolve().parents[1]
# Found here, for a forked child had better look nothing up.
_PRCTL = getattr(ctypes.CDLL(None), "prctl", None)
_SET_PARENT_DEATH_SIGNAL = 1
_ADDRESS = re.compile(r"^\s*(grpc|http)\s+(\S+:\d+)\s*$")


class ServerError(Exception):
    """The server did not start, or did not stop as it should. The message ends with the end of its log."""


def binary(profile: str = "release") -> Path:
    """The server's program: the one `PELTON_BIN` names, or that of a build profile (`release`, `debug`)."""
    if named := os.environ.get("PELTON_BIN"):
        return Path(named)
    return Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / profile / "pelton"


def end_with_parent() -> None:
    """In a new child, on Linux: be terminated when the parent ends without saying so. Elsewhere nothing."""
    if _PRCTL is not None:
        _PRCTL(_SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Lets a signal wait that would otherwise strike between the start of a process and our knowing it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    late: list[int] = []
    handlers = {
        number: signal.signal(number, lambda number, _: late.append(number)) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for number in late:
            signal.raise_signal(number)


class Server:
    """A running server: `with Server(["iris.pkl", "--python", ".venv"], log=Path("server.log")) as server: ...`.

    Attributes:
        grpc, http: where it listens, as `127.0.0.1:PORT`.
        process: the process.
        log: the file that holds everything it printed.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        log: Path,
        program: Optional[Path] = None,
        start_timeout_s: float = 120,
        stop_timeout_s: float = 45,
        env: Optional[dict[str, str]] = None,
    ) -> None:
        self.log = log
        self.grpc = self.http = ""
        self._start_timeout_s = start_timeout_s
        self._stop_timeout_s = stop_timeout_s
        self._ready = threading.Event()
        log.parent.mkdir(parents=True, exist_ok=True)
        command = [str(program or binary()), "serve", *arguments, "--grpc-port", "0", "--http-port", "0"]
        with uninterrupted():
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env={**_environment(), **(env or {})},
                preexec_fn=end_with_parent,
            )
            # Whatever happens before somebody is there to stop it.
            atexit.register(self.process.kill)
        self._reader = threading.Thread(target=self._read, name="pelton-output", daemon=True)
        self._reader.start()

    def __enter__(self) -> Server:
        try:
            self.wait_until_ready()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        if kind is None:
            self.stop()
        else:
            self.stop(check=False)

    def wait_until_ready(self) -> None:
        """Returns once the start-up block with both addresses is there.

        Raises:
            ServerError: it ended, or took too long.
        """
        deadline = time.monotonic() + self._start_timeout_s
        while not self._ready.wait(0.05):
            if self.process.poll() is not None:
                self._reader.join(5)
                raise ServerError(f"the server ended with code {self.process.returncode}\n{self.tail()}")
            if time.monotonic() > deadline:
                raise ServerError(f"the server was not ready after {self._start_timeout_s:.0f} s\n{self.tail()}")

    def stop(self, *, check: bool = True) -> int:
        """Asks it to stop (SIGTERM), waits, and returns its exit code.

        Raises:
            ServerError: it had to be killed, or ended with another code than 0; not if `check` is false.
        """
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(self._stop_timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()
            if check:
                raise ServerError(f"the server did not stop in {self._stop_timeout_s:.0f} s\n{self.tail()}") from None
            return self.process.returncode
        self._reader.join(5)
        if check and code != 0:
            raise ServerError(f"the server ended with code {code}\n{self.tail()}")
        return code

    def kill(self) -> None:
        """Ends it at once (SIGKILL)."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join(5)

    def output(self) -> str:
        """Everything it printed so far."""
        return self.log.read_text(errors="replace")

    def tail(self, lines: int = 30) -> str:
        """The end of what it printed."""
        return "\n".join(self.output().splitlines()[-lines:])

    def _read(self) -> None:
        found: dict[str, str] = {}
        assert self.process.stdout is not None
        with self.process.stdout as output, open(self.log, "wb") as log:
            for line in output:
                log.write(line)
                log.flush()
                if not self._ready.is_set() and (match := _ADDRESS.match(line.decode(errors="replace"))):
                    found[match[1]] = match[2]
                    if len(found) == 2:
                        self.grpc, self.http = found["grpc"], found["http"]
                        self._ready.set()


def _environment() -> dict[str, str]:
    """Ours without `PELTON_...`, which would be settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PELTON_")}
