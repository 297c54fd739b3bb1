"""The loopback address, which only this machine reaches, and its free ports. Not here: who listens."""

from __future__ import annotations

import socket

from orchestration.core.errors import KundbildError

LOOPBACK = "127.0.0.1"


def free_port(port: int) -> int:
    """The port; any free one for 0. Raises KundbildError where something listens on it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise KundbildError(
                f"port {port} cannot be used: {error.strerror}", to_do="name another: --port, 0 for any free one"
            ) from error
        return int(probe.getsockname()[1])
