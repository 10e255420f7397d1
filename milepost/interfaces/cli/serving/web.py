"""The web server: gunicorn with threads, on a socket that the parent has opened."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.utils.module_loading import import_string
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger

APPLICATION = "milepost.config.wsgi.application"
THREADS = 8
TIMEOUT = 120
"""Seconds without a sign of life after which a web process is taken for hung. Uploads wait in the proxy, not here."""


class SiteLogger(Logger):
    """gunicorn's own lines go the way of all others; Milepost writes the line for each request itself."""

    def setup(self, cfg: Any) -> None:
        self.cfg = cfg
        self.loglevel = logging.WARNING
        self._access_log_enabled = False
        self.error_log.propagate = True

    def access(self, resp: Any, req: Any, environ: Any, request_time: Any) -> None:
        return None

    def reopen_files(self) -> None:
        return None


class SiteArbiter(Arbiter):
    """Ends by itself when the parent is gone, however it went."""

    parent = 0

    def wait_for_signals(self, timeout: float = 1.0) -> list[Any]:
        found: list[Any] = super().wait_for_signals(timeout)
        if os.getppid() != self.parent:
            raise StopIteration
        return found


class Web(BaseApplication):
    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        return import_string(APPLICATION)


def web_server(listener: socket.socket, workers: int, ready_fd: int) -> Callable[[], int]:
    """What the child runs. It writes a byte to `ready_fd` when the first of its processes can answer."""
    parent = os.getpid()

    os.set_blocking(ready_fd, False)

    def began(_worker: Any) -> None:
        # Only the first one is waited for; nobody empties the pipe of the rest.
        with contextlib.suppress(BlockingIOError):
            os.write(ready_fd, b"1")

    options = {
        "bind": [f"fd://{listener.fileno()}"],
        "workers": workers,
        "threads": THREADS,
        "worker_class": "gthread",
        "preload_app": True,
        "timeout": TIMEOUT,
        "graceful_timeout": 30,
        "keepalive": 5,
        "limit_request_line": 8190,
        "worker_tmp_dir": "/dev/shm" if Path("/dev/shm").is_dir() else None,  # noqa: S108 (a heartbeat file without a name)
        "proc_name": "milepost",
        "logger_class": SiteLogger,
        "control_socket_disable": True,
        "forwarded_allow_ips": "127.0.0.1,::1",
        "post_worker_init": began,
        "child_exit": _forget,
    }

    def run() -> int:
        arbiter = SiteArbiter(Web(options))
        arbiter.parent = parent
        arbiter.run()
        return 0

    return run


def _forget(_server: Any, worker: Any) -> None:
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
