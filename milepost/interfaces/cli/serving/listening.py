"""The socket that the site listens on, opened before anything slow is done."""

from __future__ import annotations

import errno
import socket

from ..terminal import Refused


def open_socket(host: str, port: int) -> socket.socket:
    """Listen there, before anything else is done. Raises Refused with what to do where that cannot be."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(2048)
    except (OSError, OverflowError) as error:
        listener.close()
        raise _refusal(host, port, error) from error
    return listener


def _refusal(host: str, port: int, error: OSError | OverflowError) -> Refused:
    place = f"{host}:{port}"
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return Refused(
            f"Something else listens on {place} already.",
            f"If it is Milepost, it is running. Otherwise choose another port: milepost serve --port {port + 1}",
        )
    if isinstance(error, PermissionError):
        return Refused(f"This user may not listen on port {port}.", "Choose one above 1023 and put a proxy in front.")
    return Refused(f"Nothing can listen on {place}: {error}.", "Choose an address of this machine with --host.")
