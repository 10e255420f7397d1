"""The site as `milepost serve` starts it, on a free port of this machine's own address, for as long as a block lasts."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ..terminal import Refused
from .grounds import Ground

SECONDS = 90
_ADDRESS = re.compile(r"^ +Address +http://[^:]+:(\d+)$", re.MULTILINE)


@contextmanager
def running(site: Ground, *words: str) -> Iterator[str]:
    """`host:port` of the running site. What it says goes to `serve.log` in its home."""
    log = site.home / "serve.log"
    with log.open("w") as output:
        server = subprocess.Popen(
            site.command("serve", "--port", "0", *words),
            env=site.environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + SECONDS
        while not (found := _ADDRESS.search(log.read_text())):
            if server.poll() is not None or time.monotonic() > deadline:
                raise Refused("The site did not start.", log.read_text()[-2000:])
            time.sleep(0.1)
        try:
            yield f"127.0.0.1:{found[1]}"
        except Refused as refused:
            refused.hint = refused.hint or log.read_text(errors="replace")[-4000:]
            raise
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(timeout=40)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
