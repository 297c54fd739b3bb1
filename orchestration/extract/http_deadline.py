"""A transport of HTTP whose wait for the head of an answer has an end, however slowly its bytes come.

A timeout of the socket is one between two bytes. Here: reaching the connection that waits, and hanging up. Not here: how long to wait,
and what to tell (http_session.py), or the body, which the session reads in parts.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connectionpool import HTTPConnectionPool


class HangingUp(HTTPAdapter):
    """An adapter that knows the connection in use. Of one session, which asks one thing at a time."""

    def __init__(self) -> None:
        super().__init__()
        self._in_use: Any = None

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> HTTPConnectionPool:
        pool = super().get_connection_with_tls_context(*args, **kwargs)
        if not hasattr(pool.ConnectionCls, "note"):
            pool.ConnectionCls = _noting(pool.ConnectionCls, self._note)
        return pool

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Hangs up when the block takes longer, and raises a ConnectionError."""
        is_late = threading.Event()
        timer = threading.Timer(seconds, self._hang_up, [is_late])
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
        if is_late.is_set():  # headers that were cut read like headers that are there
            raise requests.ConnectionError("the head of the answer did not come in time")

    def hang_up(self) -> None:
        """Ends what waits on the connection in use. From another thread."""
        sock = getattr(self._in_use, "sock", None)
        if sock is not None:
            with suppress(OSError):  # it is closed by now
                sock.shutdown(socket.SHUT_RDWR)

    def _note(self, connection: Any) -> None:
        self._in_use = connection

    def _hang_up(self, is_late: threading.Event) -> None:
        is_late.set()
        self.hang_up()


def _noting(base: Any, note: Any) -> Any:
    """A connection class that says which connection is about to be used: one that is made, and one that is used again."""

    class Noting(base):
        def connect(self) -> None:
            note(self)
            super().connect()

        def request(self, *args: Any, **kwargs: Any) -> None:
            note(self)
            super().request(*args, **kwargs)

    Noting.note = staticmethod(note)
    return Noting
