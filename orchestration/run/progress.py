"""What a run tells whoever watches it, step by step.

Not here: who watches (cli/console.py, run/launch.py), or what a step says (defs/).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Watcher = Callable[[str, str], None]
_watchers: list[Watcher] = []
# a step of this name says what the sum of a run should say too
NOTE = "note"


@contextmanager
def watching(watcher: Watcher) -> Iterator[None]:
    """`watcher(step, detail)` is told of progress while the block runs."""
    _watchers.append(watcher)
    try:
        yield
    finally:
        _watchers.remove(watcher)


def tell(step: str, detail: str = "") -> None:
    for watcher in _watchers:
        watcher(step, detail)
