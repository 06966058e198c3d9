"""Starts a worker.

``python -u run_worker.py --parent PID --model PATH [--key=KEY] ... [--memory-limit-bytes N]``

Run by the server, with the connection to it as standard input. Must import nothing but the standard
library before the process is made safe (limits, parent-death signal, watcher).
"""

import os
import sys

if sys.version_info < (3, 9):  # noqa: UP036 - told in words, not by a syntax error
    sys.exit("Pelton needs Python 3.9 or later, this is " + sys.version.split()[0])

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from pelton.worker.main import main

if __name__ == "__main__":
    main()
