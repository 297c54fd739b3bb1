"""A file as it lies at the source, how SQL names it, and noting that it was loaded. Not here: which files are new (delivered.py)."""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterator
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


def note_file(con: duckdb.DuckDBPyConnection, source: str, table: str, file: Delivered, load_id: int) -> None:
    con.execute(
        "insert or replace into ops.loaded_files (source, table_name, file, size, modified_ns, sha256, load_id, noted_at) "
        "values (?, ?, ?, ?, ?, ?, ?, ?)",
        [source, table, file.name, file.size, file.modified_ns, file.sha256, load_id, file.read_at],
    )


def note_copy(con: duckdb.DuckDBPyConnection, source: str, table: str, file: Delivered) -> None:
    """A copy is of the load that brought it from this path, or of none."""
    same = "source = ? and table_name = ? and file = ? and sha256 = ?"
    found = con.execute(f"select load_id from ops.loaded_files where {same}", [source, table, file.name, file.sha256])
    note_file(con, source, table, file, next((load_id for (load_id,) in found.fetchall()), 0))


def noting(con: duckdb.DuckDBPyConnection, source: str, name: str, files: list[Delivered]) -> Callable[[int], int]:
    """What a batch does when its rows are in: note its files, reject nothing."""

    def after(load_id: int) -> int:
        for file in files:
            note_file(con, source, name, file, load_id)
        return 0

    return after
