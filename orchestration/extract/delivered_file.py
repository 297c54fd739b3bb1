"""A file as it lies at the source, how SQL names it, and noting that it was loaded. Not here: which files are new (delivered.py)."""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO

import duckdb

from orchestration.core.clock import now
from orchestration.core.disk import FULL
from orchestration.core.errors import SourceError
from orchestration.core.warehouse import text
from orchestration.extract.line_books import Lines

# so many files are noted in one statement
_AT_ONCE = 1000


@dataclass(frozen=True)
class Delivered:
    """A file as it lies at the source. `name` is its path below the source's url; `path` is where it is read, of a store of
    elsewhere a copy."""

    path: str
    name: str
    size: int
    modified_ns: int
    sha256: str
    lines: Lines = field(default_factory=Lines)
    read_from: str = ""  # a copy in another encoding, which is read in its place
    rows_told: int | None = None  # by the file beside it
    read_at: datetime = field(default_factory=now)  # what is written later is not in it

    @property
    def pattern(self) -> str:
        """What DuckDB opens: in its paths, brackets and stars mean something."""
        return glob.escape(self.read_from or self.path)

    @contextmanager
    def opened(self, source: str, table: str) -> Iterator[IO[bytes]]:
        """Its bytes. Raises SourceError where it is gone by now, or cannot be read to its end."""
        try:
            with Path(self.path).open("rb") as handle:
                yield handle
        except OSError as error:
            if error.errno in FULL:  # of the disk that a copy is written to
                raise
            why = "is gone" if isinstance(error, FileNotFoundError) else "cannot be read"
            raise SourceError(
                f"source {source}, table {table}: the file was listed, and {why}; raw keeps what it had",
                where=self.name,
                to_do="see whether something clears the folder while it is read; the next run reads what is there then",
                is_passing=True,
            ) from None


def file_names(files: list[Delivered], path: str = "_path") -> str:
    """SQL: the name of the file that `path` is. All of `files` lie below one url."""
    named = f"substr({path}, {len(files[0].path) - len(files[0].name) + 1})"
    copies = "".join(f" when {text(file.read_from)} then {text(file.name)}" for file in files if file.read_from)
    return f"case {path}{copies} else {named} end" if copies else named


def paths(files: list[Delivered]) -> str:
    """SQL: the list of files, for DuckDB's readers."""
    return "[" + ", ".join(text(file.pattern) for file in files) + "]"


def note_files(con: duckdb.DuckDBPyConnection, source: str, table: str, files: Sequence[tuple[Delivered, int]]) -> None:
    """Notes files and the load that brought each; in few statements, for a folder may hold thousands."""
    for first in range(0, len(files), _AT_ONCE):
        some = files[first : first + _AT_ONCE]
        rows = ", ".join(["(?, ?, ?, ?, ?, ?, ?, ?)"] * len(some))
        con.execute(
            "insert or replace into ops.loaded_files (source, table_name, file, size, modified_ns, sha256, load_id, noted_at) "
            f"values {rows}",
            [
                value
                for file, load_id in some
                for value in (
                    source, table, file.name, file.size, file.modified_ns, file.sha256, load_id, file.read_at,
                )
            ],
        )  # fmt: skip


def note_copies(con: duckdb.DuckDBPyConnection, source: str, table: str, files: Sequence[Delivered]) -> None:
    """A copy is of the load that brought it from this path, or of none."""
    if not files:
        return
    known = con.execute(
        "select file, sha256, load_id from ops.loaded_files where source = ? and table_name = ?", [source, table]
    ).fetchall()
    loads = {(file, sha256): load_id for file, sha256, load_id in known}
    note_files(con, source, table, [(file, loads.get((file.name, file.sha256), 0)) for file in files])


def noting(con: duckdb.DuckDBPyConnection, source: str, name: str, files: list[Delivered]) -> Callable[[int], int]:
    """What a batch does when its rows are in: note its files, reject nothing."""

    def after(load_id: int) -> int:
        note_files(con, source, name, [(file, load_id) for file in files])
        return 0

    return after
