"""Makes the process safe before anything heavy is imported: no orphans, memory limit, its own input.

Must not import numpy: its threads and its memory would come before the limits.
"""

from __future__ import annotations

import ctypes
import faulthandler
import os
import resource
import signal
import socket
import sys

PR_SET_PDEATHSIG = 1


def secure(parent_pid: int, memory_limit_bytes: int | None) -> socket.socket:
    """Ties this process's life to the server's and returns the connection to it."""
    _die_with_parent(parent_pid, signal.SIGKILL)
    # The server decides when a worker ends; Ctrl-C in a terminal is for the server.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _start_watcher()
    _ignore_termination()
    if memory_limit_bytes:
        resource.setrlimit(resource.RLIMIT_AS, (memory_limit_bytes, memory_limit_bytes))
    faulthandler.enable()
    return _take_connection()


def _die_with_parent(parent_pid: int, signal_number: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(signal_number), 0, 0, 0)
    # It may have died before the signal was asked for.
    if os.getppid() != parent_pid:
        os._exit(1)


def _ignore_termination() -> None:
    """SIGTERM is for the server too: service managers send it to every process of a service, and a
    worker that ended at once would lose the batch that the server lets it finish."""
    signal.signal(signal.SIGTERM, lambda _number, _frame: None)

    # Processes that the model forks end by it as ever. Blocked meanwhile, so that none is lost.
    def default_in_child() -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        _mask(signal.SIG_UNBLOCK)

    os.register_at_fork(
        before=lambda: _mask(signal.SIG_BLOCK),
        after_in_parent=lambda: _mask(signal.SIG_UNBLOCK),
        after_in_child=default_in_child,
    )


def _mask(how: int) -> None:
    signal.pthread_sigmask(how, {signal.SIGTERM})


def _start_watcher() -> None:
    """Leaves a child that kills the whole process group once this process is gone.

    A model may start processes of its own. They stay in this process's group, and would outlive it
    when the server is killed and cannot see to them. The watcher sleeps until this process is gone.
    It holds no file, so that it keeps no connection and no pipe open.
    """
    if os.getpgrp() != os.getpid() or sys.platform != "linux":
        return  # not a group of our own: its other members are none of our business
    worker = os.getpid()
    # Blocked before the fork, so that the signal cannot come too early.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    if os.fork() == 0:
        try:
            os.closerange(0, 3)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGUSR1), 0, 0, 0)
            while os.getppid() == worker:
                signal.sigwait({signal.SIGUSR1})
        finally:
            os.killpg(0, signal.SIGKILL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGUSR1})


def _take_connection() -> socket.socket:
    """The connection arrives as file 0; models that read their standard input get end of file."""
    connection = socket.socket(fileno=os.dup(0))
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    connection.setblocking(True)
    return connection
