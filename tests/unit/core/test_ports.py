"""A port is free, or the error says what to do."""

from __future__ import annotations

import socket

import pytest

from orchestration.core.errors import KundbildError
from orchestration.core.ports import LOOPBACK, free_port


def test_a_port_that_is_taken_is_an_error():
    with socket.socket() as other:
        other.bind((LOOPBACK, 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(KundbildError, match=f"port {port} cannot be used"):
            free_port(port)
    assert free_port(0) > 1023
