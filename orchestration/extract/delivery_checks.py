"""Whether a file is as whole as its sender says: a checksum or a number of rows beside it, or a least number of rows. And whether
it is what was declared: where most of it is rejected, it is not.

A file that is cut at the end of a row looks whole. Not here: lines that a reader swallowed (line_books.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import duckdb

from orchestration.core.errors import SourceError
from orchestration.core.settings import Table

# the first number, with or without thousands apart; behind it `wc -l` writes the name of the file, which may begin with digits
_ROWS = re.compile(r"\d{1,3}(?:[ _\u00a0\u202f]\d{3})+(?!\S)|\d+")

# fewer lines may all be broken by chance
_FEW_LINES = 10


class Counted(Protocol):
    """A file with what was told of it."""

    @property
    def name(self) -> str: ...
    @property
    def rows_told(self) -> int | None: ...


def is_companion(name: str, table: Table) -> bool:
    """Whether a file is not a delivery, but tells of one."""
    return table.told_by is not None and name.endswith(f".{table.told_by}")


def read_companion(system: Any, path: str, table: Table, digest: str) -> tuple[int | None, str | None]:
    """(rows that the file beside `path` tells, why the delivery must wait). Both None where nothing is told, or all is well.

    Raises what the store raises where it does not answer.
    """
    if table.told_by is None:
        return None, None
    try:
        with system.open(f"{path}.{table.told_by}", "rb") as handle:
            said = handle.read(1024).decode("utf-8-sig", errors="replace").strip()
    except FileNotFoundError:
        return None, f"the file beside it, .{table.told_by}, is not there"
    if table.told_by == "sha256":
        # as `sha256sum` writes it: the digest, then the name
        is_whole = said.lower().startswith(digest)
        return None, None if is_whole else "it is not what its .sha256 says: cut, or changed on its way"
    found = _ROWS.match(said)
    if not found:
        return None, "its .rows tells no number"
    return int(re.sub(r"\D", "", found[0])), None


def refuse_cut(
    con: duckdb.DuckDBPyConnection,
    source: str,
    name: str,
    table: Table,
    relation: str,
    files: Sequence[Counted],
    rejected: Mapping[str, int],
) -> None:
    """Raises SourceError where a file has another number of rows than is told of it, or fewer than `min_rows`.

    `relation` holds the rows as they were read, with `_source_file`; `rejected` is file → rows that could not be read.
    """
    if table.min_rows is None and all(file.rows_told is None for file in files):
        return
    rows = dict(con.execute(f"select _source_file, count(*) from {relation} group by 1").fetchall())
    for file in files:
        found = rows.get(file.name, 0) + rejected.get(file.name, 0)
        if file.rows_told is not None and found != file.rows_told:
            raise SourceError(
                f"source {source}, table {name}: {found:,} rows, but its .rows says {file.rows_told:,}",
                where=file.name,
                to_do="have it delivered again; raw keeps what it had",
            )
        if table.min_rows is not None and found < table.min_rows:
            raise SourceError(
                f"source {source}, table {name}: {found:,} rows, fewer than the {table.min_rows:,} of min_rows",
                where=file.name,
                to_do="have it delivered again; raw keeps what it had. Where so few are right, lower min_rows",
            )


def refuse_mostly_rejected(
    source: str,
    name: str,
    came: Mapping[str, int],
    of_read_rows: Mapping[str, int],
    rejected: Mapping[str, int],
    max_share: float,
) -> None:
    """Raises SourceError for a file of which a larger share than `max_share` is rejected: what is left of it is not the table.

    `came` is file → rows that could be read, `rejected` file → rejects, and `of_read_rows` those of them that are among the rows.
    """
    for file, lines in rejected.items():
        total = came.get(file, 0) + lines - of_read_rows.get(file, 0)
        if file and lines >= _FEW_LINES and lines > max_share * total:
            raise SourceError(
                f"source {source}, table {name}: {lines:,} of {total:,} lines would be rejects; raw keeps what it had",
                where=file,
                to_do="check that the file is of the declared format and columns, and deliver it again; if so many lines are rightly "
                "broken, raise max_reject_share below [quality] for one night",
            )
