"""Files of a store that is not of this machine, or of a mount of another one, copied to the run's own folder before anything reads them.

Whoever reads a file asks no clock while it waits for a byte; here a thread waits, and is left alone when the source's time is up.
Not here: what a store lists (stores.py), or reading the copy (line_books.py, files.py).
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from orchestration.extract.budget import Budget
from orchestration.extract.stores import Store

_CHUNK_BYTES = 4 * 1024 * 1024


class Copies:
    """Copies below a folder of their own, until `close`. Each has the name below the url that its file has."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(tempfile.mkdtemp(dir=folder))
        self._taken = 0

    def take(self, store: Store, name: str, table: str, budget: Budget) -> Path:
        """A copy of a file. Raises SourceError when the source's time is up first, else what the store raises."""
        # as many letters before each name: SQL cuts them off. A folder each: a store may have both a and a/b
        self._taken += 1
        copy = self._folder / f"{self._taken:09}" / name

        def work() -> None:
            copy.parent.mkdir(parents=True)
            with store.system.open(store.path(name), "rb") as there, copy.open("wb") as here:
                while chunk := there.read(_CHUNK_BYTES):
                    budget.check(table)
                    here.write(chunk)

        budget.within(table, work)
        return copy

    def drop(self, copy: str) -> None:
        """Removes a copy that nobody is to read."""
        shutil.rmtree(self._folder / Path(copy).relative_to(self._folder).parts[0], ignore_errors=True)

    def close(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
