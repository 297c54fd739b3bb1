"""dbt in a thread of its own, so that a step can hand on what it tells while it runs. Here: reading it, and stopping dbt.

Not here: what dbt is asked (runner.py), or what Dagster makes of a result (defs/dbt_results.py).
"""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from queue import Empty, Queue
from typing import Any

from orchestration.transform.runner import interrupt_queries

_STOPS_WITHIN = 10.0


def told_while_it_runs(work: Callable[[Callable[[Any], None], Callable[[], None]], None]) -> Iterator[Any]:
    """Runs `work(tell, wait)` in a thread of its own and yields what it tells as it tells it; then raises what it raised.
    `wait` returns when all that was told is read.

    Where the reader ends first, by a signal or an error of its own, dbt is stopped as by a signal.
    """
    told: Queue[Any] = Queue()
    end = object()
    raised: list[BaseException] = []

    def run() -> None:
        try:
            work(told.put, told.join)
        except BaseException as error:  # the reader raises it
            raised.append(error)
        finally:
            told.put(end)

    # a program that ends does not wait for it
    thread = threading.Thread(target=run, name="dbt", daemon=True)
    thread.start()
    try:
        while (one := told.get()) is not end:
            try:
                yield one
            finally:
                told.task_done()
    except BaseException:
        _stop(thread, told)
        raise
    thread.join()
    if raised:
        raise raised[0]


def _stop(thread: threading.Thread, told: Queue[Any]) -> None:
    """Has dbt start no other node and break off its queries: it does so where its own thread is interrupted."""
    give_up = time.monotonic() + _STOPS_WITHIN
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(KeyboardInterrupt))
    while thread.is_alive() and time.monotonic() < give_up:
        with suppress(Exception):  # a connection may be closing
            interrupt_queries()
        with suppress(Empty):
            while True:  # nobody reads it any more
                told.get(timeout=0.1)
                told.task_done()
