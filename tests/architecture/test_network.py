"""The guard that keeps tests on this machine is itself tested: it must not fail silently open."""

import socket

import pytest

from tests.plugins.network import NetworkRefused


def test_connecting_elsewhere_is_refused():
    with socket.socket() as client, pytest.raises(NetworkRefused, match="192.0.2.1:80"):
        client.connect(("192.0.2.1", 80))


def test_looking_up_a_name_is_refused():
    with pytest.raises(NetworkRefused, match="example.org"):
        socket.create_connection(("example.org", 80))


def test_this_machine_may_be_reached():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()
