"""What dbt tells is read while it runs, and whoever stops reading stops dbt."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from orchestration.core.errors import KundbildError
from orchestration.transform import told
from orchestration.transform.told import told_while_it_runs


def test_what_is_told_is_read_before_the_rest_is_done():
    go_on = threading.Event()

    def work(tell, wait):
        tell("first")
        assert go_on.wait(10), "nobody read the first while the second was still to come"
        tell("second")
        wait()
        order.append("closed")

    order = []
    for one in told_while_it_runs(work):
        order.append(one)
        go_on.set()
    assert order == ["first", "second", "closed"]


def test_what_work_raises_is_raised_after_what_it_told():
    def work(tell, wait):
        tell("first")
        raise KundbildError("dbt failed at m")

    read = []
    with pytest.raises(KundbildError, match="dbt failed at m"):
        read.extend(told_while_it_runs(work))
    assert read == ["first"]


@pytest.mark.parametrize("is_waiting", [False, True], ids=["it works", "it waits for its reader"])
def test_whoever_stops_reading_stops_the_work(monkeypatch, is_waiting):
    interrupted, ended = [], threading.Event()
    monkeypatch.setattr(told, "interrupt_queries", lambda: interrupted.append(True))

    def work(tell, wait):
        try:
            tell("first")
            tell("second")
            while not is_waiting:
                time.sleep(0.01)
            wait()
        finally:
            ended.set()

    reading = told_while_it_runs(work)
    assert next(reading) == "first"
    with pytest.raises(KeyboardInterrupt):
        reading.throw(KeyboardInterrupt)
    assert ended.is_set() and interrupted


def test_a_signal_while_nothing_is_told_stops_the_work(monkeypatch):
    monkeypatch.setattr(told, "interrupt_queries", lambda: None)
    ended = threading.Event()

    def work(tell, wait):
        try:
            while True:
                time.sleep(0.01)
        finally:
            ended.set()

    def interrupt(number, frame):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGUSR1, interrupt)
    try:
        threading.Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGUSR1)).start()
        with pytest.raises(KeyboardInterrupt):
            next(told_while_it_runs(work))
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert ended.is_set()
