"""A model that does to its worker whatever the batch tells it to."""

import ctypes
import multiprocessing
import os
import signal
import subprocess
import sys
import time

import numpy as np

import pelton


class Faulty(pelton.Model):
    def load(self, path):
        if os.environ.get("FAULTY_LOAD"):
            getattr(self, "load_" + os.environ["FAULTY_LOAD"])()

    def load_raise(self):
        raise RuntimeError(f"no weights in {os.getcwd()}/weights.bin")

    def load_hang(self):
        time.sleep(3600)

    def load_exit(self):
        print("giving up while loading", file=sys.stderr)
        os._exit(7)

    def load_once(self):
        """Loads the first time only: the file says whether it has."""
        marker = os.environ["FAULTY_MARKER"]
        if os.path.exists(marker):
            print("second thoughts", file=sys.stderr)
            os._exit(9)
        open(marker, "w").close()

    def load_while_marked(self):
        if os.path.exists(os.environ["FAULTY_MARKER"]):
            os._exit(9)

    def predict(self, inputs):
        x = inputs["x"]
        if "do" in inputs:
            answer = getattr(self, "do_" + inputs["do"][0])(x)
            if answer is not None:
                return answer
        return {"y": x * 2, "pid": np.full(len(x), os.getpid(), np.int64)}

    def do_nothing(self, x):
        pass

    def do_raise(self, x):
        raise ValueError(f"could not convert '/srv/data/{x[0]}.csv'")

    def do_raise_own(self, x):
        raise RuntimeError("out of ideas")

    def do_sys_exit(self, x):
        sys.exit("enough")

    def do_interrupt(self, x):
        raise KeyboardInterrupt

    def do_os_exit(self, x):
        os._exit(int(x[0]))

    def do_segfault(self, x):
        ctypes.string_at(0)

    def do_kill(self, x):
        os.kill(os.getpid(), signal.SIGKILL)

    def do_sleep(self, x):
        time.sleep(float(x[0]))

    def do_hang(self, x):
        while True:
            pass

    def do_memory(self, x):
        held = []
        while True:
            held.append(bytearray(64 << 20))

    def do_noise(self, x):
        line = "n" * 99 + "\n"
        for _ in range(50_000):
            sys.stdout.write(line)
            sys.stderr.write(line)

    def do_fewer_rows(self, x):
        return {"y": x[:-1]}

    def do_ragged(self, x):
        return {"y": [[1], [1, 2]][: len(x)]}

    def do_garbage(self, x):
        os.write(connection(), b"\xff" * 64)
        time.sleep(3600)

    def do_unasked(self, x):
        """A whole RESULT with another id."""
        os.write(connection(), bytes([8, 0, 0, 0, 4, 1, 0, 0, 99, 0, 0, 0, 0, 0, 0, 0]) + bytes(8))

    def do_half_frame(self, x):
        os.write(connection(), bytes([64, 0, 0, 0, 4, 1, 0, 0]))
        os._exit(3)

    def do_lying_length(self, x):
        """A header that promises almost a GiB."""
        os.write(connection(), bytes([0, 0, 0, 0x3F, 4, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]))
        time.sleep(3600)

    def do_close(self, x):
        os.close(connection())
        time.sleep(3600)

    def do_spawn(self, x):
        child = subprocess.Popen(["sleep", "3600"])
        return {"y": x, "pid": np.full(len(x), child.pid, np.int64)}

    def do_fork(self, x):
        """A fork shares every file, the connection among them."""
        process = multiprocessing.get_context("fork").Process(target=time.sleep, args=(3600,))
        process.start()
        return {"y": x, "pid": np.full(len(x), process.pid, np.int64)}

    def do_terminate_fork(self, x):
        process = multiprocessing.get_context("fork").Process(target=time.sleep, args=(3600,))
        process.start()
        process.terminate()
        process.join()
        return {"y": np.full(len(x), process.exitcode, np.int64)}

    def do_exit_after_fork(self, x):
        self.do_fork(x)
        os._exit(5)

    def do_read_stdin(self, x):
        return {"y": np.full(len(x), len(sys.stdin.read()), np.int64)}

    def do_change_input(self, x):
        x += 1
        return {"y": x}


def connection():
    """The worker's connection: the one socket among its files."""
    for name in os.listdir("/proc/self/fd"):
        try:
            if os.readlink(f"/proc/self/fd/{name}").startswith("socket:"):
                return int(name)
        except OSError:
            pass
    raise RuntimeError("no socket")
