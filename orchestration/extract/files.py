"""The `files` connector: CSV, JSON Lines, JSON pages and Parquet, local or any fsspec URL, read by DuckDB itself.

Each file is loaded once, known by name, size and hash. Not here: merging into raw (landing.py).
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.errors import SourceError
from orchestration.extract.csv_files import read_csv_files
from orchestration.extract.delivered import Delivered, file_name, new_files, note_file, noting
from orchestration.extract.json_files import read_json_lines, read_json_pages
from orchestration.extract.landing import Batch, check_contract
from orchestration.settings import Source, Table
from orchestration.warehouse import quote, text


def read_files(
    con: duckdb.DuckDBPyConnection, source_name: str, source: Source, name: str, table: Table, max_reject_share: float
) -> Batch | None:
    """The files of one table that were not loaded yet, or None. Raises SourceError as landing and the contract say."""
    if not table.path:
        raise SourceError(f"source {source_name}, table {name} says no path", to_do='add path = "….csv" to the table')
    files, known_copies = new_files(con, source_name, source, name, table)
    for copy in known_copies:
        note_file(con, source_name, name, copy, 0)
    if not files:
        return None
    for file in files:
        if source.format != "jsonl":  # JSON Lines without a row has no byte; every other format has at least a header
            _refuse_empty(source_name, name, file)
    if source.format == "csv":
        return read_csv_files(con, source_name, source, name, table, files, max_reject_share)
    reader = {"parquet": _parquet, "jsonl": read_json_lines, "json_pages": read_json_pages}[source.format]
    return reader(con, source_name, source, name, table, files)


def _refuse_empty(source: str, name: str, file: Delivered) -> None:
    if file.size == 0:
        raise SourceError(
            f"source {source}, table {name}: the file is empty",
            where=file_name(file.path),
            to_do="deliver it again; an export without rows still has its header",
        )


def _parquet(
    con: duckdb.DuckDBPyConnection, source_name: str, source: Source, name: str, table: Table, files: list[Delivered]
) -> Batch:
    columns = dict(table.columns)
    for file in files:
        found = dict(
            con.execute(
                f"select column_name, column_type from (describe from read_parquet({text(file.path)}))"
            ).fetchall()
        )
        check_contract(source_name, name, table, list(found), file_name(file.path))
        for column, kind in found.items():
            columns.setdefault(column, kind)
            if column in table.columns and _family(kind) != _family(table.columns[column]):
                raise SourceError(
                    f"source {source_name}, table {name}: column {column} is {kind}, no longer {table.columns[column]}",
                    where=file_name(file.path),
                    to_do="mend the export, or change the column's type in the configuration and its staging model",
                )
    paths = "[" + ", ".join(text(file.path) for file in files) + "]"
    row_key = "null::varchar" if table.key else "parse_filename(_path) || '-' || file_row_number"
    extra = "" if table.key else ", file_row_number = true"
    select = (
        f"select {', '.join(quote(c) for c in columns)}, parse_filename(_path) as _source_file, {row_key} as _row_key "
        f"from read_parquet({paths}, union_by_name = true, filename = '_path'{extra})"
    )
    added = [c for c in columns if c not in table.columns]
    after = noting(con, source_name, name, files)
    return Batch(select, columns, has_file=True, after=after, added=added, is_columnar=True)


def _family(kind: str) -> str:
    kind = kind.upper().split("(")[0]
    if "INT" in kind or kind in ("DOUBLE", "FLOAT", "REAL", "DECIMAL"):
        return "number"
    return "time" if kind.startswith(("TIMESTAMP", "DATE")) else kind


def sample_columns(con: duckdb.DuckDBPyConnection, path: Path) -> dict[str, str]:
    """Column names and guessed types of one file, for scaffolding. Raises SourceError when it cannot be read."""
    reader = {".parquet": "read_parquet", ".jsonl": "read_json", ".json": "read_json"}.get(path.suffix, "read_csv")
    try:
        return dict(
            con.execute(f"select column_name, column_type from (describe from {reader}({text(path)}))").fetchall()
        )
    except duckdb.Error as error:
        raise SourceError(
            "the file cannot be read", where=str(path), to_do="name a CSV, JSON Lines or Parquet file"
        ) from error
