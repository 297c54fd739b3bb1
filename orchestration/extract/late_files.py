"""Parts of a table that come late: a row of a file that is older by its name replaces no row of a newer one, unless its cursor does.

Here: which tables that holds for, and the newest file that has a row: `_newest_file` of raw, where it came again unchanged. Not
here: what names tell (stores.py), which files are late (delivered.py), or whole tables (landing.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from orchestration.core.settings import Table
from orchestration.core.warehouse import drop_tables, text
from orchestration.extract.raw_tables import raw_name
from orchestration.extract.replaced import Replaced

_FILE = "coalesce(r._newest_file, r._source_file)"


def is_by_file(table: Table) -> bool:
    """Whether of two deliveries of a row the newer file's stands where no cursor tells which is newer; none is the whole."""
    return bool(table.key) and not table.is_whole


def drop_late_rows(
    con: duckdb.DuckDBPyConnection,
    target: str,
    on: str,
    late: Mapping[str, Sequence[str]],
    replaced: Replaced | None,
) -> None:
    """Deletes the rows of `batch` of which `target` has the row of a newer file; `late` is file → files that are newer.

    `on` is SQL that ties b, of the batch, to r. `replaced` takes the statements among the rows that go.
    """
    con.execute("create or replace temp table late_files (file varchar, newer varchar)")
    for file, newer in late.items():
        con.execute(f"insert into late_files select {text(file)}, unnest([{', '.join(map(text, newer))}])")
    con.execute(
        f"create or replace temp table late_rows as select distinct b.rowid as row_id from batch b join {target} r on {on} "
        f"join late_files l on l.file = b._source_file and l.newer = {_FILE}"
    )
    rows = "batch where rowid in (select row_id from late_rows)"
    if replaced:
        replaced.take(con, f"(from {rows})")
    con.execute(f"delete from {rows}")
    drop_tables(con, "late_rows", "late_files")


def note_newest_file(con: duckdb.DuckDBPyConnection, target: str, unchanged: str) -> None:
    """Notes the file of the batch on the rows of `target` that it has unchanged: SQL that ties b, of the batch, to r."""
    con.execute(
        f"update {target} r set _newest_file = b._source_file from batch b "
        f"where {unchanged} and {_FILE} is distinct from b._source_file"
    )


def note_said_again(con: duckdb.DuckDBPyConnection, source: str, name: str, again: Mapping[str, Sequence[str]]) -> None:
    """The same of files that were not read: `again` is file → those that hold the same bytes, and are no newer."""
    for file, same in again.items():
        con.execute(
            f"update {raw_name(source, name)} r set _newest_file = {text(file)} where {_FILE} in ({', '.join(map(text, same))})"
        )
