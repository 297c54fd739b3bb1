"""The first rows of each table of files against the configuration: all that does not fit, at once, for the doctor.

Here: columns that are missing, values that are not of their declared type or format, keys that come again. Only numbers are told, and no
value. Not here: whether a source answers (reach.py), reading all rows (extract/).
"""

from __future__ import annotations

import csv
import gzip
import io
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from orchestration.core.errors import KundbildError
from orchestration.core.settings import CsvDialect, Source, Table
from orchestration.core.settings.operation import Quality
from orchestration.core.warehouse import quote, text
from orchestration.extract.sheets import write_sheet
from orchestration.extract.stores import Store, oldest_first
from orchestration.extract.unpacked import GZIP
from orchestration.run.findings import Finding

ROWS = 1000
_START = 2 * 1024 * 1024
_NAMED = 5


def first_rows(name: str, source: Source, quality: Quality) -> list[Finding]:
    """What does not fit in the newest file of each table; it is to be fixed where a night would refuse so large a share. Nothing of
    files that lie elsewhere: a look at them may take long."""
    if source.connector != "files":
        return []
    found = []
    try:
        store = Store.of(name, source)
        if store.is_copied:
            return []
        for table_name, table in source.tables.items():
            files = oldest_first(store.listed(str(table.path)))
            if files and not store.why_no_file(files[-1][0]):
                found += _of_table(name, source, quality, table_name, table, Path(store.path(files[-1][0])))
    except (KundbildError, OSError):
        return found  # whether it can be reached at all is told elsewhere
    return found


def _of_table(name: str, source: Source, quality: Quality, table_name: str, table: Table, path: Path) -> list[Finding]:
    what, said = f"{name}.{table_name}", f"in the first {ROWS:,} rows of {path.name}"
    with duckdb.connect(config={"memory_limit": "200MB", "threads": 1}) as con:
        try:
            _load(con, source, table, path)
        except (KundbildError, duckdb.Error, ValueError, csv.Error, EOFError) as error:
            told = error.what if isinstance(error, KundbildError) else type(error).__name__
            return [
                Finding(
                    what,
                    False,
                    f"{path.name} cannot be read as {source.format} ({told})",
                    "check format and csv of the source",
                )
            ]
        there = {str(column) for (column,) in con.execute("select column_name from (describe first_rows)").fetchall()}
        by_letters = {column.casefold() for column in there}
        missing = [column for column in table.columns if column.casefold() not in by_letters]
        findings = []
        # JSON leaves out what is empty
        if missing and source.format not in ("jsonl", "json_pages"):
            findings.append(
                Finding(what, False, f"{path.name} lacks {_some(missing)}", f"it has {len(there)} columns: fix columns, delimiter or skip_lines")
            )  # fmt: skip
        findings += [
            Finding(what, is_ok, f"{problem} {said}", to_do)
            for is_ok, problem, to_do in _misfits(con, source, quality, table, by_letters)
        ]
    return findings


def _misfits(
    con: duckdb.DuckDBPyConnection, source: Source, quality: Quality, table: Table, there: set[str]
) -> Iterator[tuple[bool, str, str]]:
    """(whether a night accepts so many, what, what to do)."""
    nulls = ", ".join(text(null) for null in ["", *source.null_values])
    rows = con.execute("select count(*) from first_rows").fetchall()[0][0]

    def bad(condition: str) -> int:
        return int(con.execute(f"select count(*) from first_rows where {condition}").fetchall()[0][0])

    for column, kind in table.columns.items():
        if column.casefold() not in there:
            continue
        value = f"case when trim({quote(column)}) not in ({nulls}) then {quote(column)} end"
        if _is_plain(kind) and (count := bad(f"{value} is not null and {_is_not(value, kind, source, table)}")):
            is_ok = count <= quality.max_reject_share * rows
            yield is_ok, f"{column}: {count:,} values are not {kind}", "change the column's type, or fix the export"
        for formats in _formats(table, column):
            listed = ", ".join(map(text, formats))
            if count := bad(f"{value} is not null and try_strptime({value}, [{listed}]) is null"):
                is_ok = count <= quality.max_quarantine_share * rows
                told = f"{column}: {count:,} values are not written as {' or '.join(formats)}"
                yield is_ok, told, "change `formats` of the mapping"
    if table.key and all(column.casefold() in there for column in table.key):
        names = [f"nullif({quote(column)}, '')" for column in table.key]
        said = " + ".join(table.key)
        if empty := bad(" or ".join(f"{one} is null" for one in names)):
            yield False, f"{said}: {empty:,} keys are empty", "choose a key that every row has, or none"
        distinct = con.execute(f"select count(distinct [{', '.join(names)}]) from first_rows").fetchall()[0][0]
        if again := rows - distinct:
            # as of rows that come again when they change
            told = f"{said}: {again:,} rows share the key of another, and the last one stands"
            yield True, told, "where each is a row of its own, choose another key"


def _is_plain(kind: str) -> bool:
    """Whether a type is one that a text may not be of."""
    return not kind.upper().startswith(("VARCHAR", "STRUCT", "JSON")) and not kind.endswith("]")


def _is_not(value: str, kind: str, source: Source, table: Table) -> str:
    """SQL: whether a value is not of a type, by the decimal mark of its file."""
    has_comma = source.format == "csv" and (table.csv or source.csv).decimal == ","
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


def _load(con: duckdb.DuckDBPyConnection, source: Source, table: Table, path: Path) -> None:
    """The first rows as the temp table `first_rows`, all text."""
    if source.format in ("jsonl", "json_pages", "parquet"):
        reader = (
            f"read_parquet({text(str(path))})"
            if source.format == "parquet"
            else f"read_json({text(str(path))}, maximum_depth = 2)"
        )
        if source.format == "json_pages":
            reader = f"(select unnest(row) from (select unnest(data) as row from {reader}))"
        con.execute(f"create temp table first_rows as select columns(*)::varchar from {reader} limit {ROWS}")
        return
    dialect = table.csv or source.csv
    if source.format == "xlsx":
        dialect = CsvDialect(has_header=dialect.has_header, skip_lines=dialect.skip_lines)
        with tempfile.TemporaryFile("w+", encoding="utf-8", newline="") as copy:
            write_sheet(path, table.sheet, copy, lambda: None)
            copy.seek(0)
            start = copy.read(_START)
    else:
        start = _decoded(path, dialect)
    quoting: dict[str, Any] = {"quotechar": dialect.quote} if dialect.quote else {"quoting": csv.QUOTE_NONE}
    lines = start.splitlines(keepends=True)[dialect.skip_lines :]
    rows = list(
        islice(csv.reader(io.StringIO("".join(lines), newline=""), delimiter=dialect.delimiter, **quoting), ROWS + 1)
    )
    if len(start) >= _START and len(rows) <= ROWS:
        rows = rows[:-1]  # the last one may be cut
    names = [" ".join(part.split()) for part in rows.pop(0)] if dialect.has_header and rows else list(table.columns)
    seen: dict[str, int] = {}
    for at, column in enumerate(names):
        if column and column.casefold() not in {one.casefold() for one in seen}:
            seen[column] = at
    rows = [row for row in rows if any(value.strip() for value in row)]
    columns = {column: [row[at] if at < len(row) else None for row in rows] for column, at in seen.items()}
    con.register("first_read", pa.table({column: pa.array(values, pa.string()) for column, values in columns.items()}))
    con.execute("create temp table first_rows as from first_read")


def _decoded(path: Path, dialect: CsvDialect) -> str:
    with path.open("rb") as handle:
        is_gzip = handle.read(2) == GZIP
        handle.seek(0)
        data = gzip.GzipFile(fileobj=handle).read(_START) if is_gzip else handle.read(_START)
    python = {"latin-1": "cp1252", "windows-1252": "cp1252"}.get(dialect.encoding, dialect.encoding)
    return data.decode(python, errors="replace").removeprefix("\ufeff")


def _some(names: list[str]) -> str:
    return ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
