"""Whether processes of this machine are working with the site's data: they share a lock, whoever replaces data wants it alone."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from .terminal import Refused


@contextmanager
def in_use() -> Iterator[None]:
    """For processes that serve or work. Children inherit the lock, so it lasts until the last of them has ended."""
    with _file() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(
                "The site's data is being replaced or upgraded.", "Wait until that has ended, then start again."
            ) from None
        yield


@contextmanager
def alone(what: str) -> Iterator[None]:
    """For whoever replaces data. Raises Refused while the site runs here."""
    with _file() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(
                f"The site is running, and {what} needs it stopped.",
                "Stop `milepost serve` and `milepost worker` (systemctl stop milepost), then run this again.",
            ) from None
        yield


def is_running() -> bool:
    """Whether the site runs on this machine, with this MILEPOST_HOME."""
    with _file() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def _file() -> IO[str]:
    from milepost.foundation.common import schema

    return (schema.run_folder() / "serving.lock").open("w")
