"""A file that is known by another path: moved at the source, or noted by an earlier version under its last name alone.

Here: what is told of it goes along to its path of today, in `ops.loaded_files`, `quarantine.rejected_rows` and raw; its rows
keep their keys. Not here: whether a file is loaded (delivered.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import duckdb

from orchestration.core.warehouse import has_table, transaction
from orchestration.extract.raw_tables import raw_name


@dataclass(frozen=True)
class Known:
    """What was last seen of a path: size in bytes, time of writing in ns (0: the store does not say), content."""

    size: int
    modified_ns: int
    sha256: str
    noted_at: datetime | None = None  # when it was read; earlier versions did not note it


def moved_from(file: str, found: Known, newest: dict[str, Known], there: Collection[str]) -> str | None:
    """The path that is gone and that `file`, which is new, had before; None where it is another delivery.

    The same bytes alone do not say so: a daily file may repeat what one said that was cleared away. A file that is moved
    keeps its last name, or, renamed, its time of writing.
    """

    def is_it(path: str, known: Known) -> bool:
        is_named_alike = path.rpartition("/")[2] == file.rpartition("/")[2]
        return is_named_alike or bool(found.modified_ns and found.modified_ns == known.modified_ns)

    return next(
        (
            path
            for path, known in newest.items()
            if path not in there and known.sha256 == found.sha256 and is_it(path, known)
        ),
        None,
    )


def follow(con: duckdb.DuckDBPyConnection, source: str, name: str, old: str, new: str) -> None:
    """What is known of the path `old` is of `new` from now on: `old` may bring another file."""
    where = "where source = $source and table_name = $name and file = "
    values = {"source": source, "name": name, "old": old, "new": new}
    with transaction(con):
        con.execute(f"update ops.loaded_files set file = $new {where} $old", values)
        con.execute(f"update quarantine.rejected_rows set file = $new {where} $old", values)
        if has_table(con, f"raw_{source}", name):
            con.execute(
                f"update {raw_name(source, name)} set _source_file = $new where _source_file = $old",
                {"old": old, "new": new},
            )


def rows_of(con: duckdb.DuckDBPyConnection, source: str, name: str, file: str) -> int:
    """The rows in raw that a file brought, and that stand."""
    if not has_table(con, f"raw_{source}", name):
        return 0
    stands = f"from {raw_name(source, name)} where _source_file = $file and _deleted_at is null"
    return int(con.execute(f"select count(*) {stands}", {"file": file}).fetchall()[0][0])


def adopt_bare_names(con: duckdb.DuckDBPyConnection, source: str, name: str, found: list[str]) -> None:
    """Homes of earlier versions know a file by its last name alone: where one file has that name, it is that one."""
    known = "select distinct file from ops.loaded_files where source = ? and table_name = ?"
    there = {file for (file,) in con.execute(known, [source, name]).fetchall()}
    times = Counter(file.rpartition("/")[2] for file in found)
    for file in found:
        bare = file.rpartition("/")[2]
        if bare != file and times[bare] == 1 and file not in there and bare in there:
            follow(con, source, name, bare, file)
