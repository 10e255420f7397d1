"""No test speaks to another machine: a connection to any address but this machine's own is refused at once."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest


class NetworkRefused(RuntimeError):
    """Not an OSError: code that shrugs off a failed connection must not hide the attempt."""


def _is_local(host: object) -> bool:
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if host is None or host in {"", "localhost"}:
        return True
    try:
        address = ipaddress.ip_address(str(host).partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    patch = pytest.MonkeyPatch()
    real_lookup = socket.getaddrinfo

    def guarded(name: str) -> Callable[..., Any]:
        real = getattr(socket.socket, name)

        def connect(self: socket.socket, address: Any) -> Any:
            if self.family in {socket.AF_INET, socket.AF_INET6} and not _is_local(address[0]):
                raise NetworkRefused(f"a test tried to connect to {address[0]}:{address[1]}")
            return real(self, address)

        return connect

    def lookup(host: Any, *args: Any, **kwargs: Any) -> Any:
        if not _is_local(host):
            raise NetworkRefused(f"a test tried to look up {host}")
        return real_lookup(host, *args, **kwargs)

    patch.setattr(socket.socket, "connect", guarded("connect"))
    patch.setattr(socket.socket, "connect_ex", guarded("connect_ex"))
    patch.setattr(socket, "getaddrinfo", lookup)
    yield
    patch.undo()
