"""How long a source may take in one run: `max_minutes`. Here: the one clock that every connector asks. Not here: what is read."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from orchestration.core.deadline import LateError, within
from orchestration.core.errors import SourceError

T = TypeVar("T")

# seconds
_BETWEEN_INTERRUPTS = 1.0


class Budget:
    """The time that is left to a source, however often it is tried. Starts when it is made, and pauses between two tries."""

    def __init__(self, source: str, minutes: float) -> None:
        self.source, self.minutes = source, minutes
        self._ends = time.monotonic() + minutes * 60
        self._paused: float | None = None
        self._told: SourceError | None = None
        self.requests = 0  # sent to an API, retries included

    @property
    def left(self) -> float:
        """Seconds; never below zero."""
        return max(0.0, self._ends - time.monotonic()) if self._paused is None else self._paused

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """The clock of a try: when the block ends it stands until the next, as other sources are read meanwhile."""
        if self._paused is not None:
            self._ends, self._paused = time.monotonic() + self._paused, None
        try:
            yield
        finally:
            self._paused = self.left

    def check(self, table: str) -> None:
        """Raises SourceError when the time is up."""
        if not self.left:
            raise self.spent(table)

    def spent(self, table: str, how_far: str = "", to_do: str = "") -> SourceError:
        """The error of a source whose time is up; `how_far` it came, and what else to do, where that can be told."""
        found = SourceError(
            f"source {self.source}, table {table}: it took longer than the {self.minutes:g} minutes that it may; raw keeps what it had"
            + (f". {how_far}" if how_far else ""),
            to_do=f"find out what it waits for, or raise max_minutes below [sources.{self.source}]"
            + (f", or {to_do}" if to_do else ""),
            is_whole_source=True,
        )
        self._told = found if how_far else self._told
        return found

    def within(self, table: str, work: Callable[[], T], hang_up: Callable[[], object] = lambda: None) -> T:
        """What `work` returns or raises. Raises SourceError when the time is up first, after `hang_up`; `work` is left behind in a
        thread, for whoever waits for a disk of another machine asks no clock."""
        try:
            return within(self.left, work, hang_up)
        except LateError:
            raise self.spent(table) from None

    @contextmanager
    def interrupting(self, table: str, interrupt: Callable[[], object]) -> Iterator[None]:
        """Calls `interrupt` from another thread when the time is up, again and again while the block lasts: between two queries
        there is nothing to interrupt. Makes an error of what it led to."""
        is_over = threading.Event()

        def watch() -> None:
            wait = self.left
            while not is_over.wait(wait):
                interrupt()
                wait = _BETWEEN_INTERRUPTS

        watching = threading.Thread(target=watch, daemon=True)
        watching.start()
        try:
            yield
        except Exception as error:
            if not self.left and error is not self._told:
                raise self.spent(table) from None
            raise
        finally:
            is_over.set()
            # what follows is not interrupted
            watching.join()
