"""Results of dbt reach Dagster while dbt runs, and whoever stops reading stops dbt."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from orchestration.core.errors import KundbildError
from orchestration.defs import dbt_results
from orchestration.defs.dbt_results import Results, told_while_it_runs


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
    monkeypatch.setattr(dbt_results, "interrupt_queries", lambda: interrupted.append(True))

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
    monkeypatch.setattr(dbt_results, "interrupt_queries", lambda: None)
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


def _result(status: str, node: str = "model.kundbild.m") -> SimpleNamespace:
    told = SimpleNamespace(unique_id=node, node_name=node.rpartition(".")[2], node_status=status)
    return SimpleNamespace(info=SimpleNamespace(name="LogModelResult"), data=SimpleNamespace(node_info=told))


def test_what_fails_and_then_succeeds_has_succeeded(monkeypatch):
    monkeypatch.setattr(dbt_results, "shared_connection", lambda: SimpleNamespace(close=lambda: None))
    monkeypatch.setattr(
        "google.protobuf.json_format.MessageToDict", lambda event, **_: {"status": event.data.node_info.node_status}
    )
    manifest = {"metadata": {"project_name": "kundbild"}, "nodes": {}, "sources": {}}
    results = Results(manifest, SimpleNamespace(), Path("/nowhere"), 2)
    read: list[str] = []

    def take(event):
        results.take(event, lambda result: read.append(result.raw_event["status"]))

    take(_result("error"))
    take(_result("skipped", "model.kundbild.below"))
    assert not read and len(results.left()) == 2
    take(_result("success"))
    assert read == ["success"] and [left.raw_event["status"] for left in results.left()] == ["skipped"]
