"""Telling the service manager that the site is ready (systemd's sd_notify protocol: a datagram to a socket it names)."""

from __future__ import annotations

import os
import socket


def take_notify_address() -> str:
    """The address, taken out of the environment so that no child speaks in our name."""
    return os.environ.pop("NOTIFY_SOCKET", "")


def notify(address: str, state: str) -> None:
    if not address:
        return
    # A leading @ stands for the abstract namespace.
    target = f"\0{address[1:]}" if address.startswith("@") else address
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        try:
            sender.sendto(state.encode(), target)
        except OSError:
            return
