"""What a job may ask about the process that runs it."""

from __future__ import annotations

import os
import socket
import threading

stop_asked: threading.Event = threading.Event()
"""Set by the worker to the event that it was given; never set elsewhere."""

exits_when_hung = False
"""Whether a job that overruns its timeout and never looks up may end the process. Only a worker process says yes."""

EXIT_HUNG = 75
"""Exit status (EX_TEMPFAIL) of a worker that ended itself; its supervisor starts a new one."""


def worker_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}/{threading.current_thread().name}"
