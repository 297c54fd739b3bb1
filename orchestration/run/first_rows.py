"""The first rows of each table against the configuration: all that does not fit, at once, for the doctor and a dry run.

Here: columns that are missing, values that are not of their declared type or format, keys that come again. Only numbers are told, and no
value. Not here: what maps make of them (first_maps.py), whether a source answers (reach.py), reading all rows (extract/).
"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from orchestration.core.errors import KundbildError
from orchestration.core.settings import Settings, Source, Table
from orchestration.core.settings.operation import Quality
from orchestration.core.warehouse import quote, text
from orchestration.core.written_months import read_time
from orchestration.run.findings import Finding
from orchestration.run.first_ages import first_ages
from orchestration.run.first_maps import FirstMaps
from orchestration.run.first_sums import Misfit
from orchestration.run.first_tables import ROWS, Brought, FirstTables, UnreadableError

_NAMED = 5


def first_rows(
    name: str, source: Source, quality: Quality, *, is_summed: bool = False, settings: Settings | None = None
) -> list[Finding]:
    """What does not fit in the first rows of each table (of files, of the newest one); it is to be fixed where a night would refuse so
    large a share. Where it `is_summed`, of each map too how many rows would be set aside, and why; with `settings`, how many are too old to
    be kept. Nothing of files that lie elsewhere: a look at them may take long."""
    if source.auth and source.auth.is_good_once:
        told = "its first rows are not read: its refresh token may be good once, and the night needs it"
        return [Finding(f"source {name}", True, told)]
    found = []
    with duckdb.connect(config={"memory_limit": "200MB", "threads": 1}) as con, FirstTables(name, source) as tables:
        maps = FirstMaps(con, name, source, quality)
        for table_name, table in source.tables.items():
            try:
                brought = tables.bring(con, table_name, table)
            except UnreadableError as error:
                found.append(Finding(f"{name}.{table_name}", False, error.found, error.to_do))
                continue
            except (KundbildError, OSError):
                continue  # whether it can be reached at all is told elsewhere
            if brought:
                findings, unread = _of_table(con, name, source, quality, table_name, table, brought)
                found += [*findings, *maps.of_table(table_name, brought, unread, is_summed)]
                found += first_ages(con, f"{name}.{table_name}", table, brought, settings) if settings else []
        found += maps.of_nobody()
    return found


def _of_table(
    con: duckdb.DuckDBPyConnection, name: str, source: Source, quality: Quality, table_name: str, table: Table, brought: Brought
) -> tuple[list[Finding], list[Misfit]]:  # fmt: skip
    """What is told of the table, and rows of it that would not enter raw."""
    what, said = f"{name}.{table_name}", f"in the first {ROWS:,} rows of {brought.where}"
    there = {str(column) for (column,) in con.execute("select column_name from (describe first_rows)").fetchall()}
    by_letters = {column.casefold() for column in there}
    known = by_letters | {column.casefold() for column in brought.unasked}
    missing = [column for column in table.columns if column.casefold() not in known]
    findings = []
    # JSON leaves out what is empty
    if missing and (source.connector != "files" or source.format not in ("jsonl", "json_pages")):
        to_do = f"it has {len(there)} columns: fix columns, delimiter or skip_lines"
        declared = {column.casefold() for column in table.columns}
        others = sorted(column for column in there if column.casefold() not in declared)
        # where no column is there, what stands in its place may be a row of somebody's
        if others and len(missing) < len(table.columns):
            to_do = f"where it was renamed, it may be {_some(others)} now: change columns, and what reads it"
        if source.connector == "sql":
            to_do = "fix columns: they are written as the table has them"
        findings.append(Finding(what, False, f"{brought.where} lacks {_some(missing)}", to_do))
    misfits = list(_misfits(con, source, quality, table, by_letters))
    findings += [Finding(what, one.is_few, f"{one.problem} {said}", one.to_do) for one in misfits]
    return findings, [one for one in misfits if one.rows]


def _misfits(
    con: duckdb.DuckDBPyConnection, source: Source, quality: Quality, table: Table, there: set[str]
) -> Iterator[Misfit]:
    nulls = ", ".join(text(null) for null in ["", *source.null_values])
    rows = con.execute("select count(*) from first_rows").fetchall()[0][0]

    def bad(condition: str) -> int:
        return int(con.execute(f"select count(*) from first_rows where {condition}").fetchall()[0][0])

    for column, kind in table.columns.items():
        if column.casefold() not in there:
            continue
        value = f"case when trim({quote(column)}) not in ({nulls}) then {quote(column)} end"
        is_other = f"{value} is not null and {_is_not(value, kind, source, table)}"
        if _is_plain(kind) and (count := bad(is_other)):
            is_ok = count <= quality.max_reject_share * rows
            told, to_do = f"{column}: {count:,} values are not {kind}", "change the column's type, or fix the export"
            yield Misfit(is_ok, told, to_do, is_other, f"{column} is not {kind}")
        for formats in _formats(table, column):
            if count := bad(f"{value} is not null and {read_time(value, formats)} is null"):
                is_ok = count <= quality.max_quarantine_share * rows
                told = f"{column}: {count:,} values are not written as {' or '.join(formats)}"
                yield Misfit(is_ok, told, "change `formats` of the mapping")
    if table.key and all(column.casefold() in there for column in table.key):
        names = [f"nullif({quote(column)}, '')" for column in table.key]
        said = " + ".join(table.key)
        if empty := bad(" or ".join(f"{one} is null" for one in names)):
            yield Misfit(False, f"{said}: {empty:,} keys are empty", "choose a key that every row has, or none")
        distinct = con.execute(f"select count(distinct [{', '.join(names)}]) from first_rows").fetchall()[0][0]
        if again := rows - distinct:
            # as of rows that come again when they change
            told = f"{said}: {again:,} rows share the key of another, and the last one stands"
            yield Misfit(True, told, "where each is a row of its own, choose another key")


def _is_plain(kind: str) -> bool:
    """Whether a type is one that a text may not be of."""
    return not kind.upper().startswith(("VARCHAR", "STRUCT", "JSON")) and not kind.endswith("]")


def _is_not(value: str, kind: str, source: Source, table: Table) -> str:
    """SQL: whether a value is not of a type, by the decimal mark of its file."""
    has_comma = source.connector == "files" and source.format == "csv" and (table.csv or source.csv).decimal == ","
    read = (
        f"replace({value}, ',', '.')"
        if has_comma and kind.upper().startswith(("DECIMAL", "DOUBLE", "FLOAT"))
        else value
    )
    return f"try_cast({read} as {kind}) is null"


def _formats(table: Table, column: str) -> set[tuple[str, ...]]:
    """The formats by which maps read a column; of times with an offset none is tried."""
    found = [
        how for one in table.maps for target in one.columns if (how := one.how(target)) and how.columns == [column]
    ]
    return {tuple(how.formats) for how in found if how.formats and not any("%z" in one for one in how.formats)}


def _some(names: list[str]) -> str:
    return ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
