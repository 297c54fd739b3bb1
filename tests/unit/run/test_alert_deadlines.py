"""A webhook or a mail server that delays, in whatever way, costs an alert a bounded time, is told, and is hung up."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress

import pytest

from orchestration.core.deadline import LateError, within
from orchestration.core.settings import Alerts
from orchestration.run import alerts
from orchestration.run.alerts import send_alert

# long enough that only a deadline ends it in the time that a test gives, short enough that nothing waits for ever
_DRIP_SECONDS = 10


@pytest.fixture
def dripping():
    """Starts a server that says `first`, waits for what it gets where `is_asked`, then says `drip` again and again."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        gone = threading.Event()

        def start(first: bytes, drip: bytes, *, is_asked: bool):
            def serve():
                with suppress(OSError), listening.accept()[0] as client:
                    client.sendall(first)
                    if is_asked:
                        client.recv(65536)
                    ends = time.monotonic() + _DRIP_SECONDS
                    try:
                        while time.monotonic() < ends:
                            client.sendall(drip)
                            time.sleep(0.02)
                    except OSError:
                        gone.set()

            threading.Thread(target=serve, daemon=True).start()
            return listening.getsockname()[1], gone

        yield start


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(alerts, "_ALERT_SECONDS", 1, raising=False)


@pytest.mark.parametrize(
    ("place", "first", "drip", "is_asked"),
    [
        ("webhook", b"", b"H", True),
        ("webhook", b"HTTP/1.1 100 Continue\r\n", b"X: y\r\n", True),
        ("webhook", b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x", True),
        ("email", b"", b"220-still\r\n", False),
        ("email", b"220 ready", b"y", False),
        ("email", b"220 ready\r\n", b"250-EHLO\r\n", True),
    ],
)
def test_a_server_that_drips_is_told_and_hung_up(dripping, place, first, drip, is_asked):
    port, gone = dripping(first, drip, is_asked=is_asked)
    where = {
        "webhook": Alerts(webhook=f"http://127.0.0.1:{port}/"),
        "email": Alerts(email_to=["a@example.com"], smtp_host="127.0.0.1", smtp_port=port),
    }
    started = time.monotonic()
    problems = send_alert(where[place], "Shop", "r", "x")
    assert time.monotonic() - started < _DRIP_SECONDS / 2
    assert problems == [f"{place}: it does not answer within 1 seconds"]
    assert gone.wait(5)


def test_the_body_of_an_answer_is_not_waited_for(dripping):
    port, _ = dripping(b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", is_asked=True)
    assert send_alert(Alerts(webhook=f"http://127.0.0.1:{port}/"), "Shop", "r", "x") == []


def test_a_place_whose_address_is_none_is_told_and_does_not_keep_the_others():
    problems = send_alert(
        Alerts(webhook="http://[:1/", email_to=["a@example.com"], smtp_host="127.0.0.1", smtp_port=9), "Shop", "r", "x"
    )
    assert [problem.split(":")[0] for problem in problems] == ["webhook", "email"]


def test_work_within_its_time_gives_what_it_gives_and_raises_what_it_raises():
    assert within(5, lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        within(5, lambda: 1 / 0)
    with pytest.raises(LateError, match=r"within 0\.05 seconds"):
        within(0.05, lambda: time.sleep(1), lambda: 1 / 0)
