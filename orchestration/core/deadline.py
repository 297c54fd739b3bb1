"""A deadline for work that waits for somebody else's server, however that delays: the work goes on in a thread that is left behind.

A timeout of a socket is one between two bytes; looking up a name has none, and a driver has its own. Not here: how long to wait, how to
hang up, and what to tell.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


class LateError(Exception):
    """The work did not end in time. Its text is a sentence for people."""


def within(seconds: float, work: Callable[[], T], hang_up: Callable[[], object] = lambda: None) -> T:
    """What `work` returns or raises. Raises LateError when it takes longer, after `hang_up`, which makes the work end too."""
    ended: queue.SimpleQueue[tuple[T | None, BaseException | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            ended.put((work(), None))
        except BaseException as error:  # of whatever kind, it is raised where the caller is
            ended.put((None, error))

    # daemon: a program that ends does not wait for it
    threading.Thread(target=run, daemon=True).start()
    try:
        result, error = ended.get(timeout=seconds)
    except queue.Empty:
        with suppress(Exception):  # it is closed by now
            hang_up()
        raise LateError(f"does not answer within {seconds:g} seconds") from None
    if error is not None:
        raise error
    return result  # type: ignore[return-value] # what work returned, for there is no error
