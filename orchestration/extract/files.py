"""The `files` connector: CSV, Excel, SIE, JSON Lines, JSON pages and Parquet, local or any fsspec URL, read by DuckDB itself.

Each delivery is loaded once (delivered.py). Not here: merging into raw (landing.py).
"""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import duckdb

from orchestration.core.errors import SourceError
from orchestration.core.settings import Source, Table
from orchestration.core.warehouse import quote, scalar, text
from orchestration.extract.batch import Batch
from orchestration.extract.budget import Budget
from orchestration.extract.converted_files import read_converted
from orchestration.extract.csv_files import read_csv_files
from orchestration.extract.delivered import Deliveries, new_files
from orchestration.extract.delivered_file import Delivered, file_names, note_copies, noting, paths
from orchestration.extract.delivery_checks import refuse_cut
from orchestration.extract.json_files import read_json_lines, read_json_pages
from orchestration.extract.late_files import note_said_again
from orchestration.extract.raw_tables import canonical, check_contract, undeclared_before
from orchestration.extract.records import OLDER
from orchestration.extract.store_copies import Copies
from orchestration.extract.unpacked import refuse_damaged, unreadable

_WIDER = (["TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"], ["FLOAT", "DOUBLE"])


def read_files(
    con: duckdb.DuckDBPyConnection,
    source_name: str,
    source: Source,
    name: str,
    table: Table,
    max_reject_share: float,
    budget: Budget,
) -> Batch | None:
    """The files of one table that were not loaded yet, or None. Raises SourceError as landing and the contract say.

    A file that cannot be opened costs only itself: it is among the rejects, and is tried again the next time.
    """
    if not table.path:
        raise SourceError(f"source {source_name}, table {name} says no path", to_do='add path = "….csv" to the table')
    with ExitStack() as held:
        copies = held.enter_context(closing(Copies(str(scalar(con, "select current_setting('temp_directory')")))))
        batch = _new_batch(con, source_name, source, name, table, max_reject_share, budget, copies)
        if batch is None:
            return None
        held.callback(batch.close)
        return replace(batch, close=held.pop_all().close)


def _new_batch(
    con: duckdb.DuckDBPyConnection,
    source_name: str,
    source: Source,
    name: str,
    table: Table,
    max_reject_share: float,
    budget: Budget,
    copies: Copies,
) -> Batch | None:
    found = new_files(con, source_name, source, name, table, budget, copies)
    for file in found.fresh:
        # JSON Lines without a row have no byte. An empty CSV is refused without a header too: a register's would free everybody
        if source.format != "jsonl":
            _refuse_empty(source_name, name, file)
        refuse_damaged(source_name, name, file.name, file.lines.damage)
    if found.fresh:
        try:
            batch = _read(con, source_name, source, name, table, found.fresh, max_reject_share, budget)
        except duckdb.Error as error:
            raise unreadable(source_name, name, error, [file.name for file in found.fresh]) from None
    elif found.unreadable or found.notes:
        nothing = ", ".join(f"null::{kind} as {quote(c)}" for c, kind in table.columns.items())
        batch = Batch(f"select {nothing}, null::varchar as _source_file where false", table.columns, has_file=True)
    else:
        _note_copies(con, source_name, name, found)
        return None
    after = batch.after

    def tell_unreadable(load_id: int) -> int:
        rejected = after(load_id)
        # with the load that may hold their rows: where it fails, nothing counts as a copy of it
        _note_copies(con, source_name, name, found)
        for file, reason in found.unreadable.items():
            con.execute(
                "insert into fresh_rejects values (?, ?, ?, ?, null, null, ?, ?, null)",
                [load_id, source_name, name, file, reason, "file_unreadable"],
            )
        return rejected + len(found.unreadable)

    is_older = table.is_whole and bool(found.fresh) and found.fresh[-1].name in found.late
    return replace(
        batch, after=tell_unreadable, notes=[*batch.notes, *found.notes], way=OLDER if is_older else "files that are new or changed",
        nulls=source.null_values, null_keys=source.null_keys, is_older=is_older, late={} if table.is_whole else found.late,
    )  # fmt: skip


def _note_copies(con: duckdb.DuckDBPyConnection, source: str, name: str, found: Deliveries) -> None:
    note_copies(con, source, name, found.copies)
    note_said_again(con, source, name, found.again)


def _read(
    con: duckdb.DuckDBPyConnection,
    source_name: str,
    source: Source,
    name: str,
    table: Table,
    files: list[Delivered],
    max_reject_share: float,
    budget: Budget,
) -> Batch:
    if source.format in ("xlsx", "sie"):
        return read_converted(con, source_name, source, name, table, files, max_reject_share, budget)
    if source.format == "csv":
        return read_csv_files(con, source_name, source, name, table, files, max_reject_share, budget)
    if source.format == "jsonl":
        return read_json_lines(con, source_name, source, name, table, files, budget)
    reader = {"parquet": _parquet, "json_pages": read_json_pages}[source.format]
    return reader(con, source_name, source, name, table, files)


def _refuse_empty(source: str, name: str, file: Delivered) -> None:
    if file.size == 0:
        raise SourceError(
            f"source {source}, table {name}: the file is empty",
            where=file.name,
            to_do="deliver it again; where there are no rows, deliver no file, or the header alone",
        )


def _parquet(
    con: duckdb.DuckDBPyConnection, source_name: str, source: Source, name: str, table: Table, files: list[Delivered]
) -> Batch:
    added: set[str] = set()
    before = undeclared_before(con, source_name, name)
    for file in files:
        try:
            described = f"select column_name, column_type from (describe from read_parquet({text(file.pattern)}, hive_partitioning = false))"
            found = dict(con.execute(described).fetchall())
        except (duckdb.InvalidInputException, duckdb.IOException):
            raise SourceError(
                f"source {source_name}, table {name}: the file is not whole Parquet",
                where=file.name,
                to_do="deliver it again; if it is CSV, say so: format",
            ) from None
        added.update(check_contract(source_name, name, table, list(found), file.name, before=before))
        for column, kind in table.columns.items():
            if _family(found[column]) != _family(kind):
                raise SourceError(
                    f"source {source_name}, table {name}: column {column} is {found[column]}, no longer {kind}",
                    where=file.name,
                    to_do="fix the export, or change the column's type in the configuration and its staging model",
                )
    read = f"read_parquet({paths(files)}, union_by_name = true, hive_partitioning = false, filename = '_path')"
    there = dict(con.execute(f"select column_name, column_type from (describe from {read})").fetchall())
    unfit = {c for c, kind in canonical(con, table.columns).items() if not _fits(there[c], kind)}
    # as text that may be nothing: DuckDB holds that a try_cast of a Parquet column without nulls yields none
    columns = (f"nullif({quote(c)}::varchar, '') as {quote(c)}" if c in unfit else quote(c) for c in table.columns)
    select = f"select {', '.join(columns)}, {file_names(files)} as _source_file from {read}"
    after = noting(con, source_name, name, files)

    def check(relation: str) -> None:
        # every row of Parquet is read, or none
        refuse_cut(con, source_name, name, table, relation, files, {})

    return Batch(
        select, table.columns, has_file=True, is_text=bool(unfit),
        after=after, check=check, added=sorted(added), is_columnar=True,
        files=[file.name for file in files],
    )  # fmt: skip


def _family(kind: str) -> str:
    kind = kind.upper().split("(")[0]
    if "INT" in kind or kind in ("DOUBLE", "FLOAT", "REAL", "DECIMAL"):
        return "number"
    return "time" if kind.startswith(("TIMESTAMP", "DATE")) else kind


def _fits(there: str, wanted: str) -> bool:
    """Whether no value can fail its cast, or become another number; else each is cast on its own, and rejected alone."""
    if _family(wanted) != "number" or there == wanted:
        return True
    return any(there in wider and wanted in wider[wider.index(there) :] for wider in _WIDER)


def sample_columns(con: duckdb.DuckDBPyConnection, path: Path) -> dict[str, str]:
    """Column names and guessed types of one file, for scaffolding. Raises SourceError when it cannot be read."""
    reader = {".parquet": "read_parquet", ".jsonl": "read_json", ".json": "read_json"}.get(path.suffix, "read_csv")
    try:
        return dict(
            con.execute(f"select column_name, column_type from (describe from {reader}({text(path)}))").fetchall()
        )
    except duckdb.Error:
        raise SourceError(
            "the file cannot be read", where=str(path), to_do="name a CSV, JSON Lines or Parquet file"
        ) from None
