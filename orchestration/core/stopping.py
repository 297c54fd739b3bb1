"""Ends a run within a second of Ctrl-C or SIGTERM, whatever it is doing, and child processes with their parent.

A run is safe to kill at any moment: what is published is switched by one rename, and the next run sweeps and goes on.
So a run that is told to stop leaves at once, and waits for no query. Not here: what a stopped run leaves (home.py).
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_PR_SET_PDEATHSIG = 1
_is_watching = False


@contextmanager
def stops_at_once(on_stop: Callable[[str], None], *, within: float = 3.0) -> Iterator[None]:
    """While the block runs, SIGINT and SIGTERM end the process with code 128 + signal.

    `on_stop` is told the signal's name, in a thread of its own, and has `within` seconds. Does nothing where an outer
    block watches, or outside of the main thread, where Python takes no signals.
    """
    global _is_watching  # noqa: PLW0603 - a process has one set of signal handlers
    if _is_watching or threading.current_thread() is not threading.main_thread():
        yield
        return
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    handlers = {number: signal.signal(number, _ignore) for number in _SIGNALS}
    # told by C code: Python's own handlers wait until a running query returns
    before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(reader, on_stop, within), daemon=True, name="stopping").start()
    _is_watching = True
    try:
        yield
    finally:
        _is_watching = False
        signal.set_wakeup_fd(before)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        # the watching thread reads the end and leaves
        os.close(writer)


def _ignore(number: int, frame: object) -> None:
    """The watching thread does what is to be done."""


def _watch(reader: int, on_stop: Callable[[str], None], within: float) -> None:
    with os.fdopen(reader, "rb", buffering=0) as pipe:
        while told := pipe.read(1):
            if told[0] in _SIGNALS:
                _leave(told[0], on_stop, within)


def _leave(number: int, on_stop: Callable[[str], None], within: float) -> None:
    def tell() -> None:
        with suppress(Exception):
            on_stop(signal.Signals(number).name)

    telling = threading.Thread(target=tell, daemon=True)
    telling.start()
    telling.join(within)
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            stream.flush()
    os._exit(128 + number)


def end_with_parent(parent: int) -> None:
    """Called by a child of that process: the system kills it when its parent dies, kill -9 included. Linux; elsewhere nothing."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    # it died before; in a container number 1 may be the parent itself
    if os.getppid() != parent:
        os._exit(1)
